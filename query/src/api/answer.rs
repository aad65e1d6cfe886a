//! JSON answers, and their `meta` part: what they cost and why they may be incomplete.

use std::time::Instant;

use axum::response::{IntoResponse, Response};
use http::header;
use serde::Serialize;

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

/// `body` as `application/json`. Telemetry changes all the time, so nothing is cached.
pub(crate) fn json(body: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], body).into_response()
}
