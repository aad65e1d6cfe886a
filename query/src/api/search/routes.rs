//! Paths to handlers.

use std::sync::Arc;

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse, Response},
};
use http::HeaderMap;
use schemas::Table;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    super::{
        answer, closed,
        openapi::{AskProblems, NotModified},
        problem::Problem,
        sql::accepted,
    },
    lines,
    parameters::QueryAndTime,
    records, suggest, traces,
};
use crate::{encode::Format, engine::Engine};

/// The pairs of a query string in their order.
pub(crate) type Pairs = Vec<(String, String)>;
pub(crate) type Asked = Result<Query<Pairs>, QueryRejection>;

pub(crate) fn routes(engine: Engine) -> OpenApiRouter {
    OpenApiRouter::default()
        .routes(routes!(get_spans))
        .routes(routes!(get_logs))
        .routes(routes!(get_traces))
        .routes(routes!(get_suggestions))
        .with_state(Arc::new(engine))
}

/// Spans that are found, with all that is theirs but events and links.
#[utoipa::path(
    get,
    path = "/api/v1/spans",
    tag = "search",
    params(
        QueryAndTime,
        ("page_token" = Option<String>, Query, description = "`next_page_token` of the page before; all else but `limit` stays the same"),
        ("sort" = Option<String>, Query, description = "`newest` (the default), `oldest` or `slowest`"),
        ("limit" = Option<usize>, Query, description = "Rows of a page; 100 when left out", minimum = 1, maximum = 10_000)
    ),
    responses(
        (status = 200, description = "What is found. As NDJSON a record a line as they come, the last line has `next_page_token` and `meta`", content(
            (records::SpansAnswer = "application/json"),
            (String = "application/x-ndjson")
        )),
        NotModified,
        AskProblems
    )
)]
async fn get_spans(State(engine): State<Arc<Engine>>, headers: HeaderMap, asked: Asked) -> Response {
    get_records(&engine, Table::Spans, &headers, asked).await.unwrap_or_else(IntoResponse::into_response)
}

/// Log records that are found.
#[utoipa::path(
    get,
    path = "/api/v1/logs",
    tag = "search",
    params(
        QueryAndTime,
        ("page_token" = Option<String>, Query, description = "`next_page_token` of the page before; all else but `limit` stays the same"),
        ("sort" = Option<String>, Query, description = "`newest` (the default) or `oldest`"),
        ("limit" = Option<usize>, Query, description = "Rows of a page; 100 when left out", minimum = 1, maximum = 10_000)
    ),
    responses(
        (status = 200, description = "What is found. As NDJSON a record a line as they come, the last line has `next_page_token` and `meta`", content(
            (records::LogsAnswer = "application/json"),
            (String = "application/x-ndjson")
        )),
        NotModified,
        AskProblems
    )
)]
async fn get_logs(State(engine): State<Arc<Engine>>, headers: HeaderMap, asked: Asked) -> Response {
    get_records(&engine, Table::Logs, &headers, asked).await.unwrap_or_else(IntoResponse::into_response)
}

/// Traces with a span that is found, in a line each.
#[utoipa::path(
    get,
    path = "/api/v1/traces",
    tag = "search",
    params(
        QueryAndTime,
        ("page_token" = Option<String>, Query, description = "`next_page_token` of the page before; all else but `limit` stays the same"),
        ("sort" = Option<String>, Query, description = "`newest` (the default), `slowest`, `errors` or `spans`: the most of them first"),
        ("limit" = Option<usize>, Query, description = "Rows of a page; 20 when left out", minimum = 1, maximum = 1_000),
        ("progress" = Option<bool>, Query, description = "In NDJSON: lines with `progress`, what was read so far, until the first trace is known")
    ),
    responses(
        (status = 200, description = "What is found. As NDJSON a trace a line, the last line has `next_page_token` and `meta`", content(
            (traces::Body = "application/json"),
            (String = "application/x-ndjson")
        )),
        NotModified,
        AskProblems
    )
)]
async fn get_traces(State(engine): State<Arc<Engine>>, headers: HeaderMap, asked: Asked) -> Response {
    match accepted(&headers, &[Format::Json, Format::Ndjson]) {
        Ok(Format::Ndjson) => match pairs(asked) {
            Ok(pairs) => lines::answer(engine, pairs).await.unwrap_or_else(IntoResponse::into_response),
            Err(problem) => problem.into_response(),
        },
        Ok(_) => {
            let answer = async |pairs| traces::answer(&engine, pairs).await;
            closed::respond(&engine, ("traces", Table::Spans), &headers, asked, answer).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// What may stand at the cursor: fields, operators, values that the newest records have.
#[utoipa::path(
    get,
    path = "/api/v1/search/suggest",
    tag = "search",
    params(
        ("table" = Option<String>, Query, description = "`spans` (the default), `logs` or `metrics`"),
        ("q" = Option<String>, Query, description = "What is typed so far"),
        ("cursor" = Option<usize>, Query, description = "Characters of `q` before the cursor; all when left out")
    ),
    responses((status = 200, description = "Best first", body = suggest::Body), AskProblems)
)]
async fn get_suggestions(State(engine): State<Arc<Engine>>, asked: Asked) -> Response {
    respond(async { suggest::answer(&engine, pairs(asked)?).await }).await
}

async fn get_records(engine: &Engine, table: Table, headers: &HeaderMap, asked: Asked) -> Result<Response, Problem> {
    match accepted(headers, &Format::ALL)? {
        Format::Json => {
            let answer = async |pairs| records::whole(engine, table, pairs).await;
            Ok(closed::respond(engine, (table.name(), table), headers, asked, answer).await)
        }
        format => records::answer(engine, table, pairs(asked)?, format).await,
    }
}

pub(crate) async fn respond(body: impl Future<Output = Result<Vec<u8>, Problem>>) -> Response {
    body.await.map_or_else(IntoResponse::into_response, answer::json)
}

pub(crate) fn pairs(asked: Asked) -> Result<Pairs, Problem> {
    let invalid = |error: QueryRejection| Problem::invalid_parameter("query", error.body_text(), "parameters are UTF-8, percent-encoded");
    asked.map(|Query(pairs)| pairs).map_err(invalid)
}
