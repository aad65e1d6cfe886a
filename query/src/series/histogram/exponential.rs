//! Histograms of buckets of equal relative width, at a scale that adapts to the values.
//!
//! ```text
//! base = 2^(2^-scale); bucket i holds values in (base^i, base^(i + 1)]
//! scale   1   -2   -1    0    1    2    3        one scale less: two buckets become one, i >> 1
//! scale   0   -1   -1    0    0    1    1
//! ```
//! So histograms of any scales merge exactly, at the smaller scale. Source: OpenTelemetry's metrics data model, *ExponentialHistogram*.

use super::both;

/// Above it, buckets are narrower than doubles tell apart.
const SCALE_MAX: i32 = 20;
/// Here and below, all doubles are in the buckets -1 and 0.
const SCALE_MIN: i32 = -11;

#[derive(Debug, Clone, PartialEq)]
pub struct Exponential {
    scale: i32,
    /// Values of at most this size are counted in `zero_count`.
    zero_threshold: f64,
    zero_count: f64,
    positive: Buckets,
    /// By the size of the value.
    negative: Buckets,
    pub count: f64,
    /// `None` when it was not sent.
    pub sum: Option<f64>,
}

/// Index and count, by index; empty ones are left out: indexes may lie far apart.
type Buckets = Vec<(i64, f64)>;

impl Exponential {
    /// Of buckets as OTLP has them: the index of the first one, and the counts of all.
    pub fn new(scale: i32, zero: (f64, f64), positive: (i32, &[u64]), negative: (i32, &[u64]), count: f64, sum: Option<f64>) -> Self {
        let buckets = |(offset, counts): (i32, &[u64])| {
            let filled = (i64::from(offset)..).zip(counts).filter(|(_, count)| **count > 0);
            filled.map(|(index, count)| (index, *count as f64)).collect::<Buckets>()
        };
        let (zero_threshold, zero_count) = zero;
        let zero_threshold = if zero_threshold.is_finite() { zero_threshold.max(0.0) } else { 0.0 };
        let (positive, negative) = (buckets(positive), buckets(negative));
        let mut new = Self { scale: scale.max(SCALE_MIN), zero_threshold, zero_count, positive, negative, count, sum };
        new.coarsen(SCALE_MAX);
        new
    }

    pub fn scale(&self) -> i32 {
        self.scale
    }

    pub(super) fn merge(&mut self, other: &Self) {
        let mut other = other.clone();
        self.align(&mut other);
        self.positive = merged(&self.positive, &other.positive, |own, other| own + other);
        self.negative = merged(&self.negative, &other.negative, |own, other| own + other);
        self.zero_count += other.zero_count;
        self.count += other.count;
        self.sum = both(self.sum, other.sum, |own, other| own + other);
    }

    pub(super) fn since(&self, earlier: &Self) -> Self {
        let (mut later, mut earlier) = (self.clone(), earlier.clone());
        later.align(&mut earlier);
        let less = |later: f64, earlier: f64| (later - earlier).max(0.0);
        Self {
            positive: merged(&later.positive, &earlier.positive, less),
            negative: merged(&later.negative, &earlier.negative, less),
            zero_count: less(later.zero_count, earlier.zero_count),
            count: less(later.count, earlier.count),
            sum: both(later.sum, earlier.sum, |later, earlier| later - earlier),
            ..later
        }
    }

    pub(super) fn scale_by(&mut self, factor: f64) {
        self.positive.iter_mut().chain(&mut self.negative).for_each(|(_, count)| *count *= factor);
        self.zero_count *= factor;
        self.count *= factor;
        self.sum = self.sum.map(|sum| sum * factor);
    }

    /// Lower end, upper end and count of each bucket that is not empty, by value.
    pub(super) fn buckets(&self) -> impl Iterator<Item = (f64, f64, f64)> {
        let negative = self.negative.iter().rev().map(|(index, count)| (-self.bound(index + 1), -self.bound(*index), *count));
        // Where all values are of one sign, those near 0 are taken to be so too.
        let low = if self.negative.is_empty() { 0.0 } else { -self.zero_threshold };
        let high = if self.positive.is_empty() && !self.negative.is_empty() { 0.0 } else { self.zero_threshold };
        let zero = (self.zero_count > 0.0).then_some((low, high, self.zero_count));
        let positive = self.positive.iter().map(|(index, count)| (self.bound(*index), self.bound(index + 1), *count));
        negative.chain(zero).chain(positive)
    }

    /// `base^index`.
    fn bound(&self, index: i64) -> f64 {
        (index as f64 * f64::from(-self.scale).exp2()).exp2()
    }

    /// Brings both to the coarser scale and the wider zero bucket.
    fn align(&mut self, other: &mut Self) {
        let scale = self.scale.min(other.scale);
        self.coarsen(scale);
        other.coarsen(scale);
        while self.zero_threshold != other.zero_threshold {
            let threshold = self.zero_threshold.max(other.zero_threshold);
            self.widen_zero(threshold);
            other.widen_zero(threshold);
        }
    }

    /// To `scale`, if that is less.
    fn coarsen(&mut self, scale: i32) {
        let by = self.scale.saturating_sub(scale).min(63);
        if by <= 0 {
            return;
        }
        for buckets in [&mut self.positive, &mut self.negative] {
            buckets.iter_mut().for_each(|(index, _)| *index >>= by);
            buckets.dedup_by(|later, earlier| {
                let same = later.0 == earlier.0;
                earlier.1 += if same { later.1 } else { 0.0 };
                same
            });
        }
        self.scale = scale;
    }

