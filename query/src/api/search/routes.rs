//! Paths to handlers.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse, Response},
    routing::get,
};
use http::HeaderMap;
use schemas::Table;

use super::{
    super::{answer, problem::Problem, sql::accepted},
    records, suggest, traces,
};
use crate::engine::Engine;

/// The pairs of a query string in their order.
pub(crate) type Pairs = Vec<(String, String)>;
pub(crate) type Asked = Result<Query<Pairs>, QueryRejection>;

pub(crate) fn routes(engine: Engine) -> Router {
    Router::new()
        .route("/api/v1/spans", get(get_spans))
        .route("/api/v1/logs", get(get_logs))
        .route("/api/v1/traces", get(get_traces))
        .route("/api/v1/search/suggest", get(get_suggestions))
        .with_state(Arc::new(engine))
}

async fn get_spans(State(engine): State<Arc<Engine>>, headers: HeaderMap, asked: Asked) -> Response {
    get_records(&engine, Table::Spans, &headers, asked).await.unwrap_or_else(Problem::into_response)
}

async fn get_logs(State(engine): State<Arc<Engine>>, headers: HeaderMap, asked: Asked) -> Response {
    get_records(&engine, Table::Logs, &headers, asked).await.unwrap_or_else(Problem::into_response)
}

async fn get_records(engine: &Engine, table: Table, headers: &HeaderMap, asked: Asked) -> Result<Response, Problem> {
    records::answer(engine, table, pairs(asked)?, accepted(headers)?).await
}

async fn get_traces(State(engine): State<Arc<Engine>>, asked: Asked) -> Response {
    respond(async { traces::answer(&engine, pairs(asked)?).await }).await
}

async fn get_suggestions(State(engine): State<Arc<Engine>>, asked: Asked) -> Response {
    respond(async { suggest::answer(&engine, pairs(asked)?).await }).await
}

pub(crate) async fn respond(body: impl Future<Output = Result<Vec<u8>, Problem>>) -> Response {
    body.await.map_or_else(IntoResponse::into_response, answer::json)
}

pub(crate) fn pairs(asked: Asked) -> Result<Pairs, Problem> {
    let invalid = |error: QueryRejection| Problem::invalid_parameter("query", error.body_text(), "parameters are UTF-8, percent-encoded");
    asked.map(|Query(pairs)| pairs).map_err(invalid)
}
