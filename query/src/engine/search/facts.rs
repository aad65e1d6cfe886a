//! Rows of the governance tables as they are, and what spans say of the same calls.

use std::{fmt, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch},
    compute::cast as convert,
    datatypes::{DataType, Int64Type},
    error::ArrowError,
};
use datafusion::{
    common::{Column, JoinType},
    functions_aggregate::expr_fn::{count, max, min},
    logical_expr::{Expr, ExprFunctionExt, LogicalPlan, cast, ident, in_list, lit},
};
use governance::analytics::recovery::Calls;
use governance::tables::{FAILED_COLUMNS, REPORTED_COLUMNS};
use schemas::{Table, TraceId, UnixNanos, columns as c, derived};
use storage::Snapshot;

use super::{
    super::{EngineError, functions::id},
    codes::{CODED_COLUMNS, is_coded},
    compile::Compiler,
    plan::{TimeSpan, in_time},
};
use crate::analytics::graph;

const SECOND_NS: i64 = 1_000_000_000;
/// OTLP's status code Error.
const FAILED: i8 = 2;
/// OTLP's kind of a span that serves a request.
const SERVER: i8 = 2;
const TOO_MANY: i64 = 429;
/// The same in gRPC.
const EXHAUSTED: &str = "RESOURCE_EXHAUSTED";
/// OTLP's kind of a span that calls and waits.
const CLIENT: i8 = 3;
/// Of a call: who makes it, when, and whom it reaches.
const PLACE: [&str; 8] =
    [c::SERVICE_NAME, c::SERVICE_INSTANCE_ID, c::NAME, c::KIND, c::START_TIME, c::PEER_SERVICE, c::SERVER_ADDRESS, c::URL_FULL];

/// Rows for the fold, in any order. An answer of more than `limit` rows is cut; who limits it otherwise says `usize::MAX`.
#[derive(Debug, Clone)]
pub(crate) struct FactsQuestion {
    pub which: Facts,
    pub limit: usize,
}

#[derive(Debug, Clone)]
pub(crate) enum Facts {
    /// All rows of a governance table, in the columns that a fold reads.
    Of(Table, TimeSpan),
    /// When, and ids of errors that are refusals or may repeat one (429), of spans: they tell who is whose parent.
    RefusedSpans(TimeSpan),
    /// Errors of these services.
    Errors(TimeSpan, Vec<String>),
    /// Calls that failed, as breakers see them: [`FAILED_COLUMNS`].
    Failed(TimeSpan),
    /// Errors as statistics see them: [`REPORTED_COLUMNS`].
    Reported(TimeSpan),
    /// So too, of these traces.
    ReportedIn(TimeSpan, Vec<TraceId>),
    /// Errors of each code, service and environment in stretches of so many nanoseconds: `code`, `service_name`, `deployment_environment`,
    /// `stretch` (its number since 1970), `rows`, `first`, `last`.
    ErrorTotals(TimeSpan, i64),
    /// Errors with a code or a reason that are counted one by one: [`CODED_COLUMNS`].
    Coded(TimeSpan),
    /// Traces with an error of this code: `trace_id`.
    TracesOf(TimeSpan, String),
    /// Errors of these services, each within a time of its own.
    ErrorsNear(Vec<(String, TimeSpan)>),
    /// Calls of these operations by a service, for each instance and second: `instance`, `name`, `second`, `calls`, `failed`.
    Calls { time: TimeSpan, service: String, operations: Vec<String> },
    /// When each version of these services was first seen: `service_name`, `service_version`, `first`.
    Versions(TimeSpan, Vec<String>),
    /// Who is in these traces: ids, service, name, status.
    Spans(Vec<TraceId>),
    /// When rows of these services and instances last were: `service_name`, `service_instance_id`, `last`.
    LastOf { table: Table, time: TimeSpan, services: Vec<String>, instances: Vec<String> },
    /// Who is whose parent in these traces, within a time: ids.
    Parents(TimeSpan, Vec<TraceId>),
    /// What was refused or failed in these traces, with what that says: ids, who, `kind`, times, `attributes`, `status_message`.
    Refusals(Vec<TraceId>),
    /// Log lines of these traces that write of trying again: ids, `time`, `attributes`, `body`.
    RetryLines(Vec<TraceId>),
    /// When these services made calls of these names: who, `name`, `start_time`, and what tells a peer and an address.
    CallStarts { time: TimeSpan, services: Vec<String>, operations: Vec<String> },
    /// Traces with a failed span that this service or peer is in, newest first: `trace_id`, `newest`.
    FailedWith(TimeSpan, String),
    /// Who is in these traces, and whom they call: also `kind` and what tells a peer.
    Callers(Vec<TraceId>),
    /// One call of these operations that a service made and that did not fail, the first or the last: ids, start.
    Healthy { time: TimeSpan, service: String, operations: Vec<String>, last: bool },
    /// Requests for these operations that a service took in, for each second: `name`, `second`, `calls`.
    Taken { time: TimeSpan, service: String, operations: Vec<String> },
    /// How many traces a service began with this operation: one number.
    Begun { time: TimeSpan, service: String, operation: String },
    /// Ids and names of the newest requests of [`Facts::Taken`].
    TakenSample { time: TimeSpan, service: String, operations: Vec<String>, rows: usize },
}

