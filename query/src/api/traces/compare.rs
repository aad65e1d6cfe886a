//! `GET /api/v1/traces/{trace_id}/compare/{other_id}`: what the other trace does differently.

use std::time::Instant;

use schemas::TraceId;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{answer::Meta, problem::Problem},
    load::shape,
    parameters::{parse_trace_id, refuse_any},
    routes::{Body, Traces},
};
use crate::trace::{Analysis, Comparison, compare};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Request {
    a: TraceId,
    b: TraceId,
}

#[derive(Serialize, ToSchema)]
#[schema(as = TraceComparison)]
pub(super) struct Answer<'a> {
    #[serde(flatten)]
    comparison: Comparison<'a>,
    meta: Meta,
}

impl Request {
    pub(super) fn parse(a: &str, b: &str, query: Option<&str>) -> Result<Self, Problem> {
        let request = Self { a: parse_trace_id("trace_id", a)?, b: parse_trace_id("other_id", b)? };
        refuse_any(query)?;
        Ok(request)
    }
}

pub(super) fn load(traces: &Traces, request: Request) -> Result<Body, Problem> {
    let start = Instant::now();
    let (a, mut scanned) = shape(&traces.shared, request.a)?;
    let (b, scanned_of_b) = shape(&traces.shared, request.b)?;
    scanned.merge(&scanned_of_b);
    let partial = scanned.partial.clone();
    let comparison = compare((&a, &Analysis::of(&a)), (&b, &Analysis::of(&b)));
    let answer = Answer { comparison, meta: scanned.meta(start) };
    let json = serde_json::to_vec(&answer).expect("string keys and finite numbers always serialize");
    Ok(Body { json, partial })
}
