//! Errors of a window added up quarter by quarter of an hour, with what is kept of quarters that are over.
//!
//! ```text
//! quarters   the newest first: nothing there --> next
//!            known from an earlier question  --> its sums
//!            else read, with as many of those before it as are small, and a minute around them
//! ```
//!
//! The minute around tells what the errors of traces that reach over an edge are; each error is counted in the quarter of its time. So memory
//! is that of the rows of a few quarters and of sums. A quarter is kept as long as its rows and those around it are those of the same
//! blocks, none of them in memory, and the same rules say what counts.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use governance::{
    codes::{
        counted::CountRule,
        statistics::{Count, Reported, Stretch, Sums, Totals, unlinked},
    },
    tables::ReportedRows,
};
use schemas::{Table, TraceId, UnixNanos};
use storage::{Snapshot, stretches_within};

use super::{
    super::{
        answer::{Cost, rfc3339},
        problem::Problem,
        window::Window,
    },
    load::{Folds, columns, each, links_of, spans_of},
    propagation::Spans,
};
use crate::engine::{Facts, Kept, Summary, TimeSpan};

const QUARTER_NS: i64 = 900_000_000_000;
/// How much around a quarter is read for the lineage of its errors.
const AROUND_NS: i64 = 60_000_000_000;
/// Windows so long and longer are answered from what is kept. In their trends times are rounded down to so much.
const LONG_NS: i64 = 3_600_000_000_000;
const GRAIN_NS: i64 = 10_000_000_000;
/// Errors of one quarter.
const QUARTER_ERRORS_MAX: usize = 1_000_000;
/// Rows of several quarters that are read at once.
const TOGETHER_MAX: u64 = 200_000;
/// Errors that are read for one answer, of quarters that are not kept.
const READ_MAX: usize = 4_000_000;
/// Traces whose spans are read, because errors alone do not tell what came of what; the newest. In others an error that was translated
/// over a span that did not fail counts as born twice.
const UNLINKED_MAX: usize = 2000;
const SPANS_MAX: usize = 200_000;
/// All sums together: a quarter with a hundred codes is reckoned to take 100 to 200 KB.
const BYTES_MAX: usize = 128 << 20;

/// Sums of quarters that are over.
#[derive(Debug)]
pub(super) struct Quarters(Kept<i64, Sums>);

impl Default for Quarters {
    fn default() -> Self {
        Self(Kept::new(BYTES_MAX))
    }
}

/// How times are rounded in the trend of a window.
pub(super) fn grain_ns(window: Window) -> i64 {
    if window.length_ns() >= LONG_NS { GRAIN_NS } else { 1 }
}

/// A quarter, or as much of it as is within the window.
#[derive(Debug, Clone, Copy)]
struct Quarter {
    stretch: Stretch,
    /// When it is over: what its rows are, and what counts.
    version: Option<u64>,
    /// A guess; zero: there are none.
    rows: u64,
}

impl Quarter {
    /// The quarters of a window, the last one first.
    fn of(snapshot: &Snapshot, window: Window, rules: &[CountRule]) -> Vec<Self> {
        let (start, end, grain_ns) = (window.start.0, window.end.0, grain_ns(window));
        let starts: Vec<i64> = stretches_within(start, end, QUARTER_NS).rev().collect();
        let stretches = snapshot.stretches(Table::Errors, &starts, QUARTER_NS, AROUND_NS);
        let rules = {
            let mut hash = DefaultHasher::new();
            rules.hash(&mut hash);
            hash.finish()
        };
        let of = |(begin, known): (i64, storage::Stretch)| {
            let over = begin.saturating_add(QUARTER_NS);
            let is_kept = grain_ns == GRAIN_NS && start <= begin && over <= end;
            Self {
                stretch: Stretch { start: begin.max(start), end: over.min(end), grain_ns },
                version: known.version.filter(|_| is_kept).map(|version| version.rotate_left(21) ^ rules),
                rows: known.rows,
            }
        };
        let mut all: Vec<Self> = starts.into_iter().zip(stretches).map(of).collect();
        // Of traces that began before the window the first quarter knows; so it is not shorter than what is read around the next.
        if let [.., next, first] = &mut all[..]
            && first.stretch.end - first.stretch.start < AROUND_NS
        {
            next.stretch.start = first.stretch.start;
            (next.version, next.rows) = (None, next.rows.saturating_add(first.rows));
            all.pop();
        }
        all
    }
}

impl Quarters {
    fn get(&self, quarter: &Quarter) -> Option<Arc<Sums>> {
        self.0.get(&quarter.stretch.start, quarter.version?)
    }

    fn put(&self, quarter: &Quarter, sums: &Arc<Sums>) {
        if let Some(version) = quarter.version {
            self.0.put(quarter.stretch.start, version, Arc::clone(sums), sums.bytes());
        }
    }
}