impl fmt::Display for FactsQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.which {
            Facts::Of(table, _) => write!(f, "facts of {table}"),
            Facts::RefusedSpans(_) => write!(f, "refused spans"),
            Facts::Errors(_, services) => write!(f, "errors of {}", services.join(", ")),
            Facts::Failed(_) => write!(f, "failed calls"),
            Facts::Reported(_) => write!(f, "errors"),
            Facts::ReportedIn(_, traces) => write!(f, "errors of {} traces", traces.len()),
            Facts::ErrorTotals(..) | Facts::Coded(_) => write!(f, "errors by code"),
            Facts::TracesOf(_, code) => write!(f, "traces of code {code}"),
            Facts::Calls { service, .. } => write!(f, "calls by {service}"),
            Facts::Versions(_, services) => write!(f, "versions of {}", services.join(", ")),
            Facts::CallStarts { services, .. } => write!(f, "calls by {}", services.join(", ")),
            Facts::Spans(traces) | Facts::Callers(traces) | Facts::Parents(_, traces) | Facts::Refusals(traces) => {
                write!(f, "spans of {} traces", traces.len())
            }
            Facts::LastOf { table, services, .. } => write!(f, "the last {table} of {}", services.join(", ")),
            Facts::RetryLines(traces) => write!(f, "log lines of {} traces", traces.len()),
            Facts::FailedWith(_, node) => write!(f, "failed traces with {node}"),
            Facts::ErrorsNear(services) => write!(f, "errors near trips of {} breakers", services.len()),
            Facts::Healthy { service, .. } => write!(f, "a call by {service} that did not fail"),
            Facts::Begun { service, .. } => write!(f, "traces that {service} began"),
            Facts::Taken { service, .. } | Facts::TakenSample { service, .. } => write!(f, "requests to {service}"),
        }
    }
}

/// Columns that may name whom a span calls.
const PEERS: [&str; 7] =
    [c::PEER_SERVICE, c::MESSAGING_DESTINATION, c::SERVER_ADDRESS, c::DB_NAMESPACE, c::DB_SYSTEM, c::UPSTREAM_CLUSTER, c::RPC_SERVICE];

