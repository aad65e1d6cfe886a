//! What a search means, said once more as plainly as possible: over plain records, one by one, without columns, plans or indexes.
//!
//! It shares with the engine the tree that a text is parsed to, and nothing else. Where both differ one of them is wrong.
//!
//! ```text
//! words       texts of a record, words and phrases in them
//! values      what a record has under the name of a field
//! predicates  whether a value is what was asked for
//! traces      what is said of whole traces, and spans below spans
//! ```

mod predicates;
mod traces;
mod values;
mod words;

use std::collections::BTreeMap;

use query::search::{Expr, Search};

use crate::records::{Log, Span};
use traces::Summary;

/// All records there are.
pub(crate) struct World<'a> {
    spans: Vec<&'a Span>,
    logs: Vec<&'a Log>,
    traces: BTreeMap<u128, Summary>,
}

#[derive(Clone, Copy)]
enum Record<'a> {
    Span(&'a Span),
    Log(&'a Log),
}

impl<'a> World<'a> {
    pub(crate) fn new(spans: impl IntoIterator<Item = &'a Span>, logs: impl IntoIterator<Item = &'a Log>) -> Self {
        let spans: Vec<&Span> = spans.into_iter().collect();
        Self { traces: traces::summaries(&spans), logs: logs.into_iter().collect(), spans }
    }

    pub(crate) fn spans(&self, search: &Search) -> Vec<&'a Span> {
        match search {
            Search::Everything => self.spans.clone(),
            Search::Records(expr) => self.spans.iter().copied().filter(|span| self.holds(expr, Record::Span(span))).collect(),
            Search::Structure(structure) => traces::structure(self, structure),
        }
    }

    /// # Panics
    /// When logs are asked to stand below each other.
    pub(crate) fn logs(&self, search: &Search) -> Vec<&'a Log> {
        match search {
            Search::Everything => self.logs.clone(),
            Search::Records(expr) => self.logs.iter().copied().filter(|log| self.holds(expr, Record::Log(log))).collect(),
            Search::Structure(_) => panic!("logs do not stand below each other"),
        }
    }

    fn holds(&self, expr: &Expr, record: Record<'_>) -> bool {
        match expr {
            Expr::And(parts) => parts.iter().all(|part| self.holds(part, record)),
            Expr::Or(parts) => parts.iter().any(|part| self.holds(part, record)),
            Expr::Not(inner) => !self.holds(inner, record),
            Expr::Text(text) => words::holds(&text.kind, record),
            Expr::Field(test) => values::values(self, record, &test.field).iter().any(|value| predicates::holds(value, &test.predicate)),
        }
    }
}

impl Record<'_> {
    fn trace(self) -> Option<u128> {
        match self {
            Record::Span(span) => Some(span.trace),
            Record::Log(log) => log.trace,
        }
    }
}
