//! What the foreign APIs ask of the engine and the store.

use arrow::{
    array::{Array, AsArray, RecordBatch},
    compute::cast,
    datatypes::{DataType, Int32Type},
};
use schemas::{
    Table, TenantId, TraceId, UnixNanos, columns as c,
    otlp::export,
    promoted::{self, Promoted, ValueType},
};

use super::{
    super::{
        answer::{Cost, rfc3339},
        completeness::say_left_out,
        graph::{Graph, NodeKind, load_graph},
        problem::Problem,
        router::Shared,
        search::{found, now, parse_search},
        services::{Loaded, Whose, minutes},
        sql::problem,
        traces::{internal, read_failed},
        window::Window,
    },
    condition::Condition,
};
use crate::{
    analytics::{minutes::MinuteRow, red::Grid},
    engine::{EngineError, Question, TimeSpan, TraceOrder, TracesQuestion, parameter},
    reads::Reads,
};

/// How far back names of services and operations come from: as Jaeger's longest default.
const NAMES_NS: i64 = 72 * 3_600_000_000_000;
const NAMES_MAX: usize = 5_000;
const VALUES_MAX: usize = 500;

/// Answers what the foreign APIs ask. Cheap to clone.
#[derive(Clone)]
pub(super) struct Asked {
    shared: Shared,
    reads: Reads,
    /// Spans of all traces of an answer.
    spans_max: usize,
}

/// Traces as OTLP, each a `TracesData` in protobuf.
#[derive(Debug, Default)]
pub(super) struct Traces {
    pub traces: Vec<(TraceId, Vec<u8>)>,
    /// Why there may be more.
    pub partial: Vec<String>,
}

/// Calls from one service to another.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Calls {
    pub from: String,
    pub to: String,
    pub calls: u64,
    pub errors: u64,
    /// Both ends send spans of their own.
    pub of_services: bool,
}

impl Asked {
    pub(super) fn new(shared: Shared, reads: Reads, spans_max: usize) -> Self {
        Self { shared, reads, spans_max }
    }

    /// Names of services, in order.
    pub(super) async fn services(&self) -> Result<Vec<String>, Problem> {
        let sql = format!(
            "SELECT DISTINCT {service} FROM operation_minutes WHERE {time} >= '{since}' AND {service} IS NOT NULL ORDER BY 1 LIMIT {NAMES_MAX}",
            service = c::SERVICE_NAME,
            time = c::TIME,
            since = rfc3339(since()),
        );
        Ok(self.ask(sql, &[]).await?.iter().flat_map(|batch| texts(batch, 0)).flatten().collect())
    }

    /// Names and kinds of the spans of a service, in order; without those it has too many of to be told apart in sums by minute.
    pub(super) async fn operations(&self, service: &str) -> Result<Vec<(String, i32)>, Problem> {
        let sql = format!(
            "SELECT DISTINCT {name}, {kind} FROM operation_minutes WHERE {time} >= '{since}' AND {service} = $1 AND {name} IS NOT NULL \
             ORDER BY 1, 2 LIMIT {NAMES_MAX}",
            name = c::OPERATION,
            kind = c::SPAN_KIND,
            service = c::SERVICE_NAME,
            time = c::TIME,
            since = rfc3339(since()),
        );
        let batches = self.ask(sql, &[service]).await?;
        let mut operations = Vec::new();
        for batch in &batches {
            let kinds = cast(batch.column(1), &DataType::Int32).map_err(|error| internal(&error))?;
            let kind = |row: usize| if kinds.is_valid(row) { kinds.as_primitive::<Int32Type>().value(row) } else { 0 };
            operations.extend(texts(batch, 0).into_iter().enumerate().filter_map(|(row, name)| Some((name?, kind(row)))));
        }
        Ok(operations)
    }

    /// Names of those whom a service calls and who say so in `peer.service`, in order.
    pub(super) async fn peers(&self, service: &str) -> Result<Vec<String>, Problem> {
        let sql = format!(
            "SELECT DISTINCT {peer} FROM spans WHERE {time} >= '{since}' AND {service} = $1 AND {peer} IS NOT NULL ORDER BY 1 LIMIT {NAMES_MAX}",
            peer = c::PEER_SERVICE,
            service = c::SERVICE_NAME,
            time = c::START_TIME,
            since = rfc3339(since()),
        );
        Ok(self.ask(sql, &[service]).await?.iter().flat_map(|batch| texts(batch, 0)).flatten().collect())
    }

