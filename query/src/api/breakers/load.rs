//! Facts of a window and its look-back, folded.

use std::{sync::Arc, time::Instant};

use arrow::array::RecordBatch;
use governance::{
    facts::{BreakerSignal, Error, Signal},
    fold::{Alike, Breaker, BreakerId, Folded, Input, Refusal, RefusedCalls, Single, Verdict, fold},
    gather::{Arrivals, Gathered, refusals},
    tables::{self, RowError},
};
use http::StatusCode;
use schemas::{Table, UnixNanos};
use storage::Snapshot;
use tokio::sync::{OnceCell, oneshot};

use super::{
    super::{
        answer::{Cost, rfc3339},
        completeness::Completeness,
        dropped::Losses,
        problem::Problem,
        sql::problem_in,
        window::Window,
    },
    cache::Cache,
    failures::KeptFailures,
    heard::{KnownHeard, gone},
    past_trips::PastTrips,
    top_codes::{TopCodes, top_codes},
};
pub(super) use crate::engine::FACTS_MAX;
use crate::engine::{
    Engine, EngineError, FactRows, Facts, FactsQuestion, HOUR_NS, Push, Question, REFUSALS_MAX, SAMPLES_MAX, Summary, TimeSpan, fold_facts,
    what,
};

/// How far the look-back reaches, as long as there is room.
pub(super) const LOOK_BACK: i64 = 24 * HOUR_NS;
/// The code of a problem: there are too many facts.
pub(super) const TOO_EXPENSIVE: &str = "too_expensive";
/// Reloads that are kept of one fold, and letters of each.
const RELOADS_MAX: usize = 1000;
const RELOAD_TEXT_MAX: usize = 200;
/// A window that ended so long ago is closed: what comes later is late.
const CLOSED_AFTER: i64 = 60_000_000_000;

/// What the fold says of a window.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub folded: Folded,
    pub(super) rejections: Vec<Alike>,
    pub(super) refused: Vec<Arc<RefusedCalls>>,
    /// Rules and settings that were loaded again.
    pub reloads: Vec<Reload>,
    pub(super) arrivals: Arrivals,
    /// State before is unknown.
    pub since: UnixNanos,
    pub until: UnixNanos,
    pub cost: Cost,
    /// Of the last trips; read when somebody asks.
    pub top_codes: OnceCell<(TopCodes, Cost)>,
}

/// Rules or settings of a service were loaded again; of `fusebox`: our own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reload {
    pub time: UnixNanos,
    pub service: String,
    pub text: String,
}

impl Told {
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
            + self.rejections.iter().map(|alike| size_of::<Alike>() + alike.singles.capacity() * size_of::<Single>()).sum::<usize>()
            + self.refused.iter().map(|calls| calls.bytes()).sum::<usize>()
            + self.folded.verdicts.len() * size_of::<Verdict>()
            + self.reloads.len() * (size_of::<Reload>() + RELOAD_TEXT_MAX)
    }

    /// As they were folded, and what became of each.
    pub(super) fn refusals(&self) -> impl Iterator<Item = (Refusal<'_>, &Verdict)> {
        refusals(&self.rejections, &self.refused).zip(&self.folded.verdicts)
    }

    pub(super) fn breaker(&self, id: BreakerId) -> Result<&Breaker, Problem> {
        self.folded.breaker(id).ok_or_else(|| {
            let detail = format!("no fact from {} on is about breaker {id}", rfc3339(self.since));
            Problem::new(StatusCode::NOT_FOUND, "breaker_not_found", "There is no such breaker", detail)
                .hint("GET /api/v1/breakers lists those of a window; ask for another `start` and `end`")
        })
    }
}

/// Reads and folds; cheap to clone.
#[derive(Clone)]
pub(in crate::api) struct Folds {
    pub engine: Engine,
    pub losses: Losses,
    cache: Arc<Cache>,
    pub(super) failures: Arc<KeptFailures>,
    pub(super) heard: Arc<KnownHeard>,
    pub(super) past_trips: Arc<PastTrips>,
}

impl Folds {
    pub(in crate::api) fn new(engine: Engine, losses: Losses) -> Self {
        Self { engine, losses, cache: Arc::default(), failures: Arc::default(), heard: Arc::default(), past_trips: Arc::default() }
    }