pub(in super::super) fn facts_plan(snapshot: &Arc<Snapshot>, question: &FactsQuestion) -> Result<LogicalPlan, EngineError> {
    let scan = |table: Table| Compiler { snapshot, table, text: "", now: UnixNanos(0), within: None, received_until: None }.scan(table);
    let within = |table: Table, time: TimeSpan| in_time(table, time).unwrap_or_else(|| lit(true));
    let texts = |column: &str, values: &[String]| in_list(ident(column), values.iter().map(|value| lit(value.as_str())).collect(), false);
    let ids = |traces: &[TraceId]| traces.iter().map(|trace| id(trace.as_bytes())).collect::<Vec<Expr>>();
    let found = match &question.which {
        Facts::Of(table, time) => scan(*table)?.filter(within(*table, *time))?.project(of_fold(*table).map(ident))?,
        Facts::RefusedSpans(time) => {
            // Who answered a caller 429 may say nothing else: that the call went out shows by its span.
            let exhausted = ident(c::HTTP_STATUS).eq(lit(TOO_MANY)).or(ident(c::GRPC_STATUS).eq(lit(EXHAUSTED)));
            let child = exhausted.and(ident(c::PARENT_SPAN_ID).is_not_null());
            let refused = ident(c::IS_REJECTION).or(child).and(ident(c::SPAN_ID).is_not_null());
            let columns = [c::TIME, c::TRACE_ID, c::SPAN_ID, c::PARENT_SPAN_ID].map(ident);
            scan(Table::Errors)?.filter(within(Table::Errors, *time).and(refused))?.project(columns)?
        }
        Facts::Errors(time, services) => scan(Table::Errors)?.filter(within(Table::Errors, *time).and(texts(c::SERVICE_NAME, services)))?,
        Facts::Failed(time) => {
            let failed = ident(c::IS_REJECTION).is_not_true().and(ident(c::COUNT).is_not_null());
            scan(Table::Errors)?.filter(within(Table::Errors, *time).and(failed))?.project(FAILED_COLUMNS.map(ident))?
        }
        Facts::Reported(time) => scan(Table::Errors)?.filter(within(Table::Errors, *time))?.project(REPORTED_COLUMNS.map(ident))?,
        Facts::ReportedIn(time, traces) => {
            let of = within(Table::Errors, *time).and(in_list(ident(c::TRACE_ID), ids(traces), false));
            scan(Table::Errors)?.filter(of)?.project(REPORTED_COLUMNS.map(ident))?
        }
        Facts::ErrorTotals(time, width_ns) => {
            let measures: [Expr; 3] =
                [count(lit(1_i64)).alias("rows"), min(ident(c::TIME)).alias("first"), max(ident(c::TIME)).alias("last")];
            let stretch = (cast(ident(c::TIME), DataType::Int64) / lit(*width_ns)).alias("stretch");
            let by = [c::CODE, c::SERVICE_NAME, c::DEPLOYMENT_ENVIRONMENT].map(ident).into_iter().chain([stretch]);
            scan(Table::Errors)?.filter(within(Table::Errors, *time))?.aggregate(by, measures)?
        }
        Facts::Coded(time) => {
            scan(Table::Errors)?.filter(within(Table::Errors, *time).and(is_coded()))?.project(CODED_COLUMNS.map(ident))?
        }
        Facts::TracesOf(time, code) => {
            let of = ident(c::CODE).eq(lit(code.as_str())).and(ident(c::TRACE_ID).is_not_null());
            scan(Table::Errors)?
                .filter(within(Table::Errors, *time).and(of))?
                .aggregate([ident(c::TRACE_ID)], [count(lit(1_i64)).alias("rows")])?
        }
        Facts::ErrorsNear(services) => {
            let near =
                |(service, time): &(String, TimeSpan)| ident(c::SERVICE_NAME).eq(lit(service.as_str())).and(within(Table::Errors, *time));
            let any = services.iter().map(near).reduce(Expr::or).unwrap_or_else(|| lit(false));
            let first = services.iter().filter_map(|(_, time)| time.start).min();
            let last = services.iter().filter_map(|(_, time)| time.end).max();
            // Said apart, so that blocks are left out by it.
            scan(Table::Errors)?.filter(within(Table::Errors, TimeSpan { start: first, end: last }).and(any))?
        }
        Facts::Calls { time, service, operations } => {
            let of = ident(c::SERVICE_NAME).eq(lit(service.as_str())).and(texts(c::NAME, operations));
            let second = cast(ident(c::START_TIME), DataType::Int64) / lit(SECOND_NS);
            let failed = ident(c::STATUS_CODE).eq(lit(FAILED)).and(is_mistake().is_not_true());
            let measures: [Expr; 2] = [count(lit(1_i64)).alias("calls"), count(lit(1_i64)).filter(failed).build()?.alias("failed")];
            scan(Table::Spans)?
                .filter(within(Table::Spans, *time).and(of))?
                .aggregate([ident(c::SERVICE_INSTANCE_ID).alias("instance"), ident(c::NAME), second.alias("second")], measures)?
        }
        Facts::Versions(time, services) => {
            let of = within(Table::Spans, *time).and(texts(c::SERVICE_NAME, services));
            let first = min(ident(c::START_TIME)).alias("first");
            scan(Table::Spans)?.filter(of)?.aggregate([ident(c::SERVICE_NAME), ident(c::SERVICE_VERSION)], [first])?
        }
        Facts::Healthy { time, service, operations, last } => {
            let of = ident(c::SERVICE_NAME).eq(lit(service.as_str())).and(texts(c::NAME, operations));
            let well = ident(c::STATUS_CODE).not_eq(lit(FAILED)).and(ident(c::REJECTION_KIND).is_null());
            let order = vec![ident(c::START_TIME).sort(!last, false)];
            let found = scan(Table::Spans)?.filter(within(Table::Spans, *time).and(of).and(well))?;
            found.project([c::TRACE_ID, c::SPAN_ID, c::START_TIME].map(ident))?.sort_with_limit(order, Some(1))?
        }
        Facts::Taken { time, service, operations } => {
            let second = cast(ident(c::START_TIME), DataType::Int64) / lit(SECOND_NS);
            let taken = within(Table::Spans, *time).and(is_taken(service)).and(texts(c::NAME, operations));
            let group = [ident(c::NAME), second.alias("second")];
            scan(Table::Spans)?.filter(taken)?.aggregate(group, [count(lit(1_i64)).alias("calls")])?
        }
        Facts::Begun { time, service, operation } => {
            let is_its = ident(c::SERVICE_NAME).eq(lit(service.as_str())).and(ident(c::NAME).eq(lit(operation.as_str())));
            let begun = within(Table::Spans, *time).and(is_its).and(ident(c::PARENT_SPAN_ID).is_null());
            scan(Table::Spans)?.filter(begun)?.aggregate(Vec::<Expr>::new(), [count(lit(1_i64))])?
        }
        Facts::TakenSample { time, service, operations, rows } => {
            let taken = within(Table::Spans, *time).and(is_taken(service)).and(texts(c::NAME, operations));
            let order = vec![ident(c::START_TIME).sort(false, false)];
            let columns = [c::TRACE_ID, c::SPAN_ID, c::NAME, c::START_TIME].map(ident);
            scan(Table::Spans)?.filter(taken)?.project(columns)?.sort_with_limit(order, Some(*rows))?
        }
        Facts::Spans(traces) => {
            let columns = [c::TRACE_ID, c::SPAN_ID, c::PARENT_SPAN_ID, c::SERVICE_NAME, c::NAME, c::STATUS_CODE];
            scan(Table::Spans)?.filter(in_list(ident(c::TRACE_ID), ids(traces), false))?.project(columns.map(ident))?
        }
        Facts::LastOf { table, time, services, instances } => {
            let of = texts(c::SERVICE_NAME, services).and(texts(c::SERVICE_INSTANCE_ID, instances));
            let last = max(ident(table.time_column())).alias("last");
            let by = [c::SERVICE_NAME, c::SERVICE_INSTANCE_ID].map(ident);
            scan(*table)?.filter(within(*table, *time).and(of))?.aggregate(by, [last])?
        }
        Facts::Parents(time, traces) => {
            let of = within(Table::Spans, *time).and(in_list(ident(c::TRACE_ID), ids(traces), false));
            scan(Table::Spans)?.filter(of)?.project([c::TRACE_ID, c::SPAN_ID, c::PARENT_SPAN_ID, c::SERVICE_NAME].map(ident))?
        }
        Facts::Refusals(traces) => {
            let status = ident(c::HTTP_RESPONSE_STATUS_CODE);
            let refused = ident(c::REJECTION_KIND).is_not_null().or(ident(c::STATUS_CODE).eq(lit(FAILED))).or(status.eq(lit(TOO_MANY)));
            let columns =
                PLACE.into_iter().chain([c::SPAN_ID, c::PARENT_SPAN_ID, c::TRACE_ID, c::DURATION_NS, c::ATTRIBUTES, c::STATUS_MESSAGE]);
            scan(Table::Spans)?.filter(in_list(ident(c::TRACE_ID), ids(traces), false).and(refused))?.project(columns.map(ident))?
        }
        Facts::RetryLines(traces) => {
            let says = |column: &str| ident(column).ilike(lit("%retry%"));
            let lines = in_list(ident(c::TRACE_ID), ids(traces), false).and(ident(c::SPAN_ID).is_not_null());
            let columns = [c::TRACE_ID, c::SPAN_ID, c::TIME, c::ATTRIBUTES, c::BODY].map(ident);
            scan(Table::Logs)?.filter(lines.and(says(c::ATTRIBUTES).or(says(c::BODY))))?.project(columns)?
        }
        Facts::CallStarts { time, services, operations } => {
            let calls = texts(c::SERVICE_NAME, services).and(texts(c::NAME, operations)).and(ident(c::KIND).eq(lit(CLIENT)));
            scan(Table::Spans)?.filter(within(Table::Spans, *time).and(calls))?.project(PLACE.map(ident))?
        }
        Facts::FailedWith(time, node) => {
            let is_node = |column: &str| ident(column).eq(lit(node.as_str()));
            let peers = PEERS.iter().map(|column| is_node(column)).reduce(Expr::or).unwrap_or_else(|| lit(false));
            let newest = max(ident(c::START_TIME)).alias("newest");
            let with = scan(Table::Spans)?
                .filter(within(Table::Spans, *time).and(is_node(c::SERVICE_NAME).or(peers)))?
                .aggregate([ident(c::TRACE_ID)], [newest])?
                .alias("with")?;
            let failed = scan(Table::Spans)?
                .filter(within(Table::Spans, *time).and(ident(c::STATUS_CODE).eq(lit(FAILED))))?
                .aggregate([ident(c::TRACE_ID)], Vec::<Expr>::new())?
                .alias("failed")?;
            let key = |relation: &str| vec![Column::new(Some(relation), c::TRACE_ID)];
            let both = with.join(failed.build()?, JoinType::LeftSemi, (key("with"), key("failed")), None)?;
            both.sort([ident("newest").sort(false, false), ident(c::TRACE_ID).sort(true, false)])?
        }
        Facts::Callers(traces) => {
            let ids = traces.iter().map(|trace| id(trace.as_bytes())).collect();
            let columns = [c::TRACE_ID, c::SPAN_ID, c::PARENT_SPAN_ID, c::SERVICE_NAME, c::NAME, c::STATUS_CODE, c::KIND];
            let columns = columns.into_iter().chain(graph::PEER_COLUMNS).map(ident);
            scan(Table::Spans)?.filter(in_list(ident(c::TRACE_ID), ids, false))?.project(columns)?
        }
    };
    Ok(found.build()?)
}

