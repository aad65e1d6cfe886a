//! Error codes as records carry them, counted by service and stretch of time.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::{
    functions_aggregate::expr_fn::{max, sum},
    logical_expr::{Expr, LogicalPlan, cast, ident, lit},
};
use schemas::{Table, UnixNanos, columns as c};
use storage::Snapshot;

use super::{
    super::EngineError,
    compile::Compiler,
    plan::{TimeSpan, in_time},
};

/// What codes are told apart by beside their service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum CodesBy {
    #[default]
    Service,
    /// `service_instance_id`.
    Instance,
    /// `operation` and `span_kind`.
    Operation,
}

impl CodesBy {
    pub(crate) fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Service => &[],
            Self::Instance => &[c::SERVICE_INSTANCE_ID],
            Self::Operation => &[c::OPERATION, c::SPAN_KIND],
        }
    }
}

/// Of errors, what these questions look at.
pub(super) const CODED_COLUMNS: [&str; 7] = [c::SERVICE_NAME, c::DEPLOYMENT_ENVIRONMENT, c::CODE, c::REASON, c::SOURCE, c::TIME, c::COUNT];

/// Errors that can be counted by code; points of metrics have running totals instead.
pub(super) fn is_coded() -> Expr {
    let named = ident(c::CODE).is_not_null().or(ident(c::REASON).is_not_null());
    named.and(ident(c::COUNT).is_not_null())
}

/// For each service, what else they are told apart by, code, reason, kind of record and stretch of `width_ns` from the start on: `service_name`, `code`, `reason`, `source`,
/// `bucket`, `count`, and `newest`, the time of the newest.
#[derive(Debug, Clone)]
pub(crate) struct CodesQuestion {
    pub start: UnixNanos,
    pub end: UnixNanos,
    /// What of it is looked at.
    pub within: TimeSpan,
    pub width_ns: i64,
    pub by: CodesBy,
    pub service: Option<String>,
    pub environment: Option<String>,
}

pub(in super::super) fn codes_plan(snapshot: &Arc<Snapshot>, question: &CodesQuestion) -> Result<LogicalPlan, EngineError> {
    let CodesQuestion { start, end, within, width_ns, by, service, environment } = question;
    let compiler = Compiler { snapshot, table: Table::Errors, text: "", now: UnixNanos(0), within: None, received_until: None };
    let all = in_time(Table::Errors, TimeSpan { start: Some(*start), end: Some(*end) });
    let time = all.into_iter().chain(in_time(Table::Errors, *within));
    let mut wanted = time.fold(is_coded(), Expr::and);
    for (column, value) in [(c::SERVICE_NAME, service), (c::DEPLOYMENT_ENVIRONMENT, environment)] {
        if let Some(value) = value {
            wanted = wanted.and(ident(column).eq(lit(value.as_str())));
        }
    }
    let bucket = (cast(ident(c::TIME), DataType::Int64) - lit(start.0)) / lit(*width_ns);
    let common = [c::SERVICE_NAME, c::CODE, c::REASON, c::SOURCE];
    let groups = common.iter().chain(by.columns()).map(|name| ident(*name)).chain([bucket.alias("bucket")]);
    let measures = [sum(ident(c::COUNT)).alias(c::COUNT), max(cast(ident(c::TIME), DataType::Int64)).alias("newest")];
    Ok(compiler.scan(Table::Errors)?.filter(wanted)?.aggregate(groups, measures)?.build()?)
}
