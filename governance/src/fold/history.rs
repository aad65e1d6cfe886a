//! One breaker in one instance: its facts to its history.

use schemas::UnixNanos;

use super::{
    History, Inference, Notice, Refused,
    atoms::{Atom, atoms},
    burst::bursts,
    counter,
    event::{Event, Step},
    explicit, gauge,
    infer::{Heard, Inferred, lay_hidden},
    parameters::SILENCE,
    place::place,
    process::{Process, SHARED},
    registry::{Entry, Slot},
    series::Prepared,
    settle::settle,
    sort::Sorted,
    track::Track,
    trips::{count_refused, trips},
};
use crate::facts::{Mechanism, Signal, State};

/// How sure less one is when several processes may hide behind one instance.
const SHARED_DOUBT: u8 = 20;

/// What the histories of all slots share.
pub(crate) struct Context<'a> {
    pub sorted: &'a Sorted<'a>,
    pub since: i64,
    pub until: i64,
}

pub(crate) struct Built {
    pub history: History,
    pub atoms: Vec<Atom>,
    /// Some source tells states; else all is inferred from refused calls.
    pub is_told: bool,
    pub notices: Vec<Notice>,
}

pub(crate) fn build(
    context: &Context<'_>,
    (slot, entry): (&Slot, &Entry),
    process: &Process,
    prepared: &Prepared,
    rule: &Inference,
) -> Built {
    let mut notices = Vec::new();
    let (sorted, until) = (context.sorted, context.until);
    let family = entry.key.family.as_str();
    let atoms = atoms(slot, prepared, sorted);
    let gauges = gauge::samples(slot, entry, &atoms, sorted, &mut notices);
    let heard = heard(slot, prepared, &gauges, sorted);

    let mut track = Track::default();
    explicit::lay(&mut track, slot, family, process, sorted);
    counter::lay(&mut track, slot, entry, prepared, sorted, &mut notices);
    for gauge in &gauges {
        gauge.lay(&mut track, heard.changes.is_empty(), until, sorted);
    }
    place(&mut track, &atoms);
    let gone = process.silent_since(until, SILENCE);
    if let Some(gauge) = gauges.first() {
        let gaps: Vec<(i64, i64)> = gauge.closed_gaps().collect();
        lay_hidden(&mut track, &gaps, &atoms, rule, &heard);
    }
    let mut bounds: Vec<i64> = process.resets.iter().map(|reset| reset.time).collect();
    bounds.extend(gone.map(|gone| gone + 1));
    bounds.sort_unstable();
    let bursts = bursts(&atoms, &bounds, rule, until);
    let adaptive = entry.key.mechanism == Mechanism::Adaptive;
    Inferred { bursts: &bursts, adaptive, sorted }.lay(&mut track, &heard);
    if let Some(gone) = gone.filter(|gone| track.events.last().is_some_and(|last| last.time <= *gone)) {
        track.insert(0, Event::bound(Step::Gone, gone, gone, gone + SILENCE).because("silence"));
    }

    let shared = slot.instance == SHARED;
    let settled = settle(track.events, context.since, shared, family == "hystrix-go");
    let mut transitions = settled.transitions;
    if shared {
        transitions.iter_mut().for_each(|transition| transition.confidence = transition.confidence.saturating_sub(SHARED_DOUBT));
    }
    let known_since =
        known_since(settled.initial, settled.known_since, context.since, process, transitions.first().map(|first| first.at.time.0));
    let counted = atoms.iter().filter(|atom| atom.counted && atom.count > 0.0);
    let refused: Vec<Refused> =
        counted.map(|atom| Refused { after: UnixNanos(atom.after), until: UnixNanos(atom.until), count: atom.count }).collect();
    let mut trips = trips(settled.initial, known_since, &transitions, until);
    count_refused(&mut trips, &refused, until);
    let (instance, initial) = (slot.instance.clone(), settled.initial);
    let known_since = UnixNanos(known_since);
    let history = History { instance, initial, known_since, transitions, trips, conflicts: track.conflicts, refused };
    Built { history, atoms, is_told: !heard.states.is_empty(), notices }
}

/// A process that was born within what was read has no state before.
fn known_since(initial: State, known: i64, since: i64, process: &Process, first: Option<i64>) -> i64 {
    match process.born {
        Some(born) if initial == State::Closed && known == since && born > since && first.is_none_or(|first| born <= first) => born,
        _ => known,
    }
}

fn heard(slot: &Slot, prepared: &Prepared, gauges: &[gauge::Samples], sorted: &Sorted<'_>) -> Heard {
    let mut heard = Heard::default();
    for index in &slot.signals {
        let signal = sorted.signals[*index as usize];
        if matches!(signal.signal, Signal::Transition { .. }) {
            heard.changes.push(signal.time.0);
        }
    }
    for counted in &prepared.counters {
        heard.changes.extend(counted.deltas.iter().map(|delta| delta.until));
    }
    for gauge in gauges {
        heard.states.extend(gauge.states.iter().filter(|seen| seen.state != State::Unknown).map(|seen| seen.time));
    }
    heard.sort();
    heard
}
