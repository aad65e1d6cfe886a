//! Facts of a window and its look-back, folded.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use arrow::array::RecordBatch;
use governance::{
    facts::{BreakerSignal, Error, Rejection},
    fold::{Breaker, BreakerId, Folded, Input, TraceShape, fold},
    tables::{self, RowError},
};
use http::StatusCode;
use schemas::{Table, UnixNanos};
use tokio::sync::oneshot;

use super::{
    super::{problem::Problem, sql::problem_in},
    cache::Cache,
    window::Window,
};
use crate::engine::{Engine, EngineError, Facts, FactsQuestion, Question, Summary, TimeSpan};

/// Rows of one table for one fold.
const FACTS_MAX: usize = 300_000;
const HOUR: i64 = 3_600_000_000_000;
/// How far the look-back reaches, step by step, as long as there is room.
const LOOK_BACK: [i64; 3] = [HOUR, 6 * HOUR, 24 * HOUR];
/// A window that ended so long ago is closed: what comes later is late.
const CLOSED_AFTER: i64 = 60_000_000_000;

/// What the fold says of a window.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub folded: Folded,
    /// As they were folded: `folded.verdicts` is about them.
    pub rejections: Vec<Rejection>,
    /// State before is unknown.
    pub since: UnixNanos,
    pub until: UnixNanos,
    pub cost: Cost,
}

/// Of all questions to the engine.
#[derive(Debug, Clone, Default)]
pub(in crate::api) struct Cost {
    pub scanned_rows: u64,
    pub scanned_bytes: u64,
    pub partial: Vec<String>,
    pub warnings: Vec<String>,
}

impl Cost {
    pub(in crate::api) fn add(&mut self, summary: Summary) {
        self.scanned_rows += summary.scanned_rows;
        self.scanned_bytes += summary.scanned_bytes;
        self.partial.extend(summary.partial);
        self.partial.sort_unstable();
        self.partial.dedup();
    }

    pub(in crate::api) fn append(&mut self, other: Self) {
        self.scanned_rows += other.scanned_rows;
        self.scanned_bytes += other.scanned_bytes;
        self.partial.extend(other.partial);
        self.partial.sort_unstable();
        self.partial.dedup();
        self.warnings.extend(other.warnings);
    }
}

impl Told {
    /// A guess at the memory of one, texts included.
    pub(super) const BYTES_OF_REJECTION: usize = size_of::<Rejection>() + 200;

    /// A guess, for the limit of the cache.
    pub(super) fn bytes(&self) -> usize {
        let of_breaker = |breaker: &Breaker| {
            let of_history = breaker.instances.iter().map(|history| {
                history.transitions.len() * 1000
                    + history.trips.len() * 300
                    + history.refused.capacity() * 24
                    + history.conflicts.len() * 500
            });
            1000 + of_history.sum::<usize>() + breaker.trips.len() * 500 + breaker.segments.len() * 32
        };
        self.folded.breakers.iter().map(of_breaker).sum::<usize>()
            + self.rejections.capacity() * Self::BYTES_OF_REJECTION
            + self.folded.verdicts.len() * 24
    }

    pub(super) fn breaker(&self, id: BreakerId) -> Result<&Breaker, Problem> {
        self.folded.breaker(id).ok_or_else(|| {
            let detail = format!("no fact from {} on is about breaker {id}", super::shapes::rfc3339(self.since));
            Problem::new(StatusCode::NOT_FOUND, "breaker_not_found", "There is no such breaker", detail)
                .hint("GET /api/v1/breakers lists those of a window; ask for another `start` and `end`")
        })
    }
}

/// Reads and folds; cheap to clone.
#[derive(Clone)]
pub(in crate::api) struct Folds {
    pub engine: Engine,
    cache: Arc<Cache>,
}

impl Folds {
    pub(in crate::api) fn new(engine: Engine) -> Self {
        Self { engine, cache: Arc::new(Cache::default()) }
    }

    pub(super) async fn told(&self, window: Window, now: UnixNanos) -> Result<Arc<Told>, Problem> {
        if let Some(told) = self.cache.get(window, Instant::now()) {
            return Ok(told);
        }
        let (reply, answered) = oneshot::channel();
        let folds = self.clone();
        // Reading and folding takes time, so it is done where questions are answered.
        let _work = self.engine.spawn(async move {
            // Whoever asked may be gone.
            let _ = reply.send(folds.load(window).await);
        });
        let told = answered.await.unwrap_or_else(|_| Err(internal("a bug ended the fold")))?;
        let told = Arc::new(told);
        self.cache.put(window, &told, window.end.0 + CLOSED_AFTER <= now.0, Instant::now());
        Ok(told)
    }

