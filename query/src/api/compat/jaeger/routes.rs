//! Paths to handlers.

use axum::{Router, routing::get};

use super::{super::ask::Asked, monitor, v1, v3};

pub(in crate::api::compat) fn routes(asked: Asked) -> Router {
    Router::new()
        .route("/api/services", get(v1::services))
        .route("/api/services/{service}/operations", get(v1::operation_names))
        .route("/api/operations", get(v1::operations))
        .route("/api/traces", get(v1::traces))
        .route("/api/traces/{id}", get(v1::trace))
        .route("/api/dependencies", get(v1::dependencies))
        .route("/api/metrics/minstep", get(monitor::minstep))
        .route("/api/metrics/{measure}", get(monitor::metrics))
        .route("/api/v3/services", get(v3::services))
        .route("/api/v3/operations", get(v3::operations))
        .route("/api/v3/traces", get(v3::traces))
        .route("/api/v3/traces/{id}", get(v3::trace))
        .route("/api/v3/trace-summaries", get(v3::summaries))
        .route("/api/v3/dependencies", get(v3::dependencies))
        .with_state(asked)
}
