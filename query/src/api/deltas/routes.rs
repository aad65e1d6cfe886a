//! The path to the handler.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
};
use tokio::sync::oneshot;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    super::{answer, openapi::AskProblems, problem::Problem, router::Shared, search, sql::problem},
    compare::compare,
    request::Request,
};
use crate::engine::EngineError;

pub(crate) fn routes(shared: Shared) -> OpenApiRouter {
    OpenApiRouter::default().routes(routes!(post_deltas)).with_state(Arc::new(shared))
}

#[utoipa::path(
    post,
    path = "/api/v1/deltas",
    tag = "search",
    summary = "What sets a selection apart from a baseline",
    request_body = super::request::Body,
    responses(
        (status = 200, description = "attributes, those that differ most first", body = super::compare::Comparison),
        AskProblems
    )
)]
async fn post_deltas(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    respond(shared, &body).await.map_or_else(IntoResponse::into_response, answer::json)
}

/// The answer to a request. Counting takes time, so it is done where questions are answered.
pub(crate) async fn respond(shared: Arc<Shared>, body: &[u8]) -> Result<Vec<u8>, Problem> {
    let request = Request::parse(body, search::now())?;
    let (reply, answered) = oneshot::channel();
    let asking = Arc::clone(&shared);
    let _work = shared.engine.spawn(async move {
        // Whoever asked may be gone.
        let _ = reply.send(compare(&asking, request).await);
    });
    answered.await.unwrap_or_else(|_| Err(problem(EngineError::Internal { message: "a bug ended the comparison".to_owned() })))
}
