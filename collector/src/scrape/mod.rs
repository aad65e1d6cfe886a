//! A pull door: `/metrics` pages of targets, fetched in an interval of theirs, as Prometheus does.
//!
//! ```text
//! config    what to scrape
//! relabel   rules that change or drop targets and series
//! target    where to fetch, and the labels of what is there
//! fetch     one page over HTTP
//! page      a page -> OTLP, with `up` and its siblings, and marks of what is gone
//! run       every target in its interval, into ingest
//! report    what people are told
//! ```
//! What cannot be stored before the next page of its target is due is dropped and counted: a page is of its moment.

mod config;
mod fetch;
mod page;
mod relabel;
mod report;
mod run;
mod target;

pub use config::{ScrapeConfig, ScrapeError};
pub use report::TargetReport;
pub(crate) use report::TargetsBook;
pub(crate) use run::run;
pub(crate) use target::{Target, targets};

#[cfg(test)]
mod tests;