/// Of a governance table: its own columns, who says it, and when that came.
fn of_fold(table: Table) -> impl Iterator<Item = &'static str> {
    let emitter = [c::SERVICE_NAME, c::SERVICE_NAMESPACE, c::SERVICE_INSTANCE_ID, c::SERVICE_VERSION, c::DEPLOYMENT_ENVIRONMENT];
    let own = match table {
        Table::Rejections => derived::rejections::COLUMNS,
        Table::BreakerSignals => derived::breaker_signals::COLUMNS,
        Table::ResilienceActions => derived::resilience_actions::COLUMNS,
        _ => &[],
    };
    own.iter().map(|column| column.name).chain(emitter).chain([c::RECEIVED_AT])
}

/// The call itself was wrong: no breaker counts that as a failure. Frameworks that say no status say it as the code of their error.
fn is_mistake() -> Expr {
    let status = ident(c::HTTP_RESPONSE_STATUS_CODE);
    let said = status.clone().gt_eq(lit(400)).and(status.lt(lit(500)));
    said.or(ident(c::ERROR_CODE).like(lit("4__")))
}

/// Requests that `service` took in and did not refuse. A limiter answers 429 and may have no record of its own.
fn is_taken(service: &str) -> Expr {
    let status = ident(c::HTTP_RESPONSE_STATUS_CODE);
    let refused = ident(c::REJECTION_KIND).is_not_null().or(status.clone().is_not_null().and(status.eq(lit(TOO_MANY))));
    ident(c::SERVICE_NAME).eq(lit(service)).and(ident(c::KIND).eq(lit(SERVER))).and(refused.is_not_true())
}

