//! Reads facts through the snapshot of the question, folds them, and gives the trips as rows.

use std::{collections::BTreeSet, sync::Arc};

use arrow::{array::RecordBatch, datatypes::SchemaRef};
use async_trait::async_trait;
use datafusion::{
    catalog::{Session, TableProvider},
    common::{DataFusionError, Result, exec_datafusion_err, resources_datafusion_err},
    datasource::memory::MemorySourceConfig,
    execution::memory_pool::{MemoryConsumer, MemoryReservation},
    logical_expr::{Expr, TableType},
    physical_plan::{ExecutionPlan, SendableRecordBatchStream, execute_stream},
};
use futures::StreamExt;
use governance::{
    analytics::{codes, recovery::without_refused},
    facts::Error,
    fold::{Alike, Folded, Input, Parameters, Refused, fold},
    gather::Gathered,
    tables::{self, RowError},
};
use schemas::{Table, UnixNanos};

use super::{
    super::{
        fold_facts::{FACTS_MAX, FactRows, HOUR_NS, Hours, Push, REFUSALS_MAX, SAMPLES_MAX, fold_facts, what},
        scan::OpenSnapshot,
        search::{Facts, FactsQuestion, TimeSpan, calls_of, facts_plan},
    },
    columns::{ADMITTED, ADMITTED_FAILED, Row, TRIGGER_CODE, batch, schema},
};

/// States before are unknown.
const LOOK_BACK_NS: i64 = 24 * 3_600_000_000_000;
/// Errors before the first trip: the run-up, and what is usual.
const ERRORS_BEFORE_NS: i64 = 3_600_000_000_000;

/// The trips that touch `[start, end)`.
pub(super) struct Trips {
    pub open: Arc<OpenSnapshot>,
    pub hours: Arc<Hours>,
    pub parameters: Parameters,
    pub start: UnixNanos,
    pub end: UnixNanos,
}

impl std::fmt::Debug for Trips {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trips").field("start", &self.start).field("end", &self.end).finish_non_exhaustive()
    }
}

#[async_trait]
impl TableProvider for Trips {
    fn schema(&self) -> SchemaRef {
        schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = schema();
        let asked = |name: &str| {
            let index = schema.index_of(name).ok();
            projection.is_none_or(|columns| columns.iter().any(|column| Some(*column) == index))
        };
        let (calls, codes) = (asked(ADMITTED) || asked(ADMITTED_FAILED), asked(TRIGGER_CODE));
        let rows = self.rows(state, calls, codes).await?;
        let plan = MemorySourceConfig::try_new_exec(&[vec![rows]], schema, projection.cloned())?;
        Ok(plan)
    }
}

impl Trips {
    async fn rows(&self, state: &dyn Session, calls: bool, codes: bool) -> Result<RecordBatch> {
        let memory = MemoryConsumer::new("breaker_trips").register(&state.runtime_env().memory_pool);
        // Hours that are whole may be known already.
        let since = UnixNanos(self.start.0.saturating_sub(LOOK_BACK_NS).div_euclid(HOUR_NS).saturating_mul(HOUR_NS));
        let mut read = Rows { of: self, state, memory };
        let of = (&*self.open.snapshot, &*self.hours);
        let (facts, since) = fold_facts(&mut read, of, (since, self.end)).await.map_err(|error| error.0)?;
        if since > self.start {
            return Err(resources_datafusion_err!(
                "breaker_trips needs more than {REFUSALS_MAX} refused calls, {FACTS_MAX} facts of breakers or {SAMPLES_MAX} samples that tell \
                 something; ask for a shorter time"
            ));
        }
        let Gathered { rejections, signals, series, shape, .. } = facts.finish();
        let (parameters, spans) = (self.parameters.clone(), Some(&shape));
        let (rejections, signals) = (rejections.iter().flat_map(Alike::refusals), signals.iter().map(Arc::as_ref));
        let folded = fold(&Input { series: &series, spans, parameters, ..Input::new(rejections, signals, since, self.end) });
        let mut rows = self.touching(&folded);
        if codes {
            self.add_codes(state, &mut rows).await?;
        }
        if calls {
            self.add_calls(state, &mut rows).await?;
        }
        Ok(batch(&rows, self.end)?)
    }

