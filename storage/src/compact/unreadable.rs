//! Blocks that a read failed on: they are left out for a while. Damage is told by looking at the file; what passes by itself, such as
//! a disk that did not answer or too many open files, is tried again.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// Between two tries at most.
const WAIT_MAX: Duration = Duration::from_secs(3600);

/// By id of the block.
#[derive(Debug, Default)]
pub(super) struct Unreadable(HashMap<u64, Failed>);

#[derive(Debug, Clone, Copy)]
struct Failed {
    /// None: for ever, since that time is beyond what a clock can say.
    until: Option<Instant>,
    wait: Duration,
}

impl Unreadable {
    /// Leaves the block out for `wait`; each time that it fails again twice as long, an hour at most.
    pub(super) fn note(&mut self, id: u64, wait: Duration, now: Instant) {
        let wait = self.0.get(&id).map_or(wait, |failed| (failed.wait * 2).min(WAIT_MAX.max(wait)));
        self.0.insert(id, Failed { until: now.checked_add(wait), wait });
    }

    pub(super) fn is_out(&self, id: u64, now: Instant) -> bool {
        self.0.get(&id).is_some_and(|failed| failed.until.is_none_or(|until| now < until))
    }

    /// Forgets those that are gone.
    pub(super) fn keep(&mut self, is_there: impl Fn(u64) -> bool) {
        self.0.retain(|id, _| is_there(*id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_as_long_each_time_and_an_hour_at_most() {
        let (mut unreadable, mut now) = (Unreadable::default(), Instant::now());
        let minute = Duration::from_secs(60);
        for minutes in [1, 2, 4, 8, 16, 32, 60, 60] {
            unreadable.note(7, minute, now);
            assert!(unreadable.is_out(7, now + minute * minutes - Duration::from_nanos(1)), "{minutes} minutes");
            now += minute * minutes;
            assert!(!unreadable.is_out(7, now), "{minutes} minutes");
        }
        assert!(!unreadable.is_out(8, now), "another block");
        unreadable.note(7, minute, now);
        unreadable.keep(|id| id != 7);
        assert!(!unreadable.is_out(7, now));
    }
}
