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
    super::{EngineError, functions::id, scan::SplitScan},
    compile::Compiler,
    leaf::{like_prefix, timestamp},
    page::{self, After},
    traces::{ERRORS, SPANS, is_root, measures},
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
    /// In the order of the answer.
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

const MATCHING: &str = "matching";
const NEWEST: &str = "newest";
const RANK: &str = "rank";

pub(in super::super) fn records_plan(snapshot: &Arc<Snapshot>, question: &SearchQuestion) -> Result<LogicalPlan, EngineError> {
    let SearchQuestion { table, text, search, time, now, .. } = question;
    let compiler = Compiler { snapshot, table: *table, text, now: *now, received_until: None };
    let found = records(&compiler, search, *time)?;
    let found = match &question.after {
        Some(after) => found.filter(page::rest(*table, question.order, after))?,
        None => found,
    };
    let order = page::order(*table, question.order);
    let columns = question.columns.iter().map(|name| ident(*name));
    Ok(found.sort_with_limit(order, Some(question.limit))?.project(columns)?.build()?)
}

pub(in super::super) fn traces_plan(snapshot: &Arc<Snapshot>, question: &TracesQuestion) -> Result<LogicalPlan, EngineError> {
    let TracesQuestion { text, search, time, now, .. } = question;
    let compiler = Compiler { snapshot, table: Table::Spans, text, now: *now, received_until: question.received_until };
    let measures = [count(lit(1_i64)).alias(MATCHING), max(ident(c::START_TIME)).alias(NEWEST)];
    let matching = records(&compiler, search, *time)?.aggregate([ident(c::TRACE_ID)], measures)?;
    let ranked = |by: &str| -> Result<LogicalPlanBuilder, EngineError> {
        let summaries = compiler.summaries()?.alias("summaries")?.build()?;
        let found = matching.clone().alias("found")?;
        let keys = |relation: &str| vec![Column::new(Some(relation), c::TRACE_ID)];
        let joined = found.join(summaries, JoinType::Inner, (keys("found"), keys("summaries")), None)?;
        let of = |relation: &str, name: &str| Expr::Column(Column::new(Some(relation), name));
        let columns = [of("found", c::TRACE_ID), of("found", MATCHING), of("summaries", by).alias(NEWEST)];
        Ok(joined.project(columns)?)
    };
    let ranked = match question.order {
        TraceOrder::Newest => matching,
        TraceOrder::Slowest => ranked(c::DURATION_NS)?,
        TraceOrder::MostErrors => ranked(ERRORS)?,
        TraceOrder::MostSpans => ranked(SPANS)?,
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
    let compiler = Compiler { snapshot, table: Table::Spans, text: "", now: UnixNanos(0), received_until: None };
    let ids = question.traces.iter().map(|trace| id(trace.as_bytes())).collect();
    let of_traces = compiler.scan(Table::Spans)?.filter(in_list(ident(c::TRACE_ID), ids, false))?;
    let mut measures = measures()?;
    measures.push(min(ident(c::START_TIME)).filter(is_root()).build()?.alias("root_start_time"));
    Ok(of_traces.aggregate([ident(c::TRACE_ID), ident(c::SERVICE_NAME), ident(c::ERROR_CODE)], measures)?.build()?)
}

pub(in super::super) fn values_plan(snapshot: &Arc<Snapshot>, question: &FieldValues) -> Result<LogicalPlan, EngineError> {
    let compiler = Compiler { snapshot, table: question.table, text: "", now: UnixNanos(0), received_until: None };
    let Some(value) = compiler.value_text(&question.field) else {
        return Err(EngineError::invalid(format!("`{}` has no values to choose from", question.field)));
    };
    let newest = newest_first(ident(SplitScan::time_column(question.table)));
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
fn records(compiler: &Compiler<'_>, search: &Search, time: TimeSpan) -> Result<LogicalPlanBuilder, EngineError> {
    let in_time = in_time(compiler.table, time);
    let asked = match search {
        Search::Everything => None,
        Search::Records(expr) => Some(compiler.compile(expr)?),
        Search::Structure(structure) if compiler.table == Table::Spans => {
            let found = compiler.structure(structure)?;
            return Ok(match in_time {
                Some(in_time) => found.filter(in_time)?,
                None => found,
            });
        }
        Search::Structure(structure) => {
            let place = structure.first.clone();
            let mut first = None;
            place.for_each_term(&mut |term| first = first.or(Some(term.place())));
            let hint = "ask for spans, or without braces";
            return Err(compiler.mistake(first.unwrap_or_default(), format!("{} do not stand below each other", compiler.table), hint));
        }
    };
    let filter = [in_time, asked].into_iter().flatten().reduce(Expr::and);
    let scan = compiler.scan(compiler.table)?;
    Ok(match filter {
        Some(filter) => scan.filter(filter)?,
        None => scan,
    })
}

fn in_time(table: Table, time: TimeSpan) -> Option<Expr> {
    let column = || ident(SplitScan::time_column(table));
    let from = time.start.map(|start| column().gt_eq(timestamp(start.0)));
    let to = time.end.map(|end| column().lt(timestamp(end.0)));
    from.into_iter().chain(to).reduce(Expr::and)
}

pub(super) fn newest_first(column: Expr) -> SortExpr {
    column.sort(false, false)
}
