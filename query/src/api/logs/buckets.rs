//! Stretches of time of a width that people read easily. Pure.

const MS: i64 = 1_000_000;
const S: i64 = 1000 * MS;
const MIN: i64 = 60 * S;
const H: i64 = 60 * MIN;
const DAY: i64 = 24 * H;

/// Wider ones are days doubled.
const WIDTHS: [i64; 25] = [
    MS,
    2 * MS,
    5 * MS,
    10 * MS,
    20 * MS,
    50 * MS,
    100 * MS,
    200 * MS,
    500 * MS,
    S,
    2 * S,
    5 * S,
    10 * S,
    15 * S,
    30 * S,
    MIN,
    2 * MIN,
    5 * MIN,
    10 * MIN,
    15 * MIN,
    30 * MIN,
    H,
    3 * H,
    6 * H,
    12 * H,
];

/// `count` stretches of `width_ns` from `t0_ns`, which is a multiple of the width since 1970 began in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::api) struct Buckets {
    pub t0_ns: i64,
    pub width_ns: i64,
    pub count: usize,
}

impl Buckets {
    /// The narrowest ones that cover `start..end` with at most `count_max`; none when nothing is to be covered.
    pub(in crate::api) fn cover(start: i64, end: i64, count_max: usize) -> Self {
        let days = std::iter::successors(Some(DAY), |width| width.checked_mul(2));
        let covering = WIDTHS.into_iter().chain(days).map(|width_ns| Self::of_width(start, end, width_ns));
        covering.into_iter().find(|buckets| buckets.count <= count_max).unwrap_or_else(|| Self::of_width(start, end, i64::MAX))
    }

    /// So too, none of them narrower than `width_min`.
    pub(in crate::api) fn cover_in(start: i64, end: i64, count_max: usize, width_min: i64) -> Self {
        let narrowest = Self::cover(start, end, count_max);
        if narrowest.width_ns < width_min { Self::of_width(start, end, width_min) } else { narrowest }
    }

    fn of_width(start: i64, end: i64, width_ns: i64) -> Self {
        let (first, behind) = (start.div_euclid(width_ns), (i128::from(end) + i128::from(width_ns) - 1).div_euclid(i128::from(width_ns)));
        let count = if end > start { behind - i128::from(first) } else { 0 };
        Self { t0_ns: first.saturating_mul(width_ns), width_ns, count: usize::try_from(count).unwrap_or(usize::MAX) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_friendly_and_starts_aligned() {
        let check = |start, end, count_max, expected: (i64, i64, usize)| {
            let Buckets { t0_ns, width_ns, count } = Buckets::cover(start, end, count_max);
            assert_eq!((t0_ns, width_ns, count), expected, "{start}..{end} in {count_max}");
        };
        check(0, H, 60, (0, MIN, 60));
        check(1, H + 1, 60, (0, 2 * MIN, 31));
        check(90 * S, 91 * S, 1000, (90 * S, MS, 1000));
        check(90 * S, 91 * S, 999, (90 * S, 2 * MS, 500));
        check(DAY, 2 * DAY, 24, (DAY, H, 24));
        check(0, 365 * DAY, 60, (0, 8 * DAY, 46));
        check(5, 5, 60, (0, MS, 0));
        check(5, 6, 1, (0, MS, 1));
        check(-1, 1, 2, (-MS, MS, 2));
        check(0, i64::MAX, 1, (0, i64::MAX, 1));
        assert_eq!(Buckets::cover_in(0, H, 120, MIN), Buckets::cover(0, H, 60));
        assert_eq!(Buckets::cover_in(0, DAY, 120, MIN), Buckets::cover(0, DAY, 120));
    }

    #[test]
    fn every_moment_is_in_a_bucket() {
        for (start, length) in [(0, 1), (1_790_000_000_123_456_789, 7 * S), (1_790_000_000_123_456_789, 400 * DAY), (7, 59 * MIN)] {
            for count_max in [1, 2, 60, 1000] {
                let Buckets { t0_ns, width_ns, count } = Buckets::cover(start, start + length, count_max);
                assert!(t0_ns <= start && start + length <= t0_ns + width_ns * count as i64, "{start} {length} {count_max}");
                assert!(count <= count_max || width_ns > 200 * DAY, "{start} {length} {count_max}");
                assert_eq!(t0_ns % width_ns, 0);
            }
        }
    }
}
