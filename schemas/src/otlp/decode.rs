//! A request body -> batches: read and check the whole, then make the rows.

use std::borrow::Cow;

use xxhash_rust::xxh3::Xxh3;

use super::{
    DecodeError, DecodeLimits, Decoded, Format, Rejected,
    groups::{Groups, for_each_record},
    json::{self, descriptor::Message},
    logs::LogRows,
    merge::merge_split_messages,
    metrics::MetricRows,
    scan::{Scan, scan},
    spans::SpanRows,
};
use crate::{RequestHash, Signal, Table, TableBatch, TenantId, UnixNanos};

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
        let mut scan = scan(signal, &protobuf, limits)?;
        // A number of two bytes in JSON can be nine here: what exceeds the body, which whoever reads JSON has paid for once more.
        scan.decoded_bytes_estimate += protobuf.len().saturating_sub(body.len()) as u64;
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
            merged = merge_split_messages(Message::of_request(self.signal), body)?;
            body = &merged;
        }
        let rows_expected = self.scan.records.min(ROWS_RESERVED_MAX) as usize;
        let mut groups = Groups::new();
        let mut rejected = Rejected::default();
        let (rows, repaired_strings, batch) = match self.signal {
            Signal::Traces => {
                let mut spans = SpanRows::new(rows_expected);
                for_each_record(body, &mut groups, |groups, span| spans.push(groups, span, &mut rejected))?;
                (spans.rows(), groups.repaired, spans.finish(groups, received_at))
            }
            Signal::Logs => {
                let mut logs = LogRows::new(rows_expected, received_at);
                for_each_record(body, &mut groups, |groups, record| logs.push(groups, record, &mut rejected))?;
                (logs.rows(), groups.repaired, logs.finish(groups))
            }
            Signal::Metrics => {
                let mut metrics = MetricRows::new(rows_expected);
                for_each_record(body, &mut groups, |groups, metric| metrics.push(groups, metric, &mut rejected))?;
                (metrics.rows(), groups.repaired, metrics.finish(groups, received_at))
            }
        };
        let batches = if rows == 0 { vec![] } else { vec![TableBatch { table: Table::of(self.signal), batch }] };
        Ok(Decoded { batches, accepted: rows as u64, rejected, repaired_strings, ignored_strindex: self.scan.ignored_strindex })
    }
}
