//! `GET /api/v1/traces/{trace_id}/logs`: the log records that carry this trace id, in the order of their time. The trace itself need not be
//! stored, and may have no logs: then there are none.

use schemas::{Table, columns as c};
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Meta, meta},
        openapi::LogRow,
        problem::Problem,
        search::{Limits, Pairs, listed, now, parse_limit},
        sql::{problem, problem_in},
    },
    parameters::{parse_span_id, parse_trace_id, unknown},
};
use crate::{
    encode::object_rows,
    engine::{Engine, EngineError, Question, SearchOrder, SearchQuestion, TimeSpan},
    search,
};

const LIMITS: Limits = Limits { default: 1000, max: 10_000 };

/// The answer. Rows are written column by column and not through this type.
#[derive(ToSchema)]
#[schema(as = TraceLogs)]
#[expect(dead_code, reason = "describes what is written without it")]
pub(super) struct LogsAnswer {
    trace_id: String,
    logs: Vec<LogRow>,
    meta: Meta,
}

pub(super) async fn answer(engine: &Engine, trace_id: &str, pairs: Pairs) -> Result<Vec<u8>, Problem> {
    let trace_id = parse_trace_id("trace_id", trace_id)?;
    let mut text = format!("{}={trace_id}", c::TRACE_ID);
    let mut limit = LIMITS.default;
    for (name, value) in pairs {
        match name.as_str() {
            "span_id" => text.push_str(&format!(" {}={}", c::SPAN_ID, parse_span_id("span_id", &value)?)),
            "limit" => limit = parse_limit(&value, LIMITS)?,
            _ => return Err(unknown(&name, "`span_id` and `limit`")),
        }
    }
    let internal = |message: String| problem(EngineError::Internal { message });
    let search = search::parse(&text).map_err(|error| internal(error.to_string()))?;
    let (time, order) = (TimeSpan::default(), SearchOrder::Oldest);
    let question =
        SearchQuestion { table: Table::Logs, text, search, time, order, limit, after: None, columns: listed(Table::Logs), now: now() };
    let in_trace_id = |error| problem_in("trace_id", error);
    let mut answer = engine.ask(Question::Search(question)).await.map_err(in_trace_id)?;
    let (mut out, mut rows) = (format!("{{\"trace_id\":\"{trace_id}\",\"logs\":[").into_bytes(), 0);
    while let Some(batch) = answer.next().await {
        let batch = batch.map_err(in_trace_id)?;
        object_rows(&mut out, &batch, rows == 0).map_err(|error| internal(error.to_string()))?;
        rows += batch.num_rows();
    }
    let at_limit = (rows == limit).then(|| format!("these are the first {limit}; ask with a larger `limit` or a `span_id` for more"));
    out.extend_from_slice(format!("],\"meta\":{}}}", meta(&answer.summary(), at_limit.as_slice())).as_bytes());
    Ok(out)
}
