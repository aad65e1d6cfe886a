//! Paths to handlers.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use schemas::Signal;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    super::{
        dropped::{Counting, Losses},
        openapi::AskProblems,
        path::{InPath, in_path},
        search::{Asked, pairs, respond},
    },
    labels::{self, LabelsAnswer},
    names::{self, NamesAnswer},
    parameters::LastDay,
    query::{self, OneAnswer, RangeAnswer},
    values::{self, ValuesAnswer},
};
use crate::engine::Engine;

type Shared = State<Arc<Engine>>;

pub(in crate::api) fn routes(counting: Counting) -> OpenApiRouter {
    OpenApiRouter::default()
        .routes(routes!(get_names))
        .routes(routes!(get_labels))
        .routes(routes!(get_values))
        .routes(routes!(get_one))
        .routes(routes!(get_range))
        .with_state(counting)
}

/// Metrics, with what they are
#[utoipa::path(
    get,
    path = "/api/v1/metrics/names",
    tag = "metrics",
    params(
        ("q" = Option<String>, Query, description = "a part of the name or the description, of any case"),
        LastDay,
        ("limit" = Option<usize>, Query, description = "names, 1 to 5000; 200 when left out"),
    ),
    responses((status = 200, description = "metrics that have points in this time", body = NamesAnswer), AskProblems)
)]
async fn get_names(State(engine): Shared, asked: Asked) -> Response {
    respond(async { names::answer(&engine, pairs(asked)?).await }).await
}

/// Labels of the series of a metric
#[utoipa::path(
    get,
    path = "/api/v1/metrics/labels",
    tag = "metrics",
    params(
        ("metric" = Option<String>, Query, description = "a name, or a selector; all metrics when left out"),
        LastDay,
    ),
    responses((status = 200, description = "labels with some of their values", body = LabelsAnswer), AskProblems)
)]
async fn get_labels(State(engine): Shared, asked: Asked) -> Response {
    respond(async { labels::answer(&engine, pairs(asked)?).await }).await
}

/// Values of a label
#[utoipa::path(
    get,
    path = "/api/v1/metrics/labels/{label}/values",
    tag = "metrics",
    params(
        ("label" = String, Path, description = "as labels are named, or as the attribute is"),
        ("metric" = Option<String>, Query, description = "a name, or a selector; all metrics when left out"),
        ("q" = Option<String>, Query, description = "a part of the value, of any case"),
        LastDay,
        ("limit" = Option<usize>, Query, description = "values, 1 to 1000; 100 when left out"),
    ),
    responses((status = 200, description = "values with how many series have them", body = ValuesAnswer), AskProblems)
)]
async fn get_values(State(engine): Shared, label: InPath<String>, asked: Asked) -> Response {
    respond(async { values::answer(&engine, &in_path("label", label)?, pairs(asked)?).await }).await
}

/// What series say at one time
#[utoipa::path(
    get,
    path = "/api/v1/metrics/query",
    tag = "metrics",
    params(
        ("selector" = String, Query, description = "for instance `http.server.request.duration{service_name=\"pay\", http_route=~\"/orders.*\"}`"),
        ("function" = Option<String>, Query, description = "`value`, `increase` or `rate` (per second); what fits the metric when left out"),
        ("of" = Option<String>, Query, description = "of distributions: `count` (when left out), `sum` or `avg`"),
        ("quantile" = Option<f64>, Query, description = "of distributions: the value below which this share (0 to 1) lies"),
        ("agg" = Option<String>, Query, description = "`sum`, `avg`, `min`, `max`, `count`, `quantile:0.9` or `topk:5`; `sum` when `by` or `without` is given"),
        ("by" = Option<String>, Query, description = "labels that stay, with commas; empty for one series of all"),
        ("without" = Option<String>, Query, description = "labels that go, with commas"),
        ("time" = Option<String>, Query, description = "now when left out"),
        ("window" = Option<String>, Query, description = "of `increase` and `rate`; four points long when left out, at most 5m"),
        ("exemplars" = Option<bool>, Query, description = "measurements that have a trace, too: of the window"),
        ("limit" = Option<usize>, Query, description = "series, 1 to 1000; 100 when left out"),
    ),
    responses((status = 200, description = "a value of each series", body = OneAnswer), AskProblems)
)]
async fn get_one(State(engine): Shared, State(losses): State<Losses>, asked: Asked) -> Response {
    respond(async { query::one(&engine, losses.dropped(&[Signal::Metrics], None), pairs(asked)?).await }).await
}

/// What series say at every step
#[utoipa::path(
    get,
    path = "/api/v1/metrics/query_range",
    tag = "metrics",
    params(
        ("selector" = String, Query, description = "for instance `http.server.request.duration{service_name=\"pay\", http_route=~\"/orders.*\"}`"),
        ("function" = Option<String>, Query, description = "`value`, `increase` or `rate` (per second); what fits the metric when left out"),
        ("of" = Option<String>, Query, description = "of distributions: `count` (when left out), `sum` or `avg`"),
        ("quantile" = Option<f64>, Query, description = "of distributions: the value below which this share (0 to 1) lies"),
        ("agg" = Option<String>, Query, description = "`sum`, `avg`, `min`, `max`, `count`, `quantile:0.9` or `topk:5`; `sum` when `by` or `without` is given"),
        ("by" = Option<String>, Query, description = "labels that stay, with commas; empty for one series of all"),
        ("without" = Option<String>, Query, description = "labels that go, with commas"),
        ("start" = Option<String>, Query, description = "inclusive; an hour before `end` when left out"),
        ("end" = Option<String>, Query, description = "exclusive; now when left out"),
        ("range" = Option<String>, Query, description = "instead of `start`: a duration up to `end`"),
        ("step" = Option<String>, Query, description = "between two values, which stand at its multiples; so long that there are about 240 when left out"),
        ("window" = Option<String>, Query, description = "of `increase` and `rate`; four points long when left out, at least the step, at most 5m or the step"),
        ("exemplars" = Option<bool>, Query, description = "measurements that have a trace, too"),
        ("limit" = Option<usize>, Query, description = "series, 1 to 1000; 100 when left out"),
    ),
    responses((status = 200, description = "values of each series", body = RangeAnswer), AskProblems)
)]
async fn get_range(State(engine): Shared, State(losses): State<Losses>, asked: Asked) -> Response {
    respond(async { query::range(&engine, losses.dropped(&[Signal::Metrics], None), pairs(asked)?).await }).await
}
