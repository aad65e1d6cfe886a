//! JSON answers, and their `meta` part: what they cost and why they may be incomplete.

use std::time::Instant;

use axum::response::{IntoResponse, Response};
use http::header;
use serde::Serialize;
use serde_json::json;

use crate::engine::Summary;

/// Says how much an answer can be trusted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Meta {
    pub(crate) took_ms: f64,
    /// Why rows may be missing; empty when the answer is whole.
    pub(crate) partial: Vec<String>,
}

impl Meta {
    pub(crate) fn since(start: Instant, partial: Vec<String>) -> Self {
        Self { took_ms: (start.elapsed().as_secs_f64() * 1e6).round() / 1e3, partial }
    }
}

/// The `meta` part of what the engine answered; `warnings` come before its own.
pub(crate) fn meta(summary: &Summary, warnings: &[String]) -> serde_json::Value {
    let warnings: Vec<&String> = warnings.iter().chain(&summary.truncated).collect();
    json!({
        "took_ms": summary.took_ms,
        "scanned_rows": summary.scanned_rows,
        "scanned_bytes": summary.scanned_bytes,
        "partial": summary.partial,
        "truncated": summary.truncated.is_some(),
        "warnings": warnings,
    })
}

/// `body` as `application/json`. Telemetry changes all the time, so nothing is cached.
pub(crate) fn json(body: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], body).into_response()
}
