//! What one query sees.

use std::{
    ops::Range,
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use arrow::{array::AsArray, datatypes::TimestampNanosecondType, error::ArrowError, record_batch::RecordBatch};
use schemas::{
    Table, TenantId, TraceId, UnixNanos,
    columns::{START_TIME, TIME},
};
use xxhash_rust::xxh3::Xxh3;

use crate::{
    AttributeQuery, Split, SplitId,
    block::{Batches, Block, BlockError, BlockReader, OpenBlock, Read, Suspects, TimeRange},
    memtable::{Chunk, Memtable, MemtableMinutes},
    rollup::{Known, RollupError},
    self_metrics::BLOCK_READ_FAILURES_TOTAL,
    shown::Shown,
    text::{Candidates, TextFilter, TextIndex},
    threads::Core,
    wal::Lsn,
};

mod cardinality;
mod edges;
mod minutes;
mod series;
mod stretches;

pub use cardinality::{KeyCount, SeriesCount, SeriesCounts, SeriesLimits};
pub use series::SeriesPlace;
pub use stretches::{Stretch, stretches_within};

#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("select rows in memory")]
    Memory(#[from] ArrowError),
    #[error("add up spans")]
    Rollup(#[from] RollupError),
    #[error("read block {path} with {rows} rows")]
    Block { path: PathBuf, rows: u64, source: BlockError },
    #[error("this snapshot has no {split:?} in {table}")]
    NoSuchSplit { table: Table, split: SplitId },
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
    /// Of each table of sums: spans of blocks up to here are in no row of it.
    rolled_up_since: [Lsn; Table::ROLLUPS.len()],
    /// What has rows of its own in sums, and how much may.
    known: Arc<Known>,
    rollup_values_max: usize,
    /// How far each memtable reaches in the log.
    memory_lsns: Vec<Lsn>,
    /// When the newest row in memory arrived.
    last_received: Option<i64>,
    /// Of each memtable with spans, and the place of its last chunk of them.
    memtable_minutes: Vec<(Arc<MemtableMinutes>, usize)>,
    /// What spans in memory add up to, once somebody asked.
    unflushed_minutes: OnceLock<Vec<RecordBatch>>,
}

impl Snapshot {
    pub(crate) fn new(tenant: TenantId, shown: &Shown, reader: BlockReader, replay_bytes_left: u64, core: &Core) -> Self {
        let chunks = Table::ALL.map(|table| shown.memtables().flat_map(|memtable| memtable.chunks(tenant, table)).cloned().collect());
        let replaying =
            shown.replaying.then(|| format!("{replay_bytes_left} bytes of the write-ahead log are still being read after a restart"));
        let mut spans = 0;
        let of_memtable = |memtable: &Memtable| {
            spans += memtable.chunks(tenant, Table::Spans).len();
            memtable.minutes(tenant).map(|minutes| (Arc::clone(minutes), spans))
        };
        let memtable_minutes = shown.memtables().filter_map(of_memtable).collect();
        Self {
            tenant,
            chunks,
            memory_lsns: shown.memtables().map(Memtable::last_lsn).collect(),
            memtable_minutes,
            last_received: shown.memtables().filter_map(|memtable| memtable.last_received(tenant)).max(),
            blocks: Arc::clone(&shown.blocks),
            reader,
            partial: replaying.into_iter().collect(),
            rolled_up_since: core.rolled_up_since,
            known: shown.known(tenant),
            rollup_values_max: core.config.rollup_values_max,
            unflushed_minutes: OnceLock::new(),
        }
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
    /// When spans in memory cannot be added up. A block that cannot be read is named in [`Rows::partial`].
    pub fn scan(&self, table: Table) -> Result<Rows, ReadError> {
        let mut rows = self.rows_of_blocks(table, |block| self.reader.scan(block));
        match table {
            Table::OperationMinutes => self.add_minutes(&mut rows)?,
            Table::EdgeMinutes => self.add_edges(&mut rows)?,
            _ => {}
        }
        rows.batches.extend(self.chunks(table).iter().map(|chunk| chunk.batch.clone()));
        Ok(rows)
    }

    /// What a scan of `table` consists of: each row is in exactly one split. From memory and catalog alone, no file is touched.
    /// Splits of blocks first, in the order in which they were written, then those in memory. Of a table of sums the latter are what spans
    /// add up to that are in no sum yet: O(spans that came since the last snapshot that was asked).
    pub fn splits(&self, table: Table) -> Vec<Split> {
        let blocks = self.blocks_of(table).map(|block| Split::of_block(Arc::clone(block)));
        match table {
            Table::OperationMinutes => return blocks.chain(self.minutes_splits()).collect(),
            Table::EdgeMinutes => return blocks.chain(self.edges_splits()).collect(),
            _ => {}
        }
        blocks.chain(self.chunks(table).iter().enumerate().map(|(index, chunk)| Split::of_memory(index, &chunk.batch))).collect()
    }

    /// When the newest of all rows arrived; whatever was acknowledged until then is in this snapshot. `None`: there are none. O(blocks).
    pub fn watermark(&self) -> Option<UnixNanos> {
        let of_blocks = self.blocks.iter().filter(|block| block.tenant == self.tenant).map(|block| block.last_received);
        of_blocks.chain(self.last_received.map(UnixNanos)).max()
    }

    /// Why rows may be missing from every answer; empty when replay is complete.
    pub fn partial(&self) -> &[String] {
        &self.partial
    }

    /// Names what the rows of `table` in `time` are, of all times without it: as long as it is the same, so are they. `None` while some are
    /// in memory, where more may join them, or are still read from the log. Looks at the times of rows in memory.
    pub fn version(&self, table: Table, time: Option<TimeRange>) -> Option<u64> {
        let overlaps = |block: &Block| overlaps(block, time);
        let in_memory = match table {
            Table::OperationMinutes => self.has_unflushed_minutes(time),
            // What a half becomes is told by halves of any time.
            Table::EdgeMinutes => self.has_unflushed_minutes(time) || self.blocks_of(Table::EdgeHalves).any(|block| overlaps(block)),
            _ => self.chunks(table).iter().any(|chunk| has_rows_in(table, &chunk.batch, time)),
        };
        if in_memory || !self.partial.is_empty() {
            return None;
        }
        Some(self.version_of_blocks(table, time))
    }

    fn version_of_blocks(&self, table: Table, time: Option<TimeRange>) -> u64 {
        let mut hash = Xxh3::new();
        let added_up = self.blocks_to_add_up().filter(|_| table.is_rollup());
        let all = self.blocks_of(table).chain(added_up).filter(|block| overlaps(block, time));
        all.for_each(|block| hash.update(&block.id.to_le_bytes()));
        hash.digest()
    }

    /// The rows of a split in memory, with the table's schema. Cheap; of a table of sums it may read a block of spans, once.
    ///
    /// # Errors
    /// When this snapshot has no such split, or spans cannot be added up.
    pub fn memory(&self, table: Table, index: usize) -> Result<RecordBatch, ReadError> {
        match table {
            Table::OperationMinutes => return self.minutes(table, index),
            Table::EdgeMinutes => return self.edges(index),
            _ => {}
        }
        let chunk = self.chunks(table).get(index);
        chunk.map(|chunk| chunk.batch.clone()).ok_or(ReadError::NoSuchSplit { table, split: SplitId::Memory(index) })
    }

    /// Opens a block for reading. Blocking: reads its footer unless that is cached.
    ///
    /// # Errors
    /// When this snapshot has no such block, or it cannot be opened (counted and logged).
    pub fn open(&self, table: Table, id: u64) -> Result<OpenBlock, ReadError> {
        let block = self.block(table, id);
        let block = block.ok_or(ReadError::NoSuchSplit { table, split: SplitId::Block(id) })?;
        OpenBlock::new(&self.reader, Arc::clone(block)).map_err(|source| self.unreadable(block, source))
    }

    /// The rows of block `id` that can belong to a trace, by its index; `None` when there is no index to ask. Blocking.
    pub fn rows_of_trace(&self, table: Table, id: u64, trace: TraceId) -> Option<Vec<Range<usize>>> {
        let block = self.block(table, id)?;
        self.reader.rows_of_trace(block, trace)
    }

    /// As [`Self::rows_of_trace`], of several traces, one after the other: neither in order nor without repetition.
    pub fn rows_of_traces(&self, table: Table, id: u64, traces: &[TraceId]) -> Option<Vec<Range<usize>>> {
        let block = self.block(table, id)?;
        self.reader.rows_of_traces(block, traces)
    }

    /// The rows of block `id` that can answer a question about text, by its indexes. Blocking: loads them unless they are cached.
    pub fn rows_of_text(&self, table: Table, id: u64, filter: &TextFilter) -> Candidates {
        self.text_index(table, id).map_or(Candidates::All, |index| index.candidates(filter))
    }

    /// Exactly the rows of block `id` that answer it, without reading any; `None` when only a scan can tell. Blocking as above.
    pub fn exact_rows_of_text(&self, table: Table, id: u64, filter: &TextFilter) -> Option<Vec<Range<usize>>> {
        self.text_index(table, id)?.exact_rows(filter)
    }

    /// The rows of block `id` that can have such attributes, by its index. Blocking as above.
    pub fn rows_of_attributes(&self, table: Table, id: u64, query: &AttributeQuery) -> Candidates {
        let index = self.block(table, id).and_then(|block| self.reader.attribute_index(block));
        index.map_or(Candidates::All, |index| index.candidates(query))
    }

    fn text_index(&self, table: Table, id: u64) -> Option<Arc<TextIndex>> {
        let block = self.block(table, id)?;
        self.reader.text_index(block)
    }

    /// Rows of one row group of an open block.
    ///
    /// # Errors
    /// When it cannot be read (counted and logged); so for each batch.
    pub fn read(&self, block: &OpenBlock, read: Read) -> Result<impl Iterator<Item = Result<RecordBatch, ReadError>> + use<>, ReadError> {
        let of = block.block();
        let suspects = self.reader.suspects().clone();
        let batches: Batches = block.read(read).map_err(|source| unreadable(&suspects, &of, source))?;
        Ok(batches.map(move |batch| batch.map_err(|source| unreadable(&suspects, &of, source))))
    }

    /// Blocks are in the order of their ids.
    fn block(&self, table: Table, id: u64) -> Option<&Arc<Block>> {
        let place = self.blocks.binary_search_by_key(&id, |block| block.id).ok()?;
        self.blocks.get(place).filter(|block| block.tenant == self.tenant && block.table == table)
    }

    fn blocks_of(&self, table: Table) -> impl Iterator<Item = &Arc<Block>> {
        self.blocks.iter().filter(move |block| block.tenant == self.tenant && block.table == table)
    }

    fn chunks(&self, table: Table) -> &[Arc<Chunk>] {
        let place = Table::ALL.iter().position(|one| *one == table);
        place.and_then(|place| self.chunks.get(place)).map_or(&[], Vec::as_slice)
    }

    fn rows_of_blocks(&self, table: Table, read: impl Fn(&Block) -> Result<Vec<RecordBatch>, BlockError>) -> Rows {
        let mut rows = Rows { batches: Vec::new(), partial: self.partial.clone() };
        for block in self.blocks_of(table) {
            match read(block) {
                Ok(batches) => rows.batches.extend(batches),
                Err(error) => {
                    rows.partial.push(format!("block {} with {} rows cannot be read: {error}", block.path.display(), block.rows));
                    self.unreadable(block, error);
                }
            }
        }
        rows
    }

    fn unreadable(&self, block: &Block, source: BlockError) -> ReadError {
        unreadable(self.reader.suspects(), block, source)
    }
}

fn overlaps(block: &Block, time: Option<TimeRange>) -> bool {
    time.is_none_or(|time| block.time.first <= time.last && time.first <= block.time.last)
}

fn has_rows_in(table: Table, rows: &RecordBatch, time: Option<TimeRange>) -> bool {
    let Some(time) = time else { return rows.num_rows() > 0 };
    let name = if table == Table::Spans { START_TIME } else { TIME };
    let times = rows.column_by_name(name).and_then(|column| column.as_primitive_opt::<TimestampNanosecondType>());
    times.is_none_or(|times| times.values().iter().any(|at| (time.first.0..=time.last.0).contains(at)))
}

/// Counted, and looked at by the background.
fn unreadable(suspects: &Suspects, block: &Block, source: BlockError) -> ReadError {
    suspects.note(block.id);
    metrics::counter!(BLOCK_READ_FAILURES_TOTAL).increment(1);
    tracing::error!(path = %block.path.display(), error = &source as &dyn std::error::Error, "block cannot be read");
    ReadError::Block { path: block.path.clone(), rows: block.rows, source }
}
