//! `POST /api/v1/sql`: a query that only reads, in the format the client accepts.

mod body;
mod failure;

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    openapi::AskProblems,
    problem::{self, Problem},
};
use crate::{
    encode::Format,
    engine::{Engine, Question, parameter},
};

pub(super) use body::{respond_records, response};
pub(super) use failure::{problem, problem_in};

pub(crate) fn routes(engine: Engine) -> OpenApiRouter {
    OpenApiRouter::default().routes(routes!(run)).with_state(Arc::new(engine))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SqlRequest)]
struct Request {
    /// One statement that only reads.
    #[schema(example = "SELECT service_name, count(*) FROM spans GROUP BY 1")]
    query: String,
    /// Values of `$1`, `$2`, …; bound, never pasted into the text.
    #[serde(default)]
    params: Vec<serde_json::Value>,
}

/// Asks in SQL. The format of the answer is chosen by `Accept`.
#[utoipa::path(
    post,
    path = "/api/v1/sql",
    tag = "sql",
    request_body = Request,
    responses(
        (status = 200, description = "The rows. In Arrow and Parquet, columns keep their types; in the text formats ids are hex and times RFC 3339", content(
            (body::SqlAnswer = "application/json"),
            (String = "application/x-ndjson"),
            (String = "text/csv"),
            (Vec<u8> = "application/vnd.apache.arrow.stream"),
            (Vec<u8> = "application/vnd.apache.parquet")
        )),
        (status = 403, description = "A statement that does more than read: `read_only`", body = problem::Members, content_type = "application/problem+json"),
        (status = 406, description = "No format of `Accept` exists here: `not_acceptable`", body = problem::Members, content_type = "application/problem+json"),
        AskProblems
    )
)]
async fn run(State(engine): State<Arc<Engine>>, headers: HeaderMap, body: Bytes) -> Response {
    answer(&engine, &headers, &body).await.unwrap_or_else(Problem::into_response)
}

/// Which of `formats` the client wants.
pub(super) fn accepted(headers: &HeaderMap, formats: &[Format]) -> Result<Format, Problem> {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    Format::accepted(accept).filter(|format| formats.contains(format)).ok_or_else(|| {
        let media_types: Vec<&str> = formats.iter().map(|format| format.media_type()).collect();
        Problem::new(StatusCode::NOT_ACCEPTABLE, "not_acceptable", "None of the accepted formats exists here", accept.unwrap_or_default())
            .hint(format!("this route answers {}", media_types.join(", ")))
    })
}

async fn answer(engine: &Engine, headers: &HeaderMap, body: &[u8]) -> Result<Response, Problem> {
    let format = accepted(headers, &Format::ALL)?;
    let request: Request = serde_json::from_slice(body).map_err(|error| {
        Problem::new(StatusCode::BAD_REQUEST, "invalid_body", "The request cannot be read", error.to_string())
            .hint(r#"send {"query": "SELECT …", "params": []}"#)
    })?;
    let params = request.params.iter().map(parameter).collect::<Result<_, _>>().map_err(problem)?;
    let answer = engine.ask(Question::Sql { text: request.query, params }).await.map_err(problem)?;
    body::respond(answer, format).await
}
