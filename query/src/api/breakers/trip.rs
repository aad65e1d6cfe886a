//! `GET /api/v1/breakers/{id}/trips/{t}`: the trip that covers an instant, so that links stay right when facts come late.

use std::time::Instant;

use governance::{
    analytics::codes::{self, Failure, PrecedingCode},
    facts::Error,
    fold::{self, Breaker, BreakerId, Scope},
};
use http::StatusCode;
use schemas::{SpanId, TraceId, UnixNanos};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Cost, Meta, Time, rfc3339, to_json},
        completeness::Completeness,
        problem::Problem,
        search::{Pairs, now, parse_time},
        window::{Window, unknown_parameter},
    },
    causes::{self, Change, Related},
    cost::{self, Hurt, Recovered},
    load::{Folds, Told},
    shapes::{Identity, ServiceTrip, Transition},
};
use crate::engine::{Facts, TimeSpan};

const HOUR: i64 = 3_600_000_000_000;
/// Before the instant, beside the look-back of the fold.
const BEFORE: i64 = HOUR;
/// After it: most trips are over by then; the others are looked for again.
const AFTER: [i64; 2] = [HOUR, 48 * HOUR];
/// The run-up and what is usual before it.
const ERRORS_BEFORE: i64 = HOUR;
const TRANSITIONS_MAX: usize = 500;
/// How long before a call is refused its request may have begun.
const REQUEST_NS: i64 = 1_000_000_000;

/// One trip: why it opened, what it cost, whom it hurt, and what ended it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BreakerTripAnswer)]
pub(super) struct TripAnswer {
    breaker: Identity,
    trip: ServiceTrip,
    /// Of all instances, in order of time; the first says why it opened.
    transitions: Vec<Transition>,
    /// Failures in the run-up, the most unusual first.
    codes: Vec<Code>,
    /// When the run-up began; null when no failure is known.
    #[schema(value_type = Option<String>)]
    failing_since: Option<Time>,
    /// From there to the opening.
    time_to_detect_ns: Option<i64>,
    exemplars: Vec<Exemplar>,
    hurt: Hurt,
    recovery: Option<Recovered>,
    /// What changed in the hour before, most suspect first.
    changes: Vec<Change>,
    /// The trip that this one follows from, at the bottom of the chain; null when it is its own.
    root: Option<Related>,
    parent: Option<Related>,
    /// Trips that follow from this one.
    caused: Vec<Related>,
    /// Of facts from the run-up to the end.
    completeness: Completeness,
    #[schema(value_type = Object)]
    meta: Meta,
}

/// An error code before the trip.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BreakerTripCode)]
struct Code {
    code: String,
    count: f64,
    share: f64,
    /// What the half hour before lets expect.
    expected: f64,
    z: f64,
    lift: f64,
}

impl Code {
    fn of(code: PrecedingCode) -> Self {
        let PrecedingCode { code, count, share, expected, z, lift } = code;
        Self { code, count, share, expected, z, lift }
    }
}

/// A trace that shows a part of the trip.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BreakerTripExemplar)]
struct Exemplar {
    /// `last_failure`, `first_refused`, and `closing`: the record that shows the end. Of a trip that refused calls alone tell it is
    /// `last_refused`. `healthy`: a call of the same operation after the trip, or before it, that did not fail.
    kind: &'static str,
    #[schema(value_type = String)]
    time: Time,
    trace_id: String,
    span_id: Option<String>,
}

impl Exemplar {
    fn of(kind: &'static str, time: UnixNanos, trace: TraceId, span: Option<SpanId>) -> Self {
        Self { kind, time: Time(time), trace_id: trace.to_string(), span_id: span.map(|span| span.to_string()) }
    }
}

