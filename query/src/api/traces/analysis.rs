//! `GET /api/v1/traces/{trace_id}/analysis`: where the time of a trace went.
//!
//! Worked out over the whole trace. The critical path and the operations are of all of it; what is said span by span is for the
//! spans of one page, chosen by the same parameters as `format=columnar` chooses them, and in the same order.

use std::time::Instant;

use schemas::TraceId;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{answer::Meta, problem::Problem},
    load::{find_page, shape},
    parameters::{PageRequest, pairs, parse_trace_id, unknown},
    routes::{Body, Traces},
};
use crate::trace::{Analysis, Operation, PAGE_SPANS_MAX, Page, Root, Segment, TraceShape, longest, span_ids};

/// Operations in one answer, those with most self time; names that carry ids would make it as long as the trace.
const OPERATIONS_MAX: usize = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Request {
    trace_id: TraceId,
    page: PageRequest,
}

#[derive(Serialize, ToSchema)]
#[schema(as = TraceAnalysis)]
pub(super) struct Answer<'a> {
    trace_id: String,
    /// The earliest start; text, because it exceeds 2^53.
    t0_ns: String,
    duration_ns: i64,
    span_count: usize,
    truncated: bool,
    root: Option<Root>,
    critical_path: Path,
    operation_count: usize,
    operations: Vec<Operation<'a>>,
    /// Spans of the whole trace whose clock seems to be off.
    skewed_span_count: usize,
    spans: Spans,
    remaining: usize,
    next_page_token: Option<String>,
    meta: Meta,
}

/// What the caller of the root waited for, by time. One entry per segment; times are since `t0_ns`, after adjustment.
#[derive(Serialize, ToSchema)]
#[schema(as = CriticalPath)]
struct Path {
    /// 16 hex digits each.
    span_ids: String,
    from_ns: Vec<i64>,
    to_ns: Vec<i64>,
    /// Of shorter segments that did not fit.
    left_out_ns: i64,
}

/// One entry per span of the page.
#[derive(Serialize, ToSchema)]
#[schema(as = SpanAnalysis)]
struct Spans {
    /// 16 hex digits each.
    span_ids: String,
    self_ns: Vec<i64>,
    /// To add to start and end, where the span's clock seems to be off; mostly 0.
    adjustment_ns: Vec<i64>,
}

impl Request {
    pub(super) fn parse(trace_id: &str, query: Option<&str>) -> Result<Self, Problem> {
        let trace_id = parse_trace_id("trace_id", trace_id)?;
        let mut page = PageRequest::default();
        for (name, value) in pairs(query) {
            if !page.take(name, value)? {
                return Err(unknown(name, "`root`, `page_token` and `limit`"));
            }
        }
        Ok(Self { trace_id, page })
    }
}

pub(super) fn load(traces: &Traces, request: Request) -> Result<Body, Problem> {
    let start = Instant::now();
    let (shape, scanned) = shape(&traces.shared, request.trace_id)?;
    let page = find_page(&shape, &request.page)?;
    let analysis = Analysis::of(&shape);
    let mut operations = analysis.operations(&shape);
    let operation_count = operations.len();
    operations.truncate(OPERATIONS_MAX);
    let partial = scanned.partial.clone();
    let answer = Answer {
        trace_id: request.trace_id.to_string(),
        t0_ns: shape.start_ns().to_string(),
        duration_ns: shape.duration_ns(),
        span_count: shape.span_count(),
        truncated: shape.truncated(),
        root: root(&shape),
        critical_path: path(&shape, &analysis.critical_path),
        operation_count,
        operations,
        skewed_span_count: analysis.adjustments_ns.iter().filter(|adjustment| **adjustment != 0).count(),
        spans: spans(&shape, &analysis, &page),
        remaining: page.remaining,
        next_page_token: page.next.map(|next| next.to_string()),
        meta: scanned.meta(start),
    };
    let json = serde_json::to_vec(&answer).expect("string keys and finite numbers always serialize");
    Ok(Body { json, partial })
}

fn root(shape: &TraceShape) -> Option<Root> {
    let root = &shape.spans()[shape.root()?];
    let service_name = shape.service_name(root).map(str::to_owned);
    Some(Root { span_id: root.span_id, name: shape.name(root).to_owned(), service_name })
}

fn path(shape: &TraceShape, segments: &[Segment]) -> Path {
    let t0_ns = shape.start_ns();
    let (kept, left_out_ns) = longest(segments, PAGE_SPANS_MAX);
    let indexes: Vec<u32> = kept.iter().map(|segment| segment.span as u32).collect();
    Path {
        span_ids: span_ids(shape, &indexes),
        from_ns: kept.iter().map(|segment| segment.from_ns.saturating_sub(t0_ns)).collect(),
        to_ns: kept.iter().map(|segment| segment.to_ns.saturating_sub(t0_ns)).collect(),
        left_out_ns,
    }
}

fn spans(shape: &TraceShape, analysis: &Analysis, page: &Page) -> Spans {
    let of_page = |values: &[i64]| page.spans.iter().map(|index| values[*index as usize]).collect();
    Spans { span_ids: span_ids(shape, &page.spans), self_ns: of_page(&analysis.self_ns), adjustment_ns: of_page(&analysis.adjustments_ns) }
}
