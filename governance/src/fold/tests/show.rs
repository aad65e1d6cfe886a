//! An answer as text, so that a case reads as a table.

use crate::facts::State;
use crate::fold::{Breaker, Folded, History, Trip};

use super::build::T0;

/// `order pay/i1: C>O 0 explicit, … | 0-10.2 closed p2 r1 x3`: transitions, then trips (probes, reopens, refused), one line for each
/// breaker and instance.
pub(super) fn show(folded: &Folded) -> String {
    let lines = folded.breakers.iter().flat_map(|breaker| breaker.instances.iter().map(|history| show_one(breaker, history)));
    lines.collect::<Vec<_>>().join("\n")
}

fn show_one(breaker: &Breaker, history: &History) -> String {
    let transitions: Vec<String> = history
        .transitions
        .iter()
        .map(|transition| {
            let [from, to] = [transition.from, transition.to].map(letter);
            let blocked = if transition.cause == "probe_blocked" { "!" } else { "" };
            format!("{from}>{to}{blocked} {} {}", seconds(transition.at.time.0), transition.method.name())
        })
        .collect();
    let trips: Vec<String> = history.trips.iter().map(show_trip).collect();
    format!("{} {}/{}: {} | {}", breaker.key.service, breaker.key.name, history.instance, transitions.join(", "), trips.join(", "))
}

pub(super) fn show_trip(trip: &Trip) -> String {
    let end = trip.closed.map_or(String::new(), |closed| seconds(closed.time.0));
    let mut text = format!("{}-{end} {}", seconds(trip.opened.time.0), trip.ended_by.name());
    for (letter, count) in [("p", trip.probes), ("r", trip.reopens)] {
        if count > 0 {
            text += &format!(" {letter}{count}");
        }
    }
    if trip.refused > 0.0 {
        text += &format!(" x{}", trip.refused.round());
    }
    text
}

pub(super) fn letter(state: State) -> &'static str {
    match state {
        State::Closed => "C",
        State::Open => "O",
        State::HalfOpen => "H",
        State::ForcedOpen => "F",
        State::Disabled => "D",
        State::MetricsOnly => "M",
        State::Unknown => "?",
    }
}

fn seconds(time: i64) -> String {
    let text = format!("{:.1}", (time - T0) as f64 / 1e9);
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}
