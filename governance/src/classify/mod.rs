//! What does a row say by itself? Rules turn rows of spans, logs and metrics into facts.
//!
//! ```text
//! file, error          a rule file as people write it, and what is wrong with one, by line
//! field, template      what rules look at and what they write
//! compile, rules       rule files --> Rules: the built-in ones, then the overlay
//! shared               the rules that count now, exchanged while they are applied
//! described            the rules that count, in words
//! words, encoding      states, kinds and actions by name; the numbers that gauges use for states
//! framework            which library a record is from
//!
//! prefilter            one pass over whole columns: which rows may match; all other rows cost nothing more
//! names                metric names, canonical, once per distinct name
//! spans, logs, metrics rows of a table (columns, resource, status) --> matching --> emit --> facts
//! fill                 the derived columns of spans and logs
//! same                 lines that nothing tells apart, added up
//! anew                 rows that were stored, through other rules
//! ```
//!
//! Pure: the same rules and batches give the same facts, in the order of rows. A row is never compared with another one,
//! but for lines of one request that nothing tells apart.

mod anew;
mod builtin;
mod columns;
mod compile;
mod described;
mod emit;
mod encoding;
mod error;
mod field;
mod file;
mod fill;
mod framework;
mod keys;
mod logs;
mod matching;
mod metrics;
mod names;
mod prefilter;
mod resource;
mod rules;
mod run;
mod same;
mod shared;
mod spans;
mod status;
mod template;
mod words;

#[cfg(test)]
mod tests;

pub use anew::classify_anew;
pub use described::Described;
pub use error::{RuleError, RuleErrors};
pub use file::RuleFile;
pub use rules::Rules;
pub use run::{classify, enrich, with_facts};
pub use shared::SharedRules;
