//! Spans below spans: each step keeps the spans whose parent the step before has found.

use std::sync::Arc;

use datafusion::{
    catalog::cte_worktable::CteWorkTable,
    common::{Column, JoinType},
    datasource::provider_as_source,
    logical_expr::{Expr, LogicalPlanBuilder, ident},
};
use schemas::{Table, columns as c};

use super::{super::EngineError, compile::Compiler};
use crate::search::{Relation, Structure};

impl Compiler<'_> {
    /// The rows of the spans of the last braces.
    pub(super) fn structure(&self, structure: &Structure) -> Result<LogicalPlanBuilder, EngineError> {
        let mut found = self.spans()?.filter(self.compile(&structure.first)?)?;
        for (index, step) in structure.steps.iter().enumerate() {
            let above = match step.relation {
                Relation::Child => ids(found)?,
                Relation::Descendant => self.with_descendants(found, &format!("descendants_{index}"))?,
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

    /// Ids of the spans and of all below them. Each is found once, so spans that are each other's parents come to an end.
    fn with_descendants(&self, found: LogicalPlanBuilder, name: &str) -> Result<LogicalPlanBuilder, EngineError> {
        let first = ids(found)?.build()?;
        let schema = Arc::new(first.schema().as_arrow().clone());
        let parents = LogicalPlanBuilder::scan(name, provider_as_source(Arc::new(CteWorkTable::new(name, schema))), None)?;
        let keys = (qualified(Table::Spans.name(), [c::TRACE_ID, c::PARENT_SPAN_ID]), qualified(name, IDS));
        let children = self.spans()?.join(parents.build()?, JoinType::Inner, keys, None)?;
        let children = children.project(qualified(Table::Spans.name(), IDS).into_iter().map(Expr::Column))?;
        Ok(LogicalPlanBuilder::from(first).to_recursive_query(name.to_owned(), children.build()?, true)?)
    }
}

/// What identifies a span.
const IDS: [&str; 2] = [c::TRACE_ID, c::SPAN_ID];

fn ids(spans: LogicalPlanBuilder) -> Result<LogicalPlanBuilder, EngineError> {
    Ok(spans.project(IDS.map(ident))?)
}

fn qualified(relation: &str, columns: [&str; 2]) -> Vec<Column> {
    columns.map(|column| Column::new(Some(relation), column)).to_vec()
}