    /// Attributes with a column of their own, which are the ones worth completing.
    pub(super) fn keys(&self) -> Vec<&'static str> {
        completed().map(|promoted| promoted.key).collect()
    }

    /// What spans say under one of [`Self::keys`], in order; nothing under other keys.
    pub(super) async fn values(&self, key: &str) -> Result<Vec<String>, Problem> {
        let Some(Promoted { column, .. }) = completed().find(|promoted| promoted.key == key) else { return Ok(Vec::new()) };
        let sql = format!(
            "SELECT DISTINCT {column} FROM spans WHERE {time} >= '{since}' AND {column} IS NOT NULL ORDER BY 1 LIMIT {VALUES_MAX}",
            time = c::START_TIME,
            since = rfc3339(since()),
        );
        Ok(self.ask(sql, &[]).await?.iter().flat_map(|batch| texts(batch, 0)).flatten().collect())
    }

    /// The newest traces with a span for which `condition` holds.
    pub(super) async fn find(&self, condition: Condition, time: TimeSpan, limit: usize) -> Result<Vec<TraceId>, Problem> {
        let text = condition.into_text();
        let (search, _) = parse_search(&text)?;
        let order = TraceOrder::Newest;
        let question = TracesQuestion { text, search, time, order, limit, after: None, received_until: None, now: now() };
        let mut answer = self.shared.engine.ask(Question::Traces(question)).await.map_err(problem)?;
        let batches = answer.collect().await.map_err(problem)?;
        Ok(found(&batches).map_err(|error| internal(&error))?.into_iter().map(|found| found.trace).collect())
    }

    /// The whole traces in the order of `ids`, as many as fit; those that are not stored are left out.
    pub(super) async fn load(&self, ids: Vec<TraceId>) -> Result<Traces, Problem> {
        let (shared, spans_max) = (self.shared.clone(), self.spans_max);
        let load = move || {
            let snapshot = shared.store.snapshot(TenantId::DEFAULT);
            let (mut loaded, mut spans, all) = (Traces::default(), 0, ids.len());
            for id in ids {
                if spans >= spans_max {
                    let traces = loaded.traces.len();
                    loaded.partial.push(format!("{traces} of {all} traces: together they have more than {spans_max} spans"));
                    break;
                }
                let rows = snapshot.trace(id).map_err(|error| internal(&error))?;
                let count: usize = rows.batches.iter().map(RecordBatch::num_rows).sum();
                if count > 0 {
                    let protobuf = export::to_protobuf(Table::Spans, &rows.batches).map_err(|error| internal(&error))?;
                    loaded.traces.push((id, protobuf));
                }
                spans += count;
                loaded.partial.extend(rows.partial);
            }
            Ok(loaded)
        };
        self.reads.run(load).await.map_err(read_failed)?
    }

    /// Who called whom in `[start, end)`, in order.
    pub(super) async fn calls(&self, start: UnixNanos, end: UnixNanos) -> Result<Vec<Calls>, Problem> {
        let mut cost = Cost::default();
        let (graph, _) = load_graph(&self.shared.engine, Window { start, end }, None, &mut cost).await?;
        Ok(calls(&graph))
    }

    /// What the spans of a service add up to by stretches of `grid`, and by operation if asked; and why there may be more.
    pub(super) async fn sums(
        &self,
        service: &str,
        operations: bool,
        window: Window,
        grid: Grid,
    ) -> Result<(Vec<MinuteRow>, Vec<String>), Problem> {
        let whose = Whose { service: Some(service), environment: None, operations };
        let Loaded { rows, completeness, mut cost } = minutes(&self.shared.engine, window, grid, whose).await?;
        say_left_out(completeness.left_out, &mut cost);
        Ok((rows, cost.partial))
    }

    async fn ask(&self, text: String, params: &[&str]) -> Result<Vec<RecordBatch>, Problem> {
        let value = |text: &&str| parameter(&serde_json::Value::String((*text).to_owned()));
        let params = params.iter().map(value).collect::<Result<_, EngineError>>().map_err(problem)?;
        let mut answer = self.shared.engine.ask(Question::Sql { text, params }).await.map_err(problem)?;
        answer.collect().await.map_err(problem)
    }
}

fn completed() -> impl Iterator<Item = &'static Promoted> {
    Table::Spans.promoted().iter().chain(promoted::RESOURCE).filter(|promoted| promoted.value == ValueType::Text)
}

fn since() -> UnixNanos {
    UnixNanos(now().0.saturating_sub(NAMES_NS))
}

fn calls(graph: &Graph) -> Vec<Calls> {
    let service = |place: usize| graph.nodes[place].kind == NodeKind::Service;
    let mut calls: Vec<Calls> = graph
        .edges
        .iter()
        .map(|edge| Calls {
            from: graph.nodes[edge.from].name.clone(),
            to: graph.nodes[edge.to].name.clone(),
            calls: edge.calls.count.round() as u64,
            errors: edge.calls.errors.round() as u64,
            of_services: service(edge.from) && service(edge.to),
        })
        .collect();
    calls.sort_by(|one, other| (&one.from, &one.to).cmp(&(&other.from, &other.to)));
    calls
}

/// A column of texts.
fn texts(batch: &RecordBatch, column: usize) -> Vec<Option<String>> {
    let Ok(column) = cast(batch.column(column), &DataType::Utf8) else { return Vec::new() };
    column.as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect()
}
