//! `GET /api/v1/queries`: what is asked right now. `DELETE /api/v1/queries/{id}` ends a question.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{openapi::OtherProblems, problem::Problem};
use crate::{
    engine::{Engine, RunningQuery},
    trace::Time,
};

pub(crate) fn routes(engine: Engine) -> OpenApiRouter {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(cancel)).with_state(Arc::new(engine))
}

#[derive(Serialize, ToSchema)]
struct Queries {
    queries: Vec<Query>,
}

#[derive(Serialize, ToSchema)]
struct Query {
    id: u64,
    query: String,
    /// `waiting` for its turn, or `running`.
    state: &'static str,
    start_time: Time,
    running_ms: u64,
    scanned_rows: u64,
    scanned_bytes: u64,
}

/// The questions that run or wait.
#[utoipa::path(get, path = "/api/v1/queries", tag = "sql", responses((status = 200, description = "Oldest first", body = Queries), OtherProblems))]
async fn list(State(engine): State<Arc<Engine>>) -> Json<Queries> {
    Json(Queries { queries: engine.running().into_iter().map(Query::from).collect() })
}

/// Ends a question.
#[utoipa::path(
    delete,
    path = "/api/v1/queries/{id}",
    tag = "sql",
    params(("id" = u64, Path, description = "As `GET /api/v1/queries` lists it")),
    responses((status = 204, description = "It ends"), OtherProblems)
)]
async fn cancel(State(engine): State<Arc<Engine>>, id: Result<Path<u64>, PathRejection>) -> Response {
    match id {
        Ok(Path(id)) if engine.cancel(id) => StatusCode::NO_CONTENT.into_response(),
        Ok(Path(id)) => Problem::new(StatusCode::NOT_FOUND, "query_not_found", "No such query", format!("no query {id} is running"))
            .hint("it may have ended; GET /api/v1/queries lists those that run")
            .into_response(),
        Err(error) => {
            Problem::invalid_parameter("id", error.body_text(), "ids are the numbers that GET /api/v1/queries lists").into_response()
        }
    }
}

impl From<RunningQuery> for Query {
    fn from(query: RunningQuery) -> Self {
        let start = Timestamp::try_from(query.started_at).map_or(0, |time| i64::try_from(time.as_nanosecond()).unwrap_or(i64::MAX));
        Self {
            id: query.id,
            query: query.text,
            state: if query.computing { "running" } else { "waiting" },
            start_time: Time(start),
            running_ms: u64::try_from(query.running_for.as_millis()).unwrap_or(u64::MAX),
            scanned_rows: query.scanned_rows,
            scanned_bytes: query.scanned_bytes,
        }
    }
}
