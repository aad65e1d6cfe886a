//! `POST /api/v1/sql`: a query that only reads, in the format the client accepts.

mod body;
mod failure;

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
    routing::post,
};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use super::problem::Problem;
use crate::{
    encode::Format,
    engine::{Engine, Question, parameter},
};

pub(super) use body::respond_records;
pub(super) use failure::{problem, problem_in};

pub(crate) fn routes(engine: Engine) -> Router {
    Router::new().route("/api/v1/sql", post(run)).with_state(Arc::new(engine))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    query: String,
    /// Values of `$1`, `$2`, …; bound, never pasted into the text.
    #[serde(default)]
    params: Vec<serde_json::Value>,
}

async fn run(State(engine): State<Arc<Engine>>, headers: HeaderMap, body: Bytes) -> Response {
    answer(&engine, &headers, &body).await.unwrap_or_else(Problem::into_response)
}

/// The format that a client accepts.
pub(super) fn accepted(headers: &HeaderMap) -> Result<Format, Problem> {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    Format::accepted(accept).ok_or_else(|| {
        Problem::new(StatusCode::NOT_ACCEPTABLE, "not_acceptable", "None of the accepted formats exists here", accept.unwrap_or_default())
            .hint("application/json, application/x-ndjson, text/csv, application/vnd.apache.arrow.stream or application/vnd.apache.parquet")
    })
}

async fn answer(engine: &Engine, headers: &HeaderMap, body: &[u8]) -> Result<Response, Problem> {
    let format = accepted(headers)?;
    let request: Request = serde_json::from_slice(body).map_err(|error| {
        Problem::new(StatusCode::BAD_REQUEST, "invalid_body", "The request cannot be read", error.to_string())
            .hint(r#"send {"query": "SELECT …", "params": []}"#)
    })?;
    let params = request.params.iter().map(parameter).collect::<Result<_, _>>().map_err(problem)?;
    let answer = engine.ask(Question::Sql { text: request.query, params }).await.map_err(problem)?;
    body::respond(answer, format).await
}
