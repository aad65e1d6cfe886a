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
    retries::{self, RetriesAnswer},
};

pub(crate) fn routes(folds: Folds) -> OpenApiRouter {
    OpenApiRouter::default().routes(routes!(get_graph)).routes(routes!(get_blast)).routes(routes!(get_retries)).with_state(folds)
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

/// What is sent again, and who gives up while the called one goes on
#[utoipa::path(
    get,
    path = "/api/v1/graph/retries",
    tag = "governance",
    params(
        Window,
        ("service" = Option<String>, Query, description = "only calls by this service or to it, and chains it is in"),
        ("environment" = Option<String>, Query, description = "only spans of this deployment environment"),
        ("limit" = Option<usize>, Query, description = "edges, 1 to 2000; 200 when left out"),
    ),
    responses((status = 200, description = "edges with retries or timeouts, those that waste most first", body = RetriesAnswer), AskProblems)
)]
async fn get_retries(State(folds): State<Folds>, asked: Asked) -> Response {
    respond(async { retries::answer(&folds, pairs(asked)?).await }).await
}
