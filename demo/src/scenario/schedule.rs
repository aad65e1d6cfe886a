//! Which scenario is played when.

use std::time::Duration;

use schemas::UnixNanos;

use super::{ScenarioKind, ScenarioRun, Scenarios};
use crate::ids::mix;

const SECOND_NS: i64 = 1_000_000_000;
/// The longest scenario and what it leaves behind end within.
const SLOT_NS_MIN: i64 = 120 * SECOND_NS;
/// A trip may follow its cause by this much: the window has to fill.
const AFTERMATH_NS: i64 = 15 * SECOND_NS;

/// Remembers the slot last asked for.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    scenarios: Scenarios,
    seed: u64,
    opened: UnixNanos,
    /// Within each a scenario is played.
    slot_ns: i64,
    slot: Option<(u64, Option<ScenarioRun>)>,
}

impl Schedule {
    pub(crate) fn new(scenarios: Scenarios, every: Duration, seed: u64, opened: UnixNanos) -> Self {
        let slot_ns = i64::try_from(every.as_nanos()).unwrap_or(i64::MAX).max(SLOT_NS_MIN);
        Self { scenarios, seed: mix(&[seed, 0x5ce_4a21]), opened, slot_ns, slot: None }
    }

    /// The scenario of the `ordinal`th slot.
    pub(crate) fn run(&self, ordinal: u64) -> Option<ScenarioRun> {
        let kind = match self.scenarios {
            Scenarios::Off => return None,
            Scenarios::Only(kind) => kind,
            Scenarios::Scheduled => self.order(ordinal / 9)[(ordinal % 9) as usize],
        };
        let delay_ns = 4 * SECOND_NS + (mix(&[self.seed, ordinal, 1]) % 16_000) as i64 * 1_000_000;
        let slot = self.opened.0.saturating_add(i64::try_from(ordinal).ok()?.checked_mul(self.slot_ns)?);
        let start = slot.saturating_add(delay_ns);
        Some(ScenarioRun { ordinal, kind, start: UnixNanos(start), end: UnixNanos(start.saturating_add(kind.seconds() * SECOND_NS)) })
    }

    /// Slots that begin before `at`.
    pub(crate) fn slots_before(&self, at: UnixNanos) -> u64 {
        let lived = at.0.saturating_sub(self.opened.0);
        if lived <= 0 { 0 } else { ((lived - 1) / self.slot_ns + 1) as u64 }
    }

    /// What is played at `at`.
    pub(crate) fn at(&mut self, at: UnixNanos) -> Option<ScenarioRun> {
        self.slot_of(at).filter(|run| (run.start..run.end).contains(&at))
    }

    /// The scenario that made the breaker of this name trip at `at`, if one did.
    pub(crate) fn behind_trip(&mut self, name: &str, at: UnixNanos) -> Option<ScenarioRun> {
        let run = self.slot_of(at)?;
        let caused = run.start <= at && at.0 < run.end.0 + AFTERMATH_NS && run.kind.breakers().contains(&name);
        caused.then_some(run)
    }

    fn slot_of(&mut self, at: UnixNanos) -> Option<ScenarioRun> {
        let slot = at.0.checked_sub(self.opened.0)?.div_euclid(self.slot_ns);
        let slot = u64::try_from(slot).ok()?;
        match self.slot {
            Some((known, run)) if known == slot => run,
            _ => {
                let run = self.run(slot);
                self.slot = Some((slot, run));
                run
            }
        }
    }

    /// Each kind once, shuffled.
    fn order(&self, cycle: u64) -> [ScenarioKind; 9] {
        let mut order = ScenarioKind::ALL;
        order.sort_by_key(|kind| mix(&[self.seed, cycle, *kind as u64, 2]));
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPENED: UnixNanos = UnixNanos(1_763_823_617 * SECOND_NS);
    const EVERY: Duration = Duration::from_secs(120);

    #[test]
    fn each_scenario_is_played_once_in_nine_slots() {
        for seed in 0..50 {
            let schedule = Schedule::new(Scenarios::Scheduled, EVERY, seed, OPENED);
            let mut kinds: Vec<_> = (9..18).filter_map(|ordinal| schedule.run(ordinal)).map(|run| run.kind).collect();
            kinds.sort();
            assert_eq!(kinds, ScenarioKind::ALL, "seed {seed}");
        }
    }

    #[test]
    fn the_first_begins_within_a_minute_and_no_five_minutes_are_quiet() {
        for seed in 0..200 {
            let schedule = Schedule::new(Scenarios::Scheduled, EVERY, seed, OPENED);
            let runs: Vec<_> = (0..40).filter_map(|ordinal| schedule.run(ordinal)).collect();
            assert!(runs[0].start.0 - OPENED.0 < 60 * SECOND_NS, "seed {seed}");
            for pair in runs.windows(2) {
                assert!(pair[0].end <= pair[1].start, "seed {seed}: {pair:?} overlap");
                assert!(pair[1].start.0 - pair[0].end.0 < 150 * SECOND_NS, "seed {seed}: {pair:?}");
            }
        }
    }

    #[test]
    fn what_is_played_can_be_asked_for_any_time() {
        let mut schedule = Schedule::new(Scenarios::Scheduled, EVERY, 7, OPENED);
        for ordinal in 0..20 {
            let run = schedule.run(ordinal).expect("scheduled");
            assert_eq!(schedule.at(run.start), Some(run));
            assert_eq!(schedule.at(UnixNanos(run.end.0 - 1)), Some(run));
            assert_ne!(schedule.at(run.end), Some(run));
            assert!(schedule.slots_before(run.start) == ordinal + 1, "{run:?}");
        }
        assert_eq!(schedule.at(UnixNanos(OPENED.0 - 1)), None);
        assert_eq!(Schedule::new(Scenarios::Off, EVERY, 7, OPENED).run(0), None);
    }
    #[test]
    fn a_scenario_now_and_then() {
        let hour = Duration::from_secs(3600);
        let schedule = Schedule::new(Scenarios::Scheduled, hour, 7, OPENED);
        let starts: Vec<i64> = (0..5).filter_map(|ordinal| Some(schedule.run(ordinal)?.start.0 - OPENED.0)).collect();
        let within = |(nth, start): (i64, &i64)| (nth * 3600 * SECOND_NS..(nth * 3600 + 30) * SECOND_NS).contains(start);
        assert!((0..).zip(&starts).all(within) && starts.len() == 5, "{starts:?}");
        assert_eq!(schedule.slots_before(UnixNanos(OPENED.0 + 7200 * SECOND_NS)), 2);
    }
}
