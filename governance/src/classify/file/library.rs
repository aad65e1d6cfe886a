//! Libraries and the numbers of their gauges, as people write them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::MechanismWord;

/// A library, and what tells that a record is from it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct FrameworkSource {
    /// As it is shown: `kratos`. The resource attribute `service.framework` with this value says it, too.
    pub id: String,
    /// What its circuit breakers are.
    #[serde(default)]
    pub mechanism: Option<MechanismWord>,
    /// Names of instrumentation scopes; `*` at the end stands for anything.
    #[serde(default)]
    pub scope: Vec<String>,
    /// Starts of canonical metric names.
    #[serde(default)]
    pub metric_prefix: Vec<String>,
    /// Types of exceptions; `*` at the end stands for anything.
    #[serde(default)]
    pub exception_type: Vec<String>,
    /// Id of the encoding of its state gauges.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub encoding: Option<Spanned<String>>,
    /// So many refused calls within `open_within_s` seconds open a breaker of which refusals alone tell: 3 within 5.
    #[serde(default)]
    #[schemars(with = "Option<f64>", range(min = 1.0))]
    pub open_n: Option<Spanned<f64>>,
    #[serde(default)]
    #[schemars(with = "Option<f64>", range(min = 0.001))]
    pub open_within_s: Option<Spanned<f64>>,
    /// So many seconds without a refused call close it: 10, or half as long again as `window_s` where a probe is let through after that.
    #[serde(default)]
    #[schemars(with = "Option<f64>", range(min = 0.001))]
    pub close_gap_s: Option<Spanned<f64>>,
    /// Seconds that the breaker itself looks at, or stays open for.
    #[serde(default)]
    #[schemars(with = "Option<f64>", range(min = 0.001))]
    pub window_s: Option<Spanned<f64>>,
    /// Of an adaptive breaker: it drops calls when there are more than `k` times as many as went well,
    #[serde(default)]
    #[schemars(with = "Option<f64>", range(min = 1.0))]
    pub k: Option<Spanned<f64>>,
    /// and at least so many within `window_s`.
    #[serde(default)]
    #[schemars(with = "Option<f64>", range(min = 1.0))]
    pub calls_min: Option<Spanned<f64>>,
}

/// What the numbers of a gauge mean.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct EncodingSource {
    pub id: String,
    /// State by number: `{ 0 = "closed", 1 = "open", 2 = "half_open" }`.
    #[schemars(with = "BTreeMap<String, String>")]
    pub states: BTreeMap<String, Spanned<String>>,
    /// State of every other number above zero.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub positive: Option<Spanned<String>>,
}
