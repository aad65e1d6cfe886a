//! Durations to buckets, and buckets to quantiles: OpenTelemetry's base-2 exponential histogram with a fixed scale, so that merging is
//! addition.
//!
//! ```text
//! bucket i:  2^(i/8) < duration_ns <= 2^((i+1)/8)        -1 = 1 ns, 503 ends at 2^63
//! ```
//!
//! A duration is known from its bucket within 4.43 %: the middle of a bucket is 2^(1/16) from its ends.
//! <https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram>

/// 8 buckets for each doubling.
pub const SCALE: u32 = 3;

/// `floor(2^(63 + j/8))`: the upper ends of the buckets of one doubling, for numbers shifted up to their highest bit.
const ENDS: [u64; 8] = [
    0x8000_0000_0000_0000,
    0x8b95_c1e3_ea8b_d6e6,
    0x9837_f051_8db8_a96f,
    0xa5fe_d6a9_b151_38ea,
    0xb504_f333_f9de_6484,
    0xc567_2a11_5506_dadd,
    0xd744_fcca_d69d_6af4,
    0xeac0_c6e7_dd24_392e,
];

/// The bucket of a duration above 0.
///
/// The comparisons are exact: `v <= 2^(o + j/8)` is the same as `v << (63 - o) <= floor(2^(63 + j/8))`.
pub fn bucket_of(duration_ns: u64) -> i32 {
    let zeros = duration_ns.max(1).leading_zeros();
    let shifted = duration_ns.max(1) << zeros;
    let above = ENDS.iter().filter(|end| **end < shifted).count() as i32;
    (63 - zeros as i32) * 8 + above - 1
}

/// Both ends of a bucket in nanoseconds: the lower is outside, the upper inside.
pub fn bucket_bounds_ns(index: i32) -> (f64, f64) {
    let end = |index: i32| (f64::from(index) / f64::from(1 << SCALE)).exp2();
    (end(index), end(index.saturating_add(1)))
}

/// The shortest duration of a bucket in whole nanoseconds; the bucket after it begins behind its longest.
///
/// ```
/// # use storage::rollup::{bucket_begin_ns, bucket_of};
/// assert_eq!((bucket_begin_ns(-1), bucket_begin_ns(80), bucket_begin_ns(504)), (1, 1025, i64::MAX));
/// assert_eq!([1024, 1025].map(bucket_of), [79, 80]);
/// ```
pub fn bucket_begin_ns(index: i32) -> i64 {
    let before = match u32::try_from(63 - index.div_euclid(8)) {
        Ok(shift) => ENDS[index.rem_euclid(8) as usize].checked_shr(shift).unwrap_or_default(),
        Err(_) => u64::MAX,
    };
    i64::try_from(before).map_or(i64::MAX, |before| before.saturating_add(1))
}

/// How often which durations were seen. Adds exactly.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DurationHistogram {
    /// How many durations were 0.
    zero: f64,
    /// The bucket of the first count.
    first: i32,
    /// Of buckets one after the other: adding is what is done most. The first and the last were counted.
    counts: Vec<f64>,
}

/// The buckets that durations can be in.
const BUCKETS: std::ops::RangeInclusive<i32> = -1..=503;

impl DurationHistogram {
    /// Adds a duration that stands for `count`. A negative one, of a clock that went back, counts as 0.
    pub fn add_duration(&mut self, duration_ns: i64, count: f64) {
        match u64::try_from(duration_ns) {
            Ok(duration_ns) if duration_ns > 0 => self.add_buckets([(bucket_of(duration_ns), count)]),
            _ => self.add_zero(count),
        }
    }

    /// Adds durations of 0.
    pub fn add_zero(&mut self, count: f64) {
        self.zero += count;
    }

    /// Adds the counts of buckets, in any order. Those that no duration can be in count as the nearest that one can.
    pub fn add_buckets(&mut self, buckets: impl IntoIterator<Item = (i32, f64)>) {
        for (index, count) in buckets {
            let index = index.clamp(*BUCKETS.start(), *BUCKETS.end());
            self.reach(index, index);
            self.counts[(index - self.first) as usize] += count;
        }
    }

    /// Adds what another has counted.
    pub fn add(&mut self, other: &Self) {
        self.add_zero(other.zero);
        if let [_, rest @ ..] = &other.counts[..] {
            self.reach(other.first, other.first + rest.len() as i32);
            let from = (other.first - self.first) as usize;
            self.counts[from..].iter_mut().zip(&other.counts).for_each(|(own, count)| *own += count);
        }
    }

    /// Makes room for these buckets, and those between.
    #[inline]
    fn reach(&mut self, first: i32, last: i32) {
        if self.counts.is_empty() {
            self.first = first;
        }
        if first < self.first {
            let before = (self.first - first) as usize;
            self.counts.splice(0..0, std::iter::repeat_n(0.0, before));
            self.first = first;
        }
        let length = (last - self.first) as usize + 1;
        if self.counts.len() < length {
            self.counts.resize(length, 0.0);
        }
    }

    /// How many durations it has.
    pub fn count(&self) -> f64 {
        self.zero + self.counts.iter().sum::<f64>()
    }

    /// How many durations were 0.
    pub fn zero(&self) -> f64 {
        self.zero
    }

    /// The counts of its buckets, ascending; durations of 0 are in none.
    pub fn buckets(&self) -> impl Iterator<Item = (i32, f64)> {
        (self.first..).zip(&self.counts).filter(|(_, count)| **count != 0.0).map(|(index, count)| (index, *count))
    }

