//! Paths to handlers.

use std::sync::Arc;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::HeaderMap;
use schemas::{Signal, Table};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    super::{
        closed,
        dropped::{Counting, Losses},
        openapi::{AskProblems, NotModified},
        path::{InPath, in_path},
        search::{Asked, QueryAndTime, pairs, respond},
    },
    context,
    fields::{self, FieldsAnswer},
    histogram::{self, HistogramAnswer},
    patterns::{self, PatternsAnswer},
    values::{self, ValuesAnswer},
};
use crate::engine::Engine;

type Shared = State<Arc<Engine>>;

pub(in crate::api) fn routes(counting: Counting) -> OpenApiRouter {
    OpenApiRouter::default()
        .routes(routes!(get_logs_histogram))
        .routes(routes!(get_spans_histogram))
        .routes(routes!(get_log_fields))
        .routes(routes!(get_span_fields))
        .routes(routes!(get_log_values))
        .routes(routes!(get_span_values))
        .routes(routes!(get_patterns))
        .routes(routes!(get_context))
        .with_state(counting)
}

/// Counts of log records over time
#[utoipa::path(
    get,
    path = "/api/v1/logs/histogram",
    tag = "logs",
    params(
        ("q" = Option<String>, Query, description = "a search; everything when left out"),
        ("start" = Option<String>, Query, description = "inclusive; the first record that is found when left out"),
        ("end" = Option<String>, Query, description = "exclusive; now when left out, without `start` the last record"),
        ("range" = Option<String>, Query, description = "instead of `start`: a duration up to `end`"),
        ("by" = Option<String>, Query, description = "a field; a series for each of its values"),
        ("buckets" = Option<usize>, Query, description = "at most, 1 to 1000; 60 when left out"),
        ("series" = Option<usize>, Query, description = "values with a series of their own, 1 to 50; 10 when left out"),
    ),
    responses((status = 200, description = "counts in buckets of equal width", body = HistogramAnswer), NotModified, AskProblems)
)]
async fn get_logs_histogram(State(engine): Shared, State(losses): State<Losses>, headers: HeaderMap, asked: Asked) -> Response {
    let dropped = losses.dropped(&[Signal::Logs], None);
    let of = ("logs/histogram", Table::Logs);
    closed::respond(&engine, of, &headers, asked, async |pairs| histogram::answer(&engine, Table::Logs, dropped, pairs).await).await
}

/// Counts of spans over time
#[utoipa::path(
    get,
    path = "/api/v1/spans/histogram",
    tag = "search",
    params(
        ("q" = Option<String>, Query, description = "a search; everything when left out"),
        ("start" = Option<String>, Query, description = "inclusive; the first span that is found when left out"),
        ("end" = Option<String>, Query, description = "exclusive; now when left out, without `start` the last span"),
        ("range" = Option<String>, Query, description = "instead of `start`: a duration up to `end`"),
        ("by" = Option<String>, Query, description = "a field; a series for each of its values"),
        ("buckets" = Option<usize>, Query, description = "at most, 1 to 1000; 60 when left out"),
        ("series" = Option<usize>, Query, description = "values with a series of their own, 1 to 50; 10 when left out"),
    ),
    responses((status = 200, description = "counts in buckets of equal width", body = HistogramAnswer), NotModified, AskProblems)
)]
async fn get_spans_histogram(State(engine): Shared, State(losses): State<Losses>, headers: HeaderMap, asked: Asked) -> Response {
    let dropped = losses.dropped(&[Signal::Traces], None);
    let of = ("spans/histogram", Table::Spans);
    closed::respond(&engine, of, &headers, asked, async |pairs| histogram::answer(&engine, Table::Spans, dropped, pairs).await).await
}

/// Fields of log records
#[utoipa::path(
    get,
    path = "/api/v1/logs/fields",
    tag = "logs",
    params(
        QueryAndTime,
        ("limit" = Option<usize>, Query, description = "records looked at, the newest, 1 to 50000; 10000 when left out"),
    ),
    responses((status = 200, description = "the fields that some record has", body = FieldsAnswer), NotModified, AskProblems)
)]
async fn get_log_fields(State(engine): Shared, headers: HeaderMap, asked: Asked) -> Response {
    let of = ("logs/fields", Table::Logs);
    closed::respond(&engine, of, &headers, asked, async |pairs| fields::answer(&engine, Table::Logs, pairs).await).await
}