    async fn load(&self, window: Window) -> Result<Told, Problem> {
        let mut cost = Cost::default();
        let span = |start: i64, end: i64| TimeSpan { start: Some(UnixNanos(start)), end: Some(UnixNanos(end)) };
        let mut facts = Read::default();
        if !self.read(span(window.start.0, window.end.0), &mut facts, &mut cost).await? {
            let detail = format!("the window holds more than {FACTS_MAX} rows of a governance table");
            let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "too_expensive", "The answer costs more than is allowed", detail);
            return Err(problem.hint("ask for a shorter window"));
        }
        let mut since = window.start.0;
        for reach in LOOK_BACK {
            let earlier = window.start.0.saturating_sub(reach);
            let mut more = facts.clone_counts();
            if !self.read(span(earlier, since), &mut more, &mut cost).await? {
                cost.warnings
                    .push(format!("too many facts before: states before {} are unknown", super::shapes::rfc3339(UnixNanos(since))));
                break;
            }
            facts.append(more);
            since = earlier;
        }
        let mut shape = TraceShape::default();
        let question = Facts::RefusedSpans(span(since, window.end.0));
        for batch in self.rows(question, &mut cost).await?.0 {
            for error in tables::errors::read(&batch).map_err(unreadable)? {
                if let (Some(trace), Some(span)) = (error.evidence.trace_id, error.evidence.span_id) {
                    shape.add(trace, span, error.evidence.parent_span_id);
                }
            }
        }
        let (since, until) = (UnixNanos(since), window.end);
        let input = Input { spans: Some(&shape), ..Input::new(&facts.rejections, &facts.signals, since, until) };
        let folded = fold(&input);
        Ok(Told { folded, rejections: facts.rejections, since, until, cost })
    }

    /// Adds the facts of `time`; false when there are too many.
    async fn read(&self, time: TimeSpan, facts: &mut Read, cost: &mut Cost) -> Result<bool, Problem> {
        let (rejections, whole) = self.rows(Facts::Of(Table::Rejections, time), cost).await?;
        let (signals, all) = self.rows(Facts::Of(Table::BreakerSignals, time), cost).await?;
        for batch in rejections {
            facts.rejections.extend(tables::rejections::read(&batch).map_err(unreadable)?);
        }
        for batch in signals {
            facts.signals.extend(tables::breaker_signals::read(&batch).map_err(unreadable)?);
        }
        Ok(whole && all && facts.before.0 + facts.rejections.len() <= FACTS_MAX && facts.before.1 + facts.signals.len() <= FACTS_MAX)
    }

    /// The rows, and whether these are all.
    pub(in crate::api) async fn rows(&self, which: Facts, cost: &mut Cost) -> Result<(Vec<RecordBatch>, bool), Problem> {
        let question = Question::Facts(FactsQuestion { which, limit: FACTS_MAX });
        let failed = |error: EngineError| problem_in("start", error);
        let mut answer = self.engine.ask(question).await.map_err(failed)?;
        let batches = answer.collect().await.map_err(failed)?;
        let summary = answer.summary();
        let whole = summary.truncated.is_none();
        cost.add(summary);
        Ok((batches, whole))
    }

    pub(super) async fn errors(&self, time: TimeSpan, services: Vec<String>, cost: &mut Cost) -> Result<Vec<Error>, Problem> {
        let (batches, whole) = self.rows(Facts::Errors(time, services), cost).await?;
        if !whole {
            cost.warnings.push(format!("only {FACTS_MAX} errors were looked at"));
        }
        let mut errors = Vec::new();
        for batch in batches {
            errors.extend(tables::errors::read(&batch).map_err(unreadable)?);
        }
        Ok(errors)
    }
}

#[derive(Default)]
struct Read {
    rejections: Vec<Rejection>,
    signals: Vec<BreakerSignal>,
    /// Facts of either table that others hold.
    before: (usize, usize),
}

impl Read {
    fn clone_counts(&self) -> Self {
        Self { before: (self.rejections.len(), self.signals.len()), ..Self::default() }
    }

    fn append(&mut self, more: Self) {
        self.rejections.extend(more.rejections);
        self.signals.extend(more.signals);
    }
}

pub(in crate::api) fn unreadable(error: RowError) -> Problem {
    internal(&format!("a governance table cannot be read: {error}"))
}

pub(in crate::api) fn internal(message: &str) -> Problem {
    problem_in("start", EngineError::Internal { message: message.to_owned() })
}

/// How long an answer took.
pub(in crate::api) fn took_ms(elapsed: Duration) -> f64 {
    (elapsed.as_secs_f64() * 1e6).round() / 1e3
}
