//! Span batches to one trace as people read it: pure, no I/O.
//!
//! ```text
//! batches -> columns (typed access) -> read (rows to spans) -> copies dropped, cap -> tree (order, depth) -> Trace
//! ```
//! The types serialize to the answer of `GET /api/v1/traces/{trace_id}`; field names are column names where a column is meant.

mod build;
mod columns;
mod json;
mod promoted_keys;
mod read;
mod tree;
mod view;

pub use build::build;
pub use columns::UnexpectedType;
pub use json::JsonObject;
pub use view::{EnumText, Event, Link, Root, Scope, Span, Time, Trace};
