//! `/healthz`: the process answers. `/readyz`: it takes new data and shows all it was given.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use super::{openapi::OtherProblems, router::Shared};

#[derive(Debug, Serialize, ToSchema)]
struct Ready {
    ready: bool,
    /// Why it is not.
    reasons: Vec<String>,
}

/// Says `ok` as long as the process answers.
#[utoipa::path(get, path = "/healthz", tag = "server", responses((status = 200, description = "It does", body = String, content_type = "text/plain"), OtherProblems))]
pub(crate) async fn healthz() -> Response {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], "ok\n").into_response()
}

/// Says whether new data is taken and all that was given is shown.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "server",
    responses((status = 200, description = "Ready", body = Ready), (status = 503, description = "Not ready", body = Ready), OtherProblems)
)]
pub(crate) async fn readyz(State(shared): State<Shared>) -> Response {
    let reasons = not_ready_reasons(&shared);
    let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = serde_json::to_vec(&Ready { ready: reasons.is_empty(), reasons }).expect("strings always serialize");
    (status, [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], body).into_response()
}

/// Empty when the server is ready.
pub(crate) fn not_ready_reasons(shared: &Shared) -> Vec<String> {
    let readiness = shared.store.readiness();
    let mut reasons = Vec::new();
    if shared.stopping.is_cancelled() {
        reasons.push("the server is stopping".to_owned());
    }
    if let Err(refused) = readiness.ingest {
        reasons.push(format!("new data is refused: {refused}"));
    }
    if readiness.replay_bytes_left > 0 {
        reasons.push(format!("{} bytes of the write-ahead log are not replayed yet", readiness.replay_bytes_left));
    }
    reasons
}
