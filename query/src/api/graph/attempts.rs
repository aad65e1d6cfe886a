//! Calls of a window with when and how they ended, read from spans.

use schemas::{Table, UnixNanos, columns as c};

use super::super::{
    answer::Cost,
    breakers::{Folds, internal},
    problem::Problem,
    search::parse_search,
    sql::problem_in,
    window::Window,
};
use super::spans::{Within, reach};
use crate::{
    analytics::{
        graph::{Attempts, COLUMNS, PEER_COLUMNS, TIMED_COLUMNS, Timed},
        minutes::Completeness,
    },
    engine::{Found, Narrow, Question, TimeSpan},
    search::Search,
};

/// Before and after the window: a retry further away is another call, and so is a span that serves.
const MARGIN_NS: i64 = 60_000_000_000;
/// Attributes that count how often a request was sent before: of the conventions, of their older versions, and of gRPC.
const RESENT: &str = "http.request.resend_count:(1 OR 2 OR 3 OR 4 OR 5 OR 6 OR 7 OR 8 OR 9) OR \
                      http.resend_count:(1 OR 2 OR 3 OR 4 OR 5 OR 6 OR 7 OR 8 OR 9) OR \
                      http.retry_count:(1 OR 2 OR 3 OR 4 OR 5 OR 6 OR 7 OR 8 OR 9) OR \
                      previous-rpc-attempts:(1 OR 2 OR 3 OR 4 OR 5 OR 6 OR 7 OR 8 OR 9)";

pub(super) async fn load(folds: &Folds, within: Within, cost: &mut Cost) -> Result<(Attempts, Completeness), Problem> {
    let within = reach(&folds.engine, within, cost);
    let Window { start, end } = within.window;
    let columns = COLUMNS.iter().chain(&PEER_COLUMNS).chain(&TIMED_COLUMNS).copied().collect();
    let timed = Timed::new(start.0, end.0);
    let question = narrow(&within, (String::new(), Search::Everything), columns);
    let failed = |error| problem_in("start", error);
    let (timed, summary) = folds.engine.gather(question, timed, |timed, batch| timed.add(batch)).await.map_err(failed)?;
    cost.add(&summary);
    let resent = (RESENT.to_owned(), parse_search(RESENT)?.0);
    let question = narrow(&within, resent, vec![c::TRACE_ID, c::SPAN_ID]);
    let (timed, summary) = folds.engine.gather(question, timed, |timed, batch| timed.add_resent(batch)).await.map_err(failed)?;
    cost.add(&summary);
    let mut completeness = timed.spans.completeness;
    let related = tokio::task::spawn_blocking(move || Attempts::of(&timed)).await;
    let attempts = related.map_err(|_| internal("a bug ended the look at calls"))?;
    completeness.left_out += attempts.left_out;
    Ok((attempts, completeness))
}

fn narrow(within: &Within, (text, search): (String, Search), columns: Vec<&'static str>) -> Question {
    let Window { start, end } = within.window;
    let (start, end) = (UnixNanos(start.0.saturating_sub(MARGIN_NS)), UnixNanos(end.0.saturating_add(MARGIN_NS)));
    let time = TimeSpan { start: Some(start), end: Some(end) };
    let found = Found { table: Table::Spans, text, search, time, now: within.now };
    let equal = within.environment.clone().map(|environment| (c::DEPLOYMENT_ENVIRONMENT, environment));
    Question::Narrow(Narrow { found, columns, equal: equal.into_iter().collect() })
}
