//! What exists right now: rows in memory and blocks. One lock, so that a row is never seen twice or not at all.
//!
//! ```text
//!  log of the last run --replay--> replayed.open --seal--> replayed.sealed --flush--+
//!                                                                                   +--> blocks
//!  requests -----------publish---> live.open ------seal--> live.sealed -----flush---+
//!                                                            `- waits until the replay is over: blocks are written
//!                                                               in the order of the log, which a commit names up to a place
//! ```

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Instant,
};

use schemas::TenantId;

use crate::{
    block::Block,
    config::Config,
    memtable::Memtable,
    rollup::{Change, Known},
};

/// INVARIANT: every row that was acknowledged or replayed is in exactly one of the memtables or blocks.
#[derive(Default)]
pub(crate) struct Shown {
    pub live: Queue,
    pub replayed: Queue,
    /// Old records are still being read; rows may be missing.
    pub replaying: bool,
    pub blocks: Arc<Vec<Arc<Block>>>,
    /// What has rows of its own in the sums of blocks.
    pub known: HashMap<TenantId, Arc<Known>>,
    /// The store is going down: threads end.
    pub stopping: bool,
    /// Counts calls of `flush`, so that a failed one is tried again at once.
    pub flushes_asked: u64,
    /// Flushes that failed since the start, and why the last one did.
    pub flush_failures: u64,
    pub flush_error: String,
}

/// Rows on their way to blocks, oldest first.
#[derive(Default)]
pub(crate) struct Queue {
    pub sealed: VecDeque<Arc<Memtable>>,
    pub open: Memtable,
}

impl Queue {
    /// Closes the open memtable to further rows, unless it is empty.
    pub(crate) fn seal(&mut self) {
        if !self.open.is_empty() {
            self.sealed.push_back(Arc::new(std::mem::take(&mut self.open)));
        }
    }

    pub(crate) fn memtables(&self) -> impl Iterator<Item = &Memtable> {
        self.sealed.iter().map(AsRef::as_ref).chain(std::iter::once(&self.open))
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.memtables().map(Memtable::bytes).sum()
    }
}

impl Shown {
    pub(crate) fn memtables(&self) -> impl Iterator<Item = &Memtable> {
        self.replayed.memtables().chain(self.live.memtables())
    }

    pub(crate) fn memory_bytes(&self) -> u64 {
        self.replayed.bytes() + self.live.bytes()
    }

    /// Before when all that arrived is in blocks, in nanoseconds since 1970: the arrival of the oldest span in memory, as far as the order
    /// of the log tells. `None`: there is none. [`i64::MIN`] while old records are still being read.
    pub(crate) fn in_blocks_until(&self) -> Option<i64> {
        if self.replaying {
            return Some(i64::MIN);
        }
        self.memtables().filter_map(Memtable::first_span_received).min()
    }

    /// Seals the open memtable of the live rows when it is large or old enough.
    pub(crate) fn seal_if_due(&mut self, config: &Config, now: Instant) {
        if self.live.open.bytes() >= config.memtable_bytes_max || self.live.open.age(now) >= config.flush_interval {
            self.live.seal();
        }
    }

    /// The memtable to write next.
    pub(crate) fn next_to_flush(&self) -> Option<Arc<Memtable>> {
        let queue = if self.replaying || !self.replayed.sealed.is_empty() { &self.replayed } else { &self.live };
        queue.sealed.front().cloned()
    }

    /// Swaps a memtable for the blocks it became.
    pub(crate) fn flushed(&mut self, memtable: &Arc<Memtable>, blocks: Vec<Block>) {
        if !blocks.is_empty() {
            self.replaced(&[], blocks);
        }
        for queue in [&mut self.replayed, &mut self.live] {
            queue.sealed.retain(|sealed| !Arc::ptr_eq(sealed, memtable));
        }
    }

    pub(crate) fn known(&self, tenant: TenantId) -> Arc<Known> {
        self.known.get(&tenant).cloned().unwrap_or_default()
    }

    /// What the sums of a flush made known.
    pub(crate) fn learn(&mut self, changes: Vec<(TenantId, Vec<Change>)>) {
        for (tenant, changes) in changes.into_iter().filter(|(_, changes)| !changes.is_empty()) {
            Arc::make_mut(self.known.entry(tenant).or_default()).apply(&changes);
        }
    }

    /// Swaps blocks for those that their rows are in now.
    pub(crate) fn replaced(&mut self, retired: &[u64], blocks: Vec<Block>) {
        let known = self.blocks.iter().filter(|block| !retired.contains(&block.id)).cloned();
        let mut live: Vec<Arc<Block>> = known.chain(blocks.into_iter().map(Arc::new)).collect();
        live.sort_by_key(|block| block.id);
        self.blocks = Arc::new(live);
    }

    pub(crate) fn is_waiting(&self, memtable: &Arc<Memtable>) -> bool {
        [&self.replayed, &self.live].iter().any(|queue| queue.sealed.iter().any(|sealed| Arc::ptr_eq(sealed, memtable)))
    }
}
