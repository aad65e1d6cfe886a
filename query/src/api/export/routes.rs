//! Path to handler.

use std::sync::Arc;

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse, Response},
};
use tokio_util::sync::CancellationToken;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    super::{openapi::AskProblems, problem::Problem, search::QueryAndTime},
    body,
    parameters::Asked,
};
use crate::engine::Engine;

struct Exports {
    engine: Engine,
    stopping: CancellationToken,
}

pub(crate) fn routes(engine: Engine, stopping: CancellationToken) -> OpenApiRouter {
    OpenApiRouter::default().routes(routes!(get_export)).with_state(Arc::new(Exports { engine, stopping }))
}

/// Everything that is found, as OTLP.
#[utoipa::path(
    get,
    path = "/api/v1/export",
    tag = "export",
    params(
        ("signal" = Option<String>, Query, description = "`traces` (the default), `logs` or `metrics`"),
        ("format" = Option<String>, Query, description = "`otlp-proto` (the default): each request after its length in four bytes, big-endian; `otlp-json`: one request a line"),
        ("order" = Option<String>, Query, description = "`trace`: one trace after the other; otherwise in no order"),
        QueryAndTime,
    ),
    responses(
        (status = 200, description = "A stream of any length. Trailers, for clients that take them: `fusebox-records`, and `fusebox-partial` when records may be missing", content_type = "application/octet-stream"),
        AskProblems
    )
)]
async fn get_export(State(exports): State<Arc<Exports>>, asked: Result<Query<Vec<(String, String)>>, QueryRejection>) -> Response {
    let parsed = match asked {
        Ok(Query(pairs)) => Asked::parse(pairs),
        Err(error) => Err(Problem::invalid_parameter("query", error.body_text(), "parameters are UTF-8, percent-encoded")),
    };
    let answered = match parsed {
        Ok(asked) => body::respond(&exports.engine, asked, exports.stopping.clone()).await,
        Err(problem) => Err(problem),
    };
    answered.unwrap_or_else(IntoResponse::into_response)
}