    /// How complete statistics of `window` are, whose facts are told; `service` is the one asked for. Facts are counted by minutes, of all
    /// services: what a breaker did is told by all of them.
    pub(super) fn completeness(&self, told: &Told, window: Window, service: Option<&str>, cost: &Cost) -> Completeness {
        let arrived = told.arrivals.within(window.start.0, window.end.0);
        let dropped = self.losses.dropped(&[schemas::Signal::Traces, schemas::Signal::Logs, schemas::Signal::Metrics], service);
        Completeness::of_arrived(arrived, 0, dropped, &cost.partial)
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
            let _ = reply.send(folds.load(window, LOOK_BACK).await);
        });
        let told = answered.await.unwrap_or_else(|_| Err(internal("a bug ended the fold")))?;
        let told = Arc::new(told);
        self.cache.put(window, &told, window.end.0 + CLOSED_AFTER <= now.0, Instant::now());
        Ok(told)
    }

    /// Not kept. Computes on the thread of the caller.
    pub(super) async fn told_once(&self, window: Window) -> Result<Told, Problem> {
        self.load(window, LOOK_BACK).await
    }

    /// Without a look-back, and not kept: for who looks all the time. Computes on the thread of the caller.
    pub(super) async fn recent(&self, window: Window) -> Result<Told, Problem> {
        self.load(window, 0).await
    }

    /// Codes before the last trips of `told`, the fold of `window`, and what both cost.
    pub(super) async fn top_codes<'a>(&self, told: &'a Told, window: Window) -> Result<(&'a TopCodes, Cost), Problem> {
        let read = || async {
            let mut cost = Cost::default();
            let codes = top_codes(self, told, window, &mut cost).await?;
            Ok::<_, Problem>((codes, cost))
        };
        let (codes, cost) = told.top_codes.get_or_try_init(read).await?;
        let mut all = told.cost.clone();
        all.merge(cost);
        Ok((codes, all))
    }

    async fn load(&self, window: Window, look_back: i64) -> Result<Told, Problem> {
        let mut cost = Cost::default();
        let snapshot = Arc::new(self.engine.snapshot());
        // Also where hours are known or empty, and nothing is asked.
        cost.add(&Summary { watermark: snapshot.watermark(), partial: snapshot.partial().to_vec(), ..Summary::default() });
        let mut rows = Rows { engine: &self.engine, snapshot: Arc::clone(&snapshot), cost: &mut cost };
        let wanted = match look_back {
            0 => window.start,
            // Hours that are whole may be known already.
            reach => UnixNanos(window.start.0.saturating_sub(reach).div_euclid(HOUR_NS).saturating_mul(HOUR_NS)),
        };
        let (facts, since) = fold_facts(&mut rows, (&snapshot, self.engine.hours()), (wanted, window.end)).await?;
        if since > window.start {
            let detail = format!(
                "the window holds more than {REFUSALS_MAX} refused calls, {FACTS_MAX} facts of breakers or {SAMPLES_MAX} samples that tell something"
            );
            let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, TOO_EXPENSIVE, "The answer costs more than is allowed", detail);
            return Err(problem.hint("ask for a shorter window"));
        }
        if since > wanted {
            cost.warnings.push(format!("too many facts before: states before {} are unknown", rfc3339(since)));
        }
        let (gathered, until) = (facts.finish(), window.end);
        let input = gathered.input(self.engine.fold_parameters(), (since, until));
        let mut folded = fold(&input);
        // Who asks all the time sees only what is new.
        if look_back > 0 {
            let presence = gone(self, &folded, until, &mut cost).await?;
            if !presence.is_empty() {
                folded = fold(&Input { presence: &presence, ..input });
            }
        }
        let Gathered { rejections, refused, signals, arrivals, .. } = gathered;
        let reloads = signals.iter().filter(|signal| signal.signal == Signal::ConfigReload);
        let reload = |signal: &Arc<BreakerSignal>| Reload {
            time: signal.time,
            service: signal.emitter.service.clone(),
            text: signal.text.chars().take(RELOAD_TEXT_MAX).collect(),
        };
        let reloads = reloads.take(RELOADS_MAX).map(reload).collect();
        Ok(Told { folded, rejections, refused, reloads, arrivals, since, until, cost, top_codes: OnceCell::new() })
    }

    /// The rows, and whether these are all.
    pub(in crate::api) async fn rows(&self, which: Facts, cost: &mut Cost) -> Result<(Vec<RecordBatch>, bool), Problem> {
        let question = Question::Facts(FactsQuestion { which, limit: FACTS_MAX });
        let failed = |error: EngineError| problem_in("start", error);
        let mut answer = self.engine.ask(question).await.map_err(failed)?;
        let batches = answer.collect().await.map_err(failed)?;
        let summary = answer.summary();
        let whole = summary.truncated.is_none();
        cost.add(&summary);
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

/// Rows of one snapshot, so that none is missed between two stretches of time.
struct Rows<'a> {
    engine: &'a Engine,
    snapshot: Arc<Snapshot>,
    cost: &'a mut Cost,
}

impl FactRows for Rows<'_> {
    type Error = Problem;

    async fn read(&mut self, table: Table, time: TimeSpan, mut push: Push<'_>) -> Result<bool, Problem> {
        let question = Question::Facts(FactsQuestion { which: what(table, time), limit: usize::MAX });
        let failed = |error: EngineError| problem_in("start", error);
        let mut answer = self.engine.ask_of(question, Some(Arc::clone(&self.snapshot))).await.map_err(failed)?;
        while let Some(batch) = answer.next().await {
            if !push.batch(&batch.map_err(failed)?)? {
                break;
            }
        }
        let summary = answer.summary();
        self.cost.add(&summary);
        Ok(summary.partial.is_empty())
    }
}

impl From<RowError> for Problem {
    fn from(error: RowError) -> Self {
        unreadable(error)
    }
}

pub(in crate::api) fn unreadable(error: RowError) -> Problem {
    internal(&format!("a governance table cannot be read: {error}"))
}

pub(in crate::api) fn internal(message: &str) -> Problem {
    problem_in("start", EngineError::Internal { message: message.to_owned() })
}
