//! How many entries each bucket has, in two bits an entry: a 1 for each entry and a 0 at the end of each bucket.
//!
//! ```text
//! buckets   0: one entry   1: none   2: two   3: one
//! bits      1 0            0         1 1 0    1 0        an entry's ordinal is the number of 1s before its own
//! ```

#![deny(clippy::indexing_slicing)]

use std::ops::Range;

/// The end of one bucket in so many is kept, half a bit an entry; from there its neighbours are found by walking.
const SAMPLE_EVERY: usize = 64;

/// As many buckets as entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Buckets {
    words: Box<[u64]>,
    /// Where bucket 0, [`SAMPLE_EVERY`], ... begin.
    starts: Box<[u32]>,
}

impl Buckets {
    /// `buckets` are those of all entries, ascending, each below `count`.
    pub(super) fn encode(buckets: impl Iterator<Item = usize>, words: usize) -> Vec<u64> {
        let mut bits = vec![0; words];
        for (ordinal, bucket) in buckets.enumerate() {
            let at = ordinal + bucket;
            if let Some(word) = bits.get_mut(at / 64) {
                *word |= 1 << (at % 64);
            }
        }
        bits
    }

    /// `None` when the bits are not those of `count` buckets with as many entries.
    pub(super) fn decode(words: Box<[u64]>, count: usize) -> Option<Self> {
        let ones: usize = words.iter().map(|word| word.count_ones() as usize).sum();
        if ones != count || words.len() != (2 * count).div_ceil(64) || 2 * count > u32::MAX as usize {
            return None;
        }
        let mut buckets = Self { words, starts: Box::default() };
        let (mut starts, mut at) = (Vec::with_capacity(count.div_ceil(SAMPLE_EVERY)), 0);
        for bucket in 0..count {
            if bucket % SAMPLE_EVERY == 0 {
                starts.push(u32::try_from(at).ok()?);
            }
            at = buckets.end(at)? + 1;
        }
        buckets.starts = starts.into();
        (at == 2 * count).then_some(buckets)
    }

    /// The ordinals of the entries of `bucket`.
    pub(super) fn entries(&self, bucket: usize) -> Option<Range<usize>> {
        let mut at = *self.starts.get(bucket / SAMPLE_EVERY)? as usize;
        for _ in 0..bucket % SAMPLE_EVERY {
            at = self.end(at)? + 1;
        }
        let (before, end) = (at.checked_sub(bucket)?, self.end(at)?);
        Some(before..end.checked_sub(bucket)?)
    }

    /// The first 0 at or after bit `at`.
    fn end(&self, at: usize) -> Option<usize> {
        let (mut index, skipped) = (at / 64, at % 64);
        let mut ones = ((self.words.get(index)? >> skipped).trailing_ones() as usize).min(64 - skipped) + skipped;
        while ones == 64 {
            index += 1;
            ones = self.words.get(index)?.trailing_ones() as usize;
        }
        Some(64 * index + ones)
    }

    pub(super) fn memory_bytes(&self) -> usize {
        size_of_val(&*self.words) + size_of_val(&*self.starts)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bits_that_are_not_buckets_are_refused() {
        let check = |words: &[u64], count: usize, expected: bool| {
            assert_eq!(Buckets::decode(words.into(), count).is_some(), expected, "{words:x?} as {count}");
        };
        check(&[], 0, true);
        check(&[0b0101], 2, true);
        check(&[0b1011_0001], 4, false);
        check(&[0b0101_1001], 4, true);
        check(&[0b1001], 2, false);
        check(&[0b0101], 3, false);
        check(&[0b0101, 0], 2, false);
        check(&[u64::MAX], 64, false);
    }

    proptest! {
        #[test]
        fn every_bucket_has_its_entries(mut of in prop::collection::vec(0usize..400, 1..400)) {
            let count = of.len();
            of.iter_mut().for_each(|bucket| *bucket %= count);
            of.sort_unstable();
            let buckets = Buckets::decode(Buckets::encode(of.iter().copied(), (2 * count).div_ceil(64)).into(), count).unwrap();
            for bucket in 0..count {
                let expected = of.partition_point(|one| *one < bucket)..of.partition_point(|one| *one <= bucket);
                prop_assert_eq!(buckets.entries(bucket), Some(expected), "bucket {} of {:?}", bucket, of);
            }
            prop_assert!(buckets.entries(count + 64).is_none());
        }
    }
}
