//! Gauges of states: samples to a state at each time, laid on a track.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Method, Notice,
    atoms::Atom,
    event::{Event, Step, proof},
    parameters::{QUIET_STEP, SECOND, SILENCE, SKEW},
    registry::{Entry, Slot},
    sort::{Said, Sorted},
    track::Track,
};
use crate::facts::{Mechanism, Signal, State};

/// What one gauge says over time.
#[derive(Debug)]
pub(crate) struct Samples {
    pub method: Method,
    /// In order of time, each time once.
    pub states: Vec<Seen>,
    pub confidence: u8,
    /// Index of one of its signals.
    example: u32,
    /// A longer silence is no state.
    pub limit: i64,
}

/// A sample.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub time: i64,
    pub state: State,
    /// Samples of the state before this one that were left out: so long it was not silent.
    pub left_out: u32,
}

pub(crate) fn samples(slot: &Slot, entry: &Entry, atoms: &[Atom], sorted: &Sorted<'_>, notices: &mut Vec<Notice>) -> Vec<Samples> {
    let of = |index: &u32| sorted.signals[*index as usize];
    let one_hot: Vec<u32> = slot.signals.iter().copied().filter(|index| matches!(of(index).signal, Signal::OneHot { .. })).collect();
    let numbers: Vec<u32> = slot.signals.iter().copied().filter(|index| matches!(of(index).signal, Signal::Enum { .. })).collect();
    let mut all = Vec::new();
    if let Some(example) = one_hot.first() {
        let states = one_hot_states(one_hot.iter().map(of));
        all.extend(Samples::new(Method::OneHot, states, of(example).evidence.confidence.min(95), *example));
    }
    if let Some(example) = numbers.first() {
        let signals: Vec<Said<'_>> = numbers.iter().map(of).collect();
        let (states, confidence) = enum_states(&signals, entry, atoms, notices);
        all.extend(Samples::new(Method::EnumGauge, states, confidence, *example));
    }
    all
}

impl Samples {
    fn new(method: Method, states: Vec<Seen>, confidence: u8, example: u32) -> Option<Self> {
        let interval = median_step(&states);
        let limit = SILENCE.max(interval.saturating_mul(3));
        (!states.is_empty()).then_some(Self { method, states, confidence, example, limit })
    }

    /// Lays the samples on `track`. `speaks_alone`: no better source tells when the breaker is gone.
    pub fn lay(&self, track: &mut Track, speaks_alone: bool, until: i64, sorted: &Sorted<'_>) {
        let mut cursor = 0;
        let mut before: Option<(i64, State)> = None;
        for Seen { time, state, left_out } in self.states.iter().copied() {
            if let Some((last, _)) = before.filter(|(last, _)| left_out == 0 && time - last > self.limit) {
                if speaks_alone {
                    self.lay_silence(track, last);
                }
                before = None;
            }
            let earliest = before.map_or(i64::MIN, |(last, _)| last);
            let candidate = self.change(state, (earliest, time), sorted);
            match before {
                Some((_, last)) if last != state => track.lay(&mut cursor, candidate, self.method, (SKEW, SKEW)),
                _ if track.agrees(time, state, SKEW) => {}
                // It says again what another source denies, or is the first to say anything.
                _ => {
                    let found = track.find(cursor, &candidate, SKEW).filter(|_| before.is_none());
                    match found {
                        Some(found) if self.first_touches(track, found) => cursor = found + 1,
                        _ => track.lay(&mut cursor, candidate, self.method, (SKEW, SKEW)),
                    }
                }
            }
            before = Some((time, state));
        }
        if let Some((last, _)) = before.filter(|(last, _)| speaks_alone && until - last > self.limit) {
            self.lay_silence(track, last);
        }
    }

    /// A first sample says nothing of when: it sharpens no event of another source, unless that one does not know either.
    fn first_touches(&self, track: &Track, found: usize) -> bool {
        track.events[found].method <= Method::Counter
    }

