//! What happened to one breaker, as sources of falling rank say it.

use schemas::UnixNanos;

use super::{Conflict, Method, Moment, event::Event, event::told};
use crate::facts::State;

/// Events in order of time; the sources are laid on it best first.
#[derive(Debug, Default)]
pub(crate) struct Track {
    pub events: Vec<Event>,
    pub conflicts: Vec<Conflict>,
}

impl Track {
    /// The state at `time`; `None` while nothing is known.
    pub fn state_at(&self, time: i64) -> Option<State> {
        let passed = self.events.partition_point(|event| event.time <= time);
        match passed.checked_sub(1) {
            Some(last) => Some(self.events[last].to()),
            None => self.events.first().and_then(|first| match first.step {
                super::event::Step::Change { from, .. } => from,
                _ => None,
            }),
        }
    }

    /// Whether it was in `state` at some time within `skew` of `time`.
    pub fn agrees(&self, time: i64, state: State, skew: i64) -> bool {
        if self.state_at(time.saturating_sub(skew)) == Some(state) {
            return true;
        }
        let from = self.events.partition_point(|event| event.time < time.saturating_sub(skew));
        self.events[from..].iter().take_while(|event| event.time <= time.saturating_add(skew)).any(|event| event.to() == state)
    }

    /// Whether a better source says anything in the window.
    fn is_spoken_for(&self, candidate: &Event, skew: i64, rank: Method) -> bool {
        let (lo, hi) = (candidate.lo.saturating_sub(skew), candidate.hi.saturating_add(skew));
        let from = self.events.partition_point(|event| event.time < lo);
        self.events[from..].iter().take_while(|event| event.time <= hi).any(|event| event.method < rank)
    }

    /// The first event at or after `cursor` that may be what `candidate` says.
    pub fn find(&self, cursor: usize, candidate: &Event, skew: i64) -> Option<usize> {
        let lo = candidate.lo.saturating_sub(skew);
        let mut from = self.events.partition_point(|event| event.time < lo);
        // An event whose time is not known well may lie later than it seems; a few of them at most.
        for _ in 0..8 {
            match from.checked_sub(1) {
                Some(earlier) if self.events[earlier].hi >= lo => from = earlier,
                _ => break,
            }
        }
        let hi = candidate.hi.saturating_add(skew);
        let rest = self.events.iter().enumerate().skip(from.max(cursor)).take_while(|(_, event)| event.lo <= hi);
        let mut same = rest.filter(|(_, event)| event.to() == candidate.to() && event.touches(candidate.lo, candidate.hi, skew));
        same.next().map(|(index, _)| index)
    }

    /// Puts `event` in at its time, not before `cursor`; says where.
    pub fn insert(&mut self, cursor: usize, mut event: Event) -> usize {
        let place = self.events.partition_point(|other| other.time <= event.time).max(cursor).min(self.events.len());
        if let Some(before) = place.checked_sub(1).map(|before| self.events[before].time) {
            event.time = event.time.max(before);
            event.hi = event.hi.max(event.time);
        }
        self.events.insert(place, event);
        place
    }

    /// A source of `rank` says `candidate`: it refines what is there, is put in, or contradicts. `cursor` is the place of the source's
    /// last word.
    pub fn lay(&mut self, cursor: &mut usize, candidate: Event, rank: Method, (skew, tolerance): (i64, i64)) {
        if let Some(found) = self.find(*cursor, &candidate, skew) {
            self.events[found].absorb(candidate);
            self.keep_order(found);
            *cursor = found + 1;
        } else if self.agrees(candidate.time, candidate.to(), tolerance) {
            // It was in that state already.
        } else if self.is_spoken_for(&candidate, skew, rank) {
            self.contradict(candidate, false);
        } else {
            *cursor = self.insert(*cursor, candidate) + 1;
        }
    }

    pub fn contradict(&mut self, candidate: Event, missed_transition: bool) {
        let stands = self.state_at(candidate.time).unwrap_or(State::Unknown);
        let (at, method, says) = (moment(&candidate), candidate.method, candidate.to());
        self.conflicts.push(Conflict { at, method, says, stands, missed_transition, evidence: told(candidate.proofs) });
    }

    /// An event that became sharper stays between its neighbours.
    pub fn keep_order(&mut self, index: usize) {
        let before = index.checked_sub(1).map_or(i64::MIN, |before| self.events[before].time);
        let after = self.events.get(index + 1).map_or(i64::MAX, |after| after.time);
        let event = &mut self.events[index];
        event.time = event.time.max(before).min(after);
        event.lo = event.lo.min(event.time);
        event.hi = event.hi.max(event.time);
    }
}

pub(crate) fn moment(event: &Event) -> Moment {
    let lo = (event.lo != i64::MIN).then_some(UnixNanos(event.lo));
    Moment { lo, time: UnixNanos(event.time), hi: UnixNanos(event.hi) }
}
