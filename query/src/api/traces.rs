//! `GET /api/v1/traces/{trace_id}`: the whole trace, no time range asked for.

use std::time::Instant;

use axum::{
    Router,
    extract::{Path, RawQuery, State, rejection::PathRejection},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderName, HeaderValue, StatusCode};
use schemas::{
    Signal, Table, TenantId, TraceId,
    otlp::{export, json},
};
use serde::Serialize;
use storage::Rows;

use super::{
    answer::{self, Meta},
    problem::Problem,
    router::Shared,
};
use crate::{
    reads::{ReadFailed, Reads},
    trace::{self, Trace},
};

#[derive(Clone)]
struct Traces {
    shared: Shared,
    reads: Reads,
    spans_max: usize,
}

pub(crate) fn routes(shared: Shared, reads: Reads, spans_max: usize) -> Router {
    Router::new().route("/api/v1/traces/{trace_id}", get(get_trace)).with_state(Traces { shared, reads, spans_max })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Tree,
    Otlp,
}

#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    trace: Trace,
    meta: Meta,
}

async fn get_trace(State(traces): State<Traces>, path: Result<Path<String>, PathRejection>, RawQuery(query): RawQuery) -> Response {
    let trace_id = path.map_or_else(|_| String::new(), |Path(trace_id)| trace_id);
    answer(traces, &trace_id, query.as_deref()).await.unwrap_or_else(Problem::into_response)
}

async fn answer(traces: Traces, trace_id: &str, query: Option<&str>) -> Result<Response, Problem> {
    let id = parse_trace_id(trace_id)?;
    let shape = parse_shape(query)?;
    let Traces { shared, reads, spans_max } = traces;
    let (body, partial) = reads.run(move || load(&shared, id, shape, spans_max)).await.map_err(read_failed)??;
    let mut response = answer::json(body);
    // OTLP has no place for it in the body.
    if let Ok(reasons) = HeaderValue::from_str(&partial.join("; "))
        && !partial.is_empty()
    {
        response.headers_mut().insert(PARTIAL, reasons);
    }
    Ok(response)
}

/// Why the answer may be incomplete, as a header.
const PARTIAL: HeaderName = HeaderName::from_static("fusebox-partial");

/// Blocking: reads the spans; gives the answer's bytes, and why spans may be missing.
fn load(shared: &Shared, id: TraceId, shape: Shape, spans_max: usize) -> Result<(Vec<u8>, Vec<String>), Problem> {
    let start = Instant::now();
    let rows = shared.store.snapshot(TenantId::DEFAULT).trace(id).map_err(|error| internal(&error))?;
    if rows.batches.iter().all(|batch| batch.num_rows() == 0) {
        return Err(not_found(id, &rows));
    }
    let body = match shape {
        Shape::Tree => {
            let trace = trace::build(id, &rows.batches, spans_max).map_err(|error| internal(&error))?;
            let answer = Answer { trace, meta: Meta::since(start, rows.partial.clone()) };
            serde_json::to_vec(&answer).expect("string keys and finite numbers always serialize")
        }
        Shape::Otlp => otlp(&rows)?,
    };
    Ok((body, rows.partial))
}

fn parse_trace_id(text: &str) -> Result<TraceId, Problem> {
    let digits = text.strip_prefix("0x").unwrap_or(text).trim();
    digits.parse().map_err(|error: schemas::ids::ParseIdError| {
        Problem::invalid_parameter(
            "trace_id",
            error.to_string(),
            "a trace id is 32 hex digits, for instance 4bf92f3577b34da6a3ce929d0e0e4736",
        )
    })
}

fn parse_shape(query: Option<&str>) -> Result<Shape, Problem> {
    let mut shape = Shape::Tree;
    for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        shape = match pair.split_once('=') {
            Some(("format", "otlp")) => Shape::Otlp,
            Some(("format", "tree")) => Shape::Tree,
            Some(("format", other)) => {
                return Err(Problem::invalid_parameter(
                    "format",
                    format!("unknown format {other:?}"),
                    "use `tree` (the default) or `otlp`",
                ));
            }
            _ => {
                let name = pair.split('=').next().unwrap_or_default();
                return Err(Problem::invalid_parameter("query", format!("unknown parameter {name:?}"), "this route knows only `format`"));
            }
        };
    }
    Ok(shape)
}

fn not_found(id: TraceId, rows: &Rows) -> Problem {
    let problem = Problem::new(StatusCode::NOT_FOUND, "trace_not_found", "No such trace", format!("no span with trace id {id} is stored"));
    if rows.partial.is_empty() {
        problem.hint(
            "check that the id is complete and that the service exports to this server; spans appear as soon as they are acknowledged",
        )
    } else {
        problem.hint(format!("the answer is partial, the trace may still appear: {}", rows.partial.join("; ")))
    }
}

fn read_failed(error: ReadFailed) -> Problem {
    match error {
        ReadFailed::Deadline { .. } => {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "deadline_exceeded", "The read took too long", error.to_string()).retry_after_s(5)
        }
        ReadFailed::Panicked => Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The server made a mistake", error.to_string()),
    }
}

fn internal(error: &dyn std::error::Error) -> Problem {
    tracing::error!(%error, "trace could not be read");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "read_failed", "The trace could not be read", error.to_string())
        .hint("the server log has the details")
}

/// A `TracesData` in OTLP JSON, every stored row of it: identical copies are the sender's and are not hidden here.
fn otlp(rows: &Rows) -> Result<Vec<u8>, Problem> {
    let protobuf = export::to_protobuf(Table::Spans, &rows.batches).map_err(|error| internal(&error))?;
    let text = json::from_protobuf(Signal::Traces, &protobuf).map_err(|error| internal(&error))?;
    Ok(text.into_bytes())
}
