//! What resilience libraries say that they did, read from `resilience_actions`.

use governance::{
    analytics::policies::{Policy, policies},
    tables,
};
use schemas::{Table, UnixNanos};

use super::super::{
    answer::Cost,
    breakers::{Folds, internal, unreadable},
    problem::Problem,
    window::Window,
};
use super::spans::Within;
use crate::engine::{Facts, TimeSpan};

/// Before the window: totals are known from there on, of senders that send at least every five minutes.
const BEFORE_NS: i64 = 300_000_000_000;

pub(super) async fn load(folds: &Folds, within: &Within, cost: &mut Cost) -> Result<Vec<Policy>, Problem> {
    let Window { start, end } = within.window;
    let time = TimeSpan { start: Some(UnixNanos(start.0.saturating_sub(BEFORE_NS))), end: Some(end) };
    let (batches, whole) = folds.rows(Facts::Of(Table::ResilienceActions, time), cost).await?;
    if !whole {
        cost.partial.push("there are more records of retries and timeouts than can be looked at: ask for a shorter window".to_owned());
    }
    let environment = within.environment.clone();
    let read = move || {
        let mut actions = Vec::new();
        for batch in &batches {
            actions.extend(tables::resilience_actions::read(batch)?);
        }
        actions.retain(|action| environment.as_ref().is_none_or(|environment| *environment == action.emitter.environment));
        Ok(policies(&actions, start, end))
    };
    let told = tokio::task::spawn_blocking(read).await.map_err(|_| internal("a bug ended the look at retries"))?;
    told.map_err(unreadable)
}
