//! Sums by minute as one question sees them: those in blocks, and what spans add up to that are in no sum yet.
//!
//! ```text
//! blocks of operation_minutes       what was flushed
//! memory 0, 1, ..                   spans in memory, by memtable and piece of it
//! memory behind them                blocks of spans that an earlier version wrote, which knew no sums
//! ```
//!
//! INVARIANT: every span of the snapshot is in exactly one of them.

use std::sync::Arc;

use arrow::{array::AsArray, datatypes::TimestampNanosecondType, record_batch::RecordBatch};
use schemas::{Table, UnixNanos, columns::START_TIME};

use super::{ReadError, Rows, Snapshot};
use crate::{
    Split, SplitId,
    block::{Block, TimeRange},
    rollup::{OperationMinutes, minute_of},
};

impl Snapshot {
    pub(super) fn minutes_splits(&self) -> impl Iterator<Item = Split> {
        // What cannot be added up is an error once it is read.
        let nothing = || vec![RecordBatch::new_empty(Table::OperationMinutes.schema())];
        let unflushed = self.unflushed_minutes().map_or_else(|_| nothing(), <[_]>::to_vec);
        let of_blocks = self.blocks_to_add_up().zip(unflushed.len()..);
        let of_blocks = of_blocks.map(|(block, index)| Split::of_sums(index, (block.rows, block.bytes), widened(block.time)));
        unflushed.into_iter().enumerate().map(|(index, rows)| Split::of_memory(index, &rows)).chain(of_blocks)
    }

    /// The rows of [`SplitId::Memory`] of a table of sums.
    pub(super) fn minutes(&self, table: Table, index: usize) -> Result<RecordBatch, ReadError> {
        let unflushed = self.unflushed_minutes()?;
        let Some(of_block) = index.checked_sub(unflushed.len()) else { return Ok(unflushed[index].clone()) };
        let no_such = ReadError::NoSuchSplit { table, split: SplitId::Memory(index) };
        let block = self.blocks_to_add_up().nth(of_block).ok_or(no_such)?;
        self.minutes_of(block)
    }

    pub(super) fn add_minutes(&self, rows: &mut Rows) -> Result<(), ReadError> {
        rows.batches.extend_from_slice(self.unflushed_minutes()?);
        for block in self.blocks_to_add_up() {
            match self.minutes_of(block) {
                Ok(minutes) => rows.batches.push(minutes),
                Err(error) => rows.partial.push(error.to_string()),
            }
        }
        Ok(())
    }

    /// Whether spans in memory may add something to the sums of `time`.
    pub(super) fn has_unflushed_minutes(&self, time: Option<TimeRange>) -> bool {
        let touches = |rows: &RecordBatch| {
            let Some(time) = time else { return rows.num_rows() > 0 };
            let starts = rows.column_by_name(START_TIME).and_then(|column| column.as_primitive_opt::<TimestampNanosecondType>());
            starts.is_none_or(|starts| starts.values().iter().any(|start| (time.first.0..=time.last.0).contains(&minute_of(*start))))
        };
        self.chunks(Table::Spans).iter().any(|chunk| touches(&chunk.batch))
    }

    /// As [`Snapshot::version`] of `operation_minutes`, for each stretch of `width_ns` (whole minutes, a multiple of it after 1970) that
    /// begins at one of `starts`. Looks at the times of rows in memory once.
    pub fn versions_of_minutes(&self, starts: &[i64], width_ns: i64) -> Vec<Option<u64>> {
        if !self.partial().is_empty() {
            return vec![None; starts.len()];
        }
        let in_memory = self.rows_in_memory(Table::Spans, width_ns);
        let of_stretch = |start: &i64| {
            let time = TimeRange { first: UnixNanos(*start), last: UnixNanos(start.saturating_add(width_ns - 1)) };
            in_memory
                .as_ref()
                .filter(|in_memory| !in_memory.contains_key(start))
                .map(|_| self.version_of_blocks(Table::OperationMinutes, Some(time)))
        };
        starts.iter().map(of_stretch).collect()
    }

    /// Blocks of spans that are in no sum.
    pub(super) fn blocks_to_add_up(&self) -> impl Iterator<Item = &Arc<Block>> {
        self.blocks_of(Table::Spans).filter(|block| block.lsn <= self.rolled_up_since[0])
    }

    fn minutes_of(&self, block: &Block) -> Result<RecordBatch, ReadError> {
        let limit = |sums: &mut OperationMinutes| drop(sums.limit(&self.known, self.rollup_values_max));
        self.reader.minutes(block, limit).map_err(|source| self.unreadable(block, source))
    }

    /// Leaves what a service has too many of out of the keys of sums, as those of this snapshot do: see [`OperationMinutes::limit`].
    pub fn limit_minutes(&self, sums: &mut OperationMinutes) {
        sums.limit(&self.known, self.rollup_values_max);
    }

    fn unflushed_minutes(&self) -> Result<&[RecordBatch], ReadError> {
        if let Some(rows) = self.unflushed_minutes.get() {
            return Ok(rows);
        }
        let chunks = self.chunks(Table::Spans);
        let (mut rows, mut first) = (Vec::new(), 0);
        for (minutes, end) in &self.memtable_minutes {
            rows.extend(minutes.of(&chunks[first..*end], &self.known, self.rollup_values_max)?);
            first = *end;
        }
        Ok(self.unflushed_minutes.get_or_init(|| rows))
    }
}

pub(super) fn widened(time: TimeRange) -> TimeRange {
    TimeRange { first: UnixNanos(minute_of(time.first.0)), last: UnixNanos(minute_of(time.last.0)) }
}
