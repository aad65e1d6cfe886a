//! A search asked of rows as they arrive: of each row alone, without a plan.

use std::sync::Arc;

use arrow::{array::AsArray, record_batch::RecordBatch};
use datafusion::{common::DFSchema, execution::SessionState, physical_expr::PhysicalExpr};
use schemas::{Table, UnixNanos};
use storage::Snapshot;

use super::{super::EngineError, compile::Compiler};
use crate::search::{self, Expr as Asked, Search, Target, Term, TraceField};

/// A search of one table, compiled once for all rows to come.
#[derive(Debug, Clone)]
pub(crate) struct LiveFilter {
    /// Over the whole schema of the table; `None` finds everything.
    predicate: Option<Arc<dyn PhysicalExpr>>,
}

impl LiveFilter {
    /// The rows of `batch`, which has the table's schema, that are found.
    ///
    /// # Errors
    /// What a row makes of the search, for instance a text where it asks for a number.
    pub(crate) fn rows(&self, batch: &RecordBatch) -> Result<Vec<usize>, EngineError> {
        let Some(predicate) = &self.predicate else { return Ok((0..batch.num_rows()).collect()) };
        let found = predicate.evaluate(batch)?.into_array(batch.num_rows())?;
        let found = found.as_boolean();
        Ok(found.iter().enumerate().filter(|(_, found)| *found == Some(true)).map(|(row, _)| row).collect())
    }
}

/// # Errors
/// When the search asks for more than a row knows of itself, or cannot be compiled.
pub(in super::super) fn live_filter(
    state: &SessionState,
    snapshot: &Arc<Snapshot>,
    (table, text): (Table, &str),
    search: &Search,
    now: UnixNanos,
) -> Result<LiveFilter, EngineError> {
    let compiler = Compiler { snapshot, table, text, now, within: None, received_until: None };
    let asked = match search {
        Search::Everything => return Ok(LiveFilter { predicate: None }),
        Search::Records(asked) => asked,
        Search::Structure(structure) => return Err(not_alone(&compiler, &structure.first)),
    };
    let mut of_trace = None;
    asked.for_each_term(&mut |term| {
        let Term::Field(test) = term else { return };
        if matches!(search::resolve(&test.field, table), Target::Trace(field) if field != TraceField::Id) {
            of_trace = of_trace.or(Some(term));
        }
    });
    if let Some(term) = of_trace {
        return Err(compiler.mistake(term.place(), NOT_ALONE, HINT));
    }
    let schema = DFSchema::try_from(table.schema())?;
    Ok(LiveFilter { predicate: Some(state.create_physical_expr(compiler.compile(asked)?, &schema)?) })
}

const NOT_ALONE: &str = "a live stream asks each record alone, and this is asked of its whole trace";
const HINT: &str = "leave out braces and `trace.` fields other than `trace.id`";

fn not_alone(compiler: &Compiler<'_>, first: &Asked) -> EngineError {
    let mut place = None;
    first.for_each_term(&mut |term| place = place.or(Some(term.place())));
    compiler.mistake(place.unwrap_or_default(), NOT_ALONE, HINT)
}
