//! JSON answers, and their `meta` part: what they cost and why they may be incomplete.

use std::{fmt, time::Instant};

use axum::response::{IntoResponse, Response};
use http::header;
use serde::Serialize;
use storage::Rows;
use utoipa::ToSchema;

use crate::engine::Summary;

/// What the answer cost, and how much it can be trusted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub(crate) struct Meta {
    pub(crate) took_ms: f64,
    /// Rows that were looked at.
    pub(crate) scanned_rows: u64,
    /// Of these rows, in memory.
    pub(crate) scanned_bytes: u64,
    /// Why rows may be missing; empty when the answer is whole.
    pub(crate) partial: Vec<String>,
    /// The answer ends before its end; the last of `warnings` says why.
    pub(crate) truncated: bool,
    /// What was probably meant otherwise.
    pub(crate) warnings: Vec<String>,
}

/// What was read without the engine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Scanned {
    rows: u64,
    bytes: u64,
    pub(crate) partial: Vec<String>,
}

impl Scanned {
    pub(crate) fn of(read: &Rows) -> Self {
        Self {
            rows: read.batches.iter().map(|batch| batch.num_rows() as u64).sum(),
            bytes: read.batches.iter().map(|batch| batch.get_array_memory_size() as u64).sum(),
            partial: read.partial.clone(),
        }
    }

    /// Of both reads.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.partial.extend(other.partial);
        self.partial.sort_unstable();
        self.partial.dedup();
        Self { rows: self.rows + other.rows, bytes: self.bytes + other.bytes, partial: self.partial }
    }
}

impl Meta {
    pub(crate) fn since(start: Instant, scanned: Scanned) -> Self {
        Self {
            took_ms: (start.elapsed().as_secs_f64() * 1e6).round() / 1e3,
            scanned_rows: scanned.rows,
            scanned_bytes: scanned.bytes,
            partial: scanned.partial,
            truncated: false,
            warnings: Vec::new(),
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
        partial: summary.partial.clone(),
        truncated: summary.truncated.is_some(),
        warnings: warnings.iter().chain(&summary.truncated).cloned().collect(),
    }
}

/// `body` as `application/json`. Telemetry changes all the time, so nothing is cached.
pub(crate) fn json(body: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], body).into_response()
}
