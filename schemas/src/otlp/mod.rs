//! OTLP request bytes to batches, and batches to OTLP again.
//!
//! ```text
//! decode                      a request body -> batches
//! compression, frames         bodies as they travel and lie in files
//! json                        OTLP JSON -> protobuf bytes
//! wire, scan, merge           protobuf fields; what a request will cost; the one oddity of protobuf, undone
//! any_value, text, entity     values as the JSON of remainder columns
//! keys, attributes            promoted keys; a record's attributes -> columns and remainder
//! arrays                      columns under construction
//! groups                      resource and scope, and the walk down to the records
//! spans (events, links), logs, metrics (points, quantiles, exemplars, series)    records -> rows
//! reject                      why a record was refused alone
//! attributes_json, export     remainder columns read back; batches -> OTLP protobuf
//! ```

pub(crate) mod any_value;
mod arrays;
mod attributes;
pub mod attributes_json;
pub mod compression;
mod decode;
pub(crate) mod encoder;
mod entity;
mod events;
mod exemplars;
pub mod export;
pub mod frames;
mod groups;
pub mod json;
mod keys;
mod limits;
mod links;
mod logs;
mod merge;
mod metrics;
mod points;
mod quantiles;
pub mod reject;
pub(crate) mod scan;
mod series;
mod spans;
pub(crate) mod text;
pub(crate) mod wire;

use std::collections::BTreeMap;

pub use decode::{Request, decode, request_hash};
pub use limits::DecodeLimits;
pub use scan::{BODY_BYTES_MAX, DEPTH_MAX, ELEMENTS_MAX, Scan};

use crate::TableBatch;

/// How a request body is written. The discriminant is the code in WAL records: never change one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Format {
    Protobuf = 1,
    Json = 2,
}

/// How a request body is compressed. The discriminant is the code in WAL records: never change one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ContentEncoding {
    Identity = 0,
    Gzip = 1,
    Zstd = 2,
}

/// The rows of a request, and what of it could not become one.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// At most one batch per table; tables without rows are absent.
    pub batches: Vec<TableBatch>,
    /// Spans, log records or data points in `batches`.
    pub accepted: u64,
    pub rejected: Rejected,
    /// Strings whose invalid UTF-8 was replaced by U+FFFD.
    pub repaired_strings: u64,
    /// OTLP fields that are not valid outside profiles (`string_value_strindex`, `key_strindex`) and were ignored.
    pub ignored_strindex: u64,
}

/// Records that were refused alone, by reason. The reasons are constants of [`reject`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rejected {
    pub count: u64,
    pub reasons: BTreeMap<&'static str, u64>,
}

/// Why the whole request cannot be read: always the sender's mistake, never transient.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("malformed protobuf at byte {offset}: {what}")]
    Protobuf { offset: usize, what: &'static str },
    #[error("malformed OTLP JSON at line {line} column {column}: {what}")]
    Json { line: usize, column: usize, what: String },
    #[error("{what} nested {limit} levels deep at most are accepted")]
    Depth { what: &'static str, limit: u32 },
    #[error("{actual} {what} in one request, {limit} at most are accepted")]
    Count { what: &'static str, actual: u64, limit: u64 },
}

#[cfg(test)]
mod tests;
