//! Paths to handlers.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use governance::fold::BreakerId;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    super::{
        openapi::AskProblems,
        path::{InPath, in_path},
        problem::Problem,
        router::Shared as ApiShared,
        search::{Asked, pairs, respond},
        stream::StreamPlaces,
        window::Window,
    },
    limits::{self, ClientsAnswer, LimitsAnswer},
    list::{self, BreakersAnswer},
    live,
    load::Folds,
    one::{self, BreakerAnswer, InstancesAnswer},
    transitions::{self, TransitionsAnswer},
    trip::{self, TripAnswer},
};
use crate::Config;

type Shared = State<Arc<Folds>>;

pub(crate) fn routes(folds: Folds, shared: &ApiShared, config: &Config, places: StreamPlaces) -> OpenApiRouter {
    let stream = live::routes(folds.clone(), shared, config, places);
    OpenApiRouter::default()
        .routes(routes!(get_breakers))
        .routes(routes!(get_breaker))
        .routes(routes!(get_transitions))
        .routes(routes!(get_instances))
        .routes(routes!(get_trip))
        .routes(routes!(get_limits))
        .routes(routes!(get_clients))
        .with_state(Arc::new(folds))
        .merge(stream)
}

/// Circuit breakers of a window, with their states and trips
#[utoipa::path(
    get,
    path = "/api/v1/breakers",
    tag = "governance",
    params(
        Window,
        ("q" = Option<String>, Query, description = "a part of service, name, target or framework, of any case"),
        ("service" = Option<String>, Query, description = "whose breaker it is"),
        ("target" = Option<String>, Query, description = "whom it guards calls to"),
        ("state" = Option<String>, Query, description = "at the end of the window"),
        ("kind" = Option<String>, Query, description = "`breaker`, `adaptive`, `outlier`, `concurrency_cap` or `manual`"),
        ("tripped" = Option<bool>, Query, description = "only those that were open within the window"),
        ("sort" = Option<String>, Query, description = "`cost` (refused calls, when left out), `recent`, `trips` or `name`"),
        ("limit" = Option<usize>, Query, description = "breakers of a page, 1 to 2000; 200 when left out"),
        ("page_token" = Option<String>, Query, description = "`next_page_token` of the page before"),
    ),
    responses((status = 200, description = "breakers, those that cost most first", body = BreakersAnswer), AskProblems)
)]
async fn get_breakers(State(folds): Shared, asked: Asked) -> Response {
    respond(async { list::answer(&folds, pairs(asked)?).await }).await
}

/// One circuit breaker, with its trips
#[utoipa::path(
    get,
    path = "/api/v1/breakers/{id}",
    tag = "governance",
    params(
        ("id" = String, Path, description = "sixteen hex digits, as the list gives them"),
        Window,
    ),
    responses((status = 200, description = "the breaker", body = BreakerAnswer), AskProblems)
)]
async fn get_breaker(State(folds): Shared, path: InPath<String>, asked: Asked) -> Response {
    respond(async { one::answer(&folds, id(&in_path("id", path)?)?, pairs(asked)?).await }).await
}

/// Changes of state of one breaker, with their evidence
#[utoipa::path(
    get,
    path = "/api/v1/breakers/{id}/transitions",
    tag = "governance",
    params(
        ("id" = String, Path, description = "sixteen hex digits, as the list gives them"),
        Window,
        ("limit" = Option<usize>, Query, description = "changes, the newest, 1 to 5000; 500 when left out"),
    ),
    responses((status = 200, description = "changes of all instances, newest first", body = TransitionsAnswer), AskProblems)
)]
async fn get_transitions(State(folds): Shared, path: InPath<String>, asked: Asked) -> Response {
    respond(async { transitions::answer(&folds, id(&in_path("id", path)?)?, pairs(asked)?).await }).await
}

/// Instances of one breaker
#[utoipa::path(
    get,
    path = "/api/v1/breakers/{id}/instances",
    tag = "governance",
    params(
        ("id" = String, Path, description = "sixteen hex digits, as the list gives them"),
        Window,
    ),
    responses((status = 200, description = "a lane for each", body = InstancesAnswer), AskProblems)
)]
async fn get_instances(State(folds): Shared, path: InPath<String>, asked: Asked) -> Response {
    respond(async { one::instances(&folds, id(&in_path("id", path)?)?, pairs(asked)?).await }).await
}

/// The trip that covers an instant: why, what it cost, whom it hurt
#[utoipa::path(
    get,
    path = "/api/v1/breakers/{id}/trips/{t}",
    tag = "governance",
    params(
        ("id" = String, Path, description = "sixteen hex digits, as the list gives them"),
        ("t" = String, Path, description = "any instant of the trip, for instance the time it opened"),
    ),
    responses((status = 200, description = "the trip", body = TripAnswer), AskProblems)
)]
async fn get_trip(State(folds): Shared, path: InPath<(String, String)>, asked: Asked) -> Response {
    respond(async {
        let (breaker, instant) = in_path("id", path)?;
        trip::answer(&folds, id(&breaker)?, &instant, pairs(asked)?).await
    })
    .await
}

/// Limiters that rejected calls
#[utoipa::path(
    get,
    path = "/api/v1/limits",
    tag = "governance",
    params(
        Window,
        ("service" = Option<String>, Query, description = "who limits"),
    ),
    responses((status = 200, description = "limiters, those that rejected most first", body = LimitsAnswer), AskProblems)
)]
async fn get_limits(State(folds): Shared, asked: Asked) -> Response {
    respond(async { limits::answer(&folds, pairs(asked)?).await }).await
}

/// Whom a limiter rejected
#[utoipa::path(
    get,
    path = "/api/v1/limits/{rule}/clients",
    tag = "governance",
    params(
        ("rule" = String, Path, description = "the id of a limiter, as the list gives it"),
        Window,
    ),
    responses((status = 200, description = "callers, those rejected most first", body = ClientsAnswer), AskProblems)
)]
async fn get_clients(State(folds): Shared, path: InPath<String>, asked: Asked) -> Response {
    respond(async { limits::clients(&folds, &in_path("id", path)?, pairs(asked)?).await }).await
}

fn id(text: &str) -> Result<BreakerId, Problem> {
    text.parse().map_err(|error| Problem::invalid_parameter("id", format!("{text:?}: {error}"), "take `id` of a breaker in the list"))
}
