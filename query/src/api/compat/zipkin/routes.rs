//! Paths to handlers.

use axum::{Router, routing::get};

use super::{super::ask::Asked, v2};

pub(in crate::api::compat) fn routes(asked: Asked) -> Router {
    Router::new()
        .route("/api/v2/services", get(v2::services))
        .route("/api/v2/spans", get(v2::span_names))
        .route("/api/v2/remoteServices", get(v2::remote_services))
        .route("/api/v2/traces", get(v2::traces))
        .route("/api/v2/trace/{id}", get(v2::trace))
        .route("/api/v2/traceMany", get(v2::trace_many))
        .route("/api/v2/dependencies", get(v2::dependencies))
        .route("/api/v2/autocompleteKeys", get(v2::autocomplete_keys))
        .route("/api/v2/autocompleteValues", get(v2::autocomplete_values))
        .with_state(asked)
}
