//! The minutes of spans of a window.

use super::super::{answer::Cost, problem::Problem, sql::problem_in, window::Window};
use crate::{
    analytics::minutes::{Completeness, MinuteRow},
    engine::{Engine, MinutesQuestion, TimeSpan},
};

/// Rows of minutes in order of their keys, and what they cost.
#[derive(Default)]
pub(in crate::api) struct Loaded {
    pub rows: Vec<MinuteRow>,
    pub completeness: Completeness,
    pub cost: Cost,
}

/// Of one service, or of all.
pub(in crate::api) async fn minutes(
    engine: &Engine,
    window: Window,
    service: Option<&str>,
    environment: Option<&str>,
) -> Result<Loaded, Problem> {
    let time = TimeSpan { start: Some(window.start), end: Some(window.end) };
    let question = MinutesQuestion { time, service: service.map(str::to_owned), environment: environment.map(str::to_owned) };
    let (rows, completeness, summary) = crate::engine::minutes(engine, question).await.map_err(|error| problem_in("start", error))?;
    let mut cost = Cost::default();
    cost.add(&summary);
    Ok(Loaded { rows, completeness, cost })
}