/// Errors of the window that `count` asks for; and about how many were not looked at, which `cost` says too.
pub(super) async fn totals<'f>(folds: &Folds, window: Window, count: Count<'f>, cost: &mut Cost) -> Result<(Totals<'f>, u64), Problem> {
    let (snapshot, known) = (Arc::new(folds.engine.snapshot()), folds.known());
    // Also where all is known, and nothing is asked.
    cost.add(&Summary { watermark: snapshot.watermark(), partial: snapshot.partial().to_vec(), ..Summary::default() });
    let quarters = Quarter::of(&snapshot, window, &known.count);
    let mut reader = Reader { folds, snapshot, rules: &known.count, cost, read: 0 };
    let mut totals = Adding { totals: Totals::new(count), newer: None };
    let (mut together_max, mut next, mut unread) = (TOGETHER_MAX, 0, 0_u64);
    while let Some(quarter) = quarters.get(next) {
        if quarter.rows == 0 {
            totals.add(None);
            next += 1;
            continue;
        }
        if let Some(sums) = folds.quarters.get(quarter) {
            totals.add(Some(sums));
            next += 1;
            continue;
        }
        if reader.read >= READ_MAX {
            let before = rfc3339(UnixNanos(quarter.stretch.end));
            let what = format!("errors before {before} were not looked at: there are too many; ask again, or for a shorter window");
            reader.cost.partial.push(what);
            unread = quarters[next..].iter().fold(0, |sum, quarter| sum.saturating_add(quarter.rows));
            break;
        }
        let mut sum = 0_u64;
        let small = |quarter: &&Quarter| {
            sum = sum.saturating_add(quarter.rows);
            sum <= together_max && folds.quarters.get(quarter).is_none()
        };
        let together = quarters[next..].iter().take_while(small).count().max(1);
        let Some(read) = reader.read(&quarters[next..next + together]).await? else {
            // They are not as even as it was guessed.
            together_max = 0;
            continue;
        };
        read.into_iter().for_each(|sums| totals.add(Some(sums)));
        next += together;
    }
    Ok((totals.finish(), unread))
}

/// Holds each quarter back until it is known whether the one before it is added too.
struct Adding<'f> {
    totals: Totals<'f>,
    newer: Option<Arc<Sums>>,
}

impl<'f> Adding<'f> {
    fn add(&mut self, sums: Option<Arc<Sums>>) {
        if let Some(newer) = std::mem::replace(&mut self.newer, sums) {
            self.totals.add(&newer, true);
        }
    }

    fn finish(mut self) -> Totals<'f> {
        if let Some(oldest) = self.newer {
            self.totals.add(&oldest, false);
        }
        self.totals
    }
}

/// Reads rows of one snapshot, so that none is missed between two quarters.
struct Reader<'a> {
    folds: &'a Folds,
    snapshot: Arc<Snapshot>,
    rules: &'a [CountRule],
    cost: &'a mut Cost,
    read: usize,
}

impl Reader<'_> {
    /// Sums of quarters next to each other, in their order; `None` when there are too many errors to read them together.
    async fn read(&mut self, quarters: &[Quarter]) -> Result<Option<Vec<Arc<Sums>>>, Problem> {
        let (start, end) = (quarters.last().map(|quarter| quarter.stretch.start), quarters.first().map(|quarter| quarter.stretch.end));
        let around = TimeSpan {
            start: start.map(|start| UnixNanos(start.saturating_sub(AROUND_NS))),
            end: end.map(|end| UnixNanos(end.saturating_add(AROUND_NS))),
        };
        let question = (Facts::Reported(around), QUARTER_ERRORS_MAX);
        let (batches, summary) = self.folds.rows_of(question, Some(Arc::clone(&self.snapshot))).await?;
        self.cost.add(&summary);
        if summary.truncated.is_some() {
            if quarters.len() > 1 {
                return Ok(None);
            }
            let start = start.map(|start| rfc3339(UnixNanos(start))).unwrap_or_default();
            self.cost.partial.push(format!("only {QUARTER_ERRORS_MAX} errors of the quarter of an hour from {start} were looked at"));
        }
        let is_whole = summary.truncated.is_none() && summary.partial.is_empty();
        let columns = columns(&batches)?;
        let mut errors: Vec<Reported<'_>> = Vec::with_capacity(columns.iter().map(ReportedRows::len).sum());
        each(&columns, |error| errors.push(error))?;
        self.read += errors.len();
        let mut by_time: Vec<usize> = (0..errors.len()).collect();
        by_time.sort_by_key(|&error| errors[error].time());
        let before = |time: i64| by_time.partition_point(|&error| errors[error].time() < time);
        let (spans, all_spans) = self.spans(around, unlinked(errors.iter().copied())).await?;
        let links = links_of(&spans);
        let fold = |quarter: &Quarter| {
            let Stretch { start, end, .. } = quarter.stretch;
            let around = before(start.saturating_sub(AROUND_NS))..before(end.saturating_add(AROUND_NS));
            let sums = Arc::new(Sums::fold(by_time[around].iter().map(|&error| errors[error]), &links, self.rules, quarter.stretch));
            if is_whole && all_spans {
                self.folds.quarters.put(quarter, &sums);
            }
            sums
        };
        Ok(Some(quarters.iter().map(fold).collect()))
    }

    /// Spans of traces in which errors alone do not tell what came of what, and whether none is missing.
    async fn spans(&mut self, time: TimeSpan, mut traces: Vec<TraceId>) -> Result<(Vec<Spans>, bool), Problem> {
        traces.truncate(UNLINKED_MAX);
        if traces.is_empty() {
            return Ok((Vec::new(), true));
        }
        let question = (Facts::Parents(time, traces), SPANS_MAX);
        let (batches, summary) = self.folds.rows_of(question, Some(Arc::clone(&self.snapshot))).await?;
        self.cost.add(&summary);
        Ok((spans_of(&batches)?, summary.partial.is_empty()))
    }
}
