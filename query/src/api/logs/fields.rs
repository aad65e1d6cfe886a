//! `GET /api/v1/logs/fields`: which fields the records have that are found. Looked up in the newest of them, so that an answer takes the
//! same time however many are found; `exact` says whether these are all.

use schemas::Table;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Meta, meta},
        closed::Answered,
        problem::Problem,
        search::{Limits, Pairs, now, parse_limit},
    },
    selection::{Selection, compute, in_q, unreadable},
    tally::{FieldCount, Tally},
};
use crate::engine::{Engine, Found, Question, SearchOrder, SearchQuestion};

/// Keys that are made up anew for each record are not worth listing.
const FIELDS_MAX: usize = 1000;

/// Of `limit`: records looked at.
const SAMPLE: Limits = Limits { default: 10_000, max: 50_000 };

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FieldsAnswer {
    /// Those that most records have first; no more than 1,000.
    fields: Vec<FieldCount>,
    /// How many different ones were seen.
    fields_total: usize,
    /// The records looked at, the newest that are found.
    sampled_rows: u64,
    /// Whether these are all that are found.
    exact: bool,
    #[schema(value_type = Object)]
    meta: Meta,
}

pub(super) async fn answer(engine: &Engine, table: Table, pairs: Pairs) -> Result<Answered, Problem> {
    let Selection { found, own, warnings } = Selection::parse(table, pairs, &["limit"], now())?;
    let limit = own.iter().try_fold(SAMPLE.default, |_, (_, limit)| parse_limit(limit, SAMPLE))?;
    let Found { table, text, search, time, now } = found;
    let mut tally = Tally::new(table);
    let columns = Tally::columns(table);
    let question = SearchQuestion { table, text, search, time, order: SearchOrder::Newest, limit, after: None, columns, now };
    let mut answer = engine.ask(Question::Search(question)).await.map_err(in_q)?;
    while let Some(batch) = answer.next().await {
        let batch = batch.map_err(in_q)?;
        tally = compute(move || tally.add(&batch).map(|()| tally)).await?.map_err(unreadable)?;
    }
    let summary = answer.summary();
    let exact = tally.rows() < limit as u64 && summary.truncated.is_none() && summary.partial.is_empty();
    let sampled_rows = tally.rows();
    let mut fields = tally.finish();
    let fields_total = fields.len();
    fields.truncate(FIELDS_MAX);
    let body = FieldsAnswer { fields, fields_total, sampled_rows, exact, meta: meta(&summary, &warnings) };
    Ok(Answered::new(serde_json::to_vec(&body).expect("string keys and finite numbers always serialize"), &body.meta))
}
