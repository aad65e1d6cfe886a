//! Which dependency is unwell at a given time: a pure function of seed, dependency and time.
//!
//! Time is cut into slots of ten minutes. In some slots a dependency has a bad spell of half a minute to four minutes in which it
//! is slow, or fails, or both. Outside of a spell it fails rarely.

use rand::{Rng, SeedableRng, rngs::SmallRng};
use schemas::UnixNanos;

use crate::ids::mix;

const SLOT_NS: i64 = 600_000_000_000;
const SECOND_NS: i64 = 1_000_000_000;

/// How a dependency is doing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Condition {
    /// Chance that one call fails.
    pub(crate) failing: f64,
    /// What its latency is multiplied with.
    pub(crate) slowness: f64,
}

const FAIR: Condition = Condition { failing: 0.0004, slowness: 1.0 };

/// The bad spells of one dependency, remembered for the slot last asked for.
#[derive(Debug, Clone)]
pub(crate) struct Weather {
    seed: u64,
    slot: i64,
    spell: Option<Spell>,
}

#[derive(Debug, Clone, Copy)]
struct Spell {
    start_ns: i64,
    end_ns: i64,
    condition: Condition,
}

impl Weather {
    pub(crate) fn new(seed: u64, dependency: u64) -> Self {
        Self { seed: mix(&[seed, dependency]), slot: i64::MIN, spell: None }
    }

    pub(crate) fn at(&mut self, now: UnixNanos) -> Condition {
        let slot = now.0.div_euclid(SLOT_NS);
        if slot != self.slot {
            (self.slot, self.spell) = (slot, spell(self.seed, slot));
        }
        match self.spell {
            Some(spell) if (spell.start_ns..spell.end_ns).contains(&now.0) => spell.condition,
            _ => FAIR,
        }
    }
}

fn spell(seed: u64, slot: i64) -> Option<Spell> {
    let mut rng = SmallRng::seed_from_u64(mix(&[seed, slot as u64]));
    if !rng.random_bool(0.12) {
        return None;
    }
    let start_ns = slot * SLOT_NS + rng.random_range(0..360) * SECOND_NS;
    let end_ns = start_ns + rng.random_range(30..240) * SECOND_NS;
    let condition = match rng.random_range(0..3) {
        0 => Condition { failing: FAIR.failing, slowness: rng.random_range(4.0..25.0) },
        1 => Condition { failing: rng.random_range(0.15..0.6), slowness: 1.0 },
        _ => Condition { failing: rng.random_range(0.05..0.3), slowness: rng.random_range(3.0..12.0) },
    };
    Some(Spell { start_ns, end_ns, condition })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_spells_come_and_go_and_do_not_depend_on_the_order_of_questions() {
        let seconds = 0..7_200;
        let ask = |weather: &mut Weather, second: i64| weather.at(UnixNanos(second * SECOND_NS));
        let (mut forwards, mut backwards) = (Weather::new(3, 1), Weather::new(3, 1));
        let seen: Vec<_> = seconds.clone().map(|second| ask(&mut forwards, second)).collect();
        let mut again: Vec<_> = seconds.rev().map(|second| ask(&mut backwards, second)).collect();
        again.reverse();
        assert_eq!(seen, again);
        let bad = (0..20).map(|dependency| (0..7_200).filter(|s| ask(&mut Weather::new(3, dependency), *s) != FAIR).count()).sum::<usize>();
        assert!((20 * 7_200 / 200..20 * 7_200 / 10).contains(&bad), "{bad} bad seconds");
    }
}
