//! Errors of a window, folded.

use std::{collections::HashMap, sync::Arc, time::Duration};

use arrow::array::RecordBatch;
use governance::{
    arrived::Arrived,
    codes::{
        lineage::Link,
        statistics::{CodeCount, Count, Counts, Reported, Traced},
    },
    tables::{ReportedRows, RowError},
};
use schemas::{Signal, TraceId, UnixNanos};
use storage::Snapshot;
use tokio::sync::oneshot;

use super::{
    super::{
        answer::{Cost, total},
        breakers::{internal, unreadable},
        completeness::Completeness,
        dropped::Losses,
        problem::Problem,
        sql::problem_in,
    },
    asked::Asked,
    cache::Cache,
    past::{Hours, Past},
    propagation::Spans,
    quarters::{Quarters, grain_ns, totals},
};
use crate::{
    codes::{Codes, Known},
    engine::{Engine, EngineError, Facts, FactsQuestion, Question, Summary, TimeSpan},
};

/// Errors, or spans, of the traces of one fold.
const ERRORS_MAX: usize = 1_000_000;
/// Stretches of a trend.
pub(super) const BUCKETS: usize = 60;
/// A window that ended so long ago is closed: what comes later is late.
const CLOSED_AFTER: i64 = 60_000_000_000;
/// Errors may come late: a window that is over is folded anew after that.
const CLOSED_FOR: Duration = Duration::from_secs(30);
/// A window that reaches until now; several parts of one page ask for it at a time.
const LIVE_FOR: Duration = Duration::from_secs(1);
const PAST_FOR: Duration = Duration::from_secs(60);
const TOLD_BYTES_MAX: usize = 64 << 20;
const PAST_BYTES_MAX: usize = 32 << 20;

/// What a window says.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub counts: Counts,
    pub total: f64,
    /// Errors that are in no count, since there are too many.
    pub left_out: u64,
    pub cost: Cost,
}

impl Told {
    /// A guess, for the limit of the cache.
    fn bytes(&self) -> usize {
        let of_code = |code: &CodeCount| {
            1000 + code.message.len() + code.solution.len() + code.trend.len() * 8 + (code.born.len() + code.reaches.len()) * 64
        };
        self.counts.codes.iter().map(of_code).sum::<usize>()
    }
}

/// Reads and folds; cheap to clone.
#[derive(Clone)]
pub(super) struct Folds {
    pub engine: Engine,
    pub codes: Arc<Codes>,
    pub quarters: Arc<Quarters>,
    /// Of the past.
    pub hours: Arc<Hours>,
    losses: Losses,
    told: Arc<Cache<Asked, Told>>,
    pasts: Arc<Cache<UnixNanos, Past>>,
}

impl Folds {
    pub(super) fn new(engine: Engine, codes: Arc<Codes>, losses: Losses) -> Self {
        Self {
            engine,
            codes,
            quarters: Arc::default(),
            hours: Arc::default(),
            losses,
            told: Arc::new(Cache::new(TOLD_BYTES_MAX)),
            pasts: Arc::new(Cache::new(PAST_BYTES_MAX)),
        }
    }

    pub(super) fn known(&self) -> Arc<Known> {
        self.codes.known()
    }

