//! Span batches to one trace as people read it: pure, no I/O.
//!
//! ```text
//! batches -> order (rows by time) -> read (rows to spans) -> copies dropped, cap -> tree (order, depth) -> Trace
//!        \-> assemble (no attributes) -> TraceShape -> skew, self_time, critical_path, operations (analysis)
//!                                                  \-> paging -> columnar
//!                                                  \-> compare, with another shape
//! ```
//! The types serialize to the answers of `GET /api/v1/traces/{trace_id}` and the routes below it; field names are column names
//! where a column is meant.

mod analysis;
mod assemble;
mod build;
mod columnar;
mod columns;
mod compare;
mod critical_path;
mod find;
mod json;
mod operations;
mod order;
mod paging;
mod promoted_keys;
mod read;
#[cfg(test)]
mod sample;
mod self_time;
mod shape;
pub mod skew;
mod tree;
mod view;

pub use analysis::Analysis;
pub use build::build;
pub use columnar::{Columnar, Columns, Flag, PAGE_SPANS_MAX, columnar, span_ids};
pub use columns::UnexpectedType;
pub(crate) use columns::{BytesColumn, NumberColumn, TextColumn};
pub use compare::{Comparison, DIFFERENCE_NS_MIN, PATHS_MAX, PathDifference, Side, Summary, Verdict, Whole, compare};
pub use critical_path::{Segment, critical_path, longest, time_on_path};
pub use find::find;
pub use json::JsonObject;
pub use operations::{Operation, SpanTimes, operations};
pub use paging::{Cursor, Page, ParseCursorError, page};
pub use self_time::self_times;
pub use shape::{Interval, SpanShape, TraceShape};
pub use view::{EnumText, Event, Link, Root, Scope, Span, Time, Trace};