pub(super) async fn answer(folds: &Folds, id: BreakerId, instant: &str, pairs: Pairs) -> Result<Vec<u8>, Problem> {
    let (started, now) = (Instant::now(), now());
    if let Some((name, _)) = pairs.first() {
        return Err(unknown_parameter(name, "this route has no parameters but the instant in its path"));
    }
    let instant = parse_time("t", instant, now)?;
    let told = covering(folds, id, instant, now).await?;
    let breaker = told.breaker(id)?;
    let trip = breaker.trip_at(instant).ok_or_else(|| not_open(id, instant))?;
    let mut cost = told.cost.clone();

    let opened = trip.trip.opened.time;
    let window_ns = folds.engine.fold_parameters().of(breaker.library()).window_ns;
    let before =
        TimeSpan { start: Some(UnixNanos(opened.0.saturating_sub(ERRORS_BEFORE))), end: Some(UnixNanos(opened.0.saturating_add(1))) };
    let errors = folds.errors(before, vec![breaker.key.service.clone()], &mut cost).await?;
    let failures = codes::failures_of(breaker, &errors);
    let counted: Vec<Failure<'_>> = failures.iter().map(|error| Failure::of(error, "")).collect();
    let failing_since = codes::first_failure(&counted, opened, window_ns);

    let refused = refused(&told, breaker, trip);
    let mut exemplars = exemplars(breaker, trip, &failures, &refused);
    exemplars.extend(healthy(folds, breaker, trip, now, &mut cost).await?);
    // A request begins a moment before its call is refused.
    let begun = UnixNanos(opened.0.saturating_sub(REQUEST_NS));
    let lasted = TimeSpan { start: Some(begun), end: Some(UnixNanos(trip.trip.end_or(told.until).0.saturating_add(1))) };
    let hurt = cost::hurt(folds, &refused, lasted, &mut cost).await?;
    let recovery = cost::recovered(folds, breaker, trip, told.until, &mut cost).await?;
    let changes = causes::changes(folds, &told, breaker, opened, &mut cost).await?;
    let causes::Cascade { root, parent, caused } = causes::related(folds, &told, breaker, trip, &mut cost).await?;
    let all = Window {
        start: UnixNanos(opened.0.saturating_sub(ERRORS_BEFORE)),
        end: UnixNanos(trip.trip.end_or(told.until).0.saturating_add(1)),
    };
    let body = TripAnswer {
        breaker: Identity::of(breaker),
        trip: ServiceTrip::of(breaker, trip),
        transitions: transitions(breaker, trip),
        codes: codes::before(&failures, opened, window_ns).into_iter().map(Code::of).collect(),
        failing_since: failing_since.map(Time),
        time_to_detect_ns: failing_since.map(|since| opened.0 - since.0),
        exemplars,
        hurt,
        recovery,
        changes,
        root,
        parent,
        caused,
        completeness: folds.completeness(&told, all, Some(&breaker.key.service), &cost),
        meta: cost.meta(started),
    };
    Ok(to_json(&body))
}

/// The fold around `instant`, until the end of the trip if that is known.
async fn covering(folds: &Folds, id: BreakerId, instant: UnixNanos, now: UnixNanos) -> Result<std::sync::Arc<Told>, Problem> {
    let mut last = None;
    for after in AFTER {
        let end = UnixNanos(instant.0.saturating_add(after).min(now.0));
        let window = Window { start: UnixNanos(instant.0.saturating_sub(BEFORE)), end };
        if window.start >= window.end {
            return Err(not_open(id, instant));
        }
        let told = folds.told(window, now).await?;
        let over = told.breaker(id)?.trip_at(instant).is_none_or(|trip| trip.trip.closed.is_some());
        last = Some(told);
        if over || end == now {
            break;
        }
    }
    last.ok_or_else(|| not_open(id, instant))
}

fn not_open(id: BreakerId, instant: UnixNanos) -> Problem {
    let detail = format!("breaker {id} was not open at {}", rfc3339(instant));
    Problem::new(StatusCode::NOT_FOUND, "trip_not_found", "There is no such trip", detail)
        .hint("GET /api/v1/breakers/{id} lists its trips; any instant from `opened` to before `closed` names one")
}

/// A call that this breaker refused in the trip, with its trace.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refusal {
    pub time: UnixNanos,
    pub trace: TraceId,
    pub span: Option<SpanId>,
}

