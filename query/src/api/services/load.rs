//! What the spans of a window add up to.

use std::sync::Arc;

use storage::Snapshot;

use super::super::{answer::Cost, problem::Problem, sql::problem_in, window::Window};
use crate::{
    analytics::{
        minutes::{Completeness, MinuteRow},
        red::Grid,
    },
    engine::{Engine, MinutesPart, MinutesQuestion},
};

/// Rows in order of their keys, and what they cost.
#[derive(Default)]
pub(in crate::api) struct Loaded {
    pub rows: Vec<MinuteRow>,
    pub completeness: Completeness,
    pub cost: Cost,
}

/// Whose spans.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::api) struct Whose<'a> {
    pub service: Option<&'a str>,
    pub environment: Option<&'a str>,
    /// Whether operations are told apart.
    pub operations: bool,
}

/// Sums for each stretch of `grid`.
pub(in crate::api) async fn minutes(engine: &Engine, window: Window, grid: Grid, whose: Whose<'_>) -> Result<Loaded, Problem> {
    minutes_in(engine, Arc::new(engine.snapshot()), window, grid, whose).await
}

/// So too, as of a moment.
pub(in crate::api) async fn minutes_in(
    engine: &Engine,
    snapshot: Arc<Snapshot>,
    window: Window,
    grid: Grid,
    whose: Whose<'_>,
) -> Result<Loaded, Problem> {
    let (found, cost) = asked(engine, snapshot, &[(window, grid)], whose).await?;
    let [(rows, completeness)] = <[_; 1]>::try_from(found).unwrap_or_default();
    Ok(Loaded { rows, completeness, cost })
}

/// Of windows each of which begins where the one before ends: one answer for each.
pub(in crate::api) async fn minutes_of(
    engine: &Engine,
    windows: &[(Window, Grid)],
    whose: Whose<'_>,
) -> Result<(Vec<(Vec<MinuteRow>, Completeness)>, Cost), Problem> {
    asked(engine, Arc::new(engine.snapshot()), windows, whose).await
}

async fn asked(
    engine: &Engine,
    snapshot: Arc<Snapshot>,
    windows: &[(Window, Grid)],
    whose: Whose<'_>,
) -> Result<(Vec<(Vec<MinuteRow>, Completeness)>, Cost), Problem> {
    let Whose { service, environment, operations } = whose;
    let part = |(window, grid): &(Window, Grid)| MinutesPart { start_ns: window.start.0, end_ns: window.end.0, grid: *grid };
    let (service, environment) = (service.map(str::to_owned), environment.map(str::to_owned));
    let question = MinutesQuestion { parts: windows.iter().map(part).collect(), service, environment, operations };
    let (found, summary) = crate::engine::minutes(engine, snapshot, question).await.map_err(|error| problem_in("start", error))?;
    let mut cost = Cost::default();
    cost.add(&summary);
    Ok((found, cost))
}
