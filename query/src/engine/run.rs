//! Runs questions: each with a permit, a place in the queue, a deadline, a share of memory, and an end when nobody listens.

use std::{
    io,
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use arrow::{datatypes::SchemaRef, record_batch::RecordBatch};
use datafusion::{
    execution::{
        SendableRecordBatchStream,
        disk_manager::{DiskManagerBuilder, DiskManagerMode},
        memory_pool::{GreedyMemoryPool, MemoryPool},
        runtime_env::{RuntimeEnv, RuntimeEnvBuilder},
        session_state::SessionState,
    },
    logical_expr::LogicalPlan,
    physical_plan::execute_stream,
};
use futures::{FutureExt, StreamExt};
use governance::{classify::SharedRules, fold::Parameters};
use schemas::{Table, TenantId, UnixNanos};
use storage::{Snapshot, Store, TimeRange, io::give_way};
use tokio::{
    runtime::{Builder, Runtime},
    sync::{Semaphore, mpsc, oneshot},
    time::{timeout, timeout_at},
};

use super::{
    Answer, Config, EndOnDrop, EngineError, Hours, Question,
    memory::Share,
    question::Limits,
    running::{Place, Running, RunningQuery},
    scan::Usage,
    search::{self, CodeTimes, LiveFilter, Places, Records, SearchQuestion, Stretches},
    session::{session, template},
    sql,
};
use crate::search::Search;

/// Threads that acknowledge come first.
const NICE: i32 = 5;
/// Batches between the engine's threads and who reads the answer.
const BATCHES_AHEAD: usize = 4;

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("start the threads that compute answers")]
    Threads(#[source] io::Error),
    #[error("empty {path}, where large sorts go")]
    Spill { path: std::path::PathBuf, source: io::Error },
    #[error("set up {what}: {message}")]
    DataFusion { what: &'static str, message: String },
}

/// Answers questions over the store. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

struct Shared {
    store: Arc<Store>,
    rules: SharedRules,
    config: Config,
    template: SessionState,
    memory: Arc<dyn MemoryPool>,
    permits: Semaphore,
    exports: Semaphore,
    waiting: AtomicUsize,
    running: Arc<Running>,
    stretches: Stretches,
    code_times: CodeTimes,
    threads: usize,
    hours: Arc<Hours>,
    /// Left running when the last handle goes inside another runtime, where waiting is not allowed.
    runtime: Option<Runtime>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Engine {
    /// Starts the engine's threads and empties its spill directory. `rules` are those that facts are made by.
    ///
    /// # Errors
    /// When the directory cannot be emptied or threads cannot be started.
    pub fn start(store: Arc<Store>, rules: SharedRules, config: Config) -> Result<Self, StartError> {
        let at_spill = |source| StartError::Spill { path: config.spill_dir.clone(), source };
        match std::fs::remove_dir_all(&config.spill_dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at_spill(error)),
            _ => {}
        }
        let threads = match config.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name("query")
            .on_thread_start(|| give_way(NICE))
            .enable_time()
            .build();
        let memory: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(config.memory_bytes_max));
        let hours = Arc::<Hours>::default();
        let shared = Shared {
            store,
            rules,
            template: template(threads, Arc::new(RuntimeEnv::default()), Arc::clone(&hours)),
            memory,
            permits: Semaphore::new(config.concurrent_max),
            exports: Semaphore::new(config.exports_max),
            waiting: AtomicUsize::new(0),
            running: Arc::default(),
            stretches: Stretches::default(),
            code_times: CodeTimes::default(),
            hours,
            runtime: Some(runtime.map_err(StartError::Threads)?),
            threads,
            config,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Asks. Returns once the answer's columns are known; its rows follow.
    ///
    /// # Errors
    /// The asker's mistake, a limit, or ours.
    pub(crate) async fn ask(&self, question: Question) -> Result<Answer, EngineError> {
        self.ask_of(question, None).await
    }

    /// As [`Self::ask`], of this snapshot instead of the newest.
    pub(crate) async fn ask_of(&self, question: Question, snapshot: Option<Arc<Snapshot>>) -> Result<Answer, EngineError> {
        let started = Instant::now();
        let usage = Arc::<Usage>::default();
        let place = self.shared.running.enter(&question.text(), Arc::clone(&usage));
        let (batches, to_asker) = mpsc::channel(BATCHES_AHEAD);
        let (columns, schema) = oneshot::channel();
        let cut = Arc::<Mutex<Option<String>>>::default();
        let work = Work {
            shared: Arc::clone(&self.shared),
            limits: Limits::of(&question, &self.shared.config),
            snapshot,
            place,
            usage: Arc::clone(&usage),
            batches,
            columns: Some(columns),
            cut: Arc::clone(&cut),
            started,
        };
        let task = self.spawn(work.run(question));
        let schema = schema.await.unwrap_or(Err(EngineError::Cancelled))?;
        Ok(Answer { schema, batches: to_asker, usage, cut, started, _task: task })
    }

    /// What a fold must know of the rules.
    pub(crate) fn fold_parameters(&self) -> Parameters {
        self.shared.rules.get().parameters()
    }

    /// What the store has at this moment.
    pub(crate) fn snapshot(&self) -> Snapshot {
        self.shared.store.snapshot(TenantId::DEFAULT)
    }

    /// A search to ask of rows as they arrive.
    ///
    /// # Errors
    /// The asker's mistake, for instance a search that no row can answer alone.
    pub(crate) fn live_filter(&self, of: (Table, &str), search: &Search, now: UnixNanos) -> Result<LiveFilter, EngineError> {
        let snapshot = Arc::new(self.shared.store.snapshot(TenantId::DEFAULT));
        search::live_filter(&self.shared.template, &snapshot, of, search, now)
    }

    /// Whether these records can be asked for; asks nothing.
    ///
    /// # Errors
    /// The asker's mistake.
    pub(crate) fn check(&self, table: Table, records: &Records, now: UnixNanos) -> Result<(), EngineError> {
        search::check(&Arc::new(self.shared.store.snapshot(TenantId::DEFAULT)), table, records, now)
    }

    /// Of a table, by what the catalog says.
    pub(crate) fn rows(&self, table: Table) -> u64 {
        self.shared.store.snapshot(TenantId::DEFAULT).splits(table).iter().map(|split| split.rows).sum()
    }

    /// Names what the rows of `table` in `time` are: see [`Snapshot::version`].
    pub(crate) fn version(&self, table: Table, time: Option<TimeRange>) -> Option<u64> {
        self.shared.store.snapshot(TenantId::DEFAULT).version(table, time)
    }

    /// Sums and spans that are kept from question to question.
    pub(super) fn stretches(&self) -> &Stretches {
        &self.shared.stretches
    }

    /// When errors were, kept from question to question.
    pub(super) fn code_times(&self) -> &CodeTimes {
        &self.shared.code_times
    }

    /// What is left of facts, kept from question to question.
    pub(crate) fn hours(&self) -> &Hours {
        &self.shared.hours
    }

    /// How many threads answer questions.
    pub(crate) fn threads(&self) -> usize {
        self.shared.threads
    }

    /// Runs `work` on the engine's threads.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> EndOnDrop {
        let runtime = self.shared.runtime.as_ref().expect("taken only when dropped");
        EndOnDrop(runtime.spawn(work).abort_handle())
    }

    pub(crate) fn running(&self) -> Vec<RunningQuery> {
        self.shared.running.list()
    }

    /// Ends a question; false when there is none of this id.
    pub(crate) fn cancel(&self, id: u64) -> bool {
        self.shared.running.cancel(id)
    }
}

/// One question on the engine's threads.
struct Work {
    shared: Arc<Shared>,
    limits: Limits,
    /// The newest when it is the question's turn, if none is given.
    snapshot: Option<Arc<Snapshot>>,
    place: Place,
    usage: Arc<Usage>,
    batches: mpsc::Sender<Result<RecordBatch, EngineError>>,
    /// Taken once the columns, or an error before them, are known.
    columns: Option<oneshot::Sender<Result<SchemaRef, EngineError>>>,
    cut: Arc<Mutex<Option<String>>>,
    started: Instant,
}

impl Work {
    async fn run(mut self, question: Question) {
        let deadline = self.limits.deadline;
        let cancelled = self.place.cancelled();
        let answered = tokio::select! {
            answered = timeout_at((self.started + deadline).into(), AssertUnwindSafe(self.answer(question)).catch_unwind()) => answered,
            () = cancelled.cancelled() => Ok(Ok(Err(EngineError::Cancelled))),
        };
        let error = match answered {
            Ok(Ok(Ok(()))) => return,
            Ok(Ok(Err(error))) => error,
            Ok(Err(_)) => EngineError::Internal { message: "a bug ended the question; the server log has the details".to_owned() },
            Err(_) => EngineError::Deadline { deadline },
        };
        tracing::debug!(%error, "question ended without an answer");
        let Self { place, columns, batches, .. } = self;
        // Who reads of the end finds the question gone.
        drop(place);
        match columns {
            Some(columns) => drop(columns.send(Err(error))),
            None => drop(batches.send(Err(error)).await),
        }
    }

    async fn answer(&mut self, question: Question) -> Result<(), EngineError> {
        let shared = Arc::clone(&self.shared);
        let _permit = shared.turn(matches!(question, Question::Export(_))).await?;
        self.place.computing();
        let snapshot = self.snapshot.take().unwrap_or_else(|| Arc::new(shared.store.snapshot(TenantId::DEFAULT)));
        snapshot.partial().iter().for_each(|reason| self.usage.missing(reason.clone()));
        self.usage.looked_until(snapshot.watermark());
        let state = session(&shared.template, shared.runtime_env()?, Arc::clone(&snapshot), Arc::clone(&self.usage), shared.rules.get())?;
        let plan: LogicalPlan = match question {
            Question::Series(question) => return self.send(search::series_stream(&snapshot, &self.usage, question)).await,
            Question::Sql { text, params } => sql::plan(&state, &text, params).await?,
            Question::Search(question) => {
                let places = places(&state, &snapshot, &question).await?;
                search::records_plan(&snapshot, &question, places.as_ref())?
            }
            Question::Traces(question) => search::traces_plan(&snapshot, &question)?,
            Question::TraceParts(question) => search::parts_plan(&snapshot, &question)?,
            Question::FieldValues(question) => search::values_plan(&snapshot, &question)?,
            Question::Export(question) => search::export_plan(&snapshot, &question)?,
            Question::Group(question) => search::group_plan(&snapshot, &question)?,
            Question::Extent(found) => search::extent_plan(&snapshot, &found)?,
            Question::Histogram(question) => search::histogram_plan(&snapshot, &question)?,
            Question::FoundValues(question) => search::found_values_plan(&snapshot, &question)?,
            Question::Lines(question) => search::lines_plan(&snapshot, &question)?,
            Question::Facts(question) => search::facts_plan(&snapshot, &question)?,
            Question::Codes(question) => search::codes_plan(&snapshot, &question)?,
            Question::Narrow(question) => search::narrow_plan(&snapshot, &question)?,
            Question::Points(question) => search::points_plan(&snapshot, &question)?,
        };
        let plan = state.create_physical_plan(&plan).await?;
        self.send(execute_stream(plan, state.task_ctx())?).await
    }

    /// Hands the batches on, as far as the limits allow.
    async fn send(&mut self, mut stream: SendableRecordBatchStream) -> Result<(), EngineError> {
        let Limits { rows_max, bytes_max, pause_max, .. } = self.limits;
        if let Some(columns) = self.columns.take() {
            drop(columns.send(Ok(stream.schema())));
        }
        let (mut rows, mut bytes) = (0, 0);
        while let Some(batch) = stream.next().await {
            let batch = batch?;
            let left = rows_max - rows;
            rows += batch.num_rows().min(left);
            bytes = batch.get_array_memory_size().saturating_add(bytes);
            let cut = if batch.num_rows() > left {
                Some(format!("the answer has more than {rows_max} rows; use LIMIT or an aggregate"))
            } else if bytes > bytes_max {
                Some(format!("the answer has more than {bytes_max} bytes; select fewer columns or rows"))
            } else {
                None
            };
            let ends = cut.is_some();
            *self.cut.lock().expect("no holder panics") = cut;
            let batch = batch.slice(0, batch.num_rows().min(left));
            let taken =
                timeout(pause_max, self.batches.send(Ok(batch))).await.map_err(|_| EngineError::Deadline { deadline: pause_max })?;
            if taken.is_err() || ends {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Where the records of a page are, when that is asked for first.
async fn places(state: &SessionState, snapshot: &Arc<Snapshot>, question: &SearchQuestion) -> Result<Option<Places>, EngineError> {
    let Some(plan) = search::places_plan(snapshot, question)? else { return Ok(None) };
    let mut rows = execute_stream(state.create_physical_plan(&plan).await?, state.task_ctx())?;
    let mut places = Places::default();
    while let Some(batch) = rows.next().await {
        places.add(&batch?);
    }
    Ok(Some(places))
}

impl Shared {
    async fn turn(&self, export: bool) -> Result<tokio::sync::SemaphorePermit<'_>, EngineError> {
        let (permits, running) =
            if export { (&self.exports, self.config.exports_max) } else { (&self.permits, self.config.concurrent_max) };
        if let Ok(permit) = permits.try_acquire() {
            return Ok(permit);
        }
        let _waiting = Waiting::enter(&self.waiting, self.config.waiting_max)
            .ok_or(EngineError::Busy { running, waiting: self.config.waiting_max })?;
        Ok(permits.acquire().await.expect("the semaphore is never closed"))
    }

    /// Memory and spill files of one question.
    fn runtime_env(&self) -> Result<Arc<RuntimeEnv>, EngineError> {
        // DataFusion looks and then makes the directory, which fails when two questions do so at once. When it cannot be made at all,
        // the question that needs it says so.
        let _ = std::fs::create_dir_all(&self.config.spill_dir);
        let spill = DiskManagerBuilder::default()
            .with_mode(DiskManagerMode::Directories(vec![self.config.spill_dir.clone()]))
            .with_max_temp_directory_size(self.config.spill_bytes_max);
        let share = Share::new(Arc::clone(&self.memory), self.config.question_memory_bytes_max);
        let runtime = RuntimeEnvBuilder::new().with_memory_pool(Arc::new(share)).with_disk_manager_builder(spill).build_arc();
        runtime.map_err(|error| EngineError::Internal { message: error.to_string() })
    }
}

struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn enter(count: &'a AtomicUsize, max: usize) -> Option<Self> {
        let entered = count.fetch_update(Ordering::AcqRel, Ordering::Acquire, |waiting| (waiting < max).then_some(waiting + 1));
        entered.is_ok().then_some(Self(count))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
