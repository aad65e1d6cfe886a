//! `GET /api/v1/traces`: the traces that have a span which is found.
//!
//! First which traces, then what these have of each service: the second question looks up a few traces by their ids. Spans that
//! arrive in between count in the second only.

use std::sync::Mutex;

use schemas::{TraceId, UnixNanos};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Meta, meta},
        closed::Answered,
        problem::Problem,
        sql::{problem, problem_in},
    },
    cursor::{self, Pages},
    parameters::{self, Limits, Parameters, now, parse_sort},
    routes::Pairs,
    summaries::{Found, TraceSummary, found, summaries},
};
use crate::engine::{Engine, EngineError, Progress, Question, TraceOrder, TraceParts, TracesQuestion};

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
    pub(super) traces: Vec<TraceSummary>,
    /// Of the next page; null when there is none.
    pub(super) next_page_token: Option<String>,
    pub(super) meta: Meta,
}

/// Where a page of traces ends.
///
/// The first page takes all there is; later ones what was received until it was answered, so that traces that grow in between keep
/// their place. With more spans a trace only moves to the front, so none is shown twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    rank: i64,
    trace: TraceId,
    received_until: UnixNanos,
}

impl Place {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let (numbers, trace) = bytes.split_at_checked(16)?;
        let number = |at: usize| numbers[at..at + 8].try_into().map_or(0, i64::from_be_bytes);
        Some(Self { rank: number(0), trace: TraceId::from_slice(trace)?, received_until: UnixNanos(number(8)) })
    }

    fn to_bytes(self) -> Vec<u8> {
        [&self.rank.to_be_bytes()[..], &self.received_until.0.to_be_bytes(), self.trace.as_bytes()].concat()
    }
}

/// The answer in JSON.
pub(super) async fn answer(engine: &Engine, pairs: Pairs) -> Result<Answered, Problem> {
    let body = Request::parse(pairs)?.answer(engine, &Mutex::default()).await?;
    Ok(Answered::new(serde_json::to_vec(&body).expect("string keys and finite numbers always serialize"), &body.meta))
}

/// What is asked.
pub(super) struct Request {
    pages: Pages,
    place: Option<Place>,
    question: TracesQuestion,
    limit: usize,
    warnings: Vec<String>,
}

impl Request {
    pub(super) fn parse(mut pairs: Pairs) -> Result<Self, Problem> {
        let pages = Pages::take("traces", &mut pairs, now())?;
        let Parameters { text, search, time, sort, limit, now, warnings } = Parameters::parse(pairs, LIMITS, pages.now)?;
        let order = parse_sort(sort.as_deref(), ORDERS)?;
        let foreign = || cursor::invalid("not a page token of this route");
        let place = pages.place.as_deref().map(|bytes| Place::parse(bytes).ok_or_else(foreign)).transpose()?;
        let question = TracesQuestion {
            text,
            search,
            time,
            order,
            // One more than asked for tells whether there is a next page.
            limit: limit + 1,
            after: place.map(|place| (place.rank, place.trace)),
            received_until: place.map(|place| place.received_until),
            now,
        };
        Ok(Self { pages, place, question, limit, warnings })
    }

    /// Says in `progress` what is read meanwhile.
    pub(super) async fn answer(self, engine: &Engine, progress: &Mutex<Option<Progress>>) -> Result<Body, Problem> {
        let Self { pages, place, question, limit, warnings } = self;
        let in_q = |error| problem_in("q", error);
        let unreadable = |error: arrow::error::ArrowError| problem(EngineError::Internal { message: error.to_string() });
        let mut answer = engine.ask(Question::Traces(question)).await.map_err(in_q)?;
        *progress.lock().expect("no holder panics") = Some(answer.progress());
        let mut found: Vec<Found> = found(&answer.collect().await.map_err(in_q)?).map_err(unreadable)?;
        let more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| more);
        let next = last.map(|last| Place {
            rank: last.rank,
            trace: last.trace,
            received_until: place.map_or_else(parameters::now, |place| place.received_until),
        });
        let mut summary = answer.summary();
        let mut traces = Vec::new();
        if !found.is_empty() {
            let parts = TraceParts { traces: found.iter().map(|found| found.trace).collect() };
            let mut answer = engine.ask(Question::TraceParts(parts)).await.map_err(in_q)?;
            traces = summaries(&found, &answer.collect().await.map_err(in_q)?).map_err(unreadable)?;
            summary = summary.then(answer.summary());
        }
        Ok(Body { traces, next_page_token: next.map(|place| pages.token(&place.to_bytes())), meta: meta(&summary, &warnings) })
    }
}
