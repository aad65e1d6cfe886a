//! Which blocks go. Pure.
//!
//! 1. The age of a block begins at the later of its last event and its last arrival: an old capture that was imported today is new.
//!    Events more than an hour after they arrived are a broken clock's; such a block begins to age when it arrived.
//! 2. Blocks older than their table's limit go.
//! 3. While the rest takes more than its share of the disk, the oldest go, whatever their table.
//! 4. When that is more than half of the data by bytes, nothing goes: a clock that jumped, or a limit that was mistyped, must not empty
//!    a store in a minute. A person can insist.

use std::time::Duration;

use schemas::{Table, UnixNanos};

/// Later than they arrived by less than this, events are of a clock that is a little fast.
const CLOCK_SKEW_NS: i64 = 3600 * 1_000_000_000;
/// Less than this is not worth a question.
const ASK_BYTES_MIN: u64 = 64 << 20;

/// A live block, as far as the plan is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate {
    pub id: u64,
    pub table: Table,
    /// With its indexes.
    pub bytes: u64,
    pub last_event: UnixNanos,
    pub last_received: UnixNanos,
}

impl Candidate {
    fn born(&self) -> UnixNanos {
        match self.last_event.0 > self.last_received.0.saturating_add(CLOCK_SKEW_NS) {
            true => self.last_received,
            false => self.last_event.max(self.last_received),
        }
    }
}

/// Letting go would take more than half of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("retention would let go {bytes} of {bytes_total} bytes; check the clock and the limits, or insist")]
pub struct Refusal {
    pub bytes: u64,
    pub bytes_total: u64,
}

/// Ids of the blocks to let go, oldest first. `insist`: also when that is most of the data.
pub(super) fn plan(
    blocks: &[Candidate],
    age_max: impl Fn(Table) -> Option<Duration>,
    bytes_max: u64,
    now: UnixNanos,
    insist: bool,
) -> Result<Vec<u64>, Refusal> {
    let mut by_age = blocks.to_vec();
    by_age.sort_unstable_by_key(|block| (block.born(), block.id));
    let bytes_total: u64 = blocks.iter().map(|block| block.bytes).sum();
    let is_old = |block: &Candidate| {
        let age_max = age_max(block.table).and_then(|age| i64::try_from(age.as_nanos()).ok());
        age_max.and_then(|age| block.born().0.checked_add(age)).is_some_and(|end| end <= now.0)
    };
    let (old, young): (Vec<Candidate>, Vec<Candidate>) = by_age.iter().partition(|block| is_old(block));
    let mut bytes = old.iter().map(|block| block.bytes).sum::<u64>();
    let mut ids: Vec<u64> = old.iter().map(|block| block.id).collect();
    for block in young {
        if bytes_total - bytes <= bytes_max {
            break;
        }
        bytes += block.bytes;
        ids.push(block.id);
    }
    if !insist && bytes >= ASK_BYTES_MIN && bytes > bytes_total / 2 {
        return Err(Refusal { bytes, bytes_total });
    }
    Ok(ids)
}

#[cfg(test)]
mod tests;
