//! What each breaker refused, and which spans tell of it: for whoever looks for calls that hide.

use std::collections::{BTreeSet, HashMap};

use governance::{
    facts::{Rejection, RejectionKind, Source, SpanKind},
    fold::{Breaker, Scope, Verdict},
};
use schemas::{TraceId, UnixNanos};

use super::{
    super::{answer::Cost, problem::Problem, window::Window},
    limits::is_limit,
    list::{open_within, refused_within, touches},
    load::{Folds, Told},
};

/// Traces shown of one breaker, the newest.
const TRACES_MAX: usize = 3;

/// A breaker of a window.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::api) struct Refusing {
    pub service: String,
    pub environment: String,
    /// With its version, where that is known.
    pub framework: String,
    pub name: String,
    pub operations: Vec<String>,
    pub targets: Vec<String>,
    /// Calls, each counted once, within the window.
    pub refused: f64,
    /// Spans of refused calls. That of the request in which a call was refused is none.
    pub refused_spans: f64,
    /// Of the service view, within the window.
    pub open_ns: i64,
    /// Calls of the service were refused that belong to no breaker with a name: perhaps to this one.
    pub others_refused: bool,
    pub seen_in: Vec<TraceId>,
}

/// Of one window.
#[derive(Debug, Clone, Default)]
pub(in crate::api) struct AllRefusing {
    pub breakers: Vec<Refusing>,
    /// Operations that a limiter of a service rejected calls of.
    pub limited: BTreeSet<(String, String)>,
    pub cost: Cost,
}

impl Folds {
    pub(in crate::api) async fn refusing(&self, window: Window, now: UnixNanos) -> Result<AllRefusing, Problem> {
        let told = self.told(window, now).await?;
        Ok(refusing(&told, window))
    }
}

/// Spans and traces of refused calls, newest last.
#[derive(Default)]
struct Seen {
    spans: f64,
    seen_in: Vec<(UnixNanos, TraceId)>,
}

fn refusing(told: &Told, window: Window) -> AllRefusing {
    let mut of_breaker: HashMap<usize, Seen> = HashMap::new();
    let mut nameless: BTreeSet<&str> = BTreeSet::new();
    let mut limited = BTreeSet::new();
    for (rejection, verdict) in told.refusals() {
        if is_limit(rejection.kind) && verdict.scope != Scope::Propagated {
            limited.insert((rejection.emitter.service.clone(), rejection.operation.clone()));
        }
        if !(window.start..window.end).contains(&rejection.time) || !by_breaker(&rejection, verdict) {
            continue;
        }
        match verdict.breaker {
            Some(breaker) => {
                let of = of_breaker.entry(breaker).or_default();
                of.spans += f64::from(u8::from(is_span_of_call(&rejection)));
                of.seen_in.extend(rejection.trace_id.map(|trace| (rejection.time, trace)));
                if told.folded.breakers[breaker].key.is_nameless() {
                    nameless.insert(&rejection.of.emitter.service);
                }
            }
            None => drop(nameless.insert(&rejection.of.emitter.service)),
        }
    }
    let breaker = |(index, breaker): (usize, &Breaker)| {
        let mut of = of_breaker.remove(&index).unwrap_or_default();
        of.seen_in.extend(evidence(breaker, window));
        Refusing {
            service: breaker.key.service.clone(),
            environment: breaker.key.environment.clone(),
            framework: breaker.library().to_owned(),
            name: breaker.key.name.clone(),
            operations: breaker.operations.clone(),
            targets: breaker.targets.clone(),
            refused: refused_within(breaker, window),
            refused_spans: of.spans,
            open_ns: breaker.trips.iter().filter(|trip| touches(&trip.trip, window)).map(|trip| open_within(&trip.trip, window)).sum(),
            others_refused: nameless.contains(&*breaker.key.service),
            seen_in: newest(of.seen_in),
        }
    };
    let breakers = told.folded.breakers.iter().enumerate().map(breaker).collect();
    AllRefusing { breakers, limited, cost: told.cost.clone() }
}

fn by_breaker(rejection: &Rejection, verdict: &Verdict) -> bool {
    matches!(rejection.kind, RejectionKind::BreakerOpen | RejectionKind::HalfOpenLimit) && verdict.scope != Scope::Propagated
}

fn is_span_of_call(rejection: &Rejection) -> bool {
    let of_span = matches!(rejection.evidence.source, Source::Span | Source::SpanEvent);
    of_span && !matches!(rejection.span_kind, Some(SpanKind::Server | SpanKind::Consumer))
}

/// Traces of records that tell of changes.
fn evidence(breaker: &Breaker, window: Window) -> impl Iterator<Item = (UnixNanos, TraceId)> {
    let changes = breaker.instances.iter().flat_map(|history| &history.transitions);
    let within = changes.filter(move |change| (window.start..window.end).contains(&change.at.time));
    within.flat_map(|change| &change.evidence).filter_map(|proof| Some((proof.time, proof.trace_id?)))
}

fn newest(mut traces: Vec<(UnixNanos, TraceId)>) -> Vec<TraceId> {
    traces.sort_unstable_by(|a, b| b.cmp(a));
    let mut newest: Vec<TraceId> = Vec::new();
    for (_, trace) in traces {
        if newest.len() < TRACES_MAX && !newest.contains(&trace) {
            newest.push(trace);
        }
    }
    newest
}
