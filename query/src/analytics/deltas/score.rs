//! How different two distributions are, beyond chance.
//!
//! With p and q the shares of a value in the selection and in the baseline, and m = (p + q) / 2:
//!
//! ```text
//! divergence = Σ ½ p log2(p / m) + ½ q log2(q / m)                                           in bits, 0 to 1
//! chance     = (1/n₁ + 1/n₂) / (8 ln 2) · w · ((k − 1) + 2 √(2 (k − 1)))                      k values, n₁ and n₂ records
//! score      = max(0, divergence − chance)
//! ```
//!
//! The divergence of Jensen and Shannon (Lin, IEEE Transactions on Information Theory 37(1), 1991) does not depend on how large the two
//! sides are. For small differences it is Σ (p − q)² / 8m in nats; when both sides are drawn from one distribution, Σ (p − q)² / m is
//! (1/n₁ + 1/n₂) times chi-square distributed with k − 1 degrees of freedom (Pearson 1900), whose mean is k − 1 and whose deviation
//! √(2 (k − 1)). So `chance` is what equal distributions stay below at two deviations: few records or many values raise it.
//!
//! The divergence of few records is a little more than chi-square's: `w` is the mean over the values of 1 + 0.8 / n, at most 2 ln 2, for a
//! value that is in n records of both sides together. The mean divergence of n records that fall on either side with equal chance, from the
//! binomial distribution, is 2 ln 2 = 1.386 times chi-square's for n = 1, 1.161 times for 5, 1.061 times for 10 and 1.027 times for 20.
//!
//! Chi-square needs values that are expected often enough (Cochran, Annals of Mathematical Statistics 23(3), 1952). Values that would be in
//! fewer than [`RECORDS_MIN`] records if both sides had the size of the smaller are one value together.

use super::profile::Counts;

/// Records of both sides together, scaled to the smaller.
const RECORDS_MIN: f64 = 5.0;
/// Of a record's divergence by chance over chi-square's.
const EXCESS: f64 = 0.8;
/// How many times chi-square's the divergence of a single record is.
const WEIGHT_MAX: f64 = 2.0 * std::f64::consts::LN_2;
/// Counts are whole, their quotients not quite.
const ROUNDING: f64 = 1e-9;

/// The two sides, of which neither is empty.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sides {
    records: [f64; 2],
}

impl Sides {
    pub(super) fn new(records: Counts) -> Self {
        Self { records: records.map(|records| records.max(1) as f64) }
    }

    pub(super) fn shares(self, counts: Counts) -> [f64; 2] {
        [counts[0] as f64 / self.records[0], counts[1] as f64 / self.records[1]]
    }

    /// How many times as frequent in the selection. Half a record more on either side keeps it finite, and small counts near 1
    /// (Haldane, Annals of Human Genetics 20(4), 1956).
    pub(super) fn lift(self, counts: Counts) -> f64 {
        let smoothed = |side: usize| (counts[side] as f64 + 0.5) / (self.records[side] + 1.0);
        smoothed(0) / smoothed(1)
    }

    /// Whether a value is in enough records to say something.
    pub(super) fn are_enough(self, counts: Counts) -> bool {
        self.together(counts) >= RECORDS_MIN - ROUNDING
    }

    /// In how many records a value would be if both sides had the size of the smaller.
    fn together(self, counts: Counts) -> f64 {
        let [p, q] = self.shares(counts);
        (p + q) * self.records[0].min(self.records[1])
    }

    /// What one value adds to the divergence, in bits.
    pub(super) fn divergence(self, counts: Counts) -> f64 {
        let [p, q] = self.shares(counts);
        let middle = f64::midpoint(p, q);
        let half = |share: f64| if share > 0.0 { 0.5 * share * (share / middle).log2() } else { 0.0 };
        half(p) + half(q)
    }

    /// Of all values of an attribute, absence included. Floating-point sums depend on order: give them in one that means something.
    pub(super) fn score(self, values: impl IntoIterator<Item = Counts>) -> f64 {
        let (mut rare, mut divergence, mut different, mut weight) = ([0, 0], 0.0, 0_u32, 0.0);
        let mut add = |counts: Counts| {
            divergence += self.divergence(counts);
            different += 1;
            weight += (1.0 + EXCESS / self.together(counts)).min(WEIGHT_MAX);
        };
        for counts in values.into_iter().filter(|counts| *counts != [0, 0]) {
            if self.are_enough(counts) {
                add(counts);
            } else {
                rare = [rare[0] + counts[0], rare[1] + counts[1]];
            }
        }
        if rare != [0, 0] {
            add(rare);
        }
        let weight = weight / f64::from(different.max(1));
        (divergence - weight * self.chance(different)).max(0.0)
    }

    fn chance(self, different: u32) -> f64 {
        let freedom = f64::from(different.saturating_sub(1));
        let size = self.records.iter().map(|records| records.recip()).sum::<f64>();
        size / (8.0 * std::f64::consts::LN_2) * (freedom + 2.0 * (2.0 * freedom).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(records: Counts, values: &[Counts]) -> f64 {
        Sides::new(records).score(values.iter().copied())
    }

    #[test]
    fn scores_of_known_distributions() {
        let check = |records: Counts, values: &[Counts], expected: std::ops::RangeInclusive<f64>| {
            let score = score(records, values);
            assert!(expected.contains(&score), "{records:?} {values:?}: {score}");
        };
        check([1000, 1000], &[[500, 500], [500, 500]], 0.0..=0.0);
        check([1000, 1000], &[[1000, 0], [0, 1000]], 0.98..=1.0);
        // Half of it against none: 1 - ¾ log2 3 + ½ + … = 0.311 bits.
        check([1000, 1000], &[[500, 0], [500, 1000]], 0.30..=0.3113);
        check([50, 10_000], &[[45, 500], [5, 9500]], 0.5..=0.7);
        // One of one, and two of three: no evidence.
        check([1, 10_000], &[[1, 10], [0, 9990]], 0.0..=0.0);
        check([3, 10_000], &[[2, 3000], [1, 7000]], 0.0..=0.0);
        // Everybody has a value of his own.
        let unique: Vec<Counts> = (0..2000).map(|record| if record < 1000 { [1, 0] } else { [0, 1] }).collect();
        check([1000, 1000], &unique, 0.0..=0.0);
        // One user among a thousand others.
        let users: Vec<Counts> = [[50, 10]].into_iter().chain((0..999).map(|_| [0, 10])).collect();
        check([50, 10_000], &users, 0.9..=1.0);
        // A value so rare that the smaller side would not have it hides nothing.
        check([9, 5000], &[[9, 0], [0, 4920], [0, 80]], 0.8..=1.0);
    }

    #[test]
    fn lift_is_finite_and_careful() {
        let check = |records: Counts, counts: Counts, expected: f64| {
            let lift = Sides::new(records).lift(counts);
            assert!((lift / expected - 1.0).abs() < 0.01, "{counts:?} of {records:?}: {lift}");
        };
        check([1000, 1000], [500, 500], 1.0);
        check([1000, 10_000], [500, 500], 9.97);
        check([1000, 1000], [0, 0], 1.0);
        check([2, 1000], [1, 0], 1001.0);
        check([100, 100], [100, 0], 201.0);
    }
}
