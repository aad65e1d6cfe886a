//! What keeps the data in order, asked for by somebody instead of the background.

use std::{ops::Range, sync::Arc};

use schemas::{TenantId, UnixNanos};

use super::Store;
use crate::{Holdings, Rederive, Rederived, Retain, Retained, RetentionPreview, compact, flush, rollup::KnownCount};

/// How many different operations, peers and error codes services have, as of the last flush.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cardinality {
    /// Of each, for each service; what is beyond is added up as one.
    pub values_max: usize,
    /// In no order.
    pub counts: Vec<KnownCount>,
}

/// What a call of [`Store::compact_some`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compacted {
    pub rewrites: usize,
    /// All is in order.
    pub is_done: bool,
}

impl Store {
    /// Compacts until all is in order as of `now`, deletes the replaced blocks that nobody reads any more, and returns how many rewrites
    /// that took. Blocking.
    ///
    /// # Errors
    /// The text of the first failure; nothing is lost, the blocks stay as they are.
    pub fn compact(&self, now: UnixNanos) -> Result<usize, String> {
        self.compact_some(now, usize::MAX).map(|compacted| compacted.rewrites)
    }

    /// As [`Self::compact`], but no more than `rewrites_max` rewrites; each takes seconds at most.
    ///
    /// # Errors
    /// As there.
    pub fn compact_some(&self, now: UnixNanos, rewrites_max: usize) -> Result<Compacted, String> {
        let mut compacted = Compacted { rewrites: 0, is_done: false };
        let mut step = Ok(true);
        while compacted.rewrites < rewrites_max && matches!(step, Ok(true)) {
            step = self.compactor.step(now);
            compacted.rewrites += usize::from(matches!(step, Ok(true)));
        }
        // What frees room goes on when there is none to compact in.
        let removed = self.compactor.remove_retired();
        self.compactor.measure(now);
        compacted.is_done = !step.and_then(|worked| removed.map(|_| worked)).map_err(|error| flush::chain(&error))?;
        Ok(compacted)
    }

    /// Makes what is derived from the rows that arrived in `arrived` again, and swaps the blocks that have any of it in one commit for each
    /// tenant: all or nothing, and doing it again changes nothing. Compaction waits meanwhile. Blocking; time and disk for all blocks
    /// with such rows.
    ///
    /// # Errors
    /// The text of the first failure; then everything is as before.
    pub fn rederive(&self, arrived: Range<UnixNanos>, rederive: &Rederive) -> Result<Rederived, String> {
        self.flush()?;
        self.compactor.rederive(arrived, rederive).map_err(|error| flush::chain(&error))
    }

    /// The earliest moment from `since` on at which rows that are in blocks may have arrived; `None` when there are none. Cheap.
    pub fn first_arrival(&self, since: UnixNanos) -> Option<UnixNanos> {
        compact::first_arrival(&Arc::clone(&self.core.shown().blocks), since)
    }

    /// Lets go what is too old, or too much, as of `now`. Blocking.
    ///
    /// # Errors
    /// Why nothing went: it would be most of the data and nobody insists, or the disk failed.
    pub fn retain(&self, now: UnixNanos, how: Retain) -> Result<Retained, String> {
        self.compactor.retain(now, how).map_err(|error| flush::chain(&error))
    }

    /// How much is held of each table, how fast it grows, and when it is as much as may be held.
    ///
    /// # Errors
    /// When the disk cannot be asked for its size.
    pub fn holdings(&self, now: UnixNanos) -> Result<Holdings, String> {
        self.compactor.holdings(now).map_err(|error| flush::chain(&error))
    }

    /// Cheap: from memory.
    pub fn cardinality(&self, tenant: TenantId) -> Cardinality {
        let known = self.core.shown().known(tenant);
        Cardinality { values_max: self.core.config.rollup_values_max, counts: known.counts().collect() }
    }

    /// What [`Self::retain`] would let go as of `now`, and whether it would. Nothing changes.
    ///
    /// # Errors
    /// When the disk cannot be asked for its size.
    pub fn preview_retention(&self, now: UnixNanos) -> Result<RetentionPreview, String> {
        self.compactor.preview_retention(now).map_err(|error| flush::chain(&error))
    }
}
