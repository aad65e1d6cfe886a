//! `GET /api/v1/traces/{trace_id}/spans/{span_id}`: one span with all it carries. What the columnar form leaves out is asked for here.

use std::time::Instant;

use schemas::{SpanId, TraceId};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Cost, Meta},
        problem::Problem,
    },
    load::{internal, no_such_span, rows},
    parameters::{parse_span_id, parse_trace_id, refuse_any},
    routes::{Body, Traces},
};
use crate::trace::{self, Span};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Request {
    trace_id: TraceId,
    span_id: SpanId,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OneSpan)]
pub(super) struct Answer {
    trace_id: String,
    span: Span,
    /// Other spans of the trace with the same id: Zipkin's shared spans, and senders that use an id twice.
    namesakes: Vec<Span>,
    meta: Meta,
}

impl Request {
    pub(super) fn parse(trace_id: &str, span_id: &str, query: Option<&str>) -> Result<Self, Problem> {
        let request = Self { trace_id: parse_trace_id("trace_id", trace_id)?, span_id: parse_span_id("span_id", span_id)? };
        refuse_any(query)?;
        Ok(request)
    }
}

pub(super) fn load(traces: &Traces, request: Request) -> Result<Body, Problem> {
    let start = Instant::now();
    let Request { trace_id, span_id } = request;
    let rows = rows(&traces.shared, trace_id)?;
    let mut found = trace::find(&rows.batches, span_id, traces.spans_max).map_err(|error| internal(&error))?.into_iter();
    let span = found.next().ok_or_else(|| no_such_span(trace_id, span_id))?;
    let namesakes = found.collect();
    let answer = Answer { trace_id: trace_id.to_string(), span, namesakes, meta: Cost::of(&rows).meta(start) };
    let json = serde_json::to_vec(&answer).expect("string keys and finite numbers always serialize");
    Ok(Body { json, partial: rows.partial })
}
