//! Paths to handlers.

use axum::{extract::State, response::Response};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    super::{
        breakers::Folds,
        openapi::AskProblems,
        search::{Asked, pairs, respond},
        window::Window,
    },
    blast::{self, BlastAnswer},
    calls::{self, GraphAnswer},
};

pub(crate) fn routes(folds: Folds) -> OpenApiRouter {
    OpenApiRouter::default().routes(routes!(get_graph)).routes(routes!(get_blast)).with_state(folds)
}

/// Who calls whom
#[utoipa::path(
    get,
    path = "/api/v1/graph",
    tag = "services",
    params(
        Window,
        ("environment" = Option<String>, Query, description = "only spans of this deployment environment"),
        ("service" = Option<String>, Query, description = "only what is near the node of this name"),
        ("depth" = Option<usize>, Query, description = "how many calls away from `service`, 0 to 10; 1 when left out"),
        ("at" = Option<String>, Query, description = "when breakers are looked at, within the window; its end when left out"),
    ),
    responses((status = 200, description = "nodes and edges", body = GraphAnswer), AskProblems)
)]
async fn get_graph(State(folds): State<Folds>, asked: Asked) -> Response {
    respond(async { calls::answer(&folds, pairs(asked)?).await }).await
}

/// Who is hurt when one node fails
#[utoipa::path(
    get,
    path = "/api/v1/graph/blast",
    tag = "services",
    params(
        ("target" = String, Query, description = "the name of a service, database, queue or other node of the graph"),
        Window,
        ("environment" = Option<String>, Query, description = "only requests of this deployment environment count as requests"),
    ),
    responses((status = 200, description = "callers, those hurt most first", body = BlastAnswer), AskProblems)
)]
async fn get_blast(State(folds): State<Folds>, asked: Asked) -> Response {
    respond(async { blast::answer(&folds, pairs(asked)?).await }).await
}
