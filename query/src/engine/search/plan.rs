//! From a question to its plan.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::{
    common::{Column, JoinType},
    functions_aggregate::expr_fn::{count, max, min},
    logical_expr::{Expr, ExprFunctionExt, LogicalPlan, LogicalPlanBuilder, SortExpr, cast, ident, in_list, lit},
};
use schemas::{Table, TraceId, UnixNanos, columns as c};
use storage::Snapshot;

use super::{
    super::{
        EngineError,
        functions::{id, log_id},
    },
    compile::Compiler,
    leaf::{like_prefix, timestamp},
    page::{self, After},
    traces::{ERRORS, SPANS, duration, is_root, measures},
};
use crate::search::{Field, Search};

/// Half-open; `None` where it has no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct TimeSpan {
    pub start: Option<UnixNanos>,
    pub end: Option<UnixNanos>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SearchOrder {
    Newest,
    Oldest,
    /// Of spans.
    Longest,
}

/// Which records are found.
#[derive(Debug, Clone)]
pub(crate) struct SearchQuestion {
    pub table: Table,
    /// What `search` was parsed from.
    pub text: String,
    pub search: Search,
    pub time: TimeSpan,
    pub order: SearchOrder,
    pub limit: usize,
    /// Only rows that come later in this order, and those at this very place.
    pub after: Option<After>,
    /// In the order of the answer. Logs also have [`LOG_ID`].
    pub columns: Vec<&'static str>,
    pub now: UnixNanos,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TraceOrder {
    /// By the newest span that is found.
    Newest,
    Slowest,
    MostErrors,
    MostSpans,
}

/// Which traces have a span that is found: `trace_id`, how many such spans they have, and what they are ordered by.
#[derive(Debug, Clone)]
pub(crate) struct TracesQuestion {
    pub text: String,
    pub search: Search,
    pub time: TimeSpan,
    pub order: TraceOrder,
    pub limit: usize,
    /// Only traces after this one, which has this rank.
    pub after: Option<(i64, TraceId)>,
    /// Spans received later do not count: a trace that grows would change its place between two pages.
    pub received_until: Option<UnixNanos>,
    pub now: UnixNanos,
}

/// What these traces have of each service.
#[derive(Debug, Clone)]
pub(crate) struct TraceParts {
    pub traces: Vec<TraceId>,
}

/// All that is found, with everything it has.
#[derive(Debug, Clone)]
pub(crate) struct ExportQuestion {
    pub table: Table,
    pub text: String,
    pub search: Search,
    pub time: TimeSpan,
    /// One trace after the other. Otherwise in no order.
    pub by_trace: bool,
    pub now: UnixNanos,
}

/// The values of a field that are most frequent among the newest records: `value`, `count`.
#[derive(Debug, Clone)]
pub(crate) struct FieldValues {
    pub table: Table,
    pub field: Field,
    pub prefix: String,
    /// Records looked at.
    pub sample: usize,
    pub limit: usize,
}

/// The column that names a log record. Computed: no table has it.
pub(crate) const LOG_ID: &str = "id";

const MATCHING: &str = "matching";
const NEWEST: &str = "newest";
const RANK: &str = "rank";

pub(in super::super) fn records_plan(snapshot: &Arc<Snapshot>, question: &SearchQuestion) -> Result<LogicalPlan, EngineError> {
    let SearchQuestion { table, text, search, time, now, .. } = question;
    let compiler = Compiler { snapshot, table: *table, text, now: *now, within: None, received_until: None };
    let found = records(&compiler, search, *time)?;
    let found = match &question.after {
        Some(after) => found.filter(page::rest(*table, question.order, after))?,
        None => found,
    };
    let order = page::order(*table, question.order);
    let listed = found.sort_with_limit(order, Some(question.limit))?.project(question.columns.iter().map(|name| output(name)))?;
    Ok(listed.build()?)
}

/// A column of an answer with records.
pub(super) fn output(name: &str) -> Expr {
    if name == LOG_ID { log_id().alias(LOG_ID) } else { ident(name) }
}

pub(in super::super) fn export_plan(snapshot: &Arc<Snapshot>, question: &ExportQuestion) -> Result<LogicalPlan, EngineError> {
    let ExportQuestion { table, text, search, time, by_trace, now } = question;
    let compiler = Compiler { snapshot, table: *table, text, now: *now, within: None, received_until: None };
    let found = records(&compiler, search, *time)?;
    let order = [ident(c::TRACE_ID).sort(true, false), ident(table.time_column()).sort(true, false)];
    let found = if *by_trace { found.sort(order)? } else { found };
    Ok(found.project(table.columns().map(|column| ident(column.name)))?.build()?)
}

pub(in super::super) fn traces_plan(snapshot: &Arc<Snapshot>, question: &TracesQuestion) -> Result<LogicalPlan, EngineError> {
    let TracesQuestion { text, search, time, now, .. } = question;
    let compiler = Compiler { snapshot, table: Table::Spans, text, now: *now, within: None, received_until: question.received_until };
    let counts = [count(lit(1_i64)).alias(MATCHING), max(ident(c::START_TIME)).alias(NEWEST)];
    let matching = records(&compiler, search, *time)?.aggregate([ident(c::TRACE_ID)], counts)?;
    // All spans of the traces that are found: the join tells the scan which these are.
    let ranked = |by: Expr| -> Result<LogicalPlanBuilder, EngineError> {
        let found = matching.clone().alias("found")?;
        let keys = |relation: &str| vec![Column::new(Some(relation), c::TRACE_ID)];
        let all = found.join(compiler.spans()?.build()?, JoinType::Inner, (keys("found"), keys(Table::Spans.name())), None)?;
        let of_found = |name: &str| Expr::Column(Column::new(Some("found"), name));
        let summaries = all.aggregate([of_found(c::TRACE_ID), of_found(MATCHING)], measures()?)?;
        Ok(summaries.project([of_found(c::TRACE_ID), of_found(MATCHING), by.alias(NEWEST)])?)
    };
    let ranked = match question.order {
        TraceOrder::Newest => matching,
        TraceOrder::Slowest => ranked(duration())?,
        TraceOrder::MostErrors => ranked(ident(ERRORS))?,
        TraceOrder::MostSpans => ranked(ident(SPANS))?,
    };
    let rank = cast(ident(NEWEST), DataType::Int64).alias(RANK);
    let mut ranked = ranked.project([ident(c::TRACE_ID), ident(MATCHING), rank])?;
    if let Some((rank, trace)) = question.after {
        let later = ident(c::TRACE_ID).gt(id(trace.as_bytes()));
        ranked = ranked.filter(ident(RANK).lt(lit(rank)).or(ident(RANK).eq(lit(rank)).and(later)))?;
    }
    let order = [newest_first(ident(RANK)), ident(c::TRACE_ID).sort(true, false)];
    Ok(ranked.sort_with_limit(order, Some(question.limit))?.build()?)
}

/// For each trace, service and error code: `start_time`, `end_ns`, `root_name`, `spans`, `errors`, `root_start_time`.
pub(in super::super) fn parts_plan(snapshot: &Arc<Snapshot>, question: &TraceParts) -> Result<LogicalPlan, EngineError> {
    let compiler = Compiler { snapshot, table: Table::Spans, text: "", now: UnixNanos(0), within: None, received_until: None };
    let ids = question.traces.iter().map(|trace| id(trace.as_bytes())).collect();
    let of_traces = compiler.scan(Table::Spans)?.filter(in_list(ident(c::TRACE_ID), ids, false))?;
    let mut measures = measures()?;
    measures.push(min(ident(c::START_TIME)).filter(is_root()).build()?.alias("root_start_time"));
    Ok(of_traces.aggregate([ident(c::TRACE_ID), ident(c::SERVICE_NAME), ident(c::ERROR_CODE)], measures)?.build()?)
}

pub(in super::super) fn values_plan(snapshot: &Arc<Snapshot>, question: &FieldValues) -> Result<LogicalPlan, EngineError> {
    let compiler = Compiler { snapshot, table: question.table, text: "", now: UnixNanos(0), within: None, received_until: None };
    let Some(value) = compiler.value_text(&question.field) else {
        return Err(EngineError::invalid(format!("`{}` has no values to choose from", question.field)));
    };
    let newest = newest_first(ident(question.table.time_column()));
    let sample = compiler.scan(question.table)?.sort_with_limit([newest], Some(question.sample))?.project([value.alias("value")])?;
    let mut wanted = ident("value").is_not_null();
    if !question.prefix.is_empty() {
        wanted = wanted.and(ident("value").like(lit(like_prefix(&question.prefix))));
    }
    let counted = sample.filter(wanted)?.aggregate([ident("value")], [count(lit(1_i64)).alias("count")])?;
    let order = [newest_first(ident("count")), ident("value").sort(true, false)];
    Ok(counted.sort_with_limit(order, Some(question.limit))?.build()?)
}

/// All columns of the records that are found.
pub(super) fn records(compiler: &Compiler<'_>, search: &Search, time: TimeSpan) -> Result<LogicalPlanBuilder, EngineError> {
    let in_time = in_time(compiler.table, time);
    match search {
        Search::Everything => filtered(compiler.scan(compiler.table)?, in_time),
        Search::Records(asked) => {
            let (own, of_traces) = compiler.split_off_traces(asked);
            let own = all([in_time, own.map(|own| compiler.compile(&own)).transpose()?]);
            let Some(of_traces) = of_traces else { return filtered(compiler.scan(compiler.table)?, own) };
            let within = trace_ids(compiler, own.as_ref())?;
            let of_traces = Compiler { within: within.as_ref(), ..*compiler }.compile(&of_traces)?;
            filtered(compiler.scan(compiler.table)?, all([own, Some(of_traces)]))
        }
        Search::Structure(structure) if compiler.table == Table::Spans => {
            let last = structure.steps.last().map_or(&structure.first, |step| &step.spans);
            let (own, _) = compiler.split_off_traces(last);
            let own = own.map(|own| compiler.compile(&own)).transpose()?;
            let within = trace_ids(compiler, all([in_time.clone(), own]).as_ref())?;
            filtered(Compiler { within: within.as_ref(), ..*compiler }.structure(structure)?, in_time)
        }
        Search::Structure(structure) => {
            let place = structure.first.clone();
            let mut first = None;
            place.for_each_term(&mut |term| first = first.or(Some(term.place())));
            let hint = "ask for spans, or without braces";
            Err(compiler.mistake(first.unwrap_or_default(), format!("{} do not stand below each other", compiler.table), hint))
        }
    }
}

fn filtered(scan: LogicalPlanBuilder, filter: Option<Expr>) -> Result<LogicalPlanBuilder, EngineError> {
    Ok(match filter {
        Some(filter) => scan.filter(filter)?,
        None => scan,
    })
}

fn all(parts: [Option<Expr>; 2]) -> Option<Expr> {
    parts.into_iter().flatten().reduce(Expr::and)
}

/// The traces of the records that `filter` keeps: only their spans matter. `None` when that may be all traces.
fn trace_ids(compiler: &Compiler<'_>, filter: Option<&Expr>) -> Result<Option<LogicalPlan>, EngineError> {
    let Some(filter) = filter else { return Ok(None) };
    let records = compiler.scan(compiler.table)?.filter(filter.clone())?;
    Ok(Some(records.aggregate([ident(c::TRACE_ID)], Vec::<Expr>::new())?.build()?))
}

pub(super) fn in_time(table: Table, time: TimeSpan) -> Option<Expr> {
    let column = || ident(table.time_column());
    let from = time.start.map(|start| column().gt_eq(timestamp(start.0)));
    let to = time.end.map(|end| column().lt(timestamp(end.0)));
    from.into_iter().chain(to).reduce(Expr::and)
}

pub(super) fn newest_first(column: Expr) -> SortExpr {
    column.sort(false, false)
}
