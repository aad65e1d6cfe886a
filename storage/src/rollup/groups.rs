//! One sum per key.

use std::{collections::HashMap, hash::Hash};

use ahash::RandomState;

use super::measures::Measures;

/// Keys, what is added up of each, and its histogram. Nothing is allocated for a span whose key and bucket are known.
#[derive(Debug)]
pub(super) struct Groups<K> {
    places: HashMap<K, u32, RandomState>,
    keys: Vec<K>,
    measures: Vec<Measures>,
    /// By group and index.
    buckets: HashMap<(u32, i32), f64, RandomState>,
}

impl<K> Default for Groups<K> {
    fn default() -> Self {
        Self { places: HashMap::default(), keys: Vec::new(), measures: Vec::new(), buckets: HashMap::default() }
    }
}

impl<K: Copy + Eq + Hash> Groups<K> {
    /// Adds to the sum of `key`; returns its place.
    pub(super) fn add(&mut self, key: K, measures: &Measures) -> u32 {
        let next = self.keys.len() as u32;
        let place = *self.places.entry(key).or_insert(next);
        if place == next {
            self.keys.push(key);
            self.measures.push(*measures);
        } else {
            self.measures[place as usize].add(measures);
        }
        place
    }

    /// Adds to the histogram of the key at `place`.
    pub(super) fn add_bucket(&mut self, place: u32, index: i32, count: f64) {
        *self.buckets.entry((place, index)).or_default() += count;
    }

    /// Every key with its sum, in the order in which they came.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &Measures)> {
        self.keys.iter().zip(&self.measures)
    }

    /// Gives every sum the key that `new_key` says, and adds up those that have the same one then.
    pub(super) fn regroup(&mut self, new_key: impl Fn(&K) -> K) {
        let mut regrouped = Self::default();
        let places: Vec<u32> = self.iter().map(|(key, measures)| regrouped.add(new_key(key), measures)).collect();
        for ((place, index), count) in self.buckets.drain() {
            regrouped.add_bucket(places[place as usize], index, count);
        }
        *self = regrouped;
    }

    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Every key with its sum, in the order of `rank`.
    pub(super) fn sorted<R: Ord>(&self, rank: impl Fn(&K) -> R) -> Vec<Group<'_, K>> {
        let mut buckets: Vec<((u32, i32), f64)> = self.buckets.iter().map(|(bucket, count)| (*bucket, *count)).collect();
        buckets.sort_unstable_by_key(|(bucket, _)| *bucket);
        let mut left = buckets.into_iter().peekable();
        let groups = self.keys.iter().zip(&self.measures).zip(0..).map(|((key, measures), place)| {
            let of_group = std::iter::from_fn(|| left.next_if(|((group, _), _)| *group == place));
            Group { key, measures, buckets: of_group.map(|((_, index), count)| (index, count)).collect() }
        });
        let mut groups: Vec<Group<'_, K>> = groups.collect();
        groups.sort_by_cached_key(|group| rank(group.key));
        groups
    }
}

pub(super) struct Group<'a, K> {
    pub key: &'a K,
    pub measures: &'a Measures,
    /// Ascending.
    pub buckets: Vec<(i32, f64)>,
}
