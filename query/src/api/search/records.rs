//! `GET /api/v1/spans` and `GET /api/v1/logs`: the records that are found, with all that is theirs.
//!
//! `Accept` chooses among the formats of SQL. In JSON members are named like columns, nulls are left out, attributes are objects. Events
//! and links of a span come with the span itself (`/api/v1/traces/{trace_id}/spans/{span_id}`). A log record has an `id`, by which its
//! surroundings are asked for (`/api/v1/logs/context`).

use arrow::error::ArrowError;
use axum::response::Response;
use schemas::{Table, columns as c};

use super::{
    super::{
        answer::{self, meta},
        problem::Problem,
        sql::{problem, problem_in, respond_records},
    },
    parameters::{Limits, Parameters, now, parse_sort},
    routes::Pairs,
};
use crate::{
    encode::{Format, object_rows},
    engine::{Engine, EngineError, LOG_ID, Question, SearchOrder, SearchQuestion},
};

const LIMITS: Limits = Limits { default: 100, max: 10_000 };

/// About how a row is stored, or too large for a list.
const NOT_LISTED: [&str; 5] = [c::RENAMED_KEYS, c::RESOURCE_RENAMED_KEYS, c::RESOURCE_ENTITY_REFS, c::EVENTS, c::LINKS];

const SPAN_ORDERS: &[(&str, SearchOrder)] =
    &[("newest", SearchOrder::Newest), ("oldest", SearchOrder::Oldest), ("slowest", SearchOrder::Longest)];
const LOG_ORDERS: &[(&str, SearchOrder)] = &[("newest", SearchOrder::Newest), ("oldest", SearchOrder::Oldest)];

pub(super) async fn answer(engine: &Engine, table: Table, pairs: Pairs, format: Format) -> Result<Response, Problem> {
    let Parameters { text, search, time, sort, limit, now, warnings } = Parameters::parse(pairs, LIMITS, now())?;
    let order = parse_sort(sort.as_deref(), if table == Table::Spans { SPAN_ORDERS } else { LOG_ORDERS })?;
    let question = SearchQuestion { table, text, search, time, order, limit, columns: listed(table), now };
    let mut answer = engine.ask(Question::Search(question)).await.map_err(|error| problem_in("q", error))?;
    if format != Format::Json {
        return respond_records(answer, format).await;
    }
    let mut out = format!("{{\"{table}\":[").into_bytes();
    let rows_begin = out.len();
    while let Some(batch) = answer.next().await {
        let batch = batch.map_err(|error| problem_in("q", error))?;
        let first = out.len() == rows_begin;
        object_rows(&mut out, &batch, first).map_err(|error: ArrowError| problem(EngineError::Internal { message: error.to_string() }))?;
    }
    out.extend_from_slice(format!("],\"meta\":{}}}", meta(&answer.summary(), &warnings)).as_bytes());
    Ok(answer::json(out))
}

/// The columns of a record in a list, in their order.
pub(crate) fn listed(table: Table) -> Vec<&'static str> {
    let own_first = |name: &&str| leading(table).iter().position(|first| first == name).unwrap_or(usize::MAX);
    let mut columns: Vec<&'static str> = table.columns().map(|column| column.name).filter(|name| !NOT_LISTED.contains(name)).collect();
    columns.extend((table == Table::Logs).then_some(LOG_ID));
    columns.sort_by_key(own_first);
    columns
}

/// What people look at first.
fn leading(table: Table) -> &'static [&'static str] {
    match table {
        Table::Spans => &[c::TRACE_ID, c::SPAN_ID, c::START_TIME, c::SERVICE_NAME, c::NAME, c::DURATION_NS],
        Table::Logs | Table::Metrics => &[LOG_ID, c::TIME, c::SEVERITY_NUMBER, c::SEVERITY_TEXT, c::SERVICE_NAME, c::BODY],
    }
}
