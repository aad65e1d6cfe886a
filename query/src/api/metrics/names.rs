//! `GET /api/v1/metrics/names`: every metric, with what it is.

use std::collections::BTreeMap;

use schemas::UnixNanos;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Time, to_json},
        problem::Problem,
        search::{Limits, Pairs, now, parse_limit},
        sql::problem_in,
    },
    answer::{MetricType, MetricsMeta},
    parameters::{LISTED_NS, nothing_else, taken, window},
};
use crate::{
    engine::Engine,
    series::{Counts, Described, Kind},
};

/// Names of an answer.
const LIMITS: Limits = Limits { default: 200, max: 5000 };
/// Series that are told apart.
const SERIES_MAX: usize = 200_000;

/// Metrics with points in a time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MetricNames)]
pub(super) struct NamesAnswer {
    /// By name. A name that is sent as different things is there for each.
    names: Vec<Name>,
    /// That `q` leaves.
    total: usize,
    meta: MetricsMeta,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MetricName)]
struct Name {
    name: String,
    #[serde(flatten)]
    is: MetricType,
    description: Option<String>,
    series: usize,
    #[schema(value_type = String)]
    last_seen: Time,
}

pub(super) async fn answer(engine: &Engine, mut pairs: Pairs) -> Result<Vec<u8>, Problem> {
    let window = window(&mut pairs, now(), LISTED_NS)?;
    let q = taken(&mut pairs, "q").unwrap_or_default().to_lowercase();
    let limit = taken(&mut pairs, "limit").map(|text| parse_limit(&text, LIMITS)).transpose()?.unwrap_or(LIMITS.default);
    nothing_else(&pairs, "this route knows `q`, `start`, `end`, `range`, `limit`")?;
    let read = engine.directory(None, window.span(), SERIES_MAX).await;
    let (directory, mut summary) = read.map_err(|error| problem_in("q", error))?;
    let mut counts = Counts::default();
    let mut found: BTreeMap<(&str, Kind, &Option<String>), (usize, &Described)> = BTreeMap::new();
    for series in directory.series() {
        counts.points += series.points;
        let contains = |text: &str| text.to_lowercase().contains(&q);
        if contains(&series.metric) || series.description.as_deref().is_some_and(contains) {
            let known = found.entry((&series.metric, series.kind, &series.unit)).or_insert((0, series));
            known.0 += 1;
            known.1 = if series.last > known.1.last { series } else { known.1 };
        }
    }
    let total = found.len();
    let names: Vec<Name> = found
        .into_iter()
        .take(limit)
        .map(|((name, kind, unit), (series, newest))| Name {
            name: name.to_owned(),
            is: MetricType::new(kind, unit.clone()),
            description: newest.description.clone(),
            series,
            last_seen: Time(UnixNanos(newest.last)),
        })
        .collect();
    if directory.is_full() {
        summary.truncated = Some(format!("there are more than {SERIES_MAX} series: the others are not counted"));
    } else if names.len() < total {
        summary.truncated = Some(format!("{total} names are found, {limit} are shown"));
    }
    let meta = MetricsMeta::new(&summary, &[], directory.series().len(), counts);
    Ok(to_json(&NamesAnswer { names, total, meta }))
}
