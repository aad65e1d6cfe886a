//! How unusual what is counted now is against what was counted before: in standard deviations, so that counts, shares and durations can
//! be ranked together.

use super::red::Red;

/// A count against another of as long a time: the difference of two Poisson counts after Anscombe's transform, whose variance does not
/// depend on the count. Positive when there are more.
pub fn of_counts(now: f64, before: f64) -> f64 {
    let stable = |count: f64| (count.max(0.0) + 0.375).sqrt();
    std::f64::consts::SQRT_2 * (stable(now) - stable(before))
}

/// A share `(part, whole)` against another: the test of two proportions. 0 where one whole is empty.
pub fn of_shares((part, whole): (f64, f64), (part_before, whole_before): (f64, f64)) -> f64 {
    if whole <= 0.0 || whole_before <= 0.0 {
        return 0.0;
    }
    let pooled = (part + part_before) / (whole + whole_before);
    let deviation = (pooled * (1.0 - pooled) * (1.0 / whole + 1.0 / whole_before)).sqrt();
    if deviation > 0.0 { (part / whole - part_before / whole_before) / deviation } else { 0.0 }
}

/// Durations against others: how many are above the p95 of before, as shares. Positive when they are longer.
pub fn of_durations(now: &Red, before: &Red) -> f64 {
    let Some(usual) = before.durations.quantile_ns(0.95) else { return 0.0 };
    of_shares((now.durations.count_above(usual), now.count), (before.durations.count_above(usual), before.count))
}

/// Against several times of comparison: what is usual at one of them is not surprising.
pub fn least(surprises: impl IntoIterator<Item = f64>) -> f64 {
    surprises.into_iter().min_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or_default()
}

/// Against the same hours of several days, of which each is as surprising as `surprises` say: the one in the middle, and less where days
/// differ among themselves. Against one day it is that one; `None` without any.
pub fn of_days(surprises: impl IntoIterator<Item = f64>) -> Option<f64> {
    /// The median distance from the median of a normal distribution, as a share of its standard deviation.
    const NORMAL: f64 = 1.4826;
    let all: Vec<f64> = surprises.into_iter().collect();
    let middle = median(all.iter().copied())?;
    let spread = NORMAL * median(all.iter().map(|one| (one - middle).abs()))?;
    Some(middle / (1.0 + spread * spread).sqrt())
}

/// The mean of both in the middle where there are two; `None` without any.
pub fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    let lower = if values.len().is_multiple_of(2) { values[values.len() / 2 - 1] } else { upper };
    Some((lower + upper) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_differ_make_less_surprising() {
        for (days, expected) in [
            (&[][..], None),
            (&[4.0], Some(4.0)),
            (&[4.0, 4.0, 4.0], Some(4.0)),
            // The spread is 1.4826 standard deviations.
            (&[3.0, 4.0, 5.0, 4.0, 6.0, 2.0, 4.0], Some(4.0 / (1.0_f64 + 1.4826 * 1.4826).sqrt())),
            // One day that was odd changes nothing.
            (&[4.0, 4.0, 4.0, 4.0, -90.0], Some(4.0)),
            (&[2.0, 6.0], Some(4.0 / (1.0_f64 + (2.0 * 1.4826_f64).powi(2)).sqrt())),
        ] {
            let told = of_days(days.iter().copied());
            assert_eq!(told.is_some(), expected.is_some(), "{days:?}");
            assert!((told.unwrap_or_default() - expected.unwrap_or_default()).abs() < 1e-9, "{days:?}: {told:?} for {expected:?}");
        }
    }

    #[test]
    fn standard_deviations() {
        let close = |told: f64, expected: f64| assert!((told - expected).abs() < 0.01, "{told} for {expected}");
        close(of_counts(100.0, 100.0), 0.0);
        // Two Poisson counts of 100 differ by √200 = 14 in one standard deviation.
        close(of_counts(114.14, 100.0), 0.966);
        close(of_counts(5.0, 0.0), 2.413);
        assert!(of_counts(0.0, 400.0) < -20.0);
        // 20 of 200 against 10 of 200: pooled 0.075, deviation 0.02634.
        close(of_shares((20.0, 200.0), (10.0, 200.0)), 1.898);
        close(of_shares((1.0, 0.0), (1.0, 5.0)), 0.0);
        close(of_shares((0.0, 10.0), (0.0, 10.0)), 0.0);
        close(least([5.0, -0.5, 9.0]), -0.5);
        close(least([]), 0.0);
    }

    #[test]
    fn slower_is_positive() {
        let red = |durations: std::ops::Range<i64>| {
            let mut red = Red::default();
            durations.for_each(|ms| red.add(ms * 1_000_000, false, 1.0));
            red
        };
        assert!(of_durations(&red(50..150), &red(1..101)) > 5.0);
        assert!(of_durations(&red(1..101), &red(1..101)).abs() < 0.01);
        assert_eq!(of_durations(&red(1..101), &Red::default()), 0.0);
    }
}
