//! Which rows go into which block, and in what order. Pure.
//!
//! 1. Every row gets an event time; spans get that of their trace's first span among the rows, so that a trace stays whole.
//! 2. The busiest UTC hours get a block of their own ([`OwnHours`]); the stragglers of all other hours share one `late` block, so that
//!    an old import beside live data does not make hundreds of files.
//!    An hour that had not begun an hour after the last row arrived is no hour of its own either: a clock that is wrong makes no blocks
//!    that wait for years to be merged.
//! 3. Inside a block:
//!    - spans by (start of the trace's first span, trace id, start time): time prunes row groups and pages, a trace is one run
//!      of rows, and neighbours have close times, which is what makes the files small;
//!    - logs and derived rows by (service, time);
//!    - metrics by (metric name, series, time).
//! 4. A row group ends between two traces, once it is large enough.

use std::{cmp::Reverse, collections::HashMap};

use arrow::{
    array::{Array, AsArray, DictionaryArray, FixedSizeBinaryArray, PrimitiveArray},
    datatypes::{ArrowPrimitiveType, Int32Type, TimestampNanosecondType, UInt64Type},
    record_batch::RecordBatch,
};
use schemas::{
    Table, UnixNanos,
    columns::{METRIC_NAME, SERIES_ID, SERVICE_NAME, START_TIME, TIME, TRACE_ID},
};

use super::{TimeRange, TraceRun};

const HOUR_NS: i64 = 3600 * 1_000_000_000;
/// A row group is closed before the next trace after this many rows,
const ROW_GROUP_ROWS: usize = 64 * 1024;
/// and anywhere after this many.
const ROW_GROUP_ROWS_MAX: usize = 512 * 1024;

/// Event time of the rows of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Hour {
    /// Hours since the epoch.
    Of(i64),
    /// Any hours: the stragglers.
    Late,
}

impl Hour {
    pub(crate) fn containing(time: UnixNanos) -> Self {
        Self::Of(time.0.div_euclid(HOUR_NS))
    }
}

/// (batch, row)
pub(crate) type RowPlace = (usize, usize);

/// Which hours get a block of their own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OwnHours {
    /// At most so many,
    max: usize,
    /// of at least so many rows,
    rows_min: usize,
    /// that began before this.
    end: i64,
}

impl OwnHours {
    /// Of a cut, whose last row arrived at `received`: one, or two around the turn of the hour.
    pub(crate) fn of_cut(received: UnixNanos) -> Self {
        Self { max: 2, rows_min: 1, end: received.0.saturating_add(HOUR_NS) }
    }

    /// Of `late` blocks that become one: those worth a row group.
    pub(crate) fn of_rewrite(received: UnixNanos) -> Self {
        Self { max: 24, rows_min: ROW_GROUP_ROWS, ..Self::of_cut(received) }
    }
}

/// What one block will hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BlockPlan {
    pub hour: Hour,
    pub rows: Vec<RowPlace>,
    /// Ends (exclusive) of the row groups within `rows`; the last is the number of rows.
    pub row_group_ends: Vec<usize>,
    pub traces: Vec<TraceRun>,
    pub time: TimeRange,
    /// Rows that happen more than an hour after the last one arrived.
    pub future_rows: u64,
}

/// The columns of `table` that [`plan`] looks at.
pub(crate) fn key_columns(table: Table) -> &'static [&'static str] {
    match table {
        Table::Spans => &[TRACE_ID, START_TIME],
        Table::Logs => &[SERVICE_NAME, TIME],
        Table::Metrics => &[METRIC_NAME, SERIES_ID, TIME],
        _ => &[SERVICE_NAME, TIME],
    }
}

/// Plans the blocks of rows of `table`, of which `batches` have at least the [`key_columns`]. Each row is in exactly one plan; no plan is
/// empty. Rows of one hour become one block.
pub(crate) fn plan(table: Table, batches: &[&RecordBatch], own: OwnHours) -> Vec<BlockPlan> {
    match table {
        Table::Spans => plan_spans(batches, own),
        Table::Metrics => plan_rows(batches, METRIC_NAME, Some(SERIES_ID), own),
        _ => plan_rows(batches, SERVICE_NAME, None, own),
    }
}

struct Span {
    /// Its bytes as a number, which has the same order and is compared faster.
    trace: u128,
    start: i64,
    place: RowPlace,
}

/// Neighbours in the list of spans.
struct Trace {
    start: i64,
    first: usize,
    spans: usize,
}

fn plan_spans(batches: &[&RecordBatch], own: OwnHours) -> Vec<BlockPlan> {
    let mut spans = Vec::with_capacity(batches.iter().map(|batch| batch.num_rows()).sum());
    for (index, batch) in batches.iter().enumerate() {
        let ids = fixed(batch, TRACE_ID);
        let starts = primitive::<TimestampNanosecondType>(batch, START_TIME);
        spans.extend((0..batch.num_rows()).map(|row| Span {
            trace: u128::from_be_bytes(ids.value(row).try_into().expect("the schema says 16 bytes")),
            start: starts.value(row),
            place: (index, row),
        }));
    }
    spans.sort_unstable_by_key(|span| (span.trace, span.start, span.place));

    let mut traces: Vec<Trace> = Vec::new();
    for (index, span) in spans.iter().enumerate() {
        match traces.last_mut() {
            Some(trace) if spans[trace.first].trace == span.trace => trace.spans += 1,
            _ => traces.push(Trace { start: span.start, first: index, spans: 1 }),
        }
    }
    let hours = Hours::choose(traces.iter().map(|trace| (trace.start, trace.spans)), own);
    traces.sort_by_key(|trace| (hours.of(trace.start), trace.start));
    traces
        .chunk_by(|a, b| hours.of(a.start) == hours.of(b.start))
        .map(|traces| plan_traces(BlockPlan::empty(&hours, traces[0].start), traces, &spans, own))
        .collect()
}

