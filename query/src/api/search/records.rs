//! `GET /api/v1/spans` and `GET /api/v1/logs`: the records that are found, with all that is theirs.
//!
//! `Accept` chooses among the formats of SQL. In JSON members are named like columns, nulls are left out, attributes are objects. Events
//! and links of a span come with the span itself (`/api/v1/traces/{trace_id}/spans/{span_id}`). A log record has an `id`, by which its
//! surroundings are asked for (`/api/v1/logs/context`).

use std::convert::Infallible;

use arrow::{error::ArrowError, record_batch::RecordBatch};
use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures::{StreamExt, stream};
use schemas::{Table, columns as c};
use serde_json::json;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{self, Meta, meta},
        openapi::{LogRow, SpanRow},
        problem::Problem,
        sql::{problem_in, respond_records, response},
    },
    cursor::{self, Pages},
    parameters::{Limits, Parameters, now, parse_sort},
    place::Place,
    routes::Pairs,
};
use crate::{
    encode::{Format, object_lines, object_rows},
    engine::{Answer, Engine, EngineError, LOG_ID, Question, SearchOrder, SearchQuestion},
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

pub(super) async fn answer(engine: &Engine, table: Table, mut pairs: Pairs, format: Format) -> Result<Response, Problem> {
    let pages = Pages::take(table.name(), &mut pairs, now())?;
    let Parameters { text, search, time, sort, limit, now, warnings } = Parameters::parse(pairs, LIMITS, pages.now)?;
    let order = parse_sort(sort.as_deref(), if table == Table::Spans { SPAN_ORDERS } else { LOG_ORDERS })?;
    let foreign = || cursor::invalid("not a page token of this route");
    let place = pages.place.as_deref().map_or(Ok(Place::default()), |bytes| Place::parse(bytes, table).ok_or_else(foreign))?;
    // The records at the place itself come again; one more than asked for tells whether there is a next page.
    let to_skip = place.shown as usize;
    let paged = matches!(format, Format::Json | Format::Ndjson);
    if !paged && place.after.is_some() {
        return Err(cursor::invalid("only JSON and NDJSON have pages"));
    }
    let (after, columns) = (place.after, listed(table));
    let to_read = if paged { to_skip + limit + 1 } else { limit };
    let question = SearchQuestion { table, text, search, time, order, limit: to_read, after, columns, now };
    let answer = engine.ask(Question::Search(question)).await.map_err(|error| problem_in("q", error))?;
    if !paged {
        return respond_records(answer, format).await;
    }
    let page = Page { answer, table, order, pages, place, to_skip, left: limit, more: false, warnings };
    match format {
        Format::Ndjson => page.lines().await,
        _ => page.whole().await.map(answer::json),
    }
}

/// A page of records on its way.
struct Page {
    answer: Answer,
    table: Table,
    order: SearchOrder,
    pages: Pages,
    /// Behind the records that came so far.
    place: Place,
    to_skip: usize,
    left: usize,
    /// There are records behind this page.
    more: bool,
    warnings: Vec<String>,
}

impl Page {
    /// The next records of the page; none after the last.
    async fn next(&mut self) -> Option<Result<RecordBatch, EngineError>> {
        let batch = match self.answer.next().await? {
            Ok(batch) => batch,
            Err(error) => return Some(Err(error)),
        };
        let skipped = self.to_skip.min(batch.num_rows());
        let shown = self.left.min(batch.num_rows() - skipped);
        self.more |= skipped + shown < batch.num_rows();
        self.to_skip -= skipped;
        self.left -= shown;
        let batch = batch.slice(skipped, shown);
        Some(self.place.advance(&batch, self.table, self.order).map(|()| batch).map_err(unwritable))
    }

    fn next_page_token(&self) -> Option<String> {
        self.place.to_bytes().filter(|_| self.more).map(|place| self.pages.token(&place))
    }

    async fn whole(mut self) -> Result<Vec<u8>, Problem> {
        let mut out = format!("{{\"{}\":[", self.table).into_bytes();
        let rows_begin = out.len();
        while let Some(batch) = self.next().await {
            let first = out.len() == rows_begin;
            batch.and_then(|batch| object_rows(&mut out, &batch, first).map_err(unwritable)).map_err(|error| problem_in("q", error))?;
        }
        let next = self.next_page_token().map_or_else(|| "null".to_owned(), |token| format!("\"{token}\""));
        let meta = meta(&self.answer.summary(), &self.warnings);
        out.extend_from_slice(format!("],\"next_page_token\":{next},\"meta\":{meta}}}").as_bytes());
        Ok(out)
    }

    /// Records as they come, a line each; the last line has what is no record. A failure before the first record is a problem,
    /// a later one the last line. Dropping the body ends the question.
    async fn lines(mut self) -> Result<Response, Problem> {
        let head = self.line().await.map_err(|error| problem_in("q", error))?;
        let begun = match head {
            (bytes, true) => (bytes, Some(self)),
            (bytes, false) => (bytes, None),
        };
        let rest = stream::unfold(begun.1, |page| async move {
            let mut page = page?;
            match page.line().await {
                Ok((bytes, goes_on)) => Some((bytes, goes_on.then_some(page))),
                Err(error) => Some((format!("{}\n", json!({ "error": error.to_string() })).into_bytes(), None)),
            }
        });
        let lines = stream::iter([begun.0]).chain(rest).map(|bytes| Ok::<_, Infallible>(Bytes::from(bytes)));
        Ok(response(Body::from_stream(lines), Format::Ndjson))
    }

    /// The next lines, and whether there are more.
    async fn line(&mut self) -> Result<(Vec<u8>, bool), EngineError> {
        let mut out = Vec::new();
        match self.next().await {
            Some(batch) => {
                object_lines(&mut out, &batch?).map_err(unwritable)?;
                Ok((out, true))
            }
            None => {
                let end = json!({ "next_page_token": self.next_page_token(), "meta": meta(&self.answer.summary(), &self.warnings) });
                Ok((format!("{end}\n").into_bytes(), false))
            }
        }
    }
}

fn unwritable(error: ArrowError) -> EngineError {
    EngineError::Internal { message: format!("the answer cannot be written: {error}") }
}

/// The columns of a list of records.
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
        _ => &[LOG_ID, c::TIME, c::SEVERITY_NUMBER, c::SEVERITY_TEXT, c::SERVICE_NAME, c::BODY],
    }
}
