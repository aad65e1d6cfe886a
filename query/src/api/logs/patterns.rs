//! `GET /api/v1/logs/patterns`: the few sentences that the log records found are made of, each with its count.
//!
//! The newest records are read, up to a bound; memory is that of the miner, whatever the records are.

use schemas::Table;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Meta, meta},
        closed::Answered,
        problem::Problem,
        search::{self, Pairs, now, parse_limit},
    },
    mine::{COLUMNS, Mine},
    selection::{Selection, compute, extent, in_q, unreadable},
};
use crate::{
    analytics::patterns::{Limits, Pattern},
    engine::{Engine, Found, Question, SearchOrder, SearchQuestion},
    trace::Time,
};

const LIMITS: search::Limits = search::Limits { default: 50, max: 2_001 };
/// Records that are read; of more, the newest.
const LINES_MAX: usize = 100_000;

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PatternsAnswer {
    /// Most records first.
    #[schema(value_type = Vec<Object>)]
    patterns: Vec<Seen>,
    /// Patterns in all, those behind `limit` included.
    patterns_total: usize,
    /// Records with a body among those that were read: all shares are of these.
    lines: u64,
    /// Records that were read, the newest that are found.
    read_rows: u64,
    /// Records that are found.
    found_rows: u64,
    #[schema(value_type = Object)]
    meta: Meta,
}

#[derive(Debug, Serialize)]
struct Seen {
    #[serde(flatten)]
    pattern: Pattern,
    first_seen: Time,
    last_seen: Time,
}

pub(super) async fn answer(engine: &Engine, pairs: Pairs) -> Result<Answered, Problem> {
    let Selection { found, own, warnings } = Selection::parse(Table::Logs, pairs, &["limit"], now())?;
    let limit = own.iter().try_fold(LIMITS.default, |_, (_, limit)| parse_limit(limit, LIMITS))?;
    let Found { table, text, search, time, now } = found.clone();
    let (order, columns) = (SearchOrder::Newest, COLUMNS.to_vec());
    let question = SearchQuestion { table, text, search, time, order, limit: LINES_MAX, after: None, columns, now };
    let mut answer = engine.ask(Question::Search(question)).await.map_err(in_q)?;
    let mut mine = Mine::new(Limits::default());
    while let Some(batch) = answer.next().await {
        let batch = batch.map_err(in_q)?;
        mine = compute(move || mine.add(&batch).map(|()| mine)).await?.map_err(unreadable)?;
    }
    let mut summary = answer.summary();
    let read_rows = mine.rows();
    let mut found_rows = read_rows;
    if read_rows == LINES_MAX as u64 || summary.truncated.is_some() {
        let (extent, cost) = extent(engine, &found).await?;
        found_rows = u64::try_from(extent.count).unwrap_or(0).max(read_rows);
        summary.truncated = None;
        summary = summary.then(cost);
        if found_rows > read_rows {
            summary.partial.push(format!("only the newest {read_rows} of {found_rows} records were read; ask for a shorter time"));
        }
    }
    let (mined, seen) = mine.finish();
    let patterns_total = mined.patterns.len();
    let of_pattern = |pattern: Pattern| {
        let (first, last) = seen.get(&pattern.id).copied()?;
        Some(Seen { pattern, first_seen: Time(first), last_seen: Time(last) })
    };
    let patterns = mined.patterns.into_iter().take(limit).filter_map(of_pattern).collect();
    let (lines, meta) = (mined.line_count, meta(&summary, &warnings));
    let body = PatternsAnswer { patterns, patterns_total, lines, read_rows, found_rows, meta };
    Ok(Answered::new(serde_json::to_vec(&body).expect("string keys and finite numbers always serialize"), &body.meta))
}
