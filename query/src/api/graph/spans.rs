//! Spans of a window and of its edges, as far as they tell who calls whom.

use schemas::{Table, UnixNanos, columns as c};

use super::super::{answer::Cost, problem::Problem, sql::problem_in, window::Window};
use crate::{
    analytics::graph::{COLUMNS, DETAIL_COLUMNS, PEER_COLUMNS, Spans},
    engine::{Engine, Found, Narrow, Question, TimeSpan},
    search::Search,
};

/// Before and after the window: halves of calls that lie further apart are not joined.
const MARGIN_NS: i64 = 60_000_000_000;

#[derive(Debug, Clone)]
pub(in crate::api) struct Within {
    pub window: Window,
    pub now: UnixNanos,
    /// `None`: any.
    pub environment: Option<String>,
}

/// Fills `spans`, which is empty.
pub(in crate::api) async fn spans(engine: &Engine, within: Within, spans: Spans, cost: &mut Cost) -> Result<Spans, Problem> {
    let Window { start, end } = within.window;
    let (start, end) = (UnixNanos(start.0.saturating_sub(MARGIN_NS)), UnixNanos(end.0.saturating_add(MARGIN_NS)));
    let time = TimeSpan { start: Some(start), end: Some(end) };
    let found = Found { table: Table::Spans, text: String::new(), search: Search::Everything, time, now: within.now };
    let equal = within.environment.map(|environment| (c::DEPLOYMENT_ENVIRONMENT, environment));
    let detail: &[&str] = if spans.is_detailed() { &DETAIL_COLUMNS } else { &[] };
    let columns = COLUMNS.iter().chain(&PEER_COLUMNS).chain(detail).copied().collect();
    let question = Question::Narrow(Narrow { found, columns, equal: equal.into_iter().collect() });
    let gathered = engine.gather(question, spans, |spans, batch| spans.add(batch)).await;
    let (spans, summary) = gathered.map_err(|error| problem_in("start", error))?;
    cost.add(&summary);
    Ok(spans)
}