    /// The duration in nanoseconds that a share `quantile` (0 to 1) of the durations does not exceed, by nearest rank, within 4.43 % and
    /// half a nanosecond. `None` without any duration.
    pub fn quantile_ns(&self, quantile: f64) -> Option<i64> {
        let count = self.count();
        if count <= 0.0 {
            return None;
        }
        let rank = (quantile.clamp(0.0, 1.0) * count).max(f64::MIN_POSITIVE);
        let mut seen = self.zero;
        if rank <= seen {
            return Some(0);
        }
        let mut last = None;
        for (index, count) in self.buckets() {
            seen += count;
            last = Some(index);
            if rank <= seen {
                break;
            }
        }
        last.map(middle_ns)
    }

    /// How many durations are above `threshold_ns`, as far as buckets tell: those whose middle is.
    pub fn count_above(&self, threshold_ns: i64) -> f64 {
        self.buckets().filter(|(index, _)| middle_ns(*index) > threshold_ns).fold(0.0, |sum, (_, count)| sum + count)
    }
}

/// The geometric middle of a bucket, to the nanosecond.
fn middle_ns(index: i32) -> i64 {
    let (low, high) = bucket_bounds_ns(index);
    (low * high).sqrt().round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_belong_to_the_bucket_below() {
        for (duration, bucket) in [
            (1, -1),
            (2, 7),
            (3, 12),
            (4, 15),
            (5, 18),
            (8, 23),
            (9, 25),
            (1 << 20, 159),
            ((1 << 20) + 1, 160),
            ((1 << 62) - 1, 495),
            (1 << 62, 495),
            ((1 << 62) + 1, 496),
            (i64::MAX as u64, 503),
        ] {
            assert_eq!(bucket_of(duration), bucket, "{duration}");
        }
    }

    #[test]
    fn every_end_is_the_last_of_its_bucket() {
        for (index, end) in (0..62 * 8).map(|step| (step - 1, ENDS[step as usize % 8] >> (63 - step / 8))).filter(|(index, _)| *index >= 31)
        {
            assert_eq!((bucket_of(end), bucket_of(end + 1)), (index, index + 1), "{end}");
            let (low, high) = bucket_bounds_ns(index);
            assert!(low < end as f64 && (end as f64 - high).abs() <= 1.0 + high * 1e-12, "{index}: {low} {end} {high}");
        }
    }

    #[test]
    fn quantiles_by_nearest_rank() {
        let mut histogram = DurationHistogram::default();
        assert_eq!(histogram.quantile_ns(0.5), None);
        histogram.add_zero(1.0);
        histogram.add_buckets([1000u64, 2000, 4000].map(|duration| (bucket_of(duration), 1.0)));
        let within = |quantile: f64, expected: i64| {
            let found = histogram.quantile_ns(quantile).expect("not empty");
            assert!((found - expected).abs() as f64 <= 0.0443 * expected as f64 + 0.5, "{quantile}: {found}, not {expected}");
        };
        for (quantile, expected) in [(0.0, 0), (0.25, 0), (0.26, 1000), (0.5, 1000), (0.75, 2000), (0.76, 4000), (1.0, 4000)] {
            within(quantile, expected);
        }
        assert_eq!((histogram.count_above(3000), histogram.count_above(100), histogram.count_above(i64::MAX)), (1.0, 3.0, 0.0));
    }

    fn of(durations: impl IntoIterator<Item = i64>) -> DurationHistogram {
        let mut all = DurationHistogram::default();
        durations.into_iter().for_each(|duration| all.add_duration(duration, 1.0));
        all
    }

    #[test]
    fn quantiles_are_of_the_right_one_and_hardly_off() {
        let thousand = of((1..=1000).map(|ms| ms * 1_000_000));
        for (quantile, exact_ms) in [(0.5, 500.0), (0.95, 950.0), (0.99, 990.0), (0.0, 1.0), (1.0, 1000.0)] {
            let told = thousand.quantile_ns(quantile).expect("some") as f64 / 1e6;
            assert!((told / exact_ms - 1.0).abs() <= 0.0444, "{quantile}: {told} for {exact_ms}");
        }
        let none = of([0, -7, 8]);
        assert_eq!((none.quantile_ns(0.5), none.count(), of([0]).quantile_ns(0.99)), (Some(0), 3.0, Some(0)));
        // 9 fast ones and a slow one: p95 is the tenth, p90 the ninth.
        let skewed = of([vec![1_000; 9], vec![1_000_000]].concat());
        assert!(skewed.quantile_ns(0.95).expect("some") > 900_000 && skewed.quantile_ns(0.9).expect("some") < 1_100);
        // A sampled one that stands for twenty.
        let mut weighted = of(vec![1_000; 9]);
        weighted.add_duration(1_000_000, 20.0);
        assert!(weighted.quantile_ns(0.5).expect("some") > 900_000);
    }

    #[test]
    fn parts_add_up() {
        let all: Vec<i64> = (0..5000).map(|nth| (nth * nth * 7919) % 1_000_003).collect();
        let mut merged = of(all[..1234].iter().copied());
        merged.add(&of(all[1234..].iter().copied()));
        assert_eq!(merged, of(all.iter().copied()));
        // Into one of shorter durations, of longer ones, and of none.
        for (one, other) in [(vec![3, 5], vec![1 << 40, 0]), (vec![1 << 40, i64::MAX], vec![1, 7]), (vec![], vec![9]), (vec![9], vec![-1])]
        {
            let mut merged = of(one.iter().copied());
            merged.add(&of(other.iter().copied()));
            assert_eq!(merged, of([one, other].concat()));
        }
        let mut impossible = DurationHistogram::default();
        impossible.add_buckets([(i32::MAX, 1.0), (i32::MIN, 2.0)]);
        assert_eq!(impossible.buckets().collect::<Vec<_>>(), [(-1, 2.0), (503, 1.0)]);
    }
}
