//! What do spans add up to? Rows of spans in, rows of [`Table::OperationMinutes`] and [`Table::EdgeMinutes`] out; and such rows added up
//! again. Pure.
//!
//! ```text
//! spans --spans--> (key, measures) --+
//!                                    +--> groups --write--> rows, sorted, one for each key
//! rows --read--> (key, measures) ----+
//!
//! operations   the facade: spans and rows in, rows out
//! edges        the other one: who calls whom
//! key          what a row is of; texts as numbers
//! known        which operations of a service have rows of their own
//! limit        and which of those that come get some
//! texts        texts <-> numbers, once per dictionary value
//! spans        the columns of spans, and whom a span calls
//! measures     what is added up, and how: in any order, with the same result
//! groups       one sum per key
//! histogram    durations to buckets, buckets to quantiles
//! columns      columns of a batch by name and type
//! rows         rows by column (to add them up) and one by one (for whoever asks)
//! write        groups -> a batch
//! ```
//!
//! INVARIANT: sums of any parts of the spans, added up in any order, are equal to the sum of all spans.
//! This room knows no files, no catalog and no clock.
//!
//! [`Table::OperationMinutes`]: schemas::Table::OperationMinutes
//! [`Table::EdgeMinutes`]: schemas::Table::EdgeMinutes

mod columns;
mod edges;
mod groups;
mod histogram;
mod key;
mod known;
mod limit;
mod measures;
mod operations;
mod rows;
mod spans;
mod texts;
mod write;

pub use columns::RollupError;
pub use edges::{EDGE_SPAN_COLUMNS, EdgeMinutes};
pub use histogram::{DurationHistogram, SCALE, bucket_begin_ns, bucket_bounds_ns, bucket_of};
pub use key::{
    BEYOND_ENVIRONMENTS, BEYOND_ERROR_CODES, BEYOND_OPERATIONS, BEYOND_PEERS, BEYOND_PROTOCOLS, BEYOND_ROWS, BEYOND_VERSIONS, MINUTE_NS,
    minute_of,
};
pub use known::{Change, Known, KnownCount, KnownValue, Limited, ROWS_PER_VALUE, Value};
pub use operations::OperationMinutes;
pub use rows::{MinuteRow, MinuteRows};
pub use spans::SPAN_COLUMNS;

#[cfg(test)]
pub(crate) mod tests;
