//! From the store to a trace, and the problems on the way. Blocking.

use http::StatusCode;
use schemas::{SpanId, TenantId, TraceId};
use storage::Rows;

use super::{
    super::{answer::Cost, problem::Problem, router::Shared},
    narrow::narrow_rows,
    parameters::PageRequest,
};
use crate::{
    reads::ReadFailed,
    trace::{Page, TraceShape, page},
};

/// Spans of one trace that are looked at; of more, the earliest. Shape, analysis and path of so many are about 170 MB.
const SHAPE_SPANS_MAX: usize = 1_000_000;

/// The rows of a trace that exists, with all they carry.
pub(super) fn rows(shared: &Shared, id: TraceId) -> Result<Rows, Problem> {
    let rows = shared.store.snapshot(TenantId::DEFAULT).trace(id).map_err(|error| internal(&error))?;
    some_rows(id, rows)
}

/// The shape of a trace that exists, and what was read for it.
pub(super) fn shape(shared: &Shared, id: TraceId) -> Result<(TraceShape, Cost), Problem> {
    let rows = narrow_rows(&shared.store.snapshot(TenantId::DEFAULT), id).map_err(|error| internal(&error))?;
    let rows = some_rows(id, rows)?;
    let shape = TraceShape::read(id, &rows.batches, SHAPE_SPANS_MAX).map_err(|error| internal(&error))?;
    Ok((shape, Cost::of(&rows)))
}

fn some_rows(id: TraceId, rows: Rows) -> Result<Rows, Problem> {
    if rows.batches.iter().all(|batch| batch.num_rows() == 0) { Err(no_such_trace(id, &rows)) } else { Ok(rows) }
}

/// The spans that are asked for.
pub(super) fn find_page(shape: &TraceShape, request: &PageRequest) -> Result<Page, Problem> {
    let root = request.root.map(|id| shape.find(id).ok_or_else(|| no_such_span(shape.trace_id(), id))).transpose()?;
    Ok(page(shape, root, request.after, request.limit))
}

fn no_such_trace(id: TraceId, rows: &Rows) -> Problem {
    let problem = Problem::new(StatusCode::NOT_FOUND, "trace_not_found", "No such trace", format!("no span with trace id {id} is stored"));
    if rows.partial.is_empty() {
        problem.hint(
            "check that the id is complete and that the service exports to this server; spans appear as soon as they are acknowledged",
        )
    } else {
        problem.hint(format!("the answer is partial, the trace may still appear: {}", rows.partial.join("; ")))
    }
}

pub(super) fn no_such_span(trace_id: TraceId, id: SpanId) -> Problem {
    let detail = format!("trace {trace_id} has no span with id {id}");
    Problem::new(StatusCode::NOT_FOUND, "span_not_found", "No such span", detail)
        .hint("the trace itself is stored; GET /api/v1/traces/{trace_id} lists its spans")
}

pub(in crate::api) fn read_failed(error: ReadFailed) -> Problem {
    match error {
        ReadFailed::Deadline { .. } => {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "deadline_exceeded", "The read took too long", error.to_string()).retry_after_s(5)
        }
        ReadFailed::Panicked => Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The server made a mistake", error.to_string()),
    }
}

pub(in crate::api) fn internal(error: &dyn std::error::Error) -> Problem {
    tracing::error!(%error, "trace could not be read");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "read_failed", "The trace could not be read", error.to_string())
        .hint("the server log has the details")
}
