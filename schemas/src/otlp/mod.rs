//! OTLP request bytes to batches, and batches to OTLP again.
//!
//! ```text
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

mod any_value;
mod arrays;
mod attributes;
pub mod attributes_json;
pub mod compression;
mod encoder;
mod entity;
mod events;
mod exemplars;
pub mod export;
pub mod frames;
mod groups;
pub mod json;
mod keys;
mod links;
mod logs;
mod merge;
mod metrics;
mod points;
mod quantiles;
pub mod reject;
mod scan;
mod series;
mod spans;
mod text;
mod wire;

use std::{borrow::Cow, collections::BTreeMap};

use xxhash_rust::xxh3::Xxh3;

pub use scan::{BODY_BYTES_MAX, DEPTH_MAX, Scan};

use crate::{RequestHash, Signal, Table, TableBatch, TenantId, UnixNanos};
use groups::{Groups, for_each_record};
use json::descriptor::Message;

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

/// What a request may cost, checked on the wire before anything is allocated for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Spans, log records or data points in one request.
    pub records_max: u64,
    /// Everything repeated: records, events, links, exemplars, attributes, array items, packed numbers.
    pub elements_max: u64,
    /// Nesting of AnyValue: a scalar attribute is 1.
    pub depth_max: u32,
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self { records_max: 1_000_000, elements_max: 4_000_000, depth_max: 32 }
    }
}

impl DecodeLimits {
    /// For replay: what was accepted once is read again, whatever today's limits say.
    pub const NONE: Self = Self { records_max: u64::MAX, elements_max: u64::MAX, depth_max: 32 };
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

/// Turns a decompressed request body into rows: [`Request::read`], then [`Request::decode`].
///
/// Pure and deterministic: replay of the same bytes with the same `received_at` gives the same rows.
///
/// # Errors
/// When the body as a whole cannot be read; single bad records are in [`Decoded::rejected`].
pub fn decode(signal: Signal, format: Format, body: &[u8], received_at: UnixNanos, limits: &DecodeLimits) -> Result<Decoded, DecodeError> {
    Request::read(signal, format, body, limits)?.decode(received_at)
}

/// Recognises the retry of a request: a hash of the tenant, the signal and the *decompressed* body.
pub fn request_hash(tenant: TenantId, signal: Signal, body: &[u8]) -> RequestHash {
    let mut hasher = Xxh3::new();
    hasher.update(&tenant.0.to_le_bytes());
    hasher.update(&[signal as u8]);
    hasher.update(body);
    RequestHash(hasher.digest128())
}

/// A request that is well-formed and within limits; no row of it is made yet.
#[derive(Debug)]
pub struct Request<'a> {
    signal: Signal,
    protobuf: Cow<'a, [u8]>,
    scan: Scan,
}

/// Rows that columns reserve memory for before the first is seen.
const ROWS_RESERVED_MAX: u64 = 16 << 10;

impl<'a> Request<'a> {
    /// Checks a decompressed request body. Allocates nothing when it is protobuf.
    ///
    /// # Errors
    /// When the body as a whole cannot be read or is above a limit.
    pub fn read(signal: Signal, format: Format, body: &'a [u8], limits: &DecodeLimits) -> Result<Self, DecodeError> {
        let protobuf = match format {
            Format::Protobuf => Cow::Borrowed(body),
            Format::Json => Cow::Owned(json::to_protobuf(signal, body, limits)?),
        };
        let scan = scan::scan(signal, &protobuf, limits)?;
        Ok(Self { signal, protobuf, scan })
    }

    /// What the rows will cost.
    pub fn scan(&self) -> Scan {
        self.scan
    }

    /// Makes the rows.
    ///
    /// # Errors
    /// None is known for a request that was [read](Self::read).
    pub fn decode(&self, received_at: UnixNanos) -> Result<Decoded, DecodeError> {
        let merged;
        let mut body = self.protobuf.as_ref();
        if self.scan.split_messages {
            merged = merge::merge_split_messages(Message::of_request(self.signal), body)?;
            body = &merged;
        }
        let rows_expected = self.scan.records.min(ROWS_RESERVED_MAX) as usize;
        let mut groups = Groups::new();
        let mut rejected = Rejected::default();
        let (rows, repaired_strings, batch) = match self.signal {
            Signal::Traces => {
                let mut spans = spans::SpanRows::new(rows_expected);
                for_each_record(body, &mut groups, |groups, span| spans.push(groups, span, &mut rejected))?;
                (spans.rows(), groups.repaired, spans.finish(groups, received_at))
            }
            Signal::Logs => {
                let mut logs = logs::LogRows::new(rows_expected, received_at);
                for_each_record(body, &mut groups, |groups, record| logs.push(groups, record, &mut rejected))?;
                (logs.rows(), groups.repaired, logs.finish(groups))
            }
            Signal::Metrics => {
                let mut metrics = metrics::MetricRows::new(rows_expected);
                for_each_record(body, &mut groups, |groups, metric| metrics.push(groups, metric, &mut rejected))?;
                (metrics.rows(), groups.repaired, metrics.finish(groups, received_at))
            }
        };
        let batches = if rows == 0 { vec![] } else { vec![TableBatch { table: Table::of(self.signal), batch }] };
        Ok(Decoded { batches, accepted: rows as u64, rejected, repaired_strings, ignored_strindex: self.scan.ignored_strindex })
    }
}

#[cfg(test)]
mod tests;
