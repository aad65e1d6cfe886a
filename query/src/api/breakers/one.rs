//! `GET /api/v1/breakers/{id}` and `/instances`: one breaker with its trips and times, and a lane for each instance.

use std::time::Instant;

use governance::{
    analytics::{
        flapping::{episodes, flapping},
        headroom::Adaptive,
        time_open::time_open,
    },
    facts::State,
    fold::{self, Breaker, BreakerId},
};
use schemas::UnixNanos;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Meta, Time, to_json},
        completeness::Completeness,
        problem::Problem,
        search::{Pairs, now},
        window::{Window, nothing_else},
    },
    lane::Lane,
    list::{self, Row},
    load::Folds,
    margin::{self, MarginsAnswer},
    shapes::{Identity, ServiceTrip, Trip, state_word},
};

/// One breaker.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BreakerAnswer {
    /// Lanes count from there: nanoseconds since 1970, in digits.
    t0_ns: String,
    end_ns: String,
    breaker: Row,
    times: Times,
    flapping: Flaps,
    /// Of adaptive breakers: what they need to drop calls.
    adaptive: Option<AdaptiveLimits>,
    /// That touch the window, newest first.
    trips: Vec<ServiceTrip>,
    /// State before is unknown.
    #[schema(value_type = String)]
    known_since: Time,
    /// Of facts of all services, by whole minutes.
    completeness: Completeness,
    #[schema(value_type = Object)]
    meta: Meta,
}

/// How long it was open, and what that cost.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BreakerTimes)]
struct Times {
    open_ns: i64,
    half_open_ns: i64,
    /// As far as the evidence is sure of the times.
    active_ns_min: i64,
    active_ns_max: i64,
    mean_to_recover_ns: Option<i64>,
    p50_to_recover_ns: Option<i64>,
    p95_to_recover_ns: Option<i64>,
    /// With trips that still last (Kaplan and Meier).
    median_with_ongoing_ns: Option<i64>,
    mean_between_ns: Option<i64>,
    /// Trips of which one follows within a minute are one episode.
    episodes: usize,
    probes: u32,
    reopens: u32,
}

/// Whether it opens again and again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BreakerFlapping)]
struct Flaps {
    flaps: bool,
    /// 0 is steady.
    score: f64,
    reopen_ratio: Option<f64>,
    #[schema(value_type = Option<String>)]
    since: Option<Time>,
}

/// Defaults of the library; the service may have set others.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BreakerAdaptiveLimits)]
struct AdaptiveLimits {
    /// Share of failures from which on it drops calls.
    threshold: f64,
    /// Calls a second of one operation and instance, below which it never does.
    calls_per_s_min: f64,
    /// Null: its operation is not known, or there are too many calls; then a warning says so.
    margins: Option<MarginsAnswer>,
}

