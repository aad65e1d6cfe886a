//! Spans below spans: each step keeps the spans whose parent the step before has found.

use datafusion::{
    common::{Column, JoinType, ScalarValue},
    logical_expr::{LogicalPlanBuilder, ident, lit},
};
use schemas::{Table, columns as c};

use super::{
    super::{EngineError, functions::below},
    compile::Compiler,
};
use crate::search::{Relation, Structure};

impl Compiler<'_> {
    /// The rows of the spans of the last braces.
    pub(super) fn structure(&self, structure: &Structure) -> Result<LogicalPlanBuilder, EngineError> {
        let mut found = self.spans()?.filter(self.compile(&structure.first)?)?;
        for (index, step) in structure.steps.iter().enumerate() {
            let above = match step.relation {
                Relation::Child => ids(found)?,
                Relation::Descendant => self.with_descendants(found)?,
            };
            let above = above.alias(format!("above_{index}"))?;
            let keys = (qualified(Table::Spans.name(), [c::TRACE_ID, c::PARENT_SPAN_ID]), qualified(&format!("above_{index}"), IDS));
            let below = self.spans()?.filter(self.compile(&step.spans)?)?;
            found = below.join(above.build()?, JoinType::LeftSemi, keys, None)?;
        }
        if let Some(traces) = &structure.traces {
            found = found.filter(self.compile(traces)?)?;
        }
        Ok(found)
    }

    /// Ids of the spans and of all below them. All spans that matter are read once and brought together by trace.
    fn with_descendants(&self, found: LogicalPlanBuilder) -> Result<LogicalPlanBuilder, EngineError> {
        let nobody = lit(ScalarValue::FixedSizeBinary(8, None));
        let own = || [c::TRACE_ID, c::SPAN_ID].map(|name| ident(name).alias(name));
        let marks = found.project(own().into_iter().chain([nobody.alias(c::PARENT_SPAN_ID), lit(true).alias(MARKED)]))?;
        let edges = self.spans()?.filter(ident(c::PARENT_SPAN_ID).is_not_null())?;
        let parent = ident(c::PARENT_SPAN_ID).alias(c::PARENT_SPAN_ID);
        let edges = edges.project(own().into_iter().chain([parent, lit(false).alias(MARKED)]))?;
        let below = below(ident(c::SPAN_ID), ident(c::PARENT_SPAN_ID), ident(MARKED)).alias(c::SPAN_ID);
        let of_traces = marks.union(edges.build()?)?.aggregate([ident(c::TRACE_ID)], [below])?;
        Ok(of_traces.unnest_column(c::SPAN_ID)?)
    }
}

/// Of a span that is found, beside all spans as they stand below each other.
const MARKED: &str = "marked";

/// What identifies a span.
const IDS: [&str; 2] = [c::TRACE_ID, c::SPAN_ID];

fn ids(spans: LogicalPlanBuilder) -> Result<LogicalPlanBuilder, EngineError> {
    Ok(spans.project(IDS.map(ident))?)
}

fn qualified(relation: &str, columns: [&str; 2]) -> Vec<Column> {
    columns.map(|column| Column::new(Some(relation), column)).to_vec()
}
