//! Counters of transitions, laid on a track.

use std::collections::BTreeMap;

use super::{
    BreakerId, Method, Notice,
    event::{Event, proof},
    parameters::SECOND,
    registry::{Entry, Slot},
    series::{Counted, Prepared},
    sort::Sorted,
    track::Track,
    walk::{Counts, walk, walk_to_only},
};
use crate::facts::State::{self, Closed, HalfOpen, Open};

/// What was counted between two points: count per series.
struct Interval<'a> {
    after: i64,
    until: i64,
    counts: Vec<(&'a Counted, u32)>,
}

pub(crate) fn lay(track: &mut Track, slot: &Slot, entry: &Entry, prepared: &Prepared, sorted: &Sorted<'_>, notices: &mut Vec<Notice>) {
    let (from_to, to_only): (Vec<&Counted>, Vec<&Counted>) = prepared.counters.iter().partition(|counted| counted.from.is_some());
    let mut by_rule: BTreeMap<&str, Vec<&Counted>> = BTreeMap::new();
    for counted in to_only {
        by_rule.entry(&sorted.signals[counted.example as usize].evidence.rule).or_default().push(counted);
    }
    let mut several = false;
    if !from_to.is_empty() {
        several |= lay_walks(track, &intervals(&from_to), sorted);
    }
    for counters in by_rule.values() {
        lay_to_only(track, &intervals(counters), sorted);
    }
    if several {
        let (service, name) = (entry.key.service.clone(), entry.key.name.clone());
        let breaker: BreakerId = entry.key.id();
        if !notices.iter().any(|notice| matches!(notice, Notice::SeveralBreakers { breaker: known, .. } if *known == breaker)) {
            notices.push(Notice::SeveralBreakers { breaker, service, name });
        }
    }
    debug_assert!(track.events.windows(2).all(|pair| pair[0].time <= pair[1].time), "{}: out of order", slot.instance);
}

/// Series of one scrape belong together, though their times differ a little.
fn intervals<'a>(counters: &[&'a Counted]) -> Vec<Interval<'a>> {
    let mut all: Vec<(i64, i64, &Counted, u32)> = Vec::new();
    for counted in counters {
        for delta in counted.deltas.iter().filter(|delta| delta.value >= 0.5) {
            all.push((delta.until, delta.after, counted, delta.value.round().min(1e6) as u32));
        }
    }
    all.sort_by_key(|(until, after, counted, _)| (*until, *after, counted.from, counted.to));
    let mut intervals: Vec<Interval<'_>> = Vec::new();
    for (until, after, counted, count) in all {
        match intervals.last_mut() {
            Some(last) if until - last.until < SECOND / 2 => {
                (last.after, last.until) = (last.after.min(after), until);
                last.counts.push((counted, count));
            }
            _ => intervals.push(Interval { after, until, counts: vec![(counted, count)] }),
        }
    }
    intervals
}