/// Fields of spans
#[utoipa::path(
    get,
    path = "/api/v1/spans/fields",
    tag = "search",
    params(
        QueryAndTime,
        ("limit" = Option<usize>, Query, description = "spans looked at, the newest, 1 to 50000; 10000 when left out"),
    ),
    responses((status = 200, description = "the fields that some span has", body = FieldsAnswer), NotModified, AskProblems)
)]
async fn get_span_fields(State(engine): Shared, headers: HeaderMap, asked: Asked) -> Response {
    let of = ("spans/fields", Table::Spans);
    closed::respond(&engine, of, &headers, asked, async |pairs| fields::answer(&engine, Table::Spans, pairs).await).await
}

/// Values of a field of log records
#[utoipa::path(
    get,
    path = "/api/v1/logs/fields/{field}/values",
    tag = "logs",
    params(
        ("field" = String, Path, description = "as it is written in a search"),
        QueryAndTime,
        ("limit" = Option<usize>, Query, description = "values, 1 to 1000; 20 when left out"),
    ),
    responses((status = 200, description = "the most frequent values", body = ValuesAnswer), NotModified, AskProblems)
)]
async fn get_log_values(State(engine): Shared, field: InPath<String>, headers: HeaderMap, asked: Asked) -> Response {
    values(&engine, Table::Logs, &headers, field, asked).await
}

/// Values of a field of spans
#[utoipa::path(
    get,
    path = "/api/v1/spans/fields/{field}/values",
    tag = "search",
    params(
        ("field" = String, Path, description = "as it is written in a search"),
        QueryAndTime,
        ("limit" = Option<usize>, Query, description = "values, 1 to 1000; 20 when left out"),
    ),
    responses((status = 200, description = "the most frequent values", body = ValuesAnswer), NotModified, AskProblems)
)]
async fn get_span_values(State(engine): Shared, field: InPath<String>, headers: HeaderMap, asked: Asked) -> Response {
    values(&engine, Table::Spans, &headers, field, asked).await
}

/// Patterns of log records
#[utoipa::path(
    get,
    path = "/api/v1/logs/patterns",
    tag = "logs",
    params(
        QueryAndTime,
        ("limit" = Option<usize>, Query, description = "patterns, 1 to 2001; 50 when left out"),
    ),
    responses((status = 200, description = "templates with counts and samples", body = PatternsAnswer), NotModified, AskProblems)
)]
async fn get_patterns(State(engine): Shared, headers: HeaderMap, asked: Asked) -> Response {
    let of = ("logs/patterns", Table::Logs);
    closed::respond(&engine, of, &headers, asked, async |pairs| patterns::answer(&engine, pairs).await).await
}

/// The lines around one line
#[utoipa::path(
    get,
    path = "/api/v1/logs/context",
    tag = "logs",
    params(
        ("id" = String, Query, description = "of the line, as `GET /api/v1/logs` gives it"),
        ("before" = Option<usize>, Query, description = "lines before it, 0 to 1000; 20 when left out"),
        ("after" = Option<usize>, Query, description = "lines after it, 0 to 1000; 20 when left out"),
    ),
    responses(
        (status = 200, description = "log records of the same stream, oldest first", body = context::ContextAnswer),
        (status = 404, description = "no record has this id", content_type = "application/problem+json"),
        AskProblems
    )
)]
async fn get_context(State(engine): Shared, asked: Asked) -> Response {
    respond(async { context::answer(&engine, pairs(asked)?).await }).await
}

async fn values(engine: &Engine, table: Table, headers: &HeaderMap, field: InPath<String>, asked: Asked) -> Response {
    let field = match in_path("field", field) {
        Ok(field) => field,
        Err(problem) => return problem.into_response(),
    };
    let route = format!("{table}/fields/{field}/values");
    closed::respond(engine, (&route, table), headers, asked, async |pairs| values::answer(engine, table, &field, pairs).await).await
}
