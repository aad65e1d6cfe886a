//! A few columns of all records that are found, to be added up batch by batch.

use std::sync::Arc;

use datafusion::logical_expr::{Expr, LogicalPlan, ident, lit};
use storage::Snapshot;

use super::{super::EngineError, found::Found};

/// These columns of the records of a search, in no order. The answer is as long as it is: whoever asks adds up and keeps little.
#[derive(Debug, Clone)]
pub(crate) struct Narrow {
    pub found: Found,
    pub columns: Vec<&'static str>,
    /// Columns of text that have exactly this value.
    pub equal: Vec<(&'static str, String)>,
}

pub(in super::super) fn narrow_plan(snapshot: &Arc<Snapshot>, question: &Narrow) -> Result<LogicalPlan, EngineError> {
    let Narrow { found, columns, equal } = question;
    let mut records = found.records(snapshot)?;
    let equal = equal.iter().map(|(column, value)| ident(*column).eq(lit(value.as_str()))).reduce(Expr::and);
    if let Some(equal) = equal {
        records = records.filter(equal)?;
    }
    Ok(records.project(columns.iter().map(|name| ident(*name)))?.build()?)
}
