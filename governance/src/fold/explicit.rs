//! Records that say a change themselves, and the ends of processes.

use std::collections::HashMap;

use super::{
    Method,
    event::{Event, Step, proof},
    parameters::{SECOND, SKEW},
    process::{Process, SHARED},
    registry::Slot,
    sort::Sorted,
    track::Track,
};
use crate::facts::{Signal, Source, State};

/// In so short a time a breaker does not leave a state, come back and leave it again.
const AGAIN: i64 = SECOND / 10;

/// Lays restarts, reloads and explicit transitions on an empty track.
///
/// Two sources that tell the same change within two seconds tell one; the same source twice tells two. But a breaker that leaves the same
/// state twice at nearly the same moment, and nothing in between, was told of by two loggers of one process.
pub(crate) fn lay(track: &mut Track, slot: &Slot, family: &str, process: &Process, sorted: &Sorted<'_>) {
    let mut events: Vec<(Event, Option<(Source, &str)>)> = Vec::new();
    for reset in &process.resets {
        let event = Event::bound(Step::Restart, reset.lo, reset.time, reset.time).because("restart");
        events.push((event, None));
    }
    for (time, _) in process.reloads.iter().filter(|(_, of)| of.is_empty() || of == family) {
        events.push((Event::bound(Step::Reload, *time, *time, *time).because("config_reload"), None));
    }
    for index in &slot.signals {
        let signal = sorted.signals[*index as usize];
        let (time, evidence) = (signal.time.0, &signal.of.evidence);
        let event = match signal.signal {
            Signal::Transition { from, to } => {
                let from = from.or_else(|| implied(family, to, &slot.instance));
                Event::change(from, to, (time, time, time), Method::Explicit, evidence.confidence).because(signal.cause.clone())
            }
            Signal::ConfigReload => Event::bound(Step::Reload, time, time, time).because("config_reload"),
            _ => continue,
        };
        let event = Event { text: signal.text.clone(), ..event.shown_by(proof(time, evidence)) };
        events.push((event, Some((evidence.source, &evidence.rule))));
    }
    // A restart comes before what the new process says.
    events.sort_by_key(|(event, _)| (event.time, !matches!(event.step, Step::Restart | Step::Reload)));
    let mut cursors: HashMap<(Source, &str), usize> = HashMap::new();
    for (event, source) in events {
        let cursor = source.map_or(track.events.len(), |source| cursors.get(&source).copied().unwrap_or(0));
        let again = matches!(event.step, Step::Restart)
            && track.events.last().is_some_and(|last| last.step == Step::Restart && event.lo <= last.time);
        if again {
            continue;
        }
        let last = source.and_then(|source| cursors.get(&source)).and_then(|cursor| track.events.get_mut(cursor.checked_sub(1)?));
        if let Some(last) = last
            && slot.instance != SHARED
            && matches!(event.step, Step::Change { from: Some(_), .. })
            && last.step == event.step
            && event.time.saturating_sub(last.time) <= AGAIN
        {
            last.absorb(event);
            continue;
        }
        let found = if matches!(event.step, Step::Change { .. }) { track.find(cursor, &event, SKEW) } else { None };
        let place = match found {
            Some(found) => {
                track.events[found].absorb(event);
                track.keep_order(found);
                found
            }
            None => track.insert(track.events.len(), event),
        };
        if let Some(source) = source {
            cursors.insert(source, place + 1);
        }
    }
}

/// What a line does not say: a breaker goes half open only from open; hystrix-go says `opening` only when it was closed.
fn implied(family: &str, to: State, instance: &str) -> Option<State> {
    match to {
        State::HalfOpen if instance != SHARED => Some(State::Open),
        State::Open if family == "hystrix-go" && instance != SHARED => Some(State::Closed),
        _ => None,
    }
}
