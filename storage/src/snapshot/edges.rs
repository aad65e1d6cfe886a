//! Calls by minute as one question sees them: those in blocks, and what is still open.
//!
//! ```text
//! blocks of edge_minutes      calls of which both halves came in one flush, and those that are settled
//! memory 0                    calls among spans in memory and halves of flushed ones, as if no other half came any more
//! memory 1, 2, ..             nothing, one for each block of halves: so that one that cannot be read is noticed
//! ```
//!
//! Spans that an earlier version wrote, which knew no edges, are in none of them: see [`Snapshot::has_edges_of`].

use std::sync::Arc;

use arrow::{array::AsArray, compute, datatypes::TimestampNanosecondType, record_batch::RecordBatch};
use schemas::{Table, UnixNanos, columns::START_TIME};
use xxhash_rust::xxh3::Xxh3;

use super::{ReadError, Rows, Snapshot, minutes::widened};
use crate::{
    Split, SplitId,
    block::{Block, TimeRange},
    rollup::EdgeMinutes,
};

impl Snapshot {
    /// Whether every call that came in `time` is in `edge_minutes`: no block has spans of that time which are older than the table.
    pub fn has_edges_of(&self, time: TimeRange) -> bool {
        let [_, since] = self.rolled_up_since;
        let of_time = |block: &Arc<Block>| block.time.first <= time.last && time.first <= block.time.last;
        !self.blocks_of(Table::Spans).any(|block| block.lsn <= since && of_time(block))
    }

    pub(super) fn edges_splits(&self) -> Vec<Split> {
        let spans = self.chunks(Table::Spans);
        let starts = spans.iter().filter_map(|chunk| {
            let starts = chunk.batch.column_by_name(START_TIME)?.as_primitive_opt::<TimestampNanosecondType>()?;
            Some(TimeRange { first: UnixNanos(compute::min(starts)?), last: UnixNanos(compute::max(starts)?) })
        });
        let times = self.blocks_of(Table::EdgeHalves).map(|block| block.time).chain(starts);
        let Some(time) = times.reduce(|all, one| TimeRange { first: all.first.min(one.first), last: all.last.max(one.last) }) else {
            return Vec::new();
        };
        let rows = spans.iter().map(|chunk| chunk.batch.num_rows() as u64).sum::<u64>();
        let halves: Vec<&Arc<Block>> = self.blocks_of(Table::EdgeHalves).collect();
        let (rows, bytes) = halves.iter().fold((rows, 0), |(rows, bytes), block| (rows + block.rows, bytes + block.bytes));
        // What nothing is expected of is read all the same.
        let witnesses = (1..=halves.len()).map(|index| Split::of_sums(index, (0, 0), widened(time)));
        std::iter::once(Split::of_sums(0, (rows, bytes), widened(time))).chain(witnesses).collect()
    }

    /// The rows of [`SplitId::Memory`].
    pub(super) fn edges(&self, index: usize) -> Result<RecordBatch, ReadError> {
        let open = self.open_edges()?;
        let Some(block) = index.checked_sub(1) else { return Ok(open) };
        let nothing = RecordBatch::new_empty(Table::EdgeMinutes.schema());
        if self.reader.kept_edges(self.open_edges_key()).is_some() {
            return Ok(nothing);
        }
        let no_such = ReadError::NoSuchSplit { table: Table::EdgeMinutes, split: SplitId::Memory(index) };
        let block = self.blocks_of(Table::EdgeHalves).nth(block).ok_or(no_such)?;
        self.halves_of(block).map(|_| nothing)
    }

    /// Leaves what a service has too many of out of the keys of calls, as those of this snapshot do: see [`EdgeMinutes::limit`].
    pub fn limit_edges(&self, edges: &mut EdgeMinutes) {
        edges.limit(&self.known, self.rollup_values_max);
    }

    pub(super) fn add_edges(&self, rows: &mut Rows) -> Result<(), ReadError> {
        rows.batches.push(self.open_edges()?);
        let damaged = self.blocks_of(Table::EdgeHalves).filter_map(|block| self.halves_of(block).err());
        rows.partial.extend(damaged.map(|error| error.to_string()));
        Ok(())
    }

    /// Of blocks that can be read. It is kept until something new comes.
    fn open_edges(&self) -> Result<RecordBatch, ReadError> {
        let key = self.open_edges_key();
        if let Some(rows) = self.reader.kept_edges(key) {
            return Ok(rows);
        }
        let mut edges = EdgeMinutes::default();
        edges.add_cut(self.chunks(Table::Spans).iter().map(|chunk| &chunk.batch), i64::MIN..i64::MAX)?;
        let mut is_whole = true;
        for block in self.blocks_of(Table::EdgeHalves) {
            match self.halves_of(block) {
                Ok(halves) => halves.iter().try_for_each(|halves| edges.add_halves(halves))?,
                Err(_) => is_whole = false,
            }
        }
        edges.join();
        edges.settle(i64::MAX);
        edges.limit(&self.known, self.rollup_values_max);
        let (rows, _) = edges.finish()?;
        if is_whole {
            self.reader.keep_edges(key, rows.clone());
        }
        Ok(rows)
    }

    /// The same as long as neither spans in memory nor blocks of halves change.
    fn open_edges_key(&self) -> u64 {
        let mut hash = Xxh3::new();
        hash.update(&self.tenant.0.to_le_bytes());
        let numbers = |numbers: &mut dyn Iterator<Item = u64>| numbers.flat_map(u64::to_le_bytes).collect::<Vec<u8>>();
        let memory = numbers(&mut self.memory_lsns.iter().map(|lsn| lsn.0));
        hash.update(&memory.len().to_le_bytes());
        hash.update(&memory);
        hash.update(&numbers(&mut self.blocks_of(Table::EdgeHalves).map(|block| block.id)));
        hash.digest()
    }

    fn halves_of(&self, block: &Block) -> Result<Vec<RecordBatch>, ReadError> {
        self.reader.scan(block).map_err(|source| self.unreadable(block, source))
    }
}