    fn lay_silence(&self, track: &mut Track, last: i64) {
        let gone = Event::bound(Step::Gone, last, last, last + self.limit).because("silence");
        let spoken = track.events.iter().any(|event| event.time > last && event.time <= last + self.limit);
        if !spoken {
            let place = track.events.partition_point(|event| event.time <= last);
            track.insert(place, Event { method: self.method, confidence: self.confidence, ..gone });
        }
    }

    fn change(&self, to: State, (lo, time): (i64, i64), sorted: &Sorted<'_>) -> Event {
        let signal = sorted.signals[self.example as usize];
        let cause = if signal.mechanism == Mechanism::ConcurrencyCap { "capacity".into() } else { signal.cause.clone() };
        Event::change(None, to, (lo, time, time), self.method, self.confidence).because(cause).shown_by(proof(time, &signal.evidence))
    }

    /// Stretches between two samples of closed, `(after, until)`.
    pub fn closed_gaps(&self) -> impl Iterator<Item = (i64, i64)> {
        // Where samples were left out nobody was refused.
        let pairs = self.states.windows(2).filter(|pair| pair[1].left_out == 0 && pair[1].time - pair[0].time <= self.limit);
        pairs.filter(|pair| pair[0].state == State::Closed && pair[1].state == State::Closed).map(|pair| (pair[0].time, pair[1].time))
    }
}

/// What is left out was close to each other, so that a median above [`QUIET_STEP`] is exact, and one below is below.
fn median_step(states: &[Seen]) -> i64 {
    let step = |pair: &[Seen]| {
        let (width, count) = (pair[1].time - pair[0].time, i64::from(pair[1].left_out) + 1);
        if count == 1 { (width, 1) } else { ((width / count).min(QUIET_STEP), count) }
    };
    let mut steps: Vec<(i64, i64)> = states.windows(2).map(step).collect();
    steps.sort_unstable();
    let mut half = steps.iter().map(|(_, count)| count).sum::<i64>() / 2;
    let middle = steps.iter().find(|(_, count)| {
        half -= count;
        half < 0
    });
    middle.map_or(0, |(step, _)| *step)
}

/// The state whose series is 1. None or two (collected while it changed): the next sample decides, and if that is no clearer, the
/// state whose value rose last.
fn one_hot_states<'a>(signals: impl Iterator<Item = Said<'a>>) -> Vec<Seen> {
    let mut scrapes: Vec<(i64, BTreeMap<State, f64>, u32)> = Vec::new();
    for signal in signals {
        let Signal::OneHot { state, value } = signal.signal else { continue };
        let time = signal.time.0;
        match scrapes.last_mut() {
            Some((last, values, left_out)) if time - *last < SECOND => {
                *left_out = signal.left_out.max(*left_out);
                let entry = values.entry(state).or_insert(value);
                *entry = entry.max(value);
            }
            _ => scrapes.push((time, BTreeMap::from([(state, value)]), signal.left_out)),
        }
    }
    let known: BTreeSet<State> = scrapes.iter().flat_map(|(_, values, _)| values.keys().copied()).collect();
    // A gauge that knows `open` alone says closed by 0.
    let only_open = known.iter().eq([State::Open].iter());
    let mut states = Vec::with_capacity(scrapes.len());
    let mut rose: Option<State> = None;
    let mut before: BTreeMap<State, f64> = BTreeMap::new();
    let (mut waiting, mut unseen) = (false, 0);
    for (time, values, left_out) in scrapes {
        unseen += left_out;
        let set: Vec<State> = values.iter().filter(|(_, value)| **value > 0.5).map(|(state, _)| *state).collect();
        if let Some(up) = set.iter().find(|state| before.get(state).is_none_or(|value| *value <= 0.5)) {
            rose = Some(*up);
        }
        before.extend(values);
        let state = match (&set[..], rose) {
            ([state], _) => *state,
            ([], _) if only_open => State::Closed,
            (_, Some(rose)) if waiting => rose,
            _ => {
                waiting = true;
                continue;
            }
        };
        states.push(Seen { time, state, left_out: unseen });
        (waiting, unseen) = (false, 0);
    }
    states
}

