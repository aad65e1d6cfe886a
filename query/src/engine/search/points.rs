//! Points of series that are named, as they are and in no order.

use std::{fmt, sync::Arc};

use datafusion::logical_expr::{Expr, LogicalPlan, ident, lit};
use schemas::{Table, UnixNanos, columns as c};
use storage::Snapshot;

use super::{
    super::EngineError,
    compile::Compiler,
    plan::{TimeSpan, in_time},
};

/// The points of `series` in `time`.
#[derive(Debug, Clone)]
pub(crate) struct PointsQuestion {
    /// Their ids; of others nothing is read.
    pub series: Vec<u64>,
    pub time: TimeSpan,
    pub columns: Vec<&'static str>,
}

impl fmt::Display for PointsQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "points of {} series", self.series.len())
    }
}

pub(in super::super) fn points_plan(snapshot: &Arc<Snapshot>, question: &PointsQuestion) -> Result<LogicalPlan, EngineError> {
    let compiler = Compiler { snapshot, table: Table::Metrics, text: "", now: UnixNanos(0), within: None, received_until: None };
    let named = ident(c::SERIES_ID).in_list(question.series.iter().map(|id| lit(*id)).collect(), false);
    let wanted = in_time(Table::Metrics, question.time).into_iter().fold(named, Expr::and);
    let points = compiler.scan(Table::Metrics)?.filter(wanted)?;
    Ok(points.project(question.columns.iter().map(|name| ident(*name)))?.build()?)
}
