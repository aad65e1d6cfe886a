//! The records of a search, to be counted and not listed.

use std::{fmt, sync::Arc};

use datafusion::{
    functions_aggregate::expr_fn::{count, max, min},
    logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, ident, lit},
};
use schemas::{Table, UnixNanos};
use storage::Snapshot;

use super::{
    super::EngineError,
    compile::Compiler,
    plan::{TimeSpan, records},
};
use crate::search::Search;

/// Which records are meant.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub table: Table,
    /// What `search` was parsed from.
    pub text: String,
    pub search: Search,
    pub time: TimeSpan,
    pub now: UnixNanos,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.table, self.search)
    }
}

impl Found {
    pub(super) fn compiler<'a>(&'a self, snapshot: &'a Arc<Snapshot>) -> Compiler<'a> {
        Compiler { snapshot, table: self.table, text: &self.text, now: self.now, within: None, received_until: None }
    }

    /// All their columns.
    pub(super) fn records(&self, snapshot: &Arc<Snapshot>) -> Result<LogicalPlanBuilder, EngineError> {
        records(&self.compiler(snapshot), &self.search, self.time)
    }

    pub(super) fn time_column(&self) -> Expr {
        ident(self.table.time_column())
    }
}

/// One row: `first` and `last`, null when there are no records, and `count`.
pub(in super::super) fn extent_plan(snapshot: &Arc<Snapshot>, found: &Found) -> Result<LogicalPlan, EngineError> {
    let measures = [min(found.time_column()).alias("first"), max(found.time_column()).alias("last"), count(lit(1_i64)).alias("count")];
    Ok(found.records(snapshot)?.aggregate(Vec::<Expr>::new(), measures)?.build()?)
}