fn plan_traces(mut plan: BlockPlan, traces: &[Trace], spans: &[Span], own: OwnHours) -> BlockPlan {
    for trace in traces {
        let rows = &spans[trace.first..trace.first + trace.spans];
        plan.traces.push(TraceRun::new(&rows[0].trace.to_be_bytes(), plan.rows.len() as u32));
        rows.iter().for_each(|span| plan.push(span.place, span.start, own));
        plan.end_row_group(ROW_GROUP_ROWS);
    }
    plan.finish()
}

/// Orders rows by the text in `group`, then the number in `series`, then `time`.
fn plan_rows(batches: &[&RecordBatch], group: &str, series: Option<&str>, own: OwnHours) -> Vec<BlockPlan> {
    let groups = text_ranks(batches, group);
    let mut rows = Vec::with_capacity(batches.iter().map(|batch| batch.num_rows()).sum());
    for (index, batch) in batches.iter().enumerate() {
        let times = primitive::<TimestampNanosecondType>(batch, TIME);
        let series = series.map(|name| primitive::<UInt64Type>(batch, name));
        let series = |row: usize| series.map_or(0, |series| series.value(row));
        rows.extend((0..batch.num_rows()).map(|row| (groups[index][row], series(row), times.value(row), (index, row))));
    }
    let hours = Hours::choose(rows.iter().map(|(_, _, time, _)| (*time, 1)), own);
    rows.sort_unstable_by_key(|(group, series, time, place)| (hours.of(*time), *group, *series, *time, *place));
    let of_one_hour = rows.chunk_by(|a, b| hours.of(a.2) == hours.of(b.2));
    of_one_hour
        .map(|rows| {
            let mut plan = BlockPlan::empty(&hours, rows[0].2);
            rows.iter().for_each(|(_, _, time, place)| plan.push(*place, *time, own));
            plan.finish()
        })
        .collect()
}

impl BlockPlan {
    /// Of the hour that has `time`.
    fn empty(hours: &Hours, time: i64) -> Self {
        let hour = hours.of(time);
        let time = TimeRange { first: UnixNanos(i64::MAX), last: UnixNanos(i64::MIN) };
        Self { hour, rows: Vec::new(), row_group_ends: Vec::new(), traces: Vec::new(), time, future_rows: 0 }
    }

    fn push(&mut self, place: RowPlace, time: i64, own: OwnHours) {
        self.future_rows += u64::from(time > own.end);
        self.rows.push(place);
        self.time.first = self.time.first.min(UnixNanos(time));
        self.time.last = self.time.last.max(UnixNanos(time));
        self.end_row_group(ROW_GROUP_ROWS_MAX);
    }

    fn end_row_group(&mut self, rows_min: usize) {
        if self.rows.len() - self.row_group_ends.last().copied().unwrap_or(0) >= rows_min {
            self.row_group_ends.push(self.rows.len());
        }
    }

    fn finish(mut self) -> Self {
        self.end_row_group(1);
        self
    }
}

/// The hours that get a block of their own.
struct Hours(Vec<i64>);

impl Hours {
    /// `rows`: event time and number of rows.
    fn choose(rows: impl Iterator<Item = (i64, usize)>, own: OwnHours) -> Self {
        let mut counts: HashMap<i64, usize> = HashMap::new();
        for (time, rows) in rows {
            *counts.entry(time.div_euclid(HOUR_NS)).or_default() += rows;
        }
        let mut hours: Vec<(Reverse<usize>, i64)> = counts.into_iter().map(|(hour, rows)| (Reverse(rows), hour)).collect();
        hours.sort_unstable();
        let is_only = hours.len() == 1;
        let has_begun = |hour: i64| hour.saturating_mul(HOUR_NS) <= own.end;
        let chosen = hours.into_iter().filter(|(Reverse(rows), hour)| (is_only || *rows >= own.rows_min) && has_begun(*hour)).take(own.max);
        Self(chosen.map(|(_, hour)| hour).collect())
    }

    fn of(&self, time: i64) -> Hour {
        let hour = time.div_euclid(HOUR_NS);
        if self.0.contains(&hour) { Hour::Of(hour) } else { Hour::Late }
    }
}

/// For every row the place of its text among all texts of the column; rows without one come first.
fn text_ranks(batches: &[&RecordBatch], name: &str) -> Vec<Vec<u32>> {
    let columns: Vec<&DictionaryArray<Int32Type>> = batches.iter().map(|batch| column(batch, name).as_dictionary::<Int32Type>()).collect();
    let mut texts: Vec<&str> = columns.iter().flat_map(|column| column.values().as_string::<i32>().iter().flatten()).collect();
    texts.sort_unstable();
    texts.dedup();
    let rank = |text: Option<&str>| text.and_then(|text| texts.binary_search(&text).ok()).map_or(0, |place| place as u32 + 1);
    let of_column = |column: &DictionaryArray<Int32Type>| {
        let ranks: Vec<u32> = column.values().as_string::<i32>().iter().map(rank).collect();
        column.keys().iter().map(|key| key.and_then(|key| ranks.get(key as usize)).copied().unwrap_or(0)).collect()
    };
    columns.into_iter().map(of_column).collect()
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> &'a dyn Array {
    batch.column_by_name(name).expect("a table batch has the table's schema")
}

fn fixed<'a>(batch: &'a RecordBatch, name: &str) -> &'a FixedSizeBinaryArray {
    column(batch, name).as_fixed_size_binary()
}

fn primitive<'a, T: ArrowPrimitiveType>(batch: &'a RecordBatch, name: &str) -> &'a PrimitiveArray<T> {
    column(batch, name).as_primitive()
}
