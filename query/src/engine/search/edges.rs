//! Calls between services within a stretch of time.
//!
//! ```text
//! window          [-------------------)
//! minutes     |    |    |    |    |    |
//! read from     ^   \--- rows ---/  ^
//!               spans of a minute that the window begins or ends in, unless its rows tell that all of it is within
//! ```
//! Where some spans of the window are older than `edge_minutes`, all of it is read from spans.
//!
//! INVARIANT: all of it is of the snapshot, and every call is counted once.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

use arrow::{
    array::{AsArray, BooleanArray, RecordBatch},
    compute::{filter_record_batch, max},
    datatypes::TimestampNanosecondType,
    error::ArrowError,
};
use schemas::{Table, UnixNanos, columns as c};
use storage::{
    Snapshot, TimeRange,
    rollup::{EDGE_SPAN_COLUMNS, EdgeMinutes, RollupError, minute_of},
};

use super::{
    Found, Narrow, TimeSpan,
    cut_spans::{MARGIN_NS, Of, cut_spans},
};
use crate::{
    analytics::{
        graph::{CALL_COLUMNS, Calls},
        minutes::MINUTE_NS,
    },
    engine::{Engine, EngineError, Question, Summary},
    search::Search,
    trace::UnexpectedType,
};

/// Spans read for calls that are in no row, at most.
const SPANS_MAX: usize = 1_000_000;

/// By the start of the called span, or of the calling one where nobody answers. Times are half-open, in nanoseconds since 1970.
#[derive(Debug, Clone)]
pub(crate) struct EdgesQuestion {
    pub start_ns: i64,
    pub end_ns: i64,
    /// Of the caller; `None`: any.
    pub environment: Option<String>,
}

/// The calls, and how many spans were too many to be looked at.
///
/// # Errors
/// What ended the question.
pub(crate) async fn edges(engine: &Engine, snapshot: Arc<Snapshot>, question: EdgesQuestion) -> Result<(Calls, u64, Summary), EngineError> {
    let asked = Asked { engine, snapshot, question: &question };
    let (start, end) = (question.start_ns, question.end_ns);
    let time = TimeRange { first: UnixNanos(start.saturating_sub(MARGIN_NS)), last: UnixNanos(end.saturating_add(MARGIN_NS)) };
    if !asked.snapshot.has_edges_of(time) {
        let mut calls = Calls::default();
        let (left_out, summary) = asked.add_spans(&mut calls, None, start..end).await?;
        return Ok((calls, left_out, summary));
    }
    let (mut rows, mut summary) = asked.rows().await?;
    let mut left_out = 0;
    for (minute, batches) in std::mem::take(&mut rows.cut) {
        if start <= minute && batches.iter().all(|rows| newest(rows).is_some_and(|newest| newest < end)) {
            let environment = question.environment.as_deref();
            batches.iter().try_for_each(|rows_of| rows.calls.add(rows_of, environment, |_| true)).map_err(internal)?;
            continue;
        }
        let counts = start.max(minute)..end.min(minute.saturating_add(MINUTE_NS));
        let (too_many, of_spans) = asked.add_spans(&mut rows.calls, Some(minute), counts).await?;
        left_out += too_many;
        summary = summary.then(of_spans);
    }
    Ok((rows.calls, left_out, summary))
}

struct Asked<'a> {
    engine: &'a Engine,
    snapshot: Arc<Snapshot>,
    question: &'a EdgesQuestion,
}