    /// Reading and folding takes time, so it is done where questions are answered.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Problem>> + Send + 'static,
    ) -> Result<T, Problem> {
        let (reply, answered) = oneshot::channel();
        let _work = self.engine.spawn(async move {
            // Whoever asked may be gone.
            let _ = reply.send(work.await);
        });
        answered.await.unwrap_or_else(|_| Err(internal("a bug ended the fold")))
    }

    /// How complete statistics of `codes` are, of what was told and read at this cost.
    pub(super) fn completeness<'c>(
        &self,
        codes: impl IntoIterator<Item = &'c CodeCount>,
        (asked, left_out): (&Asked, u64),
        cost: &Cost,
    ) -> Completeness {
        let mut arrived = Arrived::default();
        codes.into_iter().for_each(|code| arrived.merge(&code.arrived));
        self.completeness_of(arrived, (asked, left_out), cost)
    }

    pub(super) fn completeness_of(&self, arrived: Arrived, (asked, left_out): (&Asked, u64), cost: &Cost) -> Completeness {
        let service = Some(&*asked.service).filter(|service| !service.is_empty());
        // What metrics tell of errors is counted nowhere here.
        let dropped = self.losses.dropped(&[Signal::Traces, Signal::Logs], service);
        Completeness::of_arrived(arrived, left_out, dropped, &cost.partial)
    }

    pub(super) async fn told(&self, asked: &Asked, now: UnixNanos) -> Result<Arc<Told>, Problem> {
        let good_for = if asked.window.end.0 + CLOSED_AFTER <= now.0 { CLOSED_FOR } else { LIVE_FOR };
        let (folds, key) = (self.clone(), asked.clone());
        let work = self.work(async move { folds.fold(&key).await });
        self.told.get(asked.clone(), good_for, Told::bytes, work).await
    }

    /// What was before the window: it ends with the hour in which the window begins.
    pub(super) async fn past(&self, asked: &Asked) -> Result<Arc<Past>, Problem> {
        let until = Past::until(asked.window.start);
        let folds = self.clone();
        let work = self.work(async move { Past::load(&folds, until).await });
        self.pasts.get(until, PAST_FOR, Past::bytes, work).await
    }

    async fn fold(&self, asked: &Asked) -> Result<Told, Problem> {
        let mut cost = Cost::default();
        let window = asked.window;
        let count = Count {
            every_hop: asked.every_hop,
            service: &asked.service,
            environment: &asked.environment,
            start: window.start.0,
            end: window.end.0,
            buckets: BUCKETS,
            grain_ns: grain_ns(window),
        };
        let (totals, unread) = totals(self, window, count, &mut cost).await?;
        let counts = totals.finish();
        if counts.left_out > 0.0 {
            cost.partial.push(format!("{} errors of further codes are left out", counts.left_out));
        }
        let total = total(counts.codes.iter().map(|code| code.count));
        let left_out = unread.saturating_add(counts.left_out.round() as u64);
        Ok(Told { counts, total, left_out, cost })
    }

    /// Roles in a few traces, with their spans. `read` gets them while they are there.
    pub(super) async fn traced<T>(
        &self,
        time: TimeSpan,
        traces: Vec<TraceId>,
        cost: &mut Cost,
        read: impl FnOnce(&Traced<'_>, &HashMap<TraceId, Vec<Link<'_>>>) -> T + Send,
    ) -> Result<T, Problem> {
        let (errors, _) = self.rows(Facts::ReportedIn(time, traces.clone()), ERRORS_MAX, cost).await?;
        let (spans, _) = self.rows(Facts::Spans(traces), ERRORS_MAX, cost).await?;
        let spans = spans_of(&spans)?;
        let links = links_of(&spans);
        let columns = columns(&errors)?;
        let mut reported = Vec::new();
        each(&columns, |error| reported.push(error))?;
        let known = self.known();
        let traced = Traced::of(reported, &known.count, &links, |code| known.catalogue.home(code));
        Ok(read(&traced, &links))
    }

    /// The rows, and whether these are all.
    pub(super) async fn rows(&self, which: Facts, limit: usize, cost: &mut Cost) -> Result<(Vec<RecordBatch>, bool), Problem> {
        let (batches, summary) = self.rows_of((which, limit), None).await?;
        cost.add(&summary);
        Ok((batches, summary.truncated.is_none()))
    }

    /// Rows of this snapshot instead of the newest, with what they cost.
    pub(super) async fn rows_of(
        &self,
        (which, limit): (Facts, usize),
        snapshot: Option<Arc<Snapshot>>,
    ) -> Result<(Vec<RecordBatch>, Summary), Problem> {
        let failed = |error: EngineError| problem_in("start", error);
        let question = Question::Facts(FactsQuestion { which, limit });
        let mut answer = self.engine.ask_of(question, snapshot).await.map_err(failed)?;
        let batches = answer.collect().await.map_err(failed)?;
        Ok((batches, answer.summary()))
    }
}

pub(super) fn columns(batches: &[RecordBatch]) -> Result<Vec<ReportedRows>, Problem> {
    batches.iter().map(ReportedRows::of).collect::<Result<_, RowError>>().map_err(unreadable)
}

/// Spans of traces, of batches of [`Facts::Spans`] or [`Facts::Parents`].
pub(super) fn spans_of(batches: &[RecordBatch]) -> Result<Vec<Spans>, Problem> {
    batches.iter().map(Spans::of).collect::<Result<_, _>>().map_err(unreadable_spans)
}

pub(super) fn links_of(spans: &[Spans]) -> HashMap<TraceId, Vec<Link<'_>>> {
    let mut links: HashMap<TraceId, Vec<Link<'_>>> = HashMap::new();
    for (trace, link) in spans.iter().flat_map(Spans::links) {
        links.entry(trace).or_default().push(link);
    }
    links
}

pub(super) fn each<'a>(columns: &'a [ReportedRows], mut take: impl FnMut(Reported<'a>)) -> Result<(), Problem> {
    for rows in columns {
        for row in 0..rows.len() {
            take(rows.get(row).map_err(unreadable)?);
        }
    }
    Ok(())
}

fn unreadable_spans(error: arrow::error::ArrowError) -> Problem {
    internal(&format!("spans cannot be read: {error}"))
}