/// Numbers to states: as the rules say; else 0 and 1 are closed and open as long as refused calls do not say the opposite; others
/// are unknown, and somebody must say what they mean.
fn enum_states(signals: &[Said<'_>], entry: &Entry, atoms: &[Atom], notices: &mut Vec<Notice>) -> (Vec<Seen>, u8) {
    struct Number {
        time: i64,
        series: u64,
        value: f64,
        state: Option<State>,
        left_out: u32,
    }
    let mut numbers: Vec<Number> = signals
        .iter()
        .filter_map(|signal| match signal.signal {
            Signal::Enum { value, state } if value.is_finite() => {
                let (time, series) = (signal.time.0, signal.series.unwrap_or(0));
                Some(Number { time, series, value, state, left_out: signal.left_out })
            }
            _ => None,
        })
        .collect();
    numbers.sort_by(|a, b| (a.time, a.series).cmp(&(b.time, b.series)).then(b.value.total_cmp(&a.value)));
    numbers.dedup_by_key(|number| (number.time, number.series));
    let said = signals.first().map_or(50, |signal| signal.evidence.confidence.min(95));
    let unexplained = numbers.iter().filter(|number| number.state.is_none());
    let unexplained: Vec<(i64, f64)> = unexplained.map(|number| (number.time, number.value)).collect();
    let (open_value, confidence) = match unexplained.is_empty() {
        true => (None, said),
        false if unexplained.iter().all(|(_, value)| *value == 0.0 || *value == 1.0) => {
            let [at_0, at_1] = refused_at(&unexplained, atoms);
            match (at_0 > 0, at_1 > 0) {
                (true, false) => (Some(0.0), 70),
                (false, true) => (Some(1.0), 80),
                _ => (Some(1.0), 50),
            }
        }
        false if unexplained.iter().all(|(_, value)| [0.0, 0.5, 1.0].contains(value)) => (Some(1.0), 60),
        false => {
            let mut values: Vec<f64> = unexplained.iter().map(|(_, value)| *value).collect();
            values.sort_by(f64::total_cmp);
            values.dedup();
            values.truncate(16);
            let (breaker, service, name) = (entry.key.id(), entry.key.service.clone(), entry.key.name.clone());
            if !notices.iter().any(|notice| matches!(notice, Notice::NeedsMapping { breaker: known, .. } if *known == breaker)) {
                notices.push(Notice::NeedsMapping { breaker, service, name, values });
            }
            (None, 30)
        }
    };
    let meaning = |value: f64, state: Option<State>| match (state, open_value) {
        (Some(state), _) => state,
        (None, Some(_)) if value == 0.5 => State::HalfOpen,
        (None, Some(open)) if value == open => State::Open,
        (None, Some(_)) => State::Closed,
        (None, None) => State::Unknown,
    };
    // Several series behind one name: the worst of them.
    let mut now: BTreeMap<u64, State> = BTreeMap::new();
    let mut states: Vec<Seen> = Vec::with_capacity(numbers.len());
    for Number { time, series, value, state, left_out } in numbers {
        now.insert(series, meaning(value, state));
        let worst = now.values().copied().max_by_key(|state| severity(*state)).unwrap_or(State::Unknown);
        match states.last_mut() {
            Some(last) if last.time == time => (last.state, last.left_out) = (worst, left_out.max(last.left_out)),
            _ => states.push(Seen { time, state: worst, left_out }),
        }
    }
    (states, confidence)
}

/// Calls refused while the gauge said 0, and 1.
fn refused_at(values: &[(i64, f64)], atoms: &[Atom]) -> [u64; 2] {
    let mut refused = [0; 2];
    for atom in atoms.iter().filter(|atom| atom.is_point() && atom.count > 0.0) {
        let place = values.partition_point(|(time, _)| *time <= atom.until);
        if let Some(last) = place.checked_sub(1) {
            refused[usize::from(values[last].1 == 1.0)] += 1;
        }
    }
    refused
}

/// Worst last.
pub(crate) fn severity(state: State) -> u8 {
    match state {
        State::Unknown => 0,
        State::Disabled => 1,
        State::MetricsOnly => 2,
        State::Closed => 3,
        State::HalfOpen => 4,
        State::Open => 5,
        State::ForcedOpen => 6,
    }
}
