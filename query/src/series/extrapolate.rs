//! From the part of a window that points tell of to the whole window, as Prometheus does it.
//!
//! The first point of a window is hardly ever at its begin, and the last not at its end. With `d` the mean distance of its points:
//!
//! 1. A gap at an end of the window shorter than 1.1 `d` is taken as covered at the same pace.
//! 2. A longer one means that the series began or ended there: half of `d` is taken as covered.
//! 3. A counter is never negative: at its pace it cannot have begun before the time at which it would have been 0.
//!
//! Source: `extrapolatedRate` in Prometheus' `promql/functions.go`.

/// A gap of so many mean distances is an end of the series.
const END_OF_SERIES: f64 = 1.1;

/// What is known of a window `(start, end]`; times in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Known {
    /// Of the first and the last point; `first < last`.
    pub first: i64,
    pub last: i64,
    /// At least 2.
    pub points: usize,
    /// What a counter was at its first point; `None` for what may fall.
    pub first_value: Option<f64>,
    /// From the first to the last point.
    pub amount: f64,
}

/// By what `known.amount` has to be multiplied to be that of the whole window `(start, end]`.
pub fn extrapolate(known: &Known, start: i64, end: i64) -> f64 {
    let seconds = |from: i64, to: i64| to.saturating_sub(from) as f64 / 1e9;
    let sampled = seconds(known.first, known.last);
    let mean_distance = sampled / (known.points - 1) as f64;
    let covered = |gap: f64| if gap >= mean_distance * END_OF_SERIES { mean_distance / 2.0 } else { gap };
    let mut before = covered(seconds(start, known.first));
    if let Some(first_value) = known.first_value.filter(|value| *value >= 0.0 && known.amount > 0.0) {
        before = before.min(sampled * (first_value / known.amount));
    }
    let after = covered(seconds(known.last, end));
    (sampled + before + after) / sampled
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds in, and the window is (0, 60].
    fn check(first: i64, last: i64, points: usize, first_value: Option<f64>, amount: f64, expected: f64) {
        let known = Known { first: first * 1_000_000_000, last: last * 1_000_000_000, points, first_value, amount };
        let factor = extrapolate(&known, 0, 60_000_000_000);
        assert!((factor - expected).abs() < 1e-12, "{known:?}: {factor} is not {expected}");
    }

    #[test]
    fn by_hand() {
        // Every 15 s from 5 s to 50 s: both gaps are shorter than 16.5 s.
        check(5, 50, 4, None, 30.0, 60.0 / 45.0);
        // Begins at 20 s, more than 1.1 * 10 s after the begin: half a distance is added, 5 s; the end is 10 s away.
        check(20, 50, 4, None, 30.0, (30.0 + 5.0 + 10.0) / 30.0);
        // At 1 per second and 2 at the first point, the counter began 2 s before it.
        check(5, 50, 4, Some(2.0), 45.0, (45.0 + 2.0 + 10.0) / 45.0);
        // It began at 0.
        check(5, 50, 4, Some(0.0), 45.0, (45.0 + 10.0) / 45.0);
        // Nothing happened: where it was 0 cannot be told.
        check(5, 50, 4, Some(7.0), 0.0, 60.0 / 45.0);
        // Two points, and both gaps are longer than what lies between them.
        check(25, 35, 2, None, 1.0, 2.0);
    }
}
