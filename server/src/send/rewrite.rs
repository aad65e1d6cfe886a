//! Fresh ids and times for one pass over a capture.
//!
//! Every id is combined with the same random mask, so all references between spans, links, logs and exemplars survive,
//! in one request and across requests, and no table of old and new ids is needed.
#![deny(clippy::indexing_slicing)]

use rand::Rng;

use super::layout::Layout;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rewrite {
    /// Zero leaves trace ids as they are.
    trace_mask: [u8; 16],
    span_mask: [u8; 8],
    shift_ns: i64,
}

impl Rewrite {
    /// Keeps ids, moves times.
    pub(crate) fn shift(shift_ns: i64) -> Self {
        Self { trace_mask: [0; 16], span_mask: [0; 8], shift_ns }
    }

    pub(crate) fn fresh_ids(self, random: &mut impl Rng) -> Self {
        Self { trace_mask: random.random(), span_mask: random.random(), ..self }
    }

    pub(crate) fn is_nothing(&self) -> bool {
        *self == Self::shift(0)
    }

    /// `body`, whose layout is `layout`, with new ids and times. Ids of all zeros (none) stay.
    pub(crate) fn apply(&self, layout: &Layout, body: &[u8]) -> Vec<u8> {
        let mut fresh = body.to_vec();
        for start in &layout.trace_ids {
            mask(&mut fresh, *start, &self.trace_mask);
        }
        for start in &layout.span_ids {
            mask(&mut fresh, *start, &self.span_mask);
        }
        if self.shift_ns != 0 {
            for start in &layout.times {
                shift(&mut fresh, *start, self.shift_ns);
            }
        }
        fresh
    }
}

fn mask<const LEN: usize>(body: &mut [u8], start: u32, mask: &[u8; LEN]) {
    let Some(id) = body.get_mut(start as usize..).and_then(|rest| rest.first_chunk_mut::<LEN>()) else { return };
    if *id == [0; LEN] {
        return;
    }
    for (byte, mask) in id.iter_mut().zip(mask) {
        *byte ^= mask;
    }
}

fn shift(body: &mut [u8], start: u32, shift_ns: i64) {
    let Some(time) = body.get_mut(start as usize..).and_then(|rest| rest.first_chunk_mut::<8>()) else { return };
    *time = u64::from_le_bytes(*time).saturating_add_signed(shift_ns).to_le_bytes();
}

#[cfg(test)]
mod tests;
