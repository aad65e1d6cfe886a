//! Transitions to trips, and what each cost.

use schemas::UnixNanos;

use super::{Ended, Moment, Refused, Transition, Trip};
use crate::facts::State::{self, Closed, Disabled, ForcedOpen, HalfOpen, MetricsOnly, Open, Unknown};

pub(crate) fn is_active(state: State) -> bool {
    matches!(state, Open | ForcedOpen | HalfOpen)
}

/// A trip begins when open, forced open or half open is entered from elsewhere, and ends when they are left.
pub(crate) fn trips(initial: State, known_since: i64, transitions: &[Transition], until: i64) -> Vec<Trip> {
    let mut trips: Vec<Trip> = Vec::new();
    let mut open: Option<Trip> = None;
    let mut before = known_since;
    if is_active(initial) {
        let hi = transitions.first().map_or(until, |first| first.at.time.0);
        let opened = Moment { lo: None, time: UnixNanos(known_since), hi: UnixNanos(hi) };
        let (method, confidence) = transitions.first().map_or((super::Method::GapFill, 50), |first| (first.method, first.confidence));
        open = Some(Trip { cause: "unknown".to_owned(), method, confidence, forced: initial == ForcedOpen, ..empty(opened) });
    }
    for transition in transitions {
        let time = transition.at.time.0;
        if let Some(trip) = open.as_mut() {
            trip.spend(transition.from, time - before);
            match transition.to {
                HalfOpen => trip.probes += 1,
                Open if transition.from == HalfOpen => trip.reopens += 1,
                ForcedOpen => trip.forced = true,
                Closed | Disabled | MetricsOnly | Unknown => {
                    trip.closed = Some(transition.at);
                    trip.confidence = trip.confidence.min(transition.confidence);
                    trip.ended_by = match (transition.to, transition.cause.as_str()) {
                        (Unknown, _) => Ended::Gone,
                        (_, "restart" | "config_reload") => Ended::Restart,
                        _ => Ended::Closed,
                    };
                    trips.extend(open.take());
                }
                Open => {}
            }
        } else if is_active(transition.to) {
            let Transition { at, cause, method, confidence, .. } = transition;
            let forced = transition.to == ForcedOpen;
            let probes = u32::from(transition.to == HalfOpen);
            open = Some(Trip { cause: cause.clone(), method: *method, confidence: *confidence, forced, probes, ..empty(*at) });
        }
        before = time;
    }
    if let Some(mut trip) = open {
        let state = transitions.last().map_or(initial, |last| last.to);
        trip.spend(state, until - before);
        trips.push(trip);
    }
    trips
}

fn empty(opened: Moment) -> Trip {
    Trip {
        opened,
        closed: None,
        ended_by: Ended::Ongoing,
        open_ns: 0,
        half_open_ns: 0,
        probes: 0,
        reopens: 0,
        refused: 0.0,
        forced: false,
        cause: String::new(),
        method: super::Method::GapFill,
        confidence: 0,
    }
}

impl Trip {
    fn spend(&mut self, state: State, span_ns: i64) {
        match state {
            Open | ForcedOpen => self.open_ns += span_ns.max(0),
            HalfOpen => self.half_open_ns += span_ns.max(0),
            _ => {}
        }
    }
}

/// Gives each refused call to the trip it fell in; those of an interval that several trips share, by their parts of it.
pub(crate) fn count_refused(trips: &mut [Trip], refused: &[Refused], until: i64) {
    let bounds: Vec<(i64, i64)> = trips.iter().map(|trip| bounds(trip, until)).collect();
    for calls in refused {
        let first = bounds.partition_point(|(_, end)| *end < calls.after.0);
        let reached = bounds[first..].iter().take_while(|(begin, _)| *begin <= calls.until.0).count();
        let part = |(begin, end): (i64, i64)| (end.min(calls.until.0) - begin.max(calls.after.0)).max(1) as f64;
        let all: f64 = bounds[first..first + reached].iter().map(|bound| part(*bound)).sum();
        for index in first..first + reached {
            trips[index].refused += calls.count * part(bounds[index]) / all;
        }
    }
}

/// From the earliest it may have opened to the latest it may have closed.
fn bounds(trip: &Trip, until: i64) -> (i64, i64) {
    let lo = trip.opened.lo.map_or(i64::MIN, |lo| lo.0);
    // An interval that is far wider than the trip says nothing of calls long before.
    let begin = if trip.opened.lo.is_none() { i64::MIN } else { lo.min(trip.opened.time.0) };
    (begin, trip.closed.map_or(until, |closed| closed.hi.0.max(closed.time.0)))
}

/// A trip for tests of what reads trips: known to a second.
#[cfg(test)]
pub(crate) fn trip_between(opened: UnixNanos, closed: Option<UnixNanos>) -> Trip {
    let at = |time: UnixNanos| Moment { lo: Some(UnixNanos(time.0 - 1_000_000_000)), time, hi: time };
    let ended_by = if closed.is_some() { Ended::Closed } else { Ended::Ongoing };
    Trip { closed: closed.map(at), ended_by, ..empty(at(opened)) }
}
