//! A whole expression over the records of a table.

use std::sync::Arc;

use datafusion::{
    common::{Column, DataFusionError, JoinType},
    datasource::provider_as_source,
    logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, ident, lit},
};
use schemas::{Table, UnixNanos, columns as c};
use storage::Snapshot;

use super::{
    super::{EngineError, Position, table::StoreTable},
    leaf::timestamp,
    text,
};
use crate::search::{self, Expr as Asked, Place, Term, TraceField};

/// What compiling needs to know besides the tree.
#[derive(Clone, Copy)]
pub(super) struct Compiler<'a> {
    pub snapshot: &'a Arc<Snapshot>,
    pub table: Table,
    /// What was parsed: mistakes point into it.
    pub text: &'a str,
    pub now: UnixNanos,
    /// `trace_id` of the only traces whose spans matter; `None`: all do.
    pub within: Option<&'a LogicalPlan>,
    /// Records that were received later are not there.
    pub received_until: Option<UnixNanos>,
}

impl Compiler<'_> {
    /// All rows of a table.
    pub(super) fn scan(&self, table: Table) -> Result<LogicalPlanBuilder, DataFusionError> {
        let provider = StoreTable::new(table, Arc::clone(self.snapshot));
        let all = LogicalPlanBuilder::scan(table.name(), provider_as_source(Arc::new(provider)), None)?;
        match self.received_until {
            Some(until) => all.filter(ident(c::RECEIVED_AT).lt_eq(timestamp(until.0))),
            None => Ok(all),
        }
    }

    /// The spans that matter, whenever they were. A join that begins with few traces has the scan find their rows by the trace index.
    pub(super) fn spans(&self) -> Result<LogicalPlanBuilder, DataFusionError> {
        let spans = self.scan(Table::Spans)?;
        let Some(within) = self.within else { return Ok(spans) };
        let keys = (vec![Column::from_name(c::TRACE_ID)], vec![Column::new(Some(Table::Spans.name()), c::TRACE_ID)]);
        LogicalPlanBuilder::from(within.clone()).alias("within")?.join(spans.build()?, JoinType::RightSemi, keys, None)
    }

    /// Whether a record is asked for. Null means no.
    pub(super) fn compile(&self, asked: &Asked) -> Result<Expr, EngineError> {
        if let Some(query) = text::query_of(asked) {
            return Ok(text::matches(self.table, query));
        }
        if self.is_about_traces(asked) {
            return self.of_traces(asked);
        }
        match asked {
            Asked::And(parts) => self.group(parts, Asked::And, Expr::and, lit(true)),
            Asked::Or(parts) => self.group(parts, Asked::Or, Expr::or, lit(false)),
            Asked::Not(inner) => Ok(Expr::Not(Box::new(Expr::IsTrue(Box::new(self.compile(inner)?))))),
            Asked::Text(text) => text::term(self.table, text),
            Asked::Field(test) => self.field(test),
        }
    }

    /// The words of a group are one question to the text, its trace fields one to the traces.
    fn group(
        &self,
        parts: &[Asked],
        again: fn(Vec<Asked>) -> Asked,
        join: fn(Expr, Expr) -> Expr,
        empty: Expr,
    ) -> Result<Expr, EngineError> {
        let (words, others): (Vec<&Asked>, Vec<&Asked>) = parts.iter().partition(|part| text::query_of(part).is_some());
        let (traces, others): (Vec<&Asked>, Vec<&Asked>) = others.into_iter().partition(|part| self.is_about_traces(part));
        let together = |parts: Vec<&Asked>| again(parts.into_iter().cloned().collect());
        let mut joined = Vec::new();
        for part in others {
            joined.push(self.compile(part)?);
        }
        if let Some(query) = text::query_of(&together(words.clone())).filter(|_| !words.is_empty()) {
            joined.push(text::matches(self.table, query));
        }
        if !traces.is_empty() {
            joined.push(self.of_traces(&together(traces))?);
        }
        Ok(joined.into_iter().reduce(join).unwrap_or(empty))
    }

    /// Whether traces alone say if it holds. Not so behind a negation: a record without a trace is left out there.
    fn is_about_traces(&self, asked: &Asked) -> bool {
        let mut only = true;
        asked.for_each_term(&mut |term| only &= self.is_of_trace(term));
        only && !has_negation(asked)
    }

    /// The parts that must all hold, apart: those that ask the record alone, and those that ask its trace too.
    pub(super) fn split_off_traces(&self, asked: &Asked) -> (Option<Asked>, Option<Asked>) {
        let parts = match asked {
            Asked::And(parts) => parts.clone(),
            other => vec![other.clone()],
        };
        let (of_traces, own): (Vec<Asked>, Vec<Asked>) = parts.into_iter().partition(|part| self.mentions_traces(part));
        let together = |mut parts: Vec<Asked>| match parts.len() {
            0 => None,
            1 => parts.pop(),
            _ => Some(Asked::And(parts)),
        };
        (together(own), together(of_traces))
    }

    fn mentions_traces(&self, asked: &Asked) -> bool {
        let mut any = false;
        asked.for_each_term(&mut |term| any |= self.is_of_trace(term));
        any
    }

    fn is_of_trace(&self, term: Term<'_>) -> bool {
        let Term::Field(test) = term else { return false };
        matches!(search::resolve(&test.field, self.table), search::Target::Trace(field) if field != TraceField::Id)
    }

    /// The asker's mistake at a place of the text.
    pub(super) fn mistake(&self, place: Place, message: impl Into<String>, hint: impl Into<String>) -> EngineError {
        let search::Position { line, column } = search::position(self.text, place.start);
        let at = Position { line: line as u64, column: column as u64 };
        EngineError::Invalid { message: message.into(), at: Some(at), hint: Some(hint.into()) }
    }
}

fn has_negation(asked: &Asked) -> bool {
    match asked {
        Asked::And(parts) | Asked::Or(parts) => parts.iter().any(has_negation),
        Asked::Not(_) => true,
        Asked::Text(_) | Asked::Field(_) => false,
    }
}
