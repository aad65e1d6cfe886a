//! Which errors came before the last trip of each breaker of a fold.

use std::collections::HashMap;

use governance::{
    analytics::failures::{codes_before, looked_at_since},
    fold::{Breaker, BreakerId, Parameters, ServiceTrip},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{answer::Cost, problem::Problem, window::Window},
    failures,
    list::touches,
    load::{Folds, Told},
};

/// Of each breaker.
const CODES_MAX: usize = 3;
/// Breakers whose last trips are the newest; others have none told.
const BREAKERS_MAX: usize = 200;

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

/// Out of failed calls before the last trips. What that cost is added to `cost`.
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
    let looked_at = |(breaker, trip): &(&Breaker, &ServiceTrip)| {
        let opened = trip.trip.opened.time;
        (looked_at_since(opened, window_ns(breaker, &parameters)), opened)
    };
    let times: Vec<_> = trips.iter().map(looked_at).collect();
    let quarters = failures::quarters(folds, &times, cost).await?;
    let mut told = TopCodes::new();
    for ((breaker, _), (since, opened)) in trips.into_iter().zip(times) {
        let before = codes_before(breaker, opened, window_ns(breaker, &parameters), failures::within(&quarters, since, opened));
        let top = before.into_iter().take(CODES_MAX);
        told.insert(breaker.id, top.map(|code| TopCode { code: code.code, count: code.count, share: code.share, z: code.z }).collect());
    }
    Ok(told)
}

fn window_ns(breaker: &Breaker, parameters: &Parameters) -> i64 {
    parameters.of(breaker.library()).window_ns
}