pub(super) async fn answer(folds: &Folds, id: BreakerId, pairs: Pairs) -> Result<Vec<u8>, Problem> {
    let (started, now) = (Instant::now(), now());
    let (window, others) = Window::parse(pairs, now)?;
    nothing_else(&others)?;
    let told = folds.told(window, now).await?;
    let breaker = told.breaker(id)?;
    let touching: Vec<&fold::ServiceTrip> = breaker.trips.iter().filter(|trip| list::touches(&trip.trip, window)).collect();
    let trips: Vec<&fold::Trip> = touching.iter().map(|trip| &trip.trip).collect();
    let sum = time_open(&trips, (window.start, window.end), unknown_ns(breaker, window));
    let openings: Vec<UnixNanos> = trips.iter().map(|trip| trip.opened.time).collect();
    let changes: Vec<UnixNanos> = breaker.segments.iter().map(|segment| segment.start).collect();
    let flaps = flapping(&openings, &trips, &changes, (window.start, window.end));
    let (codes, mut cost) = folds.top_codes(&told, window).await?;
    let row = list::row(breaker, window, codes);
    let adaptive = match Adaptive::of(row.framework(), &folds.engine.fold_parameters()) {
        Some(limits) => Some(AdaptiveLimits {
            threshold: limits.threshold(),
            calls_per_s_min: limits.calls_per_s_min(),
            margins: margin::answer(folds, breaker, limits, window, &mut cost).await?,
        }),
        None => None,
    };
    let body = BreakerAnswer {
        t0_ns: window.start.0.to_string(),
        end_ns: window.end.0.to_string(),
        times: Times {
            open_ns: sum.open_ns,
            half_open_ns: sum.half_open_ns,
            active_ns_min: sum.active_ns_min,
            active_ns_max: sum.active_ns_max,
            mean_to_recover_ns: sum.mean_to_recover_ns,
            p50_to_recover_ns: sum.p50_to_recover_ns,
            p95_to_recover_ns: sum.p95_to_recover_ns,
            median_with_ongoing_ns: sum.median_with_ongoing_ns,
            mean_between_ns: sum.mean_between_ns,
            episodes: episodes(&trips).len(),
            probes: sum.probes,
            reopens: sum.reopens,
        },
        flapping: Flaps { flaps: row.flaps(), score: flaps.score, reopen_ratio: flaps.reopen_ratio, since: flaps.since.map(Time) },
        adaptive,
        breaker: row,
        trips: touching.iter().rev().map(|trip| ServiceTrip::of(breaker, trip)).collect(),
        known_since: Time(told.since),
        completeness: folds.completeness(&told, window, Some(&breaker.key.service), &cost),
        meta: cost.meta(started),
    };
    Ok(to_json(&body))
}

fn unknown_ns(breaker: &Breaker, window: Window) -> i64 {
    let ends = breaker.segments.iter().skip(1).map(|segment| segment.start).chain([window.end]);
    let stretches = breaker.segments.iter().zip(ends).filter(|(segment, _)| segment.state == State::Unknown);
    stretches.map(|(segment, end)| (end.0.min(window.end.0) - segment.start.0.max(window.start.0)).max(0)).sum()
}

/// Instances of one breaker.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BreakerInstancesAnswer)]
pub(super) struct InstancesAnswer {
    t0_ns: String,
    end_ns: String,
    breaker: Identity,
    instances: Vec<Instance>,
    /// Of facts of all services, by whole minutes.
    completeness: Completeness,
    #[schema(value_type = Object)]
    meta: Meta,
}

/// One breaker in one instance.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BreakerInstance)]
struct Instance {
    /// `-` when nothing says which.
    instance: String,
    /// At the end of the window.
    state: &'static str,
    refused: f64,
    /// That touch the window.
    trips: Vec<Trip>,
    lane: Lane,
}

pub(super) async fn instances(folds: &Folds, id: BreakerId, pairs: Pairs) -> Result<Vec<u8>, Problem> {
    let (started, now) = (Instant::now(), now());
    let (window, others) = Window::parse(pairs, now)?;
    nothing_else(&others)?;
    let told = folds.told(window, now).await?;
    let breaker = told.breaker(id)?;
    let mechanism = breaker.key.mechanism;
    let instance = |history: &fold::History| Instance {
        instance: history.instance.clone(),
        state: state_word(mechanism, history.state_at(UnixNanos(window.end.0 - 1))),
        refused: list::refused_in(history, window),
        trips: history.trips.iter().filter(|trip| list::touches(trip, window)).map(Trip::of).collect(),
        lane: Lane::of_instance(history, mechanism, window),
    };
    let body = InstancesAnswer {
        t0_ns: window.start.0.to_string(),
        end_ns: window.end.0.to_string(),
        breaker: Identity::of(breaker),
        instances: breaker.instances.iter().map(instance).collect(),
        completeness: folds.completeness(&told, window, Some(&breaker.key.service), &told.cost),
        meta: told.cost.meta(started),
    };
    Ok(to_json(&body))
}
