//! What one query sees.

use std::sync::Arc;

use arrow::{error::ArrowError, record_batch::RecordBatch};
use schemas::{Table, TenantId, TraceId};

use crate::{
    block::{Block, BlockError, BlockReader},
    memtable::Chunk,
    self_metrics::BLOCK_READ_FAILURES_TOTAL,
    shown::Shown,
};

#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("select rows in memory")]
    Memory(#[from] ArrowError),
}

/// Rows of one table as of one moment.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    pub batches: Vec<RecordBatch>,
    /// Why rows may be missing (replay in progress, a block that cannot be read); empty when the answer is whole.
    pub partial: Vec<String>,
}

/// Each acknowledged row of a tenant exactly once, as of the moment it was taken. Cheap to take, holds memory until dropped.
pub struct Snapshot {
    tenant: TenantId,
    chunks: [Vec<Arc<Chunk>>; Table::ALL.len()],
    blocks: Arc<Vec<Arc<Block>>>,
    reader: BlockReader,
    partial: Vec<String>,
}

impl Snapshot {
    pub(crate) fn new(tenant: TenantId, shown: &Shown, reader: BlockReader, replay_bytes_left: u64) -> Self {
        let chunks = Table::ALL.map(|table| shown.memtables().flat_map(|memtable| memtable.chunks(tenant, table)).cloned().collect());
        let replaying =
            shown.replaying.then(|| format!("{replay_bytes_left} bytes of the write-ahead log are still being read after a restart"));
        Self { tenant, chunks, blocks: Arc::clone(&shown.blocks), reader, partial: replaying.into_iter().collect() }
    }

    /// All spans of a trace, in no particular order, identical copies included. Blocking.
    ///
    /// # Errors
    /// When rows in memory cannot be selected. A block that cannot be read is named in [`Rows::partial`].
    pub fn trace(&self, id: TraceId) -> Result<Rows, ReadError> {
        let mut rows = self.rows_of_blocks(Table::Spans, |block| self.reader.trace(block, id));
        for chunk in self.chunks(Table::Spans) {
            rows.batches.extend(chunk.trace(id)?);
        }
        Ok(rows)
    }

    /// Every row of `table`. Blocking, and all in memory: for export, verification and tests.
    ///
    /// # Errors
    /// None today. A block that cannot be read is named in [`Rows::partial`].
    pub fn scan(&self, table: Table) -> Result<Rows, ReadError> {
        let mut rows = self.rows_of_blocks(table, |block| self.reader.scan(block));
        rows.batches.extend(self.chunks(table).iter().map(|chunk| chunk.batch.clone()));
        Ok(rows)
    }

    fn chunks(&self, table: Table) -> &[Arc<Chunk>] {
        let place = Table::ALL.iter().position(|one| *one == table);
        place.and_then(|place| self.chunks.get(place)).map_or(&[], Vec::as_slice)
    }

    fn rows_of_blocks(&self, table: Table, read: impl Fn(&Block) -> Result<Vec<RecordBatch>, BlockError>) -> Rows {
        let mut rows = Rows { batches: Vec::new(), partial: self.partial.clone() };
        for block in self.blocks.iter().filter(|block| block.tenant == self.tenant && block.table == table) {
            match read(block) {
                Ok(batches) => rows.batches.extend(batches),
                Err(error) => {
                    metrics::counter!(BLOCK_READ_FAILURES_TOTAL).increment(1);
                    tracing::error!(path = %block.path.display(), error = &error as &dyn std::error::Error, "block cannot be read");
                    rows.partial.push(format!("block {} with {} rows cannot be read: {error}", block.path.display(), block.rows));
                }
            }
        }
        rows
    }
}
