//! Carries a retention plan out.

use std::{
    collections::HashSet,
    sync::{Arc, PoisonError},
};

use schemas::{Table, UnixNanos};

use super::{
    forecast::{Held, Holdings, holdings},
    plan::{self, Candidate, Refusal},
};
use crate::{
    block::Block,
    compact::{CompactError, Compactor, Retired},
    self_metrics::{RETENTION_BYTES_TOTAL, RETENTION_REFUSED},
};

/// What retention lets go, or would.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retained {
    pub blocks: usize,
    pub rows: u64,
    /// With indexes.
    pub bytes: u64,
}

/// What would go, and why it would not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionPreview {
    /// Of each table, with the newest event that would go.
    pub tables: Vec<(Table, Retained, Option<UnixNanos>)>,
    /// Set when it is most of the data: then nothing goes until somebody insists.
    pub refusal: Option<Refusal>,
}

impl Retained {
    fn of<'a>(blocks: impl Iterator<Item = &'a Arc<Block>>) -> Self {
        blocks.fold(Self::default(), |sum, block| Self {
            blocks: sum.blocks + 1,
            rows: sum.rows + block.rows,
            bytes: sum.bytes + block.bytes + block.sidecar_bytes(),
        })
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum RetainError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Store(#[from] CompactError),
}

/// How seriously it is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retain {
    /// Only say what would go.
    DryRun,
    /// But not more than half of the data.
    Carefully,
    Insist,
}

impl Compactor {
    /// Lets go what is too old or too much as of `now`.
    pub(crate) fn retain(&self, now: UnixNanos, how: Retain) -> Result<Retained, RetainError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let config = &self.core.config.retain;
        let blocks = self.core.shown().blocks.clone();
        let planned = self.plan(&blocks, now, how == Retain::Insist)?;
        metrics::gauge!(RETENTION_REFUSED).set(if planned.is_err() { 1.0 } else { 0.0 });
        let ids = planned?;
        let going: Vec<_> = blocks.iter().filter(|block| ids.contains(&block.id)).cloned().collect();
        drop(blocks);
        let retained = Retained::of(going.iter());
        if going.is_empty() || how == Retain::DryRun {
            return Ok(retained);
        }
        let ids: Vec<u64> = going.iter().map(|block| block.id).collect();
        self.with_reserve(|| self.commit(&ids))?;
        let mut shown = self.core.shown();
        shown.replaced(&ids, Vec::new());
        self.core.count_memory(&shown);
        drop(shown);
        metrics::counter!(RETENTION_BYTES_TOTAL).increment(retained.bytes);
        tracing::info!(blocks = retained.blocks, rows = retained.rows, bytes = retained.bytes, "old data let go");
        state.retired.extend(going.into_iter().map(|block| Retired::new(block, config.delete_delay)));
        Ok(retained)
    }

    pub(crate) fn preview_retention(&self, now: UnixNanos) -> Result<RetentionPreview, CompactError> {
        let blocks = self.core.shown().blocks.clone();
        let (ids, refusal) = match self.plan(&blocks, now, false)? {
            Ok(ids) => (ids, None),
            Err(refusal) => (self.plan(&blocks, now, true)?.unwrap_or_default(), Some(refusal)),
        };
        let of_table = |table| {
            let going = || blocks.iter().filter(|block| block.table == table && ids.contains(&block.id));
            (table, Retained::of(going()), going().map(|block| block.time.last).max())
        };
        Ok(RetentionPreview { tables: Table::ALL.map(of_table).into(), refusal })
    }

    pub(crate) fn holdings(&self, now: UnixNanos) -> Result<Holdings, CompactError> {
        let config = &self.core.config.retain;
        let blocks = self.core.shown().blocks.clone();
        let held: Vec<Held> = blocks.iter().map(|block| held(block)).collect();
        Ok(holdings(&held, |table| config.age_max(table), self.bytes_max()?, now))
    }

    /// What blocks may take together.
    fn bytes_max(&self) -> Result<u64, CompactError> {
        let disk = self.core.io.disk_space(&self.core.config.data_dir).map_err(CompactError::DiskSpace)?;
        Ok((disk.total_bytes as f64 * self.core.config.retain.disk_share_max) as u64)
    }

    /// Ids of the blocks to let go.
    fn plan(&self, blocks: &[Arc<Block>], now: UnixNanos, insist: bool) -> Result<Result<HashSet<u64>, Refusal>, CompactError> {
        let config = &self.core.config.retain;
        let candidates: Vec<Candidate> = blocks.iter().map(|block| candidate(block)).collect();
        let planned = plan::plan(&candidates, |table| config.age_max(table), self.bytes_max()?, now, insist);
        Ok(planned.map(|ids| ids.into_iter().collect()))
    }

    /// A commit that is reported as failed may have reached the disk all the same.
    fn commit(&self, ids: &[u64]) -> Result<(), CompactError> {
        let mut catalog = self.catalog.lock();
        let Err(error) = catalog.let_go(self.core.io.as_ref(), ids) else { return Ok(()) };
        match catalog.blocks()?.iter().any(|block| ids.contains(&block.id)) {
            true => Err(error.into()),
            false => Ok(()),
        }
    }
}

fn held(block: &Block) -> Held {
    Held {
        table: block.table,
        rows: block.rows,
        bytes: block.bytes + block.sidecar_bytes(),
        first_event: block.time.first,
        last_event: block.time.last,
        last_received: block.last_received,
    }
}

fn candidate(block: &Block) -> Candidate {
    Candidate {
        id: block.id,
        table: block.table,
        bytes: block.bytes + block.sidecar_bytes(),
        last_event: block.time.last,
        last_received: block.last_received,
    }
}