/// In order of time.
fn refused(told: &Told, breaker: &Breaker, trip: &fold::ServiceTrip) -> Vec<Refusal> {
    let index = told.folded.breakers.iter().position(|other| other.id == breaker.id);
    let from = trip.trip.opened.lo.unwrap_or(told.since);
    let to = trip.trip.closed.map_or(told.until, |closed| closed.hi);
    let mut refused: Vec<Refusal> = (told.refusals())
        .filter(|(rejection, verdict)| verdict.breaker == index && verdict.scope == Scope::Local && (from..=to).contains(&rejection.time))
        .filter_map(|(rejection, _)| rejection.trace_id.map(|trace| Refusal { time: rejection.time, trace, span: rejection.span_id }))
        .collect();
    refused.sort_by_key(|refusal| (refusal.time, refusal.trace, refusal.span));
    refused.dedup_by_key(|refusal| (refusal.trace, refusal.span));
    refused
}

fn transitions(breaker: &Breaker, trip: &fold::ServiceTrip) -> Vec<Transition> {
    let mut found: Vec<(&str, &fold::Transition)> = Vec::new();
    for (instance, trip) in &trip.members {
        let history = &breaker.instances[*instance];
        let trip = &history.trips[*trip];
        let (from, to) = (trip.opened.time, trip.end_or(UnixNanos(i64::MAX)));
        let within = history.transitions.iter().filter(|one| (from..=to).contains(&one.at.time));
        // The next trip may open the moment this one ends.
        let mut left = false;
        for one in within {
            if !left {
                found.push((&history.instance, one));
            }
            left |= trip.closed.is_some_and(|closed| closed == one.at);
        }
    }
    found.sort_by_key(|(_, one)| one.at.time);
    found.iter().take(TRANSITIONS_MAX).map(|(instance, one)| Transition::of(breaker.key.mechanism, instance, one)).collect()
}

fn exemplars(breaker: &Breaker, trip: &fold::ServiceTrip, failures: &[&Error], refused: &[Refusal]) -> Vec<Exemplar> {
    let last = failures.iter().filter(|error| error.evidence.trace_id.is_some()).max_by_key(|error| error.time);
    let failure = last.and_then(|error| {
        let trace = error.evidence.trace_id?;
        Some(Exemplar::of("last_failure", error.time, trace, error.evidence.span_id))
    });
    let first = refused.first().map(|refusal| Exemplar::of("first_refused", refusal.time, refusal.trace, refusal.span));
    let closing = trip.members.iter().filter_map(|(instance, member)| {
        let history = &breaker.instances[*instance];
        let closed = history.trips[*member].closed?;
        let transition = history.transitions.iter().find(|one| one.at == closed)?;
        let proof = transition.evidence.iter().rfind(|proof| proof.trace_id.is_some())?;
        let kind = if transition.method == fold::Method::RejectionBurst { "last_refused" } else { "closing" };
        Some(Exemplar::of(kind, proof.time, proof.trace_id?, proof.span_id))
    });
    failure.into_iter().chain(first).chain(closing.take(1)).collect()
}

/// The first call after the trip that did not fail; of a trip that lasts, or when none followed, the last one before the run-up.
async fn healthy(
    folds: &Folds,
    breaker: &Breaker,
    trip: &fold::ServiceTrip,
    now: UnixNanos,
    cost: &mut Cost,
) -> Result<Option<Exemplar>, Problem> {
    let operations = breaker.guarded();
    if operations.is_empty() {
        return Ok(None);
    }
    let service = &breaker.key.service;
    let opened = trip.trip.opened.lo.unwrap_or(trip.trip.opened.time);
    let run_up = codes::run_up_ns(folds.engine.fold_parameters().of(breaker.library()).window_ns);
    let before = TimeSpan { start: Some(UnixNanos(opened.0.saturating_sub(HOUR))), end: Some(UnixNanos(opened.0.saturating_sub(run_up))) };
    let after = trip
        .trip
        .closed
        .map(|closed| TimeSpan { start: Some(closed.hi), end: Some(UnixNanos(closed.hi.0.saturating_add(HOUR).min(now.0))) });
    for (time, last) in after.map(|after| (after, false)).into_iter().chain([(before, true)]) {
        let question = Facts::Healthy { time, service: service.clone(), operations: operations.clone(), last };
        let (batches, _) = folds.rows(question, cost).await?;
        let found = batches.iter().find_map(|batch| cost::first_span(batch).transpose());
        if let Some((time, trace, span)) = found.transpose().map_err(cost::unreadable)? {
            return Ok(Some(Exemplar::of("healthy", time, trace, Some(span))));
        }
    }
    Ok(None)
}
