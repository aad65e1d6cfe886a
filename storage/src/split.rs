//! The pieces a scan is made of, and what is known of each before it is read.

use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use schemas::Table;

pub use crate::block::Bound;
use crate::block::{Block, ColumnStatistics, TimeRange};

/// Names a split within the snapshot that listed it. A block keeps its id in every snapshot that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SplitId {
    /// A batch in memory, by its place.
    Memory(usize),
    Block(u64),
}

/// A piece of a table: a batch in memory, or a block.
#[derive(Debug, Clone)]
pub struct Split {
    pub id: SplitId,
    pub rows: u64,
    /// In memory or on disk.
    pub bytes: u64,
    block: Option<Arc<Block>>,
}

/// What is known of the values of one column in one split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplitColumn<'a> {
    pub nulls: u64,
    /// Smallest and largest value; they may be wider than the truth, never narrower.
    pub range: Option<(&'a Bound, &'a Bound)>,
}

impl Split {
    pub(crate) fn of_block(block: Arc<Block>) -> Self {
        Self { id: SplitId::Block(block.id), rows: block.rows, bytes: block.bytes, block: Some(block) }
    }

    pub(crate) fn of_memory(index: usize, batch: &RecordBatch) -> Self {
        Self { id: SplitId::Memory(index), rows: batch.num_rows() as u64, bytes: batch.get_array_memory_size() as u64, block: None }
    }

    /// Event time of its rows, of a block.
    pub fn time(&self) -> Option<TimeRange> {
        self.block.as_ref().map(|block| block.time)
    }

    /// Whether any row may have the attribute `key` in a column of JSON. Always, of rows in memory.
    pub fn may_have_key(&self, column: &str, key: &str) -> bool {
        self.block.as_ref().is_none_or(|block| block.may_have_key(column, key))
    }

    /// What the catalog knows of a column; `None` for rows in memory and for nested columns.
    pub fn column(&self, table: Table, name: &str) -> Option<SplitColumn<'_>> {
        let block = self.block.as_ref()?;
        let id = table.columns().find(|column| column.name == name)?.id;
        let known = block.statistics.iter().find(|column| column.field_id == id);
        known.map(|ColumnStatistics { nulls, range, .. }| SplitColumn { nulls: *nulls, range: range.as_ref().map(|(min, max)| (min, max)) })
    }
}