/// Says whether the counters turned out to be of several breakers. From then on the number of open ones is what counts.
fn lay_walks(track: &mut Track, intervals: &[Interval<'_>], sorted: &Sorted<'_>) -> bool {
    let (mut state, mut cursor) = (None, 0);
    let (mut several, mut open_now) = (false, 0_i64);
    for interval in intervals {
        let mut counts = Counts::default();
        for (counted, count) in &interval.counts {
            counts.add(counted.from.unwrap_or(State::Unknown), counted.to, *count);
        }
        let moves = if several { None } else { walk(state.or(Some(Closed)), counts) };
        match moves {
            Some(moves) => {
                for (index, step) in moves.iter().enumerate() {
                    let (method, cause) =
                        if step.blocked { (Method::GapFill, "probe_blocked") } else { (Method::Counter, cause(step.from, step.to)) };
                    let event = event(interval, (Some(step.from), step.to), (index + 1, moves.len()), method, sorted);
                    track.lay(&mut cursor, event.because(cause), Method::Counter, (SECOND, 0));
                }
                state = moves.last().map(|step| step.to).or(state);
                open_now = i64::from(state == Some(Open));
            }
            None => {
                several |= counts.of_several() || several;
                let before = open_now;
                let net = i64::from(counts.closed_open) + i64::from(counts.half_open)
                    - i64::from(counts.open_half)
                    - i64::from(counts.open_closed);
                open_now = (open_now + net).max(0);
                let opened = counts.closed_open > 0 || counts.half_open > 0;
                let steps: &[(State, State)] = match (before > 0, open_now > 0, opened) {
                    (false, true, _) => &[(Closed, Open)],
                    (true, false, _) => &[(Open, Closed)],
                    (false, false, true) => &[(Closed, Open), (Open, Closed)],
                    _ => &[],
                };
                for (index, (from, to)) in steps.iter().enumerate() {
                    let event = event(interval, (Some(*from), *to), (index + 1, steps.len()), Method::Counter, sorted);
                    let event = Event { confidence: event.confidence.min(70), ..event };
                    track.lay(&mut cursor, event, Method::Counter, (SECOND, 0));
                }
                state = Some(if open_now > 0 { Open } else { Closed });
            }
        }
        // States that are no part of the walk: by hand.
        let by_hand = interval.counts.iter().filter(|(counted, _)| !matches!(counted.to, Closed | Open | HalfOpen));
        for (counted, _) in by_hand {
            let event = event(interval, (None, counted.to), (1, 1), Method::Counter, sorted);
            track.lay(&mut cursor, event.because("manual"), Method::Counter, (SECOND, 0));
            state = Some(counted.to);
        }
    }
    several
}

fn lay_to_only(track: &mut Track, intervals: &[Interval<'_>], sorted: &Sorted<'_>) {
    let (mut state, mut cursor) = (Closed, 0);
    for interval in intervals {
        let count_of = |to: State| interval.counts.iter().filter(|(counted, _)| counted.to == to).map(|(_, count)| *count).sum();
        let (opens, halves, closes): (u32, u32, u32) = (count_of(Open), count_of(HalfOpen), count_of(Closed));
        if state == Closed && opens == 0 && (halves > 0 || closes > 0) {
            state = Open;
        }
        let moves = walk_to_only(state, opens, halves, closes);
        for (index, (from, to)) in moves.iter().enumerate() {
            let event = event(interval, (*from, *to), (index + 1, moves.len()), Method::Counter, sorted);
            track.lay(&mut cursor, event, Method::Counter, (SECOND, 0));
        }
        state = moves.last().map_or(state, |(_, to)| *to);
    }
}

fn event(
    interval: &Interval<'_>,
    (from, to): (Option<State>, State),
    (nth, of): (usize, usize),
    method: Method,
    sorted: &Sorted<'_>,
) -> Event {
    let width = interval.until - interval.after;
    let time = interval.after + (i128::from(width) * nth as i128 / of as i128) as i64;
    let of_change = interval.counts.iter().find(|(counted, _)| counted.to == to && (counted.from == from || counted.from.is_none()));
    let example = of_change.or(interval.counts.first()).map(|(counted, _)| sorted.signals[counted.example as usize]);
    let confidence = if method == Method::GapFill { 60 } else { example.map_or(80, |signal| signal.evidence.confidence.min(95)) };
    let event = Event::change(from, to, (interval.after, time, interval.until), method, confidence);
    match example {
        Some(signal) => event.because(signal.cause.clone()).shown_by(proof(interval.until, &signal.evidence)),
        None => event,
    }
}

/// What a change of state means by itself.
pub(crate) fn cause(from: State, to: State) -> &'static str {
    match (from, to) {
        (Open, HalfOpen) => "wait_elapsed",
        (HalfOpen, Open) => "probe_failed",
        (HalfOpen, Closed) => "probe_ok",
        (_, State::ForcedOpen | State::Disabled | State::MetricsOnly) | (State::ForcedOpen, _) => "manual",
        _ => "unknown",
    }
}
