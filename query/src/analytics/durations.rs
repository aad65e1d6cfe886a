//! How long calls took: counts in buckets that grow by the same factor, so that parts add up.

/// Buckets between a number and its double: OpenTelemetry's exponential histogram of scale 3.
const PER_DOUBLING: f64 = 8.0;

/// Counts of durations, adjusted by sampling weights. Bucket `i` holds those above `2^(i/8)` ns, up to and with `2^((i+1)/8)` ns, so a
/// quantile is at most 4.5 % off. Durations of zero and less, which clocks that went back make, have counts of their own.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Durations {
    /// Ascending; no count is 0.
    buckets: Vec<(i32, f64)>,
    pub zero: f64,
    pub negative: f64,
}

impl Durations {
    pub fn add(&mut self, duration_ns: i64, weight: f64) {
        match bucket_of(duration_ns) {
            Some(bucket) => self.add_to(bucket, weight),
            None if duration_ns == 0 => self.zero += weight,
            None => self.negative += weight,
        }
    }

    pub fn merge(&mut self, other: &Self) {
        self.zero += other.zero;
        self.negative += other.negative;
        other.buckets.iter().for_each(|(bucket, count)| self.add_to(*bucket, *count));
    }

    pub fn add_to(&mut self, bucket: i32, count: f64) {
        match self.buckets.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
            Ok(place) => self.buckets[place].1 += count,
            Err(place) => self.buckets.insert(place, (bucket, count)),
        }
    }

    pub fn count(&self) -> f64 {
        self.zero + self.negative + self.buckets.iter().map(|(_, count)| count).sum::<f64>()
    }

    /// The duration that this share of all is not longer than: the middle of the bucket in which the `quantile · count`th shortest is.
    /// `None` when there is none.
    pub fn quantile(&self, quantile: f64) -> Option<i64> {
        let count = self.count();
        if count <= 0.0 {
            return None;
        }
        let rank = quantile * count;
        let mut passed = self.zero + self.negative;
        let Some((last, _)) = self.buckets.last() else { return Some(0) };
        if passed > 0.0 && rank <= passed {
            return Some(0);
        }
        let found = self.buckets.iter().find(|(_, count)| {
            passed += count;
            rank <= passed
        });
        Some(middle(found.map_or(*last, |(bucket, _)| *bucket)))
    }

    /// How many took longer than this, as well as buckets tell: a bucket counts when its middle is longer.
    pub fn above(&self, duration_ns: i64) -> f64 {
        self.buckets.iter().filter(|(bucket, _)| middle(*bucket) > duration_ns).map(|(_, count)| count).sum()
    }
}

/// The bucket of a duration; `None` when it is not positive.
pub fn bucket_of(duration_ns: i64) -> Option<i32> {
    (duration_ns > 0).then(|| ((duration_ns as f64).log2() * PER_DOUBLING).ceil() as i32 - 1)
}

/// Durations of the bucket are above this.
pub fn bound_of(bucket: i32) -> f64 {
    (f64::from(bucket) / PER_DOUBLING).exp2()
}

/// The geometric mean of both bounds.
fn middle(bucket: i32) -> i64 {
    ((f64::from(bucket) + 0.5) / PER_DOUBLING).exp2().round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(durations: impl IntoIterator<Item = i64>) -> Durations {
        let mut all = Durations::default();
        durations.into_iter().for_each(|duration| all.add(duration, 1.0));
        all
    }

    #[test]
    fn buckets_are_those_of_opentelemetry() {
        for (duration, expected) in [(-5, None), (0, None), (1, Some(-1)), (2, Some(7)), (3, Some(12)), (4, Some(15)), (1024, Some(79))] {
            assert_eq!(bucket_of(duration), expected, "{duration}");
        }
        for duration in [1, 7, 1_000, 999_999_937, i64::MAX] {
            let bucket = bucket_of(duration).expect("positive");
            assert!(bound_of(bucket) < duration as f64 && duration as f64 <= bound_of(bucket + 1) * (1.0 + 1e-12), "{duration}");
        }
    }

    #[test]
    fn quantiles_are_of_the_right_one_and_hardly_off() {
        let thousand = of((1..=1000).map(|ms| ms * 1_000_000));
        for (quantile, exact_ms) in [(0.5, 500.0), (0.95, 950.0), (0.99, 990.0), (0.0, 1.0), (1.0, 1000.0)] {
            let told = thousand.quantile(quantile).expect("some") as f64 / 1e6;
            assert!((told / exact_ms - 1.0).abs() <= 0.0445, "{quantile}: {told} for {exact_ms}");
        }
        assert_eq!(of([]).quantile(0.5), None);
        assert_eq!((of([0, -7, 8]).quantile(0.5), of([0, -7, 8]).count(), of([0]).quantile(0.99)), (Some(0), 3.0, Some(0)));
        // 9 fast ones and a slow one: p95 is the tenth, p90 the ninth.
        let skewed = of([vec![1_000; 9], vec![1_000_000]].concat());
        assert!(skewed.quantile(0.95).expect("some") > 900_000 && skewed.quantile(0.9).expect("some") < 1_100);
        // A sampled one that stands for twenty.
        let mut weighted = of(vec![1_000; 9]);
        weighted.add(1_000_000, 20.0);
        assert!(weighted.quantile(0.5).expect("some") > 900_000);
    }

    #[test]
    fn parts_add_up() {
        let all: Vec<i64> = (0..5000).map(|nth| (nth * nth * 7919) % 1_000_003).collect();
        let mut merged = of(all[..1234].iter().copied());
        merged.merge(&of(all[1234..].iter().copied()));
        assert_eq!(merged, of(all.iter().copied()));
        assert_eq!(merged.above(i64::MAX), 0.0);
        let slow = of(vec![10, 20, 1000, 2000]);
        assert_eq!((slow.above(100), slow.above(0)), (2.0, 4.0));
    }
}
