//! `GET /api/v1/metrics/labels/{label}/values`: the values that one label has.

use std::{cmp::Reverse, collections::BTreeMap};

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::to_json,
        problem::Problem,
        search::{Limits, Pairs, parse_limit},
    },
    answer::MetricsMeta,
    labels::series_of,
    parameters::taken,
};
use crate::{engine::Engine, series::label_name};

/// Values of an answer.
const LIMITS: Limits = Limits { default: 100, max: 1000 };

/// Values of a label.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MetricLabelValues)]
pub(super) struct ValuesAnswer {
    label: String,
    /// Those of most series first.
    values: Vec<LabelValue>,
    /// That `q` leaves.
    total: usize,
    meta: MetricsMeta,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MetricLabelValue)]
struct LabelValue {
    value: String,
    series: usize,
}

pub(super) async fn answer(engine: &Engine, label: &str, mut pairs: Pairs) -> Result<Vec<u8>, Problem> {
    let q = taken(&mut pairs, "q").unwrap_or_default().to_lowercase();
    let limit = taken(&mut pairs, "limit").map(|text| parse_limit(&text, LIMITS)).transpose()?.unwrap_or(LIMITS.default);
    let known = "this route knows `metric`, `q`, `start`, `end`, `range`, `limit`";
    let (directory, mut summary, counts) = series_of(engine, &mut pairs, known).await?;
    let label = label_name(label).into_owned();
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for series in directory.series() {
        let value = series.labels.get(&label);
        if !value.is_empty() && value.to_lowercase().contains(&q) {
            *found.entry(value).or_default() += 1;
        }
    }
    let total = found.len();
    let mut values: Vec<LabelValue> = found.into_iter().map(|(value, series)| LabelValue { value: value.to_owned(), series }).collect();
    values.sort_by_key(|value| Reverse(value.series));
    values.truncate(limit);
    if total > limit && summary.truncated.is_none() {
        summary.truncated = Some(format!("{total} values are found, {limit} are shown"));
    }
    let meta = MetricsMeta::new(&summary, &[], directory.series().len(), counts);
    Ok(to_json(&ValuesAnswer { label, values, total, meta }))
}
