//! Spans of minutes that a window begins or ends in, where sums by minute do not tell what is within it. Every window of an hour that ends
//! within the same minute needs the same ones, and their rows are far apart in blocks: they are kept.

use std::sync::Arc;

use arrow::{array::RecordBatch, error::ArrowError};
use schemas::{Table, UnixNanos};
use storage::{
    Snapshot,
    rollup::{EDGE_SPAN_COLUMNS, SPAN_COLUMNS},
};

use super::{Found, Narrow, TimeSpan};
use crate::{
    analytics::minutes::MINUTE_NS,
    engine::{Engine, EngineError, Question, Summary},
    search::Search,
};

/// Before and after a minute whose calls are counted: halves of calls that lie further apart are not joined.
pub(super) const MARGIN_NS: i64 = MINUTE_NS;
/// Of a minute with more spans only those that are asked for are read, each time.
const SPANS_MAX: u64 = 150_000;

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

/// All spans of a minute, of everybody; `None`: they are not over, or too many.
///
/// # Errors
/// What ended the question.
pub(super) async fn cut_spans(
    engine: &Engine,
    snapshot: &Arc<Snapshot>,
    (of, minute): (Of, i64),
) -> Result<Option<(Arc<Vec<RecordBatch>>, Summary)>, EngineError> {
    let stretch = snapshot.stretches(Table::Spans, &[minute], MINUTE_NS, of.around_ns()).into_iter().next();
    let version = stretch.filter(|stretch| stretch.rows <= SPANS_MAX).and_then(|stretch| stretch.version);
    let Some(version) = version else { return Ok(None) };
    let kept = engine.stretches();
    if let Some(known) = kept.spans((of, minute), version) {
        return Ok(Some((known, Summary { watermark: snapshot.watermark(), ..Summary::default() })));
    }
    let (start, end) = (minute.saturating_sub(of.around_ns()), minute.saturating_add(MINUTE_NS).saturating_add(of.around_ns()));
    let time = TimeSpan { start: Some(UnixNanos(start)), end: Some(UnixNanos(end)) };
    let found = Found { table: Table::Spans, text: String::new(), search: Search::Everything, time, now: UnixNanos(0) };
    let question = Question::Narrow(Narrow { found, columns: of.columns(), equal: Vec::new() });
    let add = |spans: &mut Vec<RecordBatch>, batch: &RecordBatch| {
        spans.push(batch.clone());
        Ok::<_, ArrowError>(())
    };
    let (spans, summary) = engine.gather_of(question, Some(Arc::clone(snapshot)), Vec::new(), add).await?;
    let spans = Arc::new(spans);
    // What could not be read may be back later.
    if summary.partial.is_empty() && summary.truncated.is_none() {
        kept.put_spans((of, minute), version, Arc::clone(&spans));
    }
    Ok(Some((spans, summary)))
}
