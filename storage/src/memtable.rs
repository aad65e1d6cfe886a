//! Rows that are in no block yet, in the order of the log.
//!
//! ```text
//! (tenant, table) -> chunks   [512 rows] [47] [47] [64] [8] [8] [1] [1]
//!                                                   `- eight small neighbours became one; what an SDK batched stays as it came
//! chunk = one Arrow batch + (spans) its trace index, both immutable: a snapshot keeps the chunks it saw
//! ```
//! `minutes` keeps what the spans add up to.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use arrow::{
    array::{Array, AsArray, FixedSizeBinaryArray, UInt32Array},
    compute::{concat_batches, take_record_batch},
    datatypes::TimestampNanosecondType,
    error::ArrowError,
    record_batch::RecordBatch,
};
use schemas::{
    Table, TableBatch, TenantId, TraceId,
    columns::{RECEIVED_AT, TRACE_ID},
};

use crate::{
    block::{TraceRun, TraceRuns},
    wal::Lsn,
};

mod minutes;

pub(crate) use minutes::MemtableMinutes;

/// So many small neighbours become one chunk.
const FAN_IN: usize = 8;
/// "Small" for each round of merging, in rows. Only requests of very few rows pay: their arrays weigh more than their values.
/// Merging everything up to blocks of 2,048 rows cost a quarter of all ingest CPU.
const SMALL_ROWS: [usize; 2] = [4, 32];
/// Chunks of this size are left alone however few their rows.
const SMALL_BYTES: usize = 1 << 20;

/// Rows up to some place in the log. All tables of a request are in the same memtable.
#[derive(Debug, Default)]
pub(crate) struct Memtable {
    parts: BTreeMap<(TenantId, Table), Vec<Arc<Chunk>>>,
    /// Of those who have spans.
    minutes: BTreeMap<TenantId, Arc<MemtableMinutes>>,
    /// When the newest rows of each arrived, in nanoseconds since 1970.
    last_received: BTreeMap<TenantId, i64>,
    last_lsn: Lsn,
    bytes: u64,
    oldest: Option<Instant>,
}

impl Memtable {
    /// Adds the rows of one request. `lsn` is higher than any before.
    ///
    /// INVARIANT: all of them or none. Indexing comes first, merging is optional: where one of them panics, no request is half seen.
    pub(crate) fn insert(&mut self, tenant: TenantId, lsn: Lsn, batches: Vec<TableBatch>) {
        if let Some(received) = batches.iter().filter_map(|batch| received(&batch.batch)?.last().copied()).max() {
            let last = self.last_received.entry(tenant).or_insert(received);
            *last = received.max(*last);
        }
        let with_rows = batches.into_iter().filter(|batch| batch.batch.num_rows() > 0);
        let chunks: Vec<(Table, Chunk)> = with_rows.map(|TableBatch { table, batch }| (table, Chunk::new(table, batch))).collect();
        let tables: Vec<Table> = chunks.iter().map(|(table, _)| *table).collect();
        self.cover(lsn);
        for (table, chunk) in chunks {
            self.oldest.get_or_insert_with(Instant::now);
            self.bytes += chunk.bytes as u64;
            if table == Table::Spans {
                self.minutes.entry(tenant).or_default();
            }
            self.parts.entry((tenant, table)).or_default().push(Arc::new(chunk));
        }
        for table in tables {
            let chunks = self.parts.entry((tenant, table)).or_default();
            for small_rows in SMALL_ROWS {
                let (before, after) = merge_tail(table, chunks, small_rows);
                self.bytes = self.bytes - before as u64 + after as u64;
            }
        }
    }

    /// Says that nothing up to `lsn` is missing, though it may have no rows.
    pub(crate) fn cover(&mut self, lsn: Lsn) {
        self.last_lsn = self.last_lsn.max(lsn);
    }

    pub(crate) fn last_lsn(&self) -> Lsn {
        self.last_lsn
    }

