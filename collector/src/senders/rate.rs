//! How many lately, in steps of ten seconds.

const STEP_NS: i64 = 10_000_000_000;
/// A minute of whole steps.
const WHOLE_STEPS: i64 = 6;
/// And the one that is not over.
const STEPS: usize = WHOLE_STEPS as usize + 1;

/// Counts of the last minute.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rate([(i64, u64); STEPS]);

impl Rate {
    /// `now` in nanoseconds since 1970.
    pub(super) fn add(&mut self, now_ns: i64, count: u64) {
        let step = now_ns.div_euclid(STEP_NS);
        let place = &mut self.0[step.rem_euclid(STEPS as i64) as usize];
        if place.0 != step {
            *place = (step, 0);
        }
        place.1 += count;
    }

    /// Of the last six steps that are over.
    pub(super) fn per_s(&self, now_ns: i64) -> f64 {
        let step = now_ns.div_euclid(STEP_NS);
        let over = self.0.iter().filter(|(of, _)| (step - WHOLE_STEPS..step).contains(of));
        over.map(|(_, count)| count).sum::<u64>() as f64 / (WHOLE_STEPS * STEP_NS / 1_000_000_000) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_whole_minute_counts() {
        const S: i64 = 1_000_000_000;
        let mut rate = Rate::default();
        let base = 1_000_000 * STEP_NS;
        for second in 0..120 {
            rate.add(base + second * S, 3);
        }
        for (second, expected) in [(119, 3.0), (120, 3.0), (129, 3.0), (130, 2.5), (179, 0.5), (180, 0.0), (10_000, 0.0)] {
            assert_eq!(rate.per_s(base + second * S), expected, "{second}");
        }
        // A clock that jumps back begins anew.
        rate.add(base - 3600 * S, 60);
        assert_eq!(rate.per_s(base - 3590 * S), 1.0);
    }
}
