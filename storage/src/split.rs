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
    /// Of rows that are still to be made.
    to_make: Option<ToMake>,
}

/// What is known of rows that are made only when they are read.
#[derive(Debug, Clone)]
struct ToMake {
    time: TimeRange,
    first: Bound,
    last: Bound,
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
        Self { id: SplitId::Block(block.id), rows: block.rows, bytes: block.bytes, block: Some(block), to_make: None }
    }

    pub(crate) fn of_memory(index: usize, batch: &RecordBatch) -> Self {
        Self {
            id: SplitId::Memory(index),
            rows: batch.num_rows() as u64,
            bytes: batch.get_array_memory_size() as u64,
            block: None,
            to_make: None,
        }
    }

    /// What is still to be added up, to at most so many rows, of `time`.
    pub(crate) fn of_sums(index: usize, (rows, bytes): (u64, u64), time: TimeRange) -> Self {
        let to_make = ToMake { time, first: Bound::Time(time.first), last: Bound::Time(time.last) };
        Self { id: SplitId::Memory(index), rows, bytes, block: None, to_make: Some(to_make) }
    }

    /// Whether it has exactly as many rows as it says, and not fewer.
    pub fn is_counted(&self) -> bool {
        self.to_make.is_none()
    }

    /// Event time of its rows; `None` of rows in memory.
    pub fn time(&self) -> Option<TimeRange> {
        self.block.as_ref().map(|block| block.time).or_else(|| self.to_make.as_ref().map(|rows| rows.time))
    }

    /// Whether any row may have the attribute `key` in a column of JSON. Always, of rows in memory.
    pub fn may_have_key(&self, column: &str, key: &str) -> bool {
        self.block.as_ref().is_none_or(|block| block.may_have_key(column, key))
    }

    /// What the catalog knows of a column; `None` for rows in memory and for nested columns.
    pub fn column(&self, table: Table, name: &str) -> Option<SplitColumn<'_>> {
        if let Some(ToMake { first, last, .. }) = self.to_make.as_ref().filter(|_| name == table.time_column()) {
            return Some(SplitColumn { nulls: 0, range: Some((first, last)) });
        }
        let block = self.block.as_ref()?;
        let id = table.columns().find(|column| column.name == name)?.id;
        let known = block.statistics.iter().find(|column| column.field_id == id);
        known.map(|ColumnStatistics { nulls, range, .. }| SplitColumn { nulls: *nulls, range: range.as_ref().map(|(min, max)| (min, max)) })
    }
}
