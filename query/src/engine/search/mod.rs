//! Searches as plans: the tree of [`crate::search`] to expressions over a table, never to SQL text.
//!
//! ```text
//! literal      a value that was asked for, with its times resolved
//! condition    what is asked of a text: pure
//! atoms        a predicate as comparisons that all or any of must hold
//! leaf         one field: a column by its kind, an attribute by its holders, a part of events
//! number       a column of numbers
//! text         words without a field
//! compile      the whole expression
//! traces       what is asked of the record's trace: a subquery over all its spans
//! structure    spans below spans: semi joins
//! page         the order of a list, and the rows after a place in it
//! plan         scan -> filter -> sort -> limit -> projection; the traces of a search; values of a field
//! ```
//!
//! INVARIANT: a leaf is true or not; null means no. Only a negation has to tell them apart, so leaves stay as they are and bounds of
//! blocks can rule them out.

mod atoms;
mod compile;
mod condition;
mod leaf;
mod literal;
mod number;
mod page;
mod plan;
mod structure;
mod text;
mod traces;

pub(super) use condition::{Condition, Matcher};
pub(crate) use page::After;
pub(crate) use plan::{FieldValues, SearchOrder, SearchQuestion, TimeSpan, TraceOrder, TraceParts, TracesQuestion};
pub(super) use plan::{parts_plan, records_plan, traces_plan, values_plan};
