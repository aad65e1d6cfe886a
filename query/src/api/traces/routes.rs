//! Paths to handlers, and what these share.

use axum::{
    extract::{Path, RawQuery, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    super::{
        answer,
        openapi::{AskProblems, ReadProblems},
        problem::Problem,
        router::Shared,
        search::{Asked, pairs, respond},
    },
    analysis, compare, get, load, logs, span,
};
use crate::reads::Reads;

/// Why the answer may be incomplete, as a header: OTLP has no place for it in the body.
const PARTIAL: HeaderName = HeaderName::from_static("fusebox-partial");

#[derive(Clone)]
pub(super) struct Traces {
    pub(super) shared: Shared,
    reads: Reads,
    /// Spans in an answer that carries attributes.
    pub(super) spans_max: usize,
}

/// The bytes of a JSON answer, and why they may not be the whole truth.
pub(super) struct Body {
    pub(super) json: Vec<u8>,
    pub(super) partial: Vec<String>,
}

pub(crate) fn routes(shared: Shared, reads: Reads, spans_max: usize) -> OpenApiRouter {
    OpenApiRouter::default()
        .routes(routes!(get_trace))
        .routes(routes!(get_span))
        .routes(routes!(get_analysis))
        .routes(routes!(get_comparison))
        .routes(routes!(get_logs))
        .with_state(Traces { shared, reads, spans_max })
}

type OneId = Result<Path<String>, PathRejection>;
type TwoIds = Result<Path<(String, String)>, PathRejection>;

/// The whole trace, with all its spans carry. With `format=columnar` without attributes, and in pages when it is large.
#[utoipa::path(
    get,
    path = "/api/v1/traces/{trace_id}",
    tag = "traces",
    params(
        ("trace_id" = String, Path, description = "32 hex digits", pattern = "^(0x)?[0-9a-fA-F]{32}$"),
        ("format" = Option<String>, Query, description = "`tree` (the default), `columnar` or `otlp`; `root`, `page_token` and `limit` are for `columnar`"),
        ("root" = Option<String>, Query, description = "Only the subtree of this span: 16 hex digits"),
        ("page_token" = Option<String>, Query, description = "`next_page_token` of the page before, with the same `root`"),
        ("limit" = Option<usize>, Query, description = "Spans of a page; 200,000 when left out", minimum = 2, maximum = 200_000)
    ),
    responses((status = 200, description = "The answer", body = get::AnyFormat), ReadProblems)
)]
async fn get_trace(State(traces): State<Traces>, path: OneId, RawQuery(query): RawQuery) -> Response {
    traces.answer(get::Request::parse(&one(path), query.as_deref()), get::load).await
}

/// One span with all it carries.
#[utoipa::path(
    get,
    path = "/api/v1/traces/{trace_id}/spans/{span_id}",
    tag = "traces",
    params(
        ("trace_id" = String, Path, description = "32 hex digits", pattern = "^(0x)?[0-9a-fA-F]{32}$"),
        ("span_id" = String, Path, description = "16 hex digits", pattern = "^(0x)?[0-9a-fA-F]{16}$")
    ),
    responses((status = 200, description = "The answer", body = span::Answer), ReadProblems)
)]
async fn get_span(State(traces): State<Traces>, path: TwoIds, RawQuery(query): RawQuery) -> Response {
    let (trace_id, span_id) = two(path);
    traces.answer(span::Request::parse(&trace_id, &span_id, query.as_deref()), span::load).await
}

/// Where the time of the trace went: critical path, operations, and self times of the spans of a page.
#[utoipa::path(
    get,
    path = "/api/v1/traces/{trace_id}/analysis",
    tag = "traces",
    params(
        ("trace_id" = String, Path, description = "32 hex digits", pattern = "^(0x)?[0-9a-fA-F]{32}$"),
        ("root" = Option<String>, Query, description = "Only the subtree of this span: 16 hex digits"),
        ("page_token" = Option<String>, Query, description = "`next_page_token` of the page before, with the same `root`"),
        ("limit" = Option<usize>, Query, description = "Spans of a page; 200,000 when left out", minimum = 2, maximum = 200_000)
    ),
    responses((status = 200, description = "The answer", body = analysis::Answer<'_>), ReadProblems)
)]
async fn get_analysis(State(traces): State<Traces>, path: OneId, RawQuery(query): RawQuery) -> Response {
    traces.answer(analysis::Request::parse(&one(path), query.as_deref()), analysis::load).await
}

/// What the other trace does differently.
#[utoipa::path(
    get,
    path = "/api/v1/traces/{trace_id}/compare/{other_id}",
    tag = "traces",
    params(
        ("trace_id" = String, Path, description = "32 hex digits", pattern = "^(0x)?[0-9a-fA-F]{32}$"),
        ("other_id" = String, Path, description = "The trace to compare with: 32 hex digits", pattern = "^(0x)?[0-9a-fA-F]{32}$")
    ),
    responses((status = 200, description = "The answer", body = compare::Answer<'_>), ReadProblems)
)]
async fn get_comparison(State(traces): State<Traces>, path: TwoIds, RawQuery(query): RawQuery) -> Response {
    let (a, b) = two(path);
    traces.answer(compare::Request::parse(&a, &b, query.as_deref()), compare::load).await
}

/// Log records of a trace
#[utoipa::path(
    get,
    path = "/api/v1/traces/{trace_id}/logs",
    tag = "traces",
    params(
        ("trace_id" = String, Path, description = "32 hex digits"),
        ("span_id" = Option<String>, Query, description = "only the records of this span"),
        ("limit" = Option<usize>, Query, description = "records, the oldest, 1 to 10000; 1000 when left out"),
    ),
    responses((status = 200, description = "log records as `GET /api/v1/logs` gives them, oldest first", body = logs::LogsAnswer), AskProblems)
)]
async fn get_logs(State(traces): State<Traces>, path: OneId, asked: Asked) -> Response {
    respond(async { logs::answer(&traces.shared.engine, &one(path), pairs(asked)?).await }).await
}

/// A path that is no text (`%ff`) is refused as an id that is empty.
fn one(path: OneId) -> String {
    path.map_or_else(|_| String::new(), |Path(id)| id)
}

fn two(path: TwoIds) -> (String, String) {
    path.map_or_else(|_| Default::default(), |Path(ids)| ids)
}

impl Traces {
    /// Runs `load`, which blocks, for a request that could be parsed.
    async fn answer<R: Send + 'static>(self, request: Result<R, Problem>, load: fn(&Self, R) -> Result<Body, Problem>) -> Response {
        let reads = self.reads.clone();
        let body = match request {
            Ok(request) => reads.run(move || load(&self, request)).await.map_err(load::read_failed).and_then(|loaded| loaded),
            Err(problem) => Err(problem),
        };
        body.map_or_else(IntoResponse::into_response, Body::into_response)
    }
}

impl Body {
    fn into_response(self) -> Response {
        let mut response = answer::json(self.json);
        if let Ok(reasons) = HeaderValue::from_str(&self.partial.join("; "))
            && !self.partial.is_empty()
        {
            response.headers_mut().insert(PARTIAL, reasons);
        }
        response
    }
}
