//! Histograms whose sender chose the bounds of the buckets.

use super::both;

/// Bucket `i` holds values in `(bounds[i - 1], bounds[i]]`; the first and the last have no end.
#[derive(Debug, Clone, PartialEq)]
pub struct Explicit {
    /// Rising; empty when only the count is known.
    pub bounds: Vec<f64>,
    /// One more than `bounds`, or empty with them.
    pub counts: Vec<f64>,
    pub count: f64,
    /// `None` when it was not sent.
    pub sum: Option<f64>,
}

impl Explicit {
    /// Adds `other`. Where the bounds differ, those stay that both have: counts between them are exact.
    pub(super) fn merge(&mut self, other: &Self) {
        let aligned = self.aligned(other);
        let counts = aligned.as_ref().map_or(&other.counts, |other| &other.counts);
        self.counts.iter_mut().zip(counts).for_each(|(own, other)| *own += other);
        self.count += other.count;
        self.sum = both(self.sum, other.sum, |own, other| own + other);
    }

    pub(super) fn since(&self, earlier: &Self) -> Self {
        let mut later = self.clone();
        let aligned = later.aligned(earlier);
        let counts = aligned.as_ref().map_or(&earlier.counts, |earlier| &earlier.counts);
        later.counts.iter_mut().zip(counts).for_each(|(later, earlier)| *later = (*later - earlier).max(0.0));
        later.count = (later.count - earlier.count).max(0.0);
        later.sum = both(later.sum, earlier.sum, |later, earlier| later - earlier);
        later
    }

    pub(super) fn scale_by(&mut self, factor: f64) {
        self.counts.iter_mut().for_each(|count| *count *= factor);
        self.count *= factor;
        self.sum = self.sum.map(|sum| sum * factor);
    }

    /// Leaves the bounds that both have; `other` in them, when it has others too.
    fn aligned(&mut self, other: &Self) -> Option<Self> {
        if self.bounds == other.bounds {
            return None;
        }
        let common: Vec<f64> = self.bounds.iter().copied().filter(|bound| other.bounds.contains(bound)).collect();
        self.coarsen(&common);
        let mut other = other.clone();
        other.coarsen(&common);
        Some(other)
    }

    /// Leaves only these of the bounds.
    fn coarsen(&mut self, bounds: &[f64]) {
        if bounds.is_empty() {
            self.bounds.clear();
            self.counts.clear();
            return;
        }
        let mut counts = vec![0.0; bounds.len() + 1];
        for (index, count) in self.counts.iter().enumerate() {
            let end = self.bounds.get(index).copied().unwrap_or(f64::INFINITY);
            let bucket = bounds.partition_point(|bound| *bound < end);
            counts[bucket] += count;
        }
        (self.bounds, self.counts) = (bounds.to_vec(), counts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(bounds: &[f64], counts: &[f64], sum: Option<f64>) -> Explicit {
        Explicit { bounds: bounds.to_vec(), counts: counts.to_vec(), count: counts.iter().sum(), sum }
    }

    fn check_merge(a: &Explicit, b: &Explicit, expected: &Explicit) {
        for (a, b) in [(a, b), (b, a)] {
            let mut merged = a.clone();
            merged.merge(b);
            assert_eq!(&merged, expected, "{a:?} and {b:?}");
        }
    }

    #[test]
    fn merges() {
        let a = histogram(&[1.0, 2.0, 5.0], &[1.0, 2.0, 3.0, 4.0], Some(40.0));
        check_merge(&a, &a, &histogram(&[1.0, 2.0, 5.0], &[2.0, 4.0, 6.0, 8.0], Some(80.0)));
        // 2 and 5 are in both: what lies between them lies there in both.
        let b = histogram(&[2.0, 3.0, 5.0], &[10.0, 20.0, 30.0, 40.0], None);
        check_merge(&a, &b, &histogram(&[2.0, 5.0], &[3.0 + 10.0, 3.0 + 50.0, 4.0 + 40.0], None));
        let mut nothing_in_common = histogram(&[], &[], Some(41.0));
        nothing_in_common.count = 13.0;
        check_merge(&a, &histogram(&[7.0], &[2.0, 1.0], Some(1.0)), &nothing_in_common);
    }

    #[test]
    fn since() {
        let later = histogram(&[1.0, 2.0], &[5.0, 6.0, 7.0], Some(30.0));
        let earlier = histogram(&[1.0, 2.0], &[1.0, 8.0, 3.0], Some(20.0));
        let mut expected = histogram(&[1.0, 2.0], &[4.0, 0.0, 4.0], Some(10.0));
        expected.count = 6.0;
        assert_eq!(later.since(&earlier), expected);
    }
}
