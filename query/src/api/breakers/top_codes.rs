//! Which errors came before the last trip of each breaker of a fold.

use std::collections::HashMap;

use governance::{
    analytics::codes::{self, run_up_ns},
    facts::Error,
    fold::{Breaker, BreakerId, Parameters, ServiceTrip},
    tables,
};
use schemas::UnixNanos;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{answer::Cost, problem::Problem, window::Window},
    list::touches,
    load::{FACTS_MAX, Folds, Told, unreadable},
};
use crate::engine::{Facts, TimeSpan};

/// Of each breaker.
const CODES_MAX: usize = 3;
/// Breakers whose last trips are the newest; others have none told.
const BREAKERS_MAX: usize = 200;
/// What is usual is looked at so long before.
const BASELINE_NS: i64 = 30 * 60 * 1_000_000_000;

/// An error code before the last trip.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = BreakerTopCode)]
pub(super) struct TopCode {
    pub code: String,
    count: f64,
    share: f64,
    z: f64,
}

/// By breaker; those that did not trip in the window have none.
pub(super) type TopCodes = HashMap<BreakerId, Vec<TopCode>>;

/// Reads the errors before the last trips. What that cost is added to `cost`.
pub(super) async fn top_codes(folds: &Folds, told: &Told, window: Window, cost: &mut Cost) -> Result<TopCodes, Problem> {
    let mut trips: Vec<(&Breaker, &ServiceTrip)> = Vec::new();
    for breaker in &told.folded.breakers {
        trips.extend(breaker.trips.iter().rfind(|trip| touches(&trip.trip, window)).map(|trip| (breaker, trip)));
    }
    trips.sort_by_key(|(breaker, trip)| (std::cmp::Reverse(trip.trip.opened.time), breaker.id));
    trips.truncate(BREAKERS_MAX);
    if trips.is_empty() {
        return Ok(TopCodes::new());
    }
    let parameters = folds.engine.fold_parameters();
    let near = |(breaker, trip): &(&Breaker, &ServiceTrip)| {
        let opened = trip.trip.opened.time.0;
        let start = opened.saturating_sub(run_up_ns(window_ns(breaker, &parameters))).saturating_sub(BASELINE_NS);
        let time = TimeSpan { start: Some(UnixNanos(start)), end: Some(UnixNanos(opened.saturating_add(1))) };
        (breaker.key.service.clone(), time)
    };
    let (batches, whole) = folds.rows(Facts::ErrorsNear(trips.iter().map(near).collect()), cost).await?;
    if !whole {
        cost.warnings.push(format!("codes before trips are told of {FACTS_MAX} errors"));
    }
    let mut errors: Vec<Error> = Vec::new();
    for batch in batches {
        errors.extend(tables::errors::read(&batch).map_err(unreadable)?);
    }
    let mut of_service: HashMap<&str, Vec<&Error>> = HashMap::new();
    errors.iter().for_each(|error| of_service.entry(&error.emitter.service).or_default().push(error));
    let mut told = TopCodes::new();
    for (breaker, trip) in trips {
        let Some(errors) = of_service.get(breaker.key.service.as_str()) else { continue };
        let failures = codes::failures_of(breaker, errors.iter().copied());
        let before = codes::before(&failures, trip.trip.opened.time, window_ns(breaker, &parameters));
        let top = before.into_iter().take(CODES_MAX);
        told.insert(breaker.id, top.map(|code| TopCode { code: code.code, count: code.count, share: code.share, z: code.z }).collect());
    }
    Ok(told)
}

fn window_ns(breaker: &Breaker, parameters: &Parameters) -> i64 {
    parameters.of(breaker.library()).window_ns
}
