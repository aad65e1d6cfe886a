//! Points of metrics as they are, in no order: what stands in columns is asked of the scan, the rest of a selector by who reads them.

use std::{fmt, sync::Arc};

use datafusion::logical_expr::{Expr, LogicalPlan, ident, lit};
use schemas::{Table, UnixNanos, columns as c};
use storage::Snapshot;

use super::{
    super::EngineError,
    compile::Compiler,
    plan::{TimeSpan, in_time},
};
use crate::series::{IDENTITY, Operation, Selector};

/// All points of `time`, at least those that `selector` leaves.
#[derive(Debug, Clone)]
pub(crate) struct PointsQuestion {
    pub selector: Option<Selector>,
    pub time: TimeSpan,
    pub columns: Vec<&'static str>,
}

impl fmt::Display for PointsQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.selector {
            Some(selector) => write!(f, "series of {selector}"),
            None => f.write_str("all series"),
        }
    }
}

pub(in super::super) fn points_plan(snapshot: &Arc<Snapshot>, question: &PointsQuestion) -> Result<LogicalPlan, EngineError> {
    let compiler = Compiler { snapshot, table: Table::Metrics, text: "", now: UnixNanos(0), within: None, received_until: None };
    let of_columns = question.selector.iter().flat_map(of_columns);
    let wanted = in_time(Table::Metrics, question.time).into_iter().chain(of_columns).reduce(Expr::and);
    let all = compiler.scan(Table::Metrics)?;
    let found = match wanted {
        Some(wanted) => all.filter(wanted)?,
        None => all,
    };
    Ok(found.project(question.columns.iter().map(|name| ident(*name)))?.build()?)
}

/// Of the matchers those that bounds and dictionaries of columns can answer.
fn of_columns(selector: &Selector) -> impl Iterator<Item = Expr> {
    let equals = selector.matchers().iter().filter(|matcher| matcher.operation == Operation::Is && !matcher.value.is_empty());
    equals.filter_map(|matcher| {
        let column = match matcher.label.as_str() {
            "__name__" => c::METRIC_NAME,
            label => IDENTITY.into_iter().find(|name| *name == label)?,
        };
        Some(ident(column).eq(lit(matcher.value.as_str())))
    })
}
