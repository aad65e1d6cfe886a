//! Spans of minutes that a window begins or ends in, where sums by minute do not tell what is within it. Every window of an hour that ends
//! within the same minute needs the same ones, and their rows are far apart in blocks: they are kept.

use std::sync::Arc;

use arrow::{array::RecordBatch, error::ArrowError};
use schemas::{Table, UnixNanos};
use storage::{
    Snapshot, TimeRange,
    rollup::{EDGE_SPAN_COLUMNS, SPAN_COLUMNS},
    stretches_within,
};

use super::{Found, Narrow, TimeSpan};
use crate::{
    analytics::minutes::MINUTE_NS,
    engine::{Engine, EngineError, Question, Summary},
    search::Search,
};

/// Before and after a minute whose calls are counted: halves of calls that lie further apart are not joined.
pub(super) const MARGIN_NS: i64 = MINUTE_NS;
/// Where there are more spans only those that are asked for are read, each time.
const SPANS_MAX: u64 = 100_000;

/// What they are read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Of {
    Sums,
    /// With a margin.
    Calls,
}

impl Of {
    fn columns(self) -> Vec<&'static str> {
        match self {
            Self::Sums => SPAN_COLUMNS.to_vec(),
            Self::Calls => EDGE_SPAN_COLUMNS.to_vec(),
        }
    }

    fn around_ns(self) -> i64 {
        match self {
            Self::Sums => 0,
            Self::Calls => MARGIN_NS,
        }
    }
}

/// Spans of a minute, of everybody; and whether there were too many to be held.
#[derive(Debug, Default)]
pub(super) struct Cut {
    spans: Vec<RecordBatch>,
    rows: u64,
}

impl Cut {
    fn add(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        self.rows += batch.num_rows() as u64;
        if self.is_whole() {
            self.spans.push(batch.clone());
        } else {
            self.spans.clear();
        }
        Ok(())
    }

    /// Guesses may be wrong by so much.
    fn is_whole(&self) -> bool {
        self.rows <= 2 * SPANS_MAX
    }

    pub(super) fn spans(&self) -> &[RecordBatch] {
        &self.spans
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.spans.iter().map(RecordBatch::get_array_memory_size).sum::<usize>()
    }
}

/// All spans of a minute, of everybody; `None`: they are not over, or too many.
///
/// # Errors
/// What ended the question.
pub(super) async fn cut_spans(
    engine: &Engine,
    snapshot: &Arc<Snapshot>,
    (of, minute): (Of, i64),
) -> Result<Option<(Arc<Cut>, Summary)>, EngineError> {
    let (start, end) = (minute.saturating_sub(of.around_ns()), minute.saturating_add(MINUTE_NS).saturating_add(of.around_ns()));
    // Of the minute in which a window ends spans are mostly in memory.
    let time = TimeRange { first: UnixNanos(start), last: UnixNanos(end.saturating_sub(1)) };
    let Some(version) = snapshot.version(Table::Spans, Some(time)) else { return Ok(None) };
    let kept = engine.stretches();
    if let Some(known) = kept.spans((of, minute), version) {
        let summary = Summary { watermark: snapshot.watermark(), ..Summary::default() };
        return Ok(known.is_whole().then_some((known, summary)));
    }
    let minutes: Vec<i64> = stretches_within(start, end, MINUTE_NS).collect();
    let rows = snapshot.stretches(Table::Spans, &minutes, MINUTE_NS, 0).iter().map(|stretch| stretch.rows).sum::<u64>();
    if rows > SPANS_MAX {
        return Ok(None);
    }
    let time = TimeSpan { start: Some(UnixNanos(start)), end: Some(UnixNanos(end)) };
    let found = Found { table: Table::Spans, text: String::new(), search: Search::Everything, time, now: UnixNanos(0) };
    let question = Question::Narrow(Narrow { found, columns: of.columns(), equal: Vec::new() });
    let (cut, summary) = engine.gather_of(question, Some(Arc::clone(snapshot)), Cut::default(), Cut::add).await?;
    let cut = Arc::new(cut);
    // What could not be read may be back later.
    if summary.partial.is_empty() && summary.truncated.is_none() {
        kept.put_spans((of, minute), version, Arc::clone(&cut));
    }
    Ok(cut.is_whole().then_some((cut, summary)))
}
