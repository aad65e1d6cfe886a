//! Paths to handlers.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::HeaderMap;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    super::{
        breakers::Folds,
        openapi::AskProblems,
        router::Shared,
        search::{Asked, pairs, respond},
        window::Window,
    },
    answer::{self, OverviewAnswer},
    stream::Overviews,
};
use crate::Config;

pub(crate) fn routes(shared: Shared, folds: Folds, config: &Config) -> OpenApiRouter {
    OpenApiRouter::default()
        .routes(routes!(get_overview))
        .routes(routes!(stream_overview))
        .with_state(Overviews::new(shared, folds, config))
}

/// What is wrong now, and what changed
#[utoipa::path(
    get,
    path = "/api/v1/overview",
    tag = "services",
    params(
        Window,
        ("environment" = Option<String>, Query, description = "only spans and errors of this deployment environment"),
    ),
    responses((status = 200, description = "the overview", body = OverviewAnswer), AskProblems)
)]
async fn get_overview(State(overviews): State<Overviews>, asked: Asked) -> Response {
    respond(async { Ok(answer::answer(&overviews.shared, &overviews.folds, pairs(asked)?).await?.json()) }).await
}

/// The overview of the last hour, whenever it changed
#[utoipa::path(
    get,
    path = "/api/v1/stream/overview",
    tag = "services",
    params(("Last-Event-ID" = Option<String>, Header, description = "the id of the last event: what did not change since is not sent again")),
    responses(
        (status = 200, description = "events `overview`, whose data is what `/api/v1/overview` answers", content_type = "text/event-stream", body = String),
        AskProblems
    )
)]
async fn stream_overview(State(overviews): State<Overviews>, headers: HeaderMap) -> Response {
    overviews.open(&headers).await.unwrap_or_else(IntoResponse::into_response)
}
