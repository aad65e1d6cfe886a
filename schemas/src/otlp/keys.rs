//! Which attribute keys are promoted: one probe of a table without collisions, then one comparison.

use std::sync::LazyLock;

use crate::promoted::{self, Promoted, Side, ValueType};

/// A promoted key: canonical, or an alias.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Key {
    pub text: &'static str,
    /// Position in the table of promoted columns.
    pub slot: usize,
    pub value: ValueType,
    /// Bit in `renamed_keys` and where it counts; `None` for the canonical key.
    pub alias: Option<(u8, Side)>,
}

/// The promoted keys of one level.
#[derive(Debug)]
pub(crate) struct Keys {
    multiplier: u64,
    buckets: Box<[Option<Key>]>,
}

pub(crate) static RESOURCE: LazyLock<Keys> = LazyLock::new(|| Keys::new(promoted::RESOURCE));
pub(crate) static SPAN: LazyLock<Keys> = LazyLock::new(|| Keys::new(promoted::SPAN));
pub(crate) static LOG: LazyLock<Keys> = LazyLock::new(|| Keys::new(promoted::LOG));

const BUCKETS: usize = 1 << BUCKET_BITS;
const BUCKET_BITS: u32 = 9;

impl Keys {
    fn new(level: &'static [Promoted]) -> Self {
        let keys: Vec<Key> = level
            .iter()
            .enumerate()
            .flat_map(|(slot, promoted)| {
                let key = move |text, alias| Key { text, slot, value: promoted.value, alias };
                let aliases = promoted.aliases.iter().map(move |alias| key(alias.key, Some((alias.bit, alias.side))));
                std::iter::once(key(promoted.key, None)).chain(aliases)
            })
            .collect();
        (0..10_000u64)
            .map(|seed| (seed * 2 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
            .find_map(|multiplier| Self::without_collisions(&keys, multiplier))
            .expect("keys differ in length or last bytes: a test")
    }

    fn without_collisions(keys: &[Key], multiplier: u64) -> Option<Self> {
        let mut buckets = vec![None; BUCKETS].into_boxed_slice();
        for key in keys {
            let bucket = &mut buckets[bucket(key.text.as_bytes(), multiplier)];
            if bucket.is_some() {
                return None;
            }
            *bucket = Some(*key);
        }
        Some(Self { multiplier, buckets })
    }

    #[inline]
    pub fn find(&self, key: &[u8]) -> Option<&Key> {
        let found = self.buckets.get(bucket(key, self.multiplier))?.as_ref()?;
        (found.text.as_bytes() == key).then_some(found)
    }
}

/// By length and the last eight bytes, in which promoted keys differ.
#[inline]
fn bucket(key: &[u8], multiplier: u64) -> usize {
    let tail = match key.last_chunk::<8>() {
        Some(tail) => u64::from_le_bytes(*tail),
        None => key.iter().fold(0, |tail, byte| tail << 8 | u64::from(*byte)),
    };
    let mixed = (tail ^ (key.len() as u64) << 56).wrapping_mul(multiplier);
    (mixed >> (u64::BITS - BUCKET_BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_promoted_key_is_found_and_nothing_else() {
        for (keys, level) in [(&RESOURCE, promoted::RESOURCE), (&SPAN, promoted::SPAN), (&LOG, promoted::LOG)] {
            for (slot, promoted) in level.iter().enumerate() {
                let found = keys.find(promoted.key.as_bytes()).expect(promoted.key);
                assert_eq!((found.slot, found.alias), (slot, None));
                for alias in promoted.aliases {
                    let found = keys.find(alias.key.as_bytes()).expect(alias.key);
                    assert_eq!((found.slot, found.alias), (slot, Some((alias.bit, alias.side))));
                }
            }
            for other in ["", "x", "http.methoe", "xttp.method", "service.names", "\0\0\0\0"] {
                assert_eq!(keys.find(other.as_bytes()), None, "{other}");
            }
        }
    }
}