    /// Whether there is nothing to write and no place in the log to remember.
    pub(crate) fn is_empty(&self) -> bool {
        self.last_lsn == Lsn::ZERO
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How long its first row has been in memory.
    pub(crate) fn age(&self, now: Instant) -> Duration {
        self.oldest.map_or(Duration::ZERO, |oldest| now.saturating_duration_since(oldest))
    }

    pub(crate) fn parts(&self) -> impl Iterator<Item = (TenantId, Table, &[Arc<Chunk>])> {
        self.parts.iter().map(|((tenant, table), chunks)| (*tenant, *table, chunks.as_slice()))
    }

    pub(crate) fn chunks(&self, tenant: TenantId, table: Table) -> &[Arc<Chunk>] {
        self.parts.get(&(tenant, table)).map_or(&[], Vec::as_slice)
    }

    /// When the first span of any tenant arrived, in nanoseconds since 1970.
    pub(crate) fn first_span_received(&self) -> Option<i64> {
        let first = |chunks: &Vec<Arc<Chunk>>| received(&chunks.first()?.batch)?.first().copied();
        self.parts.iter().filter(|((_, table), _)| *table == Table::Spans).filter_map(|(_, chunks)| first(chunks)).min()
    }

    /// When the newest row of `tenant` arrived, in nanoseconds since 1970.
    pub(crate) fn last_received(&self, tenant: TenantId) -> Option<i64> {
        self.last_received.get(&tenant).copied()
    }

    /// What the spans of `tenant` add up to; `None` when there are none.
    pub(crate) fn minutes(&self, tenant: TenantId) -> Option<&Arc<MemtableMinutes>> {
        self.minutes.get(&tenant)
    }
}

/// When the rows of a request arrived.
fn received(rows: &RecordBatch) -> Option<&[i64]> {
    Some(rows.column_by_name(RECEIVED_AT)?.as_primitive_opt::<TimestampNanosecondType>()?.values())
}

/// Replaces the small chunks at the end by one when there are enough of them. Returns their bytes before and after.
fn merge_tail(table: Table, chunks: &mut Vec<Arc<Chunk>>, small_rows: usize) -> (usize, usize) {
    let small = |chunk: &&Arc<Chunk>| chunk.batch.num_rows() < small_rows && chunk.bytes < SMALL_BYTES;
    let count = chunks.iter().rev().take_while(small).count();
    if count < FAN_IN {
        return (0, 0);
    }
    let start = chunks.len() - count;
    let tail = &chunks[start..];
    let before = tail.iter().map(|chunk| chunk.bytes).sum();
    match concat_batches(&table.schema(), tail.iter().map(|chunk| &chunk.batch)) {
        Ok(batch) => {
            let merged = Chunk::new(table, batch);
            let after = merged.bytes;
            let small = chunks.split_off(start);
            chunks.push(Arc::new(merged));
            drop(small);
            (before, after)
        }
        Err(error) => {
            tracing::warn!(%error, "small batches stay apart");
            (0, 0)
        }
    }
}

/// One batch of a memtable.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub batch: RecordBatch,
    traces: TraceRuns,
    bytes: usize,
}

impl Chunk {
    fn new(table: Table, batch: RecordBatch) -> Self {
        let traces = match table {
            Table::Spans => TraceRuns::new(trace_runs(trace_ids(&batch)), batch.num_rows() as u32),
            _ => TraceRuns::default(),
        };
        let bytes = batch.get_array_memory_size() + traces.memory_bytes();
        Self { batch, traces, bytes }
    }

    /// The spans of `id`, if there are any.
    pub(crate) fn trace(&self, id: TraceId) -> Result<Option<RecordBatch>, ArrowError> {
        let ids = trace_ids(&self.batch);
        let candidates = self.traces.find(id).into_iter().flatten();
        let rows: UInt32Array = candidates.filter(|row| ids.value(*row) == id.as_bytes()).map(|row| Some(row as u32)).collect();
        if rows.is_empty() { Ok(None) } else { take_record_batch(&self.batch, &rows).map(Some) }
    }
}

fn trace_ids(spans: &RecordBatch) -> &FixedSizeBinaryArray {
    spans.column_by_name(TRACE_ID).expect("spans have a trace id").as_fixed_size_binary()
}

/// Where the trace changes, in row order.
fn trace_runs(ids: &FixedSizeBinaryArray) -> Vec<TraceRun> {
    let begins = |row: &usize| *row == 0 || ids.value(*row) != ids.value(row - 1);
    (0..ids.len()).filter(begins).map(|row| TraceRun::new(ids.value(row), row as u32)).collect()
}
