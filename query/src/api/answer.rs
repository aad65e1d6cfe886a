//! JSON answers, and their `meta` part: what they cost and why they may be incomplete.

use std::{fmt, time::Instant};

use axum::response::{IntoResponse, Response};
use http::header;
use jiff::Timestamp;
use schemas::UnixNanos;
use serde::{Serialize, Serializer};
use storage::Rows;
use utoipa::ToSchema;

use crate::engine::{Summary, earlier};

/// What the answer cost, and how much it can be trusted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub(crate) struct Meta {
    pub(crate) took_ms: f64,
    /// Rows that were looked at.
    pub(crate) scanned_rows: u64,
    /// Of these rows, in memory.
    pub(crate) scanned_bytes: u64,
    /// When the newest record arrived that was there to be looked at: the answer is as of then. Null when nothing was, or by id.
    pub(crate) watermark: Option<Time>,
    /// Why rows may be missing; empty when the answer is whole.
    pub(crate) partial: Vec<String>,
    /// The answer ends before its end; the last of `warnings` says why.
    pub(crate) truncated: bool,
    /// What was probably meant otherwise.
    pub(crate) warnings: Vec<String>,
}

/// RFC 3339 with nine digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = String)]
pub(super) struct Time(pub UnixNanos);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&rfc3339(self.0))
    }
}

pub(super) fn rfc3339(time: UnixNanos) -> String {
    Timestamp::from_nanosecond(time.0.into()).map_or_else(|_| time.0.to_string(), |time| format!("{time:.9}"))
}

/// What was read for an answer: by questions to the engine, and without it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cost {
    pub scanned_rows: u64,
    pub scanned_bytes: u64,
    /// As in [`Meta`].
    pub watermark: Option<UnixNanos>,
    /// Sorted, each once.
    pub partial: Vec<String>,
    pub warnings: Vec<String>,
}

impl Cost {
    pub(super) fn of(read: &Rows) -> Self {
        let rows = read.batches.iter().map(|batch| batch.num_rows() as u64).sum();
        let bytes = read.batches.iter().map(|batch| batch.get_array_memory_size() as u64).sum();
        let mut cost = Self::default();
        cost.read(rows, bytes, &read.partial);
        cost
    }

    pub(super) fn add(&mut self, summary: &Summary) {
        self.read(summary.scanned_rows, summary.scanned_bytes, &summary.partial);
        self.watermark = earlier(self.watermark, summary.watermark);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.read(other.scanned_rows, other.scanned_bytes, &other.partial);
        self.watermark = earlier(self.watermark, other.watermark);
        self.warnings.extend(other.warnings.iter().cloned());
    }

    fn read(&mut self, rows: u64, bytes: u64, partial: &[String]) {
        self.scanned_rows += rows;
        self.scanned_bytes += bytes;
        self.partial.extend(partial.iter().cloned());
        self.partial.sort_unstable();
        self.partial.dedup();
    }

    /// The `meta` part of an answer that was begun at `start` and is complete but for what `partial` says.
    pub(super) fn meta(&self, start: Instant) -> Meta {
        Meta {
            took_ms: (start.elapsed().as_secs_f64() * 1e6).round() / 1e3,
            scanned_rows: self.scanned_rows,
            scanned_bytes: self.scanned_bytes,
            watermark: self.watermark.map(Time),
            partial: self.partial.clone(),
            truncated: false,
            warnings: self.warnings.clone(),
        }
    }
}

/// As JSON.
impl fmt::Display for Meta {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

/// The `meta` part of what the engine answered; `warnings` come before its own.
pub(crate) fn meta(summary: &Summary, warnings: &[String]) -> Meta {
    Meta {
        took_ms: summary.took_ms,
        scanned_rows: summary.scanned_rows,
        scanned_bytes: summary.scanned_bytes,
        watermark: summary.watermark.map(Time),
        partial: summary.partial.clone(),
        truncated: summary.truncated.is_some(),
        warnings: warnings.iter().chain(&summary.truncated).cloned().collect(),
    }
}

/// `body` as `application/json`. Telemetry changes all the time, so nothing is cached.
pub(crate) fn json(body: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], body).into_response()
}

/// How many in all. The sum of no floats is `-0.0`, which JSON would show.
pub(super) fn total(counts: impl IntoIterator<Item = f64>) -> f64 {
    counts.into_iter().fold(0.0, |sum, count| sum + count)
}

pub(super) fn to_json(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).expect("texts and finite numbers always serialize")
}
