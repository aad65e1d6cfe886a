//! Random ids that are never zero, and the hash that gives every question about the seed its own answer.

use rand::{Rng, rngs::SmallRng};
use schemas::{SpanId, TraceId};

pub(crate) fn trace_id(rng: &mut SmallRng) -> TraceId {
    let id: u128 = rng.random();
    TraceId(id.max(1).to_be_bytes())
}

pub(crate) fn span_id(rng: &mut SmallRng) -> SpanId {
    let id: u64 = rng.random();
    SpanId(id.max(1).to_be_bytes())
}

/// A version 4 UUID in its usual form.
pub(crate) fn uuid(rng: &mut SmallRng) -> String {
    let [a, b]: [u64; 2] = rng.random();
    format!("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", a >> 32, a >> 16 & 0xffff, a & 0xfff, b >> 48 & 0x3fff | 0x8000, b & 0xffff_ffff_ffff)
}

/// The five letters Kubernetes ends a pod's name with.
pub(crate) fn pod_suffix(rng: &mut SmallRng) -> String {
    const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
    (0..5).map(|_| char::from(LETTERS[rng.random_range(0..LETTERS.len())])).collect()
}

/// Mixes words into one; the same words always give the same number (splitmix64's finaliser over a running sum).
pub(crate) fn mix(words: &[u64]) -> u64 {
    words.iter().fold(0x9e37_79b9_7f4a_7c15, |state, word| {
        let mut mixed = state.wrapping_add(*word).wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    })
}
