//! Paths to handlers.

use axum::{extract::State, response::Response};
use http::HeaderMap;
use schemas::Table;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    super::{
        breakers::Folds,
        closed,
        openapi::AskProblems,
        path::{InPath, in_path},
        search::{Asked, pairs, respond},
        window::Window,
    },
    heatmap::{self, HeatmapAnswer},
    instances::{self, InstancesAnswer},
    list::{self, ServicesAnswer},
    one::{self, ServiceAnswer},
    operations::{self, OperationsAnswer},
};

pub(crate) fn routes(folds: Folds) -> OpenApiRouter {
    OpenApiRouter::default()
        .routes(routes!(get_services))
        .routes(routes!(get_service))
        .routes(routes!(get_operations))
        .routes(routes!(get_instances))
        .routes(routes!(get_heatmap))
        .with_state(folds)
}

/// Services of a window: rates, errors, durations, codes and breakers
#[utoipa::path(
    get,
    path = "/api/v1/services",
    tag = "services",
    params(
        Window,
        ("environment" = Option<String>, Query, description = "only spans of this deployment environment"),
        ("namespace" = Option<String>, Query, description = "only services of this namespace"),
        ("q" = Option<String>, Query, description = "a part of the name, of any case"),
        ("sort" = Option<String>, Query, description = "`health` (the sick ones first, when left out), `calls`, `errors`, `slowest` or `name`"),
        ("buckets" = Option<usize>, Query, description = "of trends at most, 1 to 1000; 60 when left out"),
        ("limit" = Option<usize>, Query, description = "services, 1 to 2000; 200 when left out"),
        ("page_token" = Option<String>, Query, description = "`next_page_token` of the page before"),
    ),
    responses((status = 200, description = "services that have a span in the window", body = ServicesAnswer), AskProblems)
)]
async fn get_services(State(folds): State<Folds>, asked: Asked) -> Response {
    respond(async { list::answer(&folds, pairs(asked)?).await }).await
}

/// One service over time
#[utoipa::path(
    get,
    path = "/api/v1/services/{service}",
    tag = "services",
    params(
        ("service" = String, Path, description = "its name"),
        Window,
        ("environment" = Option<String>, Query, description = "only spans of this deployment environment"),
        ("buckets" = Option<usize>, Query, description = "of trends at most, 1 to 1000; 60 when left out"),
    ),
    responses((status = 200, description = "rate, errors and durations, with marks of versions", body = ServiceAnswer), AskProblems)
)]
async fn get_service(State(folds): State<Folds>, service: InPath<String>, asked: Asked) -> Response {
    respond(async { one::answer(&folds, &in_path("service", service)?, pairs(asked)?).await }).await
}

/// Operations of one service: rates, errors and durations over time, codes and versions
#[utoipa::path(
    get,
    path = "/api/v1/services/{service}/operations",
    tag = "services",
    params(
        ("service" = String, Path, description = "its name"),
        Window,
        ("environment" = Option<String>, Query, description = "only spans of this deployment environment"),
        ("kind" = Option<String>, Query, description = "`server`, `client`, `internal`, `producer`, `consumer` or `unspecified`"),
        ("buckets" = Option<usize>, Query, description = "of trends at most, 1 to 1000; 60 when left out"),
        ("limit" = Option<usize>, Query, description = "operations, 1 to 2000; 200 when left out"),
    ),
    responses((status = 200, description = "operations, those that take most time first", body = OperationsAnswer), AskProblems)
)]
async fn get_operations(State(folds): State<Folds>, service: InPath<String>, asked: Asked) -> Response {
    respond(async { operations::answer(&folds, &in_path("service", service)?, pairs(asked)?).await }).await
}

/// Instances of one service: rates, errors and durations over time, shares of its calls, restarts, silence
#[utoipa::path(
    get,
    path = "/api/v1/services/{service}/instances",
    tag = "services",
    params(
        ("service" = String, Path, description = "its name"),
        Window,
        ("environment" = Option<String>, Query, description = "only spans of this deployment environment"),
        ("buckets" = Option<usize>, Query, description = "of trends at most, 1 to 1000; 60 when left out"),
        ("limit" = Option<usize>, Query, description = "instances, 1 to 2000; 200 when left out"),
    ),
    responses((status = 200, description = "instances, those with most calls first", body = InstancesAnswer), AskProblems)
)]
async fn get_instances(State(folds): State<Folds>, service: InPath<String>, asked: Asked) -> Response {
    respond(async { instances::answer(&folds, &in_path("service", service)?, pairs(asked)?).await }).await
}

/// Spans by time and duration
#[utoipa::path(
    get,
    path = "/api/v1/heatmap",
    tag = "services",
    params(
        ("q" = Option<String>, Query, description = "a search; everything when left out"),
        ("service" = Option<String>, Query, description = "whose spans"),
        ("operation" = Option<String>, Query, description = "name of the spans"),
        ("kind" = Option<String>, Query, description = "of the spans: `server`, `client`, `producer`, `consumer` or `internal`"),
        ("environment" = Option<String>, Query, description = "only spans of this deployment environment"),
        Window,
        ("buckets" = Option<usize>, Query, description = "of time at most, 1 to 500; 120 when left out"),
        ("rows" = Option<usize>, Query, description = "of durations at most, as far as a row need not hold more than a doubling, 4 to 200; 40 when left out"),
    ),
    responses((status = 200, description = "cells of a grid", body = HeatmapAnswer), AskProblems)
)]
async fn get_heatmap(State(folds): State<Folds>, headers: HeaderMap, asked: Asked) -> Response {
    let of = ("heatmap", Table::Spans);
    closed::respond(&folds.engine, of, &headers, asked, async |pairs| heatmap::answer(&folds, pairs).await).await
}