    /// In order of their opening.
    fn touching<'a>(&self, folded: &'a Folded) -> Vec<Row<'a>> {
        let trips = folded.breakers.iter().flat_map(|breaker| breaker.trips.iter().map(move |trip| (breaker, trip)));
        let touching = trips.filter(|(_, trip)| trip.trip.opened.time < self.end && trip.trip.end_or(self.end) > self.start);
        let mut rows: Vec<Row<'a>> = touching.map(|(breaker, trip)| Row { breaker, trip, admitted: None, trigger_code: None }).collect();
        rows.sort_by_key(|row| (row.trip.trip.opened.time, row.breaker.id));
        rows
    }

    async fn add_codes(&self, state: &dyn Session, rows: &mut [Row<'_>]) -> Result<()> {
        let Some(first) = rows.first().map(|row| row.trip.trip.opened.time) else { return Ok(()) };
        let services: BTreeSet<String> = rows.iter().map(|row| row.breaker.key.service.clone()).collect();
        let time = span(UnixNanos(first.0.saturating_sub(ERRORS_BEFORE_NS)), self.end);
        let mut errors: Vec<Error> = Vec::new();
        for batch in self.facts(state, Facts::Errors(time, services.into_iter().collect())).await? {
            errors.extend(tables::errors::read(&batch).map_err(unreadable)?);
        }
        for row in rows {
            row.trigger_code = trigger(&self.parameters, row, &errors);
        }
        Ok(())
    }

    /// Of breakers whose operations are known.
    async fn add_calls(&self, state: &dyn Session, rows: &mut [Row<'_>]) -> Result<()> {
        for row in rows {
            let operations = row.breaker.guarded();
            if operations.is_empty() {
                continue;
            }
            let service = row.breaker.key.service.clone();
            let time = span(row.trip.trip.opened.time, row.trip.trip.end_or(self.end));
            let batches = self.facts(state, Facts::Calls { time, service: service.clone(), operations }).await?;
            let mut calls = Vec::new();
            for batch in &batches {
                calls.extend(calls_of(batch, &service)?);
            }
            let refused: Vec<Refused> = row.breaker.instances.iter().flat_map(|history| history.refused.iter().copied()).collect();
            without_refused(&mut calls, &refused);
            row.admitted = Some(calls.iter().fold((0.0, 0.0), |sum, call| (sum.0 + call.admitted, sum.1 + call.failed)));
        }
        Ok(())
    }

    /// # Errors
    /// When there are more rows than one fold takes: a part of them would tell other trips.
    async fn facts(&self, state: &dyn Session, which: Facts) -> Result<Vec<RecordBatch>> {
        let question = which.clone();
        let mut stream = self.stream(state, which, FACTS_MAX).await?;
        let (mut batches, mut rows) = (Vec::new(), 0);
        while let Some(batch) = stream.next().await {
            let batch = batch?;
            rows += batch.num_rows();
            if rows > FACTS_MAX {
                return Err(resources_datafusion_err!(
                    "breaker_trips needs more than {FACTS_MAX} rows ({}); ask for a shorter time",
                    FactsQuestion { which: question, limit: FACTS_MAX }
                ));
            }
            batches.push(batch);
        }
        Ok(batches)
    }

    async fn stream(&self, state: &dyn Session, which: Facts, limit: usize) -> Result<SendableRecordBatchStream> {
        let question = FactsQuestion { which, limit };
        let plan = facts_plan(&self.open.snapshot, &question).map_err(|error| exec_datafusion_err!("{error}"))?;
        let plan = state.create_physical_plan(&plan).await?;
        execute_stream(plan, state.task_ctx())
    }
}

/// Reads through the snapshot of the question.
struct Rows<'a> {
    of: &'a Trips,
    state: &'a dyn Session,
    memory: MemoryReservation,
}

/// So that a row that cannot be read ends the question.
struct Failed(DataFusionError);

impl From<RowError> for Failed {
    fn from(error: RowError) -> Self {
        Self(unreadable(error))
    }
}

impl FactRows for Rows<'_> {
    type Error = Failed;

    async fn read(&mut self, table: Table, time: TimeSpan, mut push: Push<'_>) -> Result<bool, Failed> {
        let mut batches = self.of.stream(self.state, what(table, time), usize::MAX).await.map_err(Failed)?;
        while let Some(batch) = batches.next().await {
            let more = push.batch(&batch.map_err(Failed)?)?;
            self.memory.try_resize(push.bytes()).map_err(Failed)?;
            if !more {
                break;
            }
        }
        Ok(self.of.open.usage.partial().is_empty())
    }
}

fn span(start: UnixNanos, end: UnixNanos) -> TimeSpan {
    TimeSpan { start: Some(start), end: Some(end) }
}

fn trigger(parameters: &Parameters, Row { breaker, trip, .. }: &Row<'_>, errors: &[Error]) -> Option<String> {
    let of_service: Vec<&Error> = errors.iter().filter(|error| error.emitter.service == breaker.key.service).collect();
    let window_ns = parameters.of(breaker.library()).window_ns;
    let failures = codes::failures_of(breaker, of_service);
    codes::before(&failures, trip.trip.opened.time, window_ns).into_iter().next().map(|code| code.code)
}

fn unreadable(error: RowError) -> datafusion::error::DataFusionError {
    exec_datafusion_err!("a governance table cannot be read: {error}")
}