/// Rows of [`Facts::Calls`].
///
/// # Errors
/// When a column is missing.
pub(crate) fn calls_of(batch: &RecordBatch, service: &str) -> Result<Vec<Calls>, ArrowError> {
    let column = |name: &str| batch.column_by_name(name).ok_or_else(|| ArrowError::SchemaError(format!("no column {name}")));
    let texts = |name: &str| convert(column(name)?, &DataType::Utf8);
    let numbers = |name: &str| convert(column(name)?, &DataType::Int64);
    let (instance, name) = (texts("instance")?, texts(c::NAME)?);
    let (second, calls, failed) = (numbers("second")?, numbers("calls")?, numbers("failed")?);
    let number = |array: &ArrayRef, row: usize| array.as_primitive::<Int64Type>().value(row);
    let text = |array: &ArrayRef, row: usize| {
        if array.is_valid(row) { array.as_string::<i32>().value(row).to_owned() } else { String::new() }
    };
    let call = |row: usize| Calls {
        service: service.to_owned(),
        instance: text(&instance, row),
        operation: text(&name, row),
        time: UnixNanos(number(&second, row).saturating_mul(SECOND_NS)),
        width_ns: SECOND_NS,
        admitted: number(&calls, row) as f64,
        failed: number(&failed, row) as f64,
    };
    Ok((0..batch.num_rows()).map(call).collect())
}
