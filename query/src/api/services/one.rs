//! `GET /api/v1/services/{service}`: rate, errors and durations of one service over time.

use std::time::Instant;

use schemas::Signal;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Meta, to_json},
        breakers::Folds,
        completeness::Completeness,
        problem::Problem,
        search::{Limits, Pairs},
    },
    list::Row,
    load::{Loaded, Whose},
    request::Request,
    shapes::{Buckets, Code, codes_of},
    with_guards::{WithGuards, with_guards},
};
use crate::analytics::services;

const KNOWN: &str = "this route knows `start`, `end`, `range`, `environment` and `buckets`";
const CODES_MAX: usize = 20;

/// One service. `trend` is in `service`; `durations` has more of the same buckets, and `versions` there are marks on it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ServiceAnswer {
    buckets: Buckets,
    /// Null: it has no span in the window.
    service: Option<Row>,
    durations: DurationTrend,
    /// The commonest first, at most twenty.
    codes: Vec<Code>,
    completeness: Completeness,
    #[schema(value_type = Object)]
    meta: Meta,
}

/// Durations over time; null where there were no calls.
#[derive(Debug, Default, Serialize, ToSchema)]
struct DurationTrend {
    p50_ns: Vec<Option<i64>>,
    p95_ns: Vec<Option<i64>>,
    p99_ns: Vec<Option<i64>>,
}

pub(super) async fn answer(folds: &Folds, service: &str, pairs: Pairs) -> Result<Vec<u8>, Problem> {
    let started = Instant::now();
    let request = Request::parse(pairs, Limits { default: 1, max: 1 }, &[], KNOWN)?;
    let grid = services::grid(request.window.start.0, request.window.end.0, request.buckets);
    let whose = Whose { service: Some(service), environment: request.environment.as_deref(), operations: false };
    let WithGuards { loaded: Loaded { rows, completeness, mut cost }, codes, guards } = with_guards(folds, &request, grid, whose).await?;
    let found = services::services(&rows, grid).into_iter().next();
    let codes = codes_of(&codes, |_| ()).remove(&()).unwrap_or_default();
    let durations = found.as_ref().map(|service| DurationTrend {
        p50_ns: service.trend.quantiles(0.5),
        p95_ns: service.trend.quantiles(0.95),
        p99_ns: service.trend.quantiles(0.99),
    });
    let body = ServiceAnswer {
        buckets: Buckets::of(grid),
        service: found.map(|service| Row::of(&service, request.seconds(), &codes, &guards)),
        durations: durations.unwrap_or_default(),
        codes: codes.into_iter().take(CODES_MAX).collect(),
        completeness: Completeness::of(completeness, folds.losses.dropped(&[Signal::Traces], Some(service)), &mut cost),
        meta: cost.meta(started),
    };
    Ok(to_json(&body))
}
