//! The times that are asked for, and which points are within reach of each.

use std::ops::Range;

/// Evenly spaced times in nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps {
    first: i64,
    step: i64,
    count: usize,
}

impl Steps {
    /// The multiples of `step` in `[start, end)`: two questions about overlapping times ask at the same times.
    ///
    /// `step` is greater than 0.
    pub fn aligned(start: i64, end: i64, step: i64) -> Self {
        let step = step.max(1);
        let first = start.div_euclid(step).saturating_add(i64::from(start.rem_euclid(step) != 0)).saturating_mul(step);
        let left = i128::from(end) - i128::from(first);
        let count = if left > 0 { (left - 1) / i128::from(step) + 1 } else { 0 };
        Self { first, step, count: usize::try_from(count).unwrap_or(usize::MAX) }
    }

    /// Only this time.
    pub fn at(time: i64) -> Self {
        Self { first: time, step: 1, count: 1 }
    }

    /// The same times, each of which sees so far back in [`Self::index`]: for times that stand alone.
    pub fn reaching(self, reach: i64) -> Self {
        if self.count == 1 { Self { step: reach.max(1), ..self } } else { self }
    }

    pub fn count(&self) -> usize {
        self.count
    }

    pub fn times(&self) -> impl Iterator<Item = i64> + use<> {
        let Self { first, step, count } = *self;
        (0..count).map(move |index| first.saturating_add(step.saturating_mul(i64::try_from(index).unwrap_or(i64::MAX))))
    }

    /// The step at whose time something of this time is seen first; `None` when it is after the last, or more than a step before the first.
    pub fn index(&self, time: i64) -> Option<usize> {
        let after_first = i128::from(time) - i128::from(self.first);
        let index = (after_first + i128::from(self.step) - 1).div_euclid(i128::from(self.step));
        usize::try_from(index).ok().filter(|index| *index < self.count)
    }

    /// For each step its time `t`, and which of `times`, which rise, are in `(t - reach, t]`. Every time is passed once.
    pub fn windows<'a>(&self, times: &'a [i64], reach: i64) -> impl Iterator<Item = (i64, Range<usize>)> + use<'a> {
        let (mut begin, mut end) = (0, 0);
        self.times().map(move |t| {
            let after = t.saturating_sub(reach);
            while times.get(end).is_some_and(|time| *time <= t) {
                end += 1;
            }
            while begin < end && times[begin] <= after {
                begin += 1;
            }
            (t, begin..end)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_multiples() {
        let check = |start, end, step, expected: &[i64]| {
            assert_eq!(Steps::aligned(start, end, step).times().collect::<Vec<_>>(), expected, "[{start}, {end}) by {step}");
        };
        check(0, 30, 10, &[0, 10, 20]);
        check(1, 31, 10, &[10, 20, 30]);
        check(-15, 5, 10, &[-10, 0]);
        check(5, 5, 10, &[]);
        check(1, 9, 10, &[]);
        assert_eq!(Steps::at(7).times().collect::<Vec<_>>(), [7]);
        assert_eq!(Steps::aligned(i64::MIN, i64::MAX, 1).count(), usize::MAX);
    }

    #[test]
    fn where_a_time_is_seen() {
        let steps = Steps::aligned(10, 40, 10);
        let check = |time, expected| assert_eq!(steps.index(time), expected, "{time}");
        check(0, None);
        check(1, Some(0));
        check(10, Some(0));
        check(11, Some(1));
        check(30, Some(2));
        check(31, None);
    }

    #[test]
    fn windows_are_open_at_their_begin() {
        let windows: Vec<_> = Steps::aligned(10, 50, 10).windows(&[0, 1, 10, 19, 35], 10).collect();
        assert_eq!(windows, [(10, 1..3), (20, 3..4), (30, 4..4), (40, 4..5)]);
        let overlapping: Vec<_> = Steps::aligned(10, 30, 10).windows(&[5, 10, 15], 15).collect();
        assert_eq!(overlapping, [(10, 0..2), (20, 1..3)]);
    }
}
