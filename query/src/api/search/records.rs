//! `GET /api/v1/spans` and `GET /api/v1/logs`: the records that are found, with all that is theirs.
//!
//! Members are named like columns, nulls are left out, attributes are objects. Events and links of a span come with the span itself
//! (`/api/v1/traces/{trace_id}/spans/{span_id}`).

use arrow::error::ArrowError;
use schemas::{Table, columns as c};
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Meta, meta},
        openapi::{LogRow, SpanRow},
        problem::Problem,
        sql::{problem, problem_in},
    },
    cursor::{self, Pages},
    parameters::{Limits, Parameters, now, parse_sort},
    place::Place,
    routes::Pairs,
};
use crate::{
    encode::object_rows,
    engine::{Engine, EngineError, Question, SearchOrder, SearchQuestion},
};

const LIMITS: Limits = Limits { default: 100, max: 10_000 };

/// About how a row is stored, or too large for a list.
const NOT_LISTED: [&str; 5] = [c::RENAMED_KEYS, c::RESOURCE_RENAMED_KEYS, c::RESOURCE_ENTITY_REFS, c::EVENTS, c::LINKS];

const SPAN_ORDERS: &[(&str, SearchOrder)] =
    &[("newest", SearchOrder::Newest), ("oldest", SearchOrder::Oldest), ("slowest", SearchOrder::Longest)];
const LOG_ORDERS: &[(&str, SearchOrder)] = &[("newest", SearchOrder::Newest), ("oldest", SearchOrder::Oldest)];

/// The answer of `/api/v1/spans`. Rows are written column by column and not through this type; so for the logs.
#[derive(ToSchema)]
#[schema(as = Spans)]
#[expect(dead_code, reason = "describes what is written without it")]
pub(super) struct SpansAnswer {
    spans: Vec<SpanRow>,
    /// Of the next page; null when there is none.
    next_page_token: Option<String>,
    meta: Meta,
}

#[derive(ToSchema)]
#[schema(as = Logs)]
#[expect(dead_code, reason = "describes what is written without it")]
pub(super) struct LogsAnswer {
    logs: Vec<LogRow>,
    /// Of the next page; null when there is none.
    next_page_token: Option<String>,
    meta: Meta,
}

pub(super) async fn answer(engine: &Engine, table: Table, mut pairs: Pairs) -> Result<Vec<u8>, Problem> {
    let pages = Pages::take(table.name(), &mut pairs, now())?;
    let Parameters { text, search, time, sort, limit, now, warnings } = Parameters::parse(pairs, LIMITS, pages.now)?;
    let order = parse_sort(sort.as_deref(), if table == Table::Spans { SPAN_ORDERS } else { LOG_ORDERS })?;
    let foreign = || cursor::invalid("not a page token of this route");
    let mut place = pages.place.as_deref().map_or(Ok(Place::default()), |bytes| Place::parse(bytes, table).ok_or_else(foreign))?;
    // The records at the place itself come again; one more than asked for tells whether there is a next page.
    let (mut to_skip, mut left) = (place.shown as usize, limit);
    let question =
        SearchQuestion { table, text, search, time, order, limit: to_skip + limit + 1, after: place.after, columns: listed(table), now };
    let unreadable = |error: ArrowError| problem(EngineError::Internal { message: error.to_string() });
    let mut answer = engine.ask(Question::Search(question)).await.map_err(|error| problem_in("q", error))?;
    let mut out = format!("{{\"{table}\":[").into_bytes();
    let rows_begin = out.len();
    let mut more = false;
    while let Some(batch) = answer.next().await {
        let batch = batch.map_err(|error| problem_in("q", error))?;
        let skipped = to_skip.min(batch.num_rows());
        let shown = left.min(batch.num_rows() - skipped);
        more |= skipped + shown < batch.num_rows();
        (to_skip, left) = (to_skip - skipped, left - shown);
        let batch = batch.slice(skipped, shown);
        place.advance(&batch, table, order).map_err(unreadable)?;
        let first = out.len() == rows_begin;
        object_rows(&mut out, &batch, first).map_err(unreadable)?;
    }
    let next = place.to_bytes().filter(|_| more).map(|place| pages.token(&place));
    let next = next.map_or_else(|| "null".to_owned(), |token| format!("\"{token}\""));
    out.extend_from_slice(format!("],\"next_page_token\":{next},\"meta\":{}}}", meta(&answer.summary(), &warnings)).as_bytes());
    Ok(out)
}

/// The columns of a list of records.
pub(crate) fn listed(table: Table) -> Vec<&'static str> {
    let own_first = |name: &&str| leading(table).iter().position(|first| first == name).unwrap_or(usize::MAX);
    let mut columns: Vec<&'static str> = table.columns().map(|column| column.name).filter(|name| !NOT_LISTED.contains(name)).collect();
    columns.sort_by_key(own_first);
    columns
}

/// What people look at first.
fn leading(table: Table) -> &'static [&'static str] {
    match table {
        Table::Spans => &[c::TRACE_ID, c::SPAN_ID, c::START_TIME, c::SERVICE_NAME, c::NAME, c::DURATION_NS],
        Table::Logs | Table::Metrics => &[c::TIME, c::SEVERITY_NUMBER, c::SEVERITY_TEXT, c::SERVICE_NAME, c::BODY],
    }
}
