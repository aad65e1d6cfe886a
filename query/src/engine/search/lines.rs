//! One log record by its id, and the records of the same stream around it.

use std::{fmt, sync::Arc};

use datafusion::logical_expr::{Expr, LogicalPlan, SortExpr, ident, lit};
use schemas::{Table, UnixNanos, columns as c};
use storage::Snapshot;

use super::{
    super::EngineError,
    compile::Compiler,
    leaf::timestamp,
    plan::{LOG_ID, output},
};
use crate::search::Field;

/// What the records of one stream have in common besides the file they were read from: one process, in one place.
pub(crate) const STREAM: [&str; 6] =
    [c::SERVICE_NAMESPACE, c::SERVICE_NAME, c::SERVICE_INSTANCE_ID, c::K8S_NAMESPACE_NAME, c::K8S_POD_NAME, c::HOST_NAME];

/// The file, as the column of an answer to [`Which::Named`].
pub(crate) const LOG_FILE_PATH: &str = "log_file_path";

/// The values of [`STREAM`], then the file; absent ones too: a record that has one is of another stream.
pub(crate) type Stream = Vec<Option<String>>;

#[derive(Debug, Clone)]
pub(crate) struct Lines {
    pub which: Which,
    /// In the order of the answer; must have the time and [`LOG_ID`].
    pub columns: Vec<&'static str>,
    pub limit: usize,
}

#[derive(Debug, Clone)]
pub(crate) enum Which {
    /// The record with this id and this time; its answer has the file as its last column.
    Named {
        time: UnixNanos,
        id: String,
    },
    /// The last ones before a time.
    Before(UnixNanos, Stream),
    At(UnixNanos, Stream),
    /// The first ones after it.
    After(UnixNanos, Stream),
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named { id, .. } => write!(f, "{id}"),
            Self::Before(time, _) => write!(f, "before {}", time.0),
            Self::At(time, _) => write!(f, "at {}", time.0),
            Self::After(time, _) => write!(f, "after {}", time.0),
        }
    }
}

/// Oldest first; of the same time by their ids.
pub(in super::super) fn lines_plan(snapshot: &Arc<Snapshot>, question: &Lines) -> Result<LogicalPlan, EngineError> {
    let Lines { which, columns, limit } = question;
    let compiler = Compiler { snapshot, table: Table::Logs, text: "", now: UnixNanos(0), within: None, received_until: None };
    let time = || ident(c::TIME);
    let file = file(&compiler)?;
    let (wanted, order): (Expr, SortExpr) = match which {
        Which::Named { time: at, id } => (time().eq(timestamp(at.0)).and(output_id().eq(lit(id.as_str()))), oldest_first(time())),
        Which::Before(at, stream) => (time().lt(timestamp(at.0)).and(of_stream(stream, &file)), time().sort(false, false)),
        Which::At(at, stream) => (time().eq(timestamp(at.0)).and(of_stream(stream, &file)), oldest_first(time())),
        Which::After(at, stream) => (time().gt(timestamp(at.0)).and(of_stream(stream, &file)), oldest_first(time())),
    };
    let with_file = matches!(which, Which::Named { .. }).then(|| file.alias(LOG_FILE_PATH));
    let found = compiler.scan(Table::Logs)?.filter(wanted)?.sort_with_limit([order], Some(*limit))?;
    let listed = found.project(columns.iter().map(|name| output(name)).chain(with_file))?;
    Ok(listed.sort([oldest_first(time()), oldest_first(ident(LOG_ID))])?.build()?)
}

fn output_id() -> Expr {
    super::super::functions::log_id()
}

fn file(compiler: &Compiler<'_>) -> Result<Expr, EngineError> {
    compiler.grouping(&Field::attribute(None, "log.file.path"))
}

fn of_stream(stream: &Stream, file: &Expr) -> Expr {
    let columns = STREAM.into_iter().map(ident).chain([file.clone()]);
    let is = |(column, value): (Expr, &Option<String>)| match value {
        Some(value) => column.eq(lit(value.as_str())),
        None => column.is_null(),
    };
    columns.zip(stream).map(is).reduce(Expr::and).unwrap_or_else(|| lit(true))
}

fn oldest_first(column: Expr) -> SortExpr {
    column.sort(true, false)
}
