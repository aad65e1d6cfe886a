//! Paths to handlers.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::HeaderMap;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    super::{
        breakers::Folds,
        language::{in_language, language},
        openapi::AskProblems,
        search::{Asked, pairs, respond},
        window::Window,
    },
    answer::{self, CoverageAnswer},
};
use crate::codes::Codes;

/// What the handler answers from.
#[derive(Clone)]
pub(super) struct Room {
    pub folds: Folds,
    pub codes: Arc<Codes>,
}

pub(crate) fn routes(folds: Folds, codes: Arc<Codes>) -> OpenApiRouter {
    OpenApiRouter::default().routes(routes!(get_coverage)).with_state(Room { folds, codes })
}

/// What no breaker guards, and what hides from sight
#[utoipa::path(
    get,
    path = "/api/v1/governance/coverage",
    tag = "governance",
    params(
        Window,
        ("service" = Option<String>, Query, description = "only findings of this service"),
        ("environment" = Option<String>, Query, description = "only what this deployment environment sent"),
        ("kind" = Option<String>, Query, description = "`no_breaker`, `cannot_trip`, `tracing_inside`, `broken_context`, `errors_without_type` or `unknown_codes`"),
        ("limit" = Option<usize>, Query, description = "findings, 1 to 2000; 200 when left out"),
        ("accept-language" = Option<String>, Header, description = "English or Chinese texts"),
    ),
    responses((status = 200, description = "findings, those that concern most calls first", body = CoverageAnswer), AskProblems)
)]
async fn get_coverage(State(room): State<Room>, headers: HeaderMap, asked: Asked) -> Response {
    in_language(respond(async { answer::answer(&room, pairs(asked)?, language(&headers)).await }).await)
}
