//! Spans of a window and of its edges, as far as they tell who calls whom.

use schemas::{Table, UnixNanos, columns as c};
use storage::stretches_within;

use super::super::{
    answer::{Cost, rfc3339},
    problem::Problem,
    sql::problem_in,
    window::Window,
};
use crate::{
    analytics::graph::{COLUMNS, DETAIL_COLUMNS, PEER_COLUMNS, SPANS_MAX, Spans},
    engine::{Engine, Found, Narrow, Question, TimeSpan},
    search::Search,
};

/// Before and after the window: halves of calls that lie further apart are not joined.
const MARGIN_NS: i64 = 60_000_000_000;
/// Stretches by which it is guessed how many spans a window has.
const STRETCHES: i64 = 500;
const STRETCH_NS_MIN: i64 = 60_000_000_000;

#[derive(Debug, Clone)]
pub(in crate::api) struct Within {
    pub window: Window,
    pub now: UnixNanos,
    /// `None`: any.
    pub environment: Option<String>,
}

/// As much of a window, from its end, as has no more spans than are kept: what is before would be read in vain.
pub(super) fn reach(engine: &Engine, within: Within, cost: &mut Cost) -> Within {
    let Window { start, end } = within.window;
    let width = (end.0.saturating_sub(start.0) / STRETCHES).max(STRETCH_NS_MIN);
    let starts: Vec<i64> = stretches_within(start.0, end.0, width).rev().collect();
    let rows = engine.snapshot().stretches(Table::Spans, &starts, width, 0).into_iter().map(|stretch| stretch.rows);
    let Some(begin) = begin(starts.iter().copied().zip(rows), SPANS_MAX as u64).filter(|begin| *begin > start.0) else { return within };
    let from = rfc3339(UnixNanos(begin));
    cost.partial.push(format!("calls before {from} were not looked at: there are more than {SPANS_MAX} spans; ask for a shorter window"));
    Within { window: Window { start: UnixNanos(begin), end }, ..within }
}

/// When the earliest of the stretches begins that together have no more than so many spans: at least the last one. `None`: all of them
/// have. Stretches (when each begins, spans of it) come last first.
fn begin(stretches: impl IntoIterator<Item = (i64, u64)>, spans_max: u64) -> Option<i64> {
    let (mut sum, mut last) = (0_u64, None);
    for (begin, spans) in stretches {
        sum = sum.saturating_add(spans);
        if sum > spans_max {
            return Some(last.unwrap_or(begin));
        }
        last = Some(begin);
    }
    None
}

/// Fills `spans`, which is empty.
pub(in crate::api) async fn spans(engine: &Engine, within: Within, spans: Spans, cost: &mut Cost) -> Result<Spans, Problem> {
    let within = reach(engine, within, cost);
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

#[cfg(test)]
mod tests {
    use super::begin;

    #[test]
    fn the_last_stretches_that_fit() {
        for (spans, expected) in [
            (&[][..], None),
            (&[5, 5], None),
            (&[5, 6], Some(90)),
            (&[5, 0, 4, 2, 1], Some(70)),
            (&[11, 1], Some(90)),
            (&[u64::MAX, u64::MAX], Some(90)),
        ] {
            let stretches = (0..).map(|nth| 90 - 10 * nth).zip(spans.iter().copied());
            assert_eq!(begin(stretches, 10), expected, "{spans:?}");
        }
    }
}