    /// Counts what is at most `threshold` as zero. A bucket that reaches beyond it goes as a whole, and the threshold to its end.
    fn widen_zero(&mut self, threshold: f64) {
        self.zero_threshold = self.zero_threshold.max(threshold);
        let scale = f64::from(-self.scale).exp2();
        let bound = |index: i64| (index as f64 * scale).exp2();
        let inside = |buckets: &Buckets, end: f64| buckets.iter().take_while(|(index, _)| bound(*index) < end).count();
        let mut end = self.zero_threshold;
        for buckets in [&self.positive, &self.negative] {
            if let Some((index, _)) = inside(buckets, self.zero_threshold).checked_sub(1).map(|last| buckets[last]) {
                end = end.max(bound(index + 1));
            }
        }
        self.zero_threshold = end;
        for buckets in [&mut self.positive, &mut self.negative] {
            let count = inside(buckets, end);
            self.zero_count += buckets.drain(..count).map(|(_, count)| count).sum::<f64>();
        }
    }
}

/// Bucket by bucket; what is left empty goes.
fn merged(own: &Buckets, other: &Buckets, of: impl Fn(f64, f64) -> f64) -> Buckets {
    let mut merged = Buckets::with_capacity(own.len().max(other.len()));
    let (mut own, mut other) = (own.iter().peekable(), other.iter().peekable());
    loop {
        let index = match (own.peek(), other.peek()) {
            (Some((a, _)), Some((b, _))) => *a.min(b),
            (Some((index, _)), None) | (None, Some((index, _))) => *index,
            (None, None) => return merged,
        };
        let a = own.next_if(|(known, _)| *known == index).map_or(0.0, |(_, count)| *count);
        let b = other.next_if(|(known, _)| *known == index).map_or(0.0, |(_, count)| *count);
        let count = of(a, b);
        if count != 0.0 {
            merged.push((index, count));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(scale: i32, zero: (f64, f64), positive: (i32, &[u64]), negative: (i32, &[u64])) -> Exponential {
        let count = positive.1.iter().chain(negative.1).sum::<u64>() as f64 + zero.1;
        Exponential::new(scale, zero, positive, negative, count, Some(0.0))
    }

    fn check_merge(a: &Exponential, b: &Exponential, expected: &Exponential) {
        for (a, b) in [(a, b), (b, a)] {
            let mut merged = a.clone();
            merged.merge(b);
            assert_eq!(&merged, expected, "{a:?} and {b:?}");
        }
    }

    #[test]
    fn merges() {
        let a = histogram(1, (0.0, 1.0), (-2, &[1, 2, 3, 4, 5]), (0, &[7]));
        check_merge(&a, &a, &histogram(1, (0.0, 2.0), (-2, &[2, 4, 6, 8, 10]), (0, &[14])));
        // Scale 1 to 0: (-2, -1) (0, 1) (2) become -1, 0, 1.
        let coarse = histogram(0, (0.0, 0.0), (0, &[100]), (-1, &[10]));
        check_merge(&a, &coarse, &histogram(0, (0.0, 1.0), (-1, &[3, 107, 5]), (-1, &[10, 7])));
        // Far apart, which costs no memory.
        let far = histogram(0, (0.0, 0.0), (i32::MAX, &[1]), (i32::MIN, &[1]));
        check_merge(
            &far,
            &coarse,
            &Exponential {
                positive: vec![(0, 100.0), (i64::from(i32::MAX), 1.0)],
                negative: vec![(i64::from(i32::MIN), 1.0), (-1, 10.0)],
                count: 112.0,
                ..coarse.clone()
            },
        );
    }

    #[test]
    fn zero_buckets_of_different_width() {
        // At scale 0, (0.5, 1] and (1, 2]; a zero bucket up to 1 takes the first.
        let narrow = histogram(0, (0.0, 1.0), (-1, &[3, 4]), (0, &[]));
        check_merge(&narrow, &histogram(0, (1.0, 5.0), (1, &[6]), (0, &[])), &histogram(0, (1.0, 9.0), (0, &[4, 6]), (0, &[])));
        // One up to 1.5 cuts (1, 2], which goes as a whole: the zero bucket now ends at 2.
        check_merge(&narrow, &histogram(0, (1.5, 5.0), (1, &[6]), (0, &[])), &histogram(0, (2.0, 13.0), (1, &[6]), (0, &[])));
    }

    #[test]
    fn since_across_scales() {
        let earlier = histogram(1, (0.0, 1.0), (0, &[1, 2]), (0, &[]));
        let later = histogram(0, (0.0, 1.0), (0, &[5, 6]), (0, &[]));
        assert_eq!(later.since(&earlier), histogram(0, (0.0, 0.0), (0, &[2, 6]), (0, &[])));
    }

    #[test]
    fn scales_beyond_doubles() {
        let extreme = histogram(i32::MIN, (f64::NAN, 0.0), (-1, &[1, 1]), (0, &[]));
        let ends: Vec<_> = extreme.buckets().collect();
        assert_eq!(ends, [(0.0, 1.0, 1.0), (1.0, f64::INFINITY, 1.0)]);
        assert_eq!(histogram(i32::MAX, (0.0, 0.0), (5, &[1]), (-5, &[1])), histogram(20, (0.0, 0.0), (0, &[1]), (-1, &[1])));
    }
}