impl Asked<'_> {
    /// Those of whole minutes; of the others beside them.
    async fn rows(&self) -> Result<(Rows, Summary), EngineError> {
        let EdgesQuestion { start_ns, end_ns, environment } = self.question;
        let columns = CALL_COLUMNS.iter().chain([&c::NEWEST_TIME]).copied().collect();
        let equal = environment.iter().map(|environment| (c::DEPLOYMENT_ENVIRONMENT, environment.clone())).collect();
        let rows = Rows::new(*start_ns, *end_ns);
        let time = (minute_of(*start_ns), *end_ns);
        self.gather((Table::EdgeMinutes, columns, equal), time, rows, Rows::add).await
    }

    /// Adds the calls among spans, as far as they are in `counts`, which may be within a minute. Returns how many spans were too many.
    async fn add_spans(&self, calls: &mut Calls, minute: Option<i64>, counts: Range<i64>) -> Result<(u64, Summary), EngineError> {
        let time = counts.start.saturating_sub(MARGIN_NS)..counts.end.saturating_add(MARGIN_NS);
        let kept = match minute {
            Some(minute) => cut_spans(self.engine, &self.snapshot, (Of::Calls, minute)).await?,
            None => None,
        };
        let (spans, left_out, summary) = match kept {
            Some((cut, summary)) => (cut.spans().to_vec(), 0, summary),
            None => {
                let spans = (Table::Spans, EDGE_SPAN_COLUMNS.to_vec(), Vec::new());
                let (spans, summary) = self.gather(spans, (time.start, time.end), Spans::default(), Spans::add).await?;
                (spans.batches, spans.left_out, summary)
            }
        };
        let snapshot = Arc::clone(&self.snapshot);
        let add_up = move || -> Result<RecordBatch, RollupError> {
            let near: Vec<RecordBatch> = spans.iter().map(|spans| within(spans, &time)).collect::<Result<_, _>>()?;
            let mut edges = EdgeMinutes::default();
            edges.add_cut(&near, counts)?;
            edges.settle(i64::MAX);
            snapshot.limit_edges(&mut edges);
            Ok(edges.finish()?.0)
        };
        let rows = self.engine.compute(add_up).await?.map_err(internal)?;
        calls.add(&rows, self.question.environment.as_deref(), |_| true).map_err(internal)?;
        Ok((left_out, summary))
    }

    async fn gather<T: Send + 'static, E: std::fmt::Display + Send>(
        &self,
        (table, columns, equal): (Table, Vec<&'static str>, Vec<(&'static str, String)>),
        (start, end): (i64, i64),
        into: T,
        add: impl Fn(&mut T, &RecordBatch) -> Result<(), E> + Send + Sync + 'static,
    ) -> Result<(T, Summary), EngineError> {
        let time = TimeSpan { start: Some(UnixNanos(start)), end: Some(UnixNanos(end)) };
        let found = Found { table, text: String::new(), search: Search::Everything, time, now: UnixNanos(0) };
        let question = Question::Narrow(Narrow { found, columns, equal });
        self.engine.gather_of(question, Some(Arc::clone(&self.snapshot)), into, add).await
    }
}

/// Those that began then.
fn within(spans: &RecordBatch, time: &Range<i64>) -> Result<RecordBatch, RollupError> {
    let column = c::START_TIME;
    let starts = spans.column_by_name(column).and_then(|starts| starts.as_primitive_opt::<TimestampNanosecondType>());
    let starts = starts.ok_or(RollupError::Column { column })?.values();
    if starts.iter().all(|start| time.contains(start)) {
        return Ok(spans.clone());
    }
    let near: BooleanArray = starts.iter().map(|start| Some(time.contains(start))).collect();
    Ok(filter_record_batch(spans, &near)?)
}

/// When the newest call of some rows began.
fn newest(rows: &RecordBatch) -> Option<i64> {
    max(rows.column_by_name(c::NEWEST_TIME)?.as_primitive_opt::<TimestampNanosecondType>()?)
}

/// Spans as they are.
#[derive(Default)]
struct Spans {
    batches: Vec<RecordBatch>,
    rows: usize,
    left_out: u64,
}

impl Spans {
    fn add(&mut self, batch: &RecordBatch) -> Result<(), RollupError> {
        if self.rows >= SPANS_MAX {
            self.left_out += batch.num_rows() as u64;
            return Ok(());
        }
        self.rows += batch.num_rows();
        self.batches.push(batch.clone());
        Ok(())
    }
}

/// Rows while they are gathered.
struct Rows {
    calls: Calls,
    /// Rows of minutes that the window has not whole. Minutes without calls in rows have none in spans either.
    cut: BTreeMap<i64, Vec<RecordBatch>>,
    cut_minutes: BTreeSet<i64>,
}

impl Rows {
    fn new(start: i64, end: i64) -> Self {
        let ends = [start, end.saturating_sub(1)].map(minute_of).into_iter();
        let cut_minutes = ends.filter(|minute| *minute < start || minute.saturating_add(MINUTE_NS) > end).collect();
        Self { calls: Calls::default(), cut: BTreeMap::new(), cut_minutes }
    }

    fn add(&mut self, batch: &RecordBatch) -> Result<(), AddError> {
        let cut_minutes = &self.cut_minutes;
        self.calls.add(batch, None, |minute| !cut_minutes.contains(&minute))?;
        let times = batch.column_by_name(c::TIME).and_then(|times| times.as_primitive_opt::<TimestampNanosecondType>());
        let Some(times) = times else { return Ok(()) };
        for minute in &self.cut_minutes {
            let own: BooleanArray = times.values().iter().map(|time| Some(time == minute)).collect();
            if own.true_count() > 0 {
                self.cut.entry(*minute).or_default().push(filter_record_batch(batch, &own)?);
            }
        }
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
enum AddError {
    #[error(transparent)]
    Type(#[from] UnexpectedType),
    #[error(transparent)]
    Arrow(#[from] ArrowError),
}

fn internal(error: impl std::fmt::Display) -> EngineError {
    EngineError::Internal { message: error.to_string() }
}
