//! `GET /api/v1/traces`: the traces that have a span which is found.
//!
//! First which traces, then what these have of each service: the second question looks up a few traces by their ids. Spans that
//! arrive in between count in the second only.

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Meta, meta},
        problem::Problem,
        sql::{problem, problem_in},
    },
    parameters::{Limits, Parameters, now, parse_sort},
    routes::Pairs,
    summaries::{Found, TraceSummary, found, summaries},
};
use crate::engine::{Engine, EngineError, Question, TraceOrder, TraceParts, TracesQuestion};

const LIMITS: Limits = Limits { default: 20, max: 1000 };

const ORDERS: &[(&str, TraceOrder)] = &[
    ("newest", TraceOrder::Newest),
    ("slowest", TraceOrder::Slowest),
    ("errors", TraceOrder::MostErrors),
    ("spans", TraceOrder::MostSpans),
];

#[derive(Serialize, ToSchema)]
#[schema(as = Traces)]
pub(super) struct Body {
    traces: Vec<TraceSummary>,
    meta: Meta,
}

pub(super) async fn answer(engine: &Engine, pairs: Pairs) -> Result<Vec<u8>, Problem> {
    let Parameters { text, search, time, sort, limit, now, warnings } = Parameters::parse(pairs, LIMITS, now())?;
    let order = parse_sort(sort.as_deref(), ORDERS)?;
    let in_q = |error| problem_in("q", error);
    let unreadable = |error: arrow::error::ArrowError| problem(EngineError::Internal { message: error.to_string() });

    let mut answer = engine.ask(Question::Traces(TracesQuestion { text, search, time, order, limit, now })).await.map_err(in_q)?;
    let found: Vec<Found> = found(&answer.collect().await.map_err(in_q)?).map_err(unreadable)?;
    let mut summary = answer.summary();
    let mut traces = Vec::new();
    if !found.is_empty() {
        let parts = TraceParts { traces: found.iter().map(|(id, _)| *id).collect() };
        let mut answer = engine.ask(Question::TraceParts(parts)).await.map_err(in_q)?;
        traces = summaries(&found, &answer.collect().await.map_err(in_q)?).map_err(unreadable)?;
        summary = summary.then(answer.summary());
    }
    let body = Body { traces, meta: meta(&summary, &warnings) };
    Ok(serde_json::to_vec(&body).expect("string keys and finite numbers always serialize"))
}
