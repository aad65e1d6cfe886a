//! Bursts of refused calls, laid on a track.

use super::{
    Inference, Method,
    atoms::Atom,
    burst::Burst,
    event::Event,
    parameters::{AUTHORITY, SKEW},
    sort::Sorted,
    track::Track,
    trips::is_active,
};
use crate::facts::State::{self, Closed, HalfOpen, Open};

/// When sources of states were heard, in order.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// Explicit records and counters: they tell every change.
    pub changes: Vec<i64>,
    /// Gauges too: changes between two samples escape them.
    pub states: Vec<i64>,
}

impl Heard {
    pub fn sort(&mut self) {
        self.changes.sort_unstable();
        self.states.extend(&self.changes);
        self.states.sort_unstable();
    }
}

fn any_within(times: &[i64], lo: i64, hi: i64) -> bool {
    times.get(times.partition_point(|time| *time < lo)).is_some_and(|time| *time <= hi)
}

pub(crate) struct Inferred<'a> {
    pub bursts: &'a [Burst],
    pub adaptive: bool,
    pub sorted: &'a Sorted<'a>,
}

impl Inferred<'_> {
    /// A burst opens and closes only where nothing better speaks within fifteen minutes; else it makes sharper what is there, or says
    /// that a change was missed.
    pub fn lay(&self, track: &mut Track, heard: &Heard) {
        for burst in self.bursts {
            let (begin, end) = (burst.first.1, burst.last.1);
            let covered = any_within(&heard.states, begin.saturating_sub(AUTHORITY), end.saturating_add(AUTHORITY));
            let active = [Open, State::ForcedOpen, HalfOpen].into_iter().any(|state| track.agrees(begin, state, SKEW));
            if !covered && !active {
                self.open(track, burst);
            } else if !sharpen(track, burst, self.candidate(burst)) && !active {
                track.contradict(self.candidate(burst), true);
            }
        }
    }

    fn candidate(&self, burst: &Burst) -> Event {
        let to = if burst.forced { State::ForcedOpen } else { Open };
        let mut event = Event::change(Some(Closed), to, burst.first, Method::RejectionBurst, burst.confidence);
        event.cause = if burst.forced { "manual".into() } else { "inferred".into() };
        event.proofs = burst.shown.iter().map(|origin| Atom::proof_of(*origin, self.sorted)).collect();
        event.proofs_total = burst.records;
        event
    }

    fn open(&self, track: &mut Track, burst: &Burst) {
        let mut place = track.insert(0, self.candidate(burst)) + 1;
        if !self.adaptive {
            for (time, state) in &burst.turns {
                let turn = Event::change(None, *state, (*time, *time, *time), Method::RejectionBurst, burst.confidence.min(70));
                place = track.insert(place, turn) + 1;
            }
        }
        if !burst.cut && !burst.ongoing {
            let closed = Event::change(None, Closed, burst.last, Method::RejectionBurst, burst.confidence);
            let last = burst.shown.last().map(|origin| Atom::proof_of(*origin, self.sorted));
            let shown = Event { proofs_total: u64::from(last.is_some()), proofs: last.into_iter().collect(), ..closed.because("inferred") };
            track.insert(place, shown);
        }
    }
}

/// Refused calls after an opening and before a closing say that these were no later and no earlier. Whether there is an opening.
fn sharpen(track: &mut Track, burst: &Burst, candidate: Event) -> bool {
    let Some(found) = track.find(0, &candidate, SKEW) else {
        // Open before: more of the same.
        let place = track.events.partition_point(|event| event.time <= burst.first.1);
        if let Some(event) = place.checked_sub(1).map(|last| &mut track.events[last]).filter(|event| is_active(event.to())) {
            event.take_proofs(candidate.proofs, candidate.proofs_total);
        }
        return false;
    };
    let event = &mut track.events[found];
    if event.method == Method::GapFill {
        event.take_proofs(candidate.proofs, candidate.proofs_total);
        return true;
    }
    event.absorb(candidate);
    track.keep_order(found);
    let last = burst.last.0;
    let rest = track.events.iter().enumerate().skip(found + 1);
    let closing = rest.take_while(|(_, event)| event.lo <= last).find(|(_, event)| event.to() == Closed && event.hi >= last);
    if let Some(index) = closing.map(|(index, _)| index) {
        let event = &mut track.events[index];
        event.lo = event.lo.max(last);
        event.time = event.time.max(last);
        track.keep_order(index);
    }
    true
}

/// Trips between two samples of closed: a gauge missed them, refused calls tell.
pub(crate) fn lay_hidden(track: &mut Track, gaps: &[(i64, i64)], atoms: &[Atom], rule: &Inference, heard: &Heard) {
    struct Seen {
        gap: usize,
        enough: bool,
        points: f64,
        first: Option<i64>,
        last: Option<i64>,
    }
    let mut seen: Vec<Seen> = Vec::new();
    for atom in atoms.iter().filter(|atom| atom.count > 0.0) {
        let gap = gaps.partition_point(|(_, until)| *until < atom.until);
        if gaps.get(gap).is_none_or(|(after, _)| *after >= atom.until) {
            continue;
        }
        if seen.last().is_none_or(|last| last.gap != gap) {
            seen.push(Seen { gap, enough: false, points: 0.0, first: None, last: None });
        }
        let Some(of_gap) = seen.last_mut() else { continue };
        if atom.is_point() {
            of_gap.points += atom.count;
            of_gap.first = of_gap.first.or(Some(atom.until));
            of_gap.last = Some(atom.until);
            of_gap.enough |= of_gap.points >= rule.open_n;
        } else {
            let quiet = !any_active(track, atom.after, atom.until);
            of_gap.enough |= quiet;
        }
    }
    for of_gap in seen.into_iter().filter(|of_gap| of_gap.enough) {
        let (after, until) = gaps[of_gap.gap];
        let told = any_within(&heard.changes, after.saturating_sub(AUTHORITY), until.saturating_add(AUTHORITY));
        if told || any_active(track, after, until) || track.state_at(after) != Some(Closed) {
            continue;
        }
        let third = (until - after) / 3;
        let opened = of_gap.first.unwrap_or(after + third);
        let closed = of_gap.last.unwrap_or(until - third);
        let open = Event::change(Some(Closed), Open, (after, opened, of_gap.first.unwrap_or(until)), Method::GapFill, 70);
        let place = track.insert(0, open.because("inferred")) + 1;
        let close = Event::change(Some(Open), Closed, (of_gap.last.unwrap_or(after), closed, until), Method::GapFill, 70);
        track.insert(place, close.because("inferred"));
    }
}

fn any_active(track: &Track, after: i64, until: i64) -> bool {
    let from = track.events.partition_point(|event| event.time < after);
    let within = track.events[from..].iter().take_while(|event| event.time <= until).any(|event| is_active(event.to()));
    within || track.state_at(after).is_some_and(is_active)
}
