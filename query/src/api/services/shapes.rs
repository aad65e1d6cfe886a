//! Parts that several answers have.

use std::collections::BTreeMap;

use schemas::{TraceId, UnixNanos};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{answer::Time, breakers::Guard},
    codes::CodeCount,
};
use crate::analytics::{
    minutes::Exemplars,
    red::{Grid, Red, RedSeries},
    services::Version,
};

/// Durations of calls, from a histogram whose buckets are 9 % wide. Null when there were no calls.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
#[schema(as = CallDurations)]
pub(in crate::api) struct Durations {
    pub p50_ns: Option<i64>,
    pub p95_ns: Option<i64>,
    pub p99_ns: Option<i64>,
    /// Of all calls together; at most 2^63 - 1.
    pub sum_ns: i64,
}

impl Durations {
    pub(in crate::api) fn of(red: &Red) -> Self {
        let quantile = |quantile| red.durations.quantile_ns(quantile);
        Self { p50_ns: quantile(0.5), p95_ns: quantile(0.95), p99_ns: quantile(0.99), sum_ns: red.sum_ns }
    }
}

/// Numbers over time, one for each bucket.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CallTrend)]
pub(in crate::api) struct Trend {
    pub count: Vec<f64>,
    pub errors: Vec<f64>,
    /// Null where there were no calls.
    pub p95_ns: Vec<Option<i64>>,
}

impl Trend {
    pub(in crate::api) fn of(series: &RedSeries) -> Self {
        Self { count: series.counts(), errors: series.errors(), p95_ns: series.quantiles(0.95) }
    }
}

/// Numbers over time with all durations, one for each bucket.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CallTrends)]
pub(super) struct Trends {
    count: Vec<f64>,
    errors: Vec<f64>,
    /// Null where there were no calls, as below.
    p50_ns: Vec<Option<i64>>,
    p95_ns: Vec<Option<i64>>,
    p99_ns: Vec<Option<i64>>,
}

impl Trends {
    pub(super) fn of(series: &RedSeries) -> Self {
        let [p50_ns, p95_ns, p99_ns] = [0.5, 0.95, 0.99].map(|quantile| series.quantiles(quantile));
        Self { count: series.counts(), errors: series.errors(), p50_ns, p95_ns, p99_ns }
    }
}

/// Buckets of all trends of an answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = TrendBuckets)]
pub(in crate::api) struct Buckets {
    /// When the first bucket begins, which may be before the window: nanoseconds since 1970, in digits.
    t0_ns: String,
    width_ms: i64,
    count: usize,
}

impl Buckets {
    pub(in crate::api) fn of(grid: Grid) -> Self {
        Self { t0_ns: grid.t0_ns.to_string(), width_ms: grid.width_ns / 1_000_000, count: grid.count }
    }
}

/// An error code and how often.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ServiceCode)]
pub(super) struct Code {
    pub code: String,
    /// Records that carry it.
    pub count: f64,
}

/// The codes by whose they are, the commonest first.
pub(super) fn codes_of<'a, W: Ord>(counts: &'a [CodeCount], whose: impl Fn(&'a CodeCount) -> W) -> BTreeMap<W, Vec<Code>> {
    let mut by_whose: BTreeMap<W, BTreeMap<&str, f64>> = BTreeMap::new();
    for one in counts {
        *by_whose.entry(whose(one)).or_default().entry(&one.code).or_default() += one.count;
    }
    let sorted = |codes: BTreeMap<&str, f64>| {
        let mut codes: Vec<Code> = codes.into_iter().map(|(code, count)| Code { code: code.to_owned(), count }).collect();
        codes.sort_by(|a, b| b.count.total_cmp(&a.count).then_with(|| a.code.cmp(&b.code)));
        codes
    };
    by_whose.into_iter().map(|(whose, codes)| (whose, sorted(codes))).collect()
}

/// A version of a service within the window.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ServiceVersion {
    /// Empty: its spans do not say.
    version: String,
    spans: f64,
    /// The minute of its first span of the window.
    #[schema(value_type = String)]
    first_seen: Time,
    /// The minute of its last.
    #[schema(value_type = String)]
    last_seen: Time,
}

impl ServiceVersion {
    pub(super) fn of(version: &Version) -> Self {
        let Version { name, spans, first_minute_ns, last_minute_ns } = version;
        let (first_seen, last_seen) = (Time(UnixNanos(*first_minute_ns)), Time(UnixNanos(*last_minute_ns)));
        Self { version: name.clone(), spans: *spans, first_seen, last_seen }
    }
}

/// Breakers that guard calls to a service, and its own.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(super) struct ServiceBreakers {
    /// Of others, around calls to this service: how many are in each state at the end of the window.
    guarding: BTreeMap<&'static str, usize>,
    /// Of this service, around its own calls.
    own: BTreeMap<&'static str, usize>,
}

impl ServiceBreakers {
    pub(super) fn of(service: &str, breakers: &[Guard]) -> Self {
        let mut of = Self::default();
        for breaker in breakers {
            if breaker.service == service {
                *of.own.entry(breaker.state).or_default() += 1;
            }
            if breaker.targets.iter().any(|target| target == service) {
                *of.guarding.entry(breaker.state).or_default() += 1;
            }
        }
        of
    }
}

/// Traces that show what the numbers mean.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct CallExemplars {
    /// The longest call.
    slowest_trace_id: Option<String>,
    slowest_ns: Option<i64>,
    /// The newest that failed.
    failed_trace_id: Option<String>,
}

impl CallExemplars {
    pub(super) fn of(exemplars: &Exemplars) -> Self {
        let hex = |(_, trace): (i64, TraceId)| trace.to_string();
        Self {
            slowest_trace_id: exemplars.slowest.map(hex),
            slowest_ns: exemplars.slowest.map(|(duration, _)| duration),
            failed_trace_id: exemplars.failed.map(hex),
        }
    }
}

pub(in crate::api) fn per_second(count: f64, seconds: f64) -> f64 {
    if seconds > 0.0 { count / seconds } else { 0.0 }
}

/// `unspecified`, `internal`, `server`, `client`, `producer`, `consumer`, or the number of another kind.
pub(super) fn kind_word(kind: i32) -> String {
    let words = ["unspecified", "internal", "server", "client", "producer", "consumer"];
    usize::try_from(kind).ok().and_then(|kind| words.get(kind)).map_or_else(|| kind.to_string(), |word| (*word).to_owned())
}
