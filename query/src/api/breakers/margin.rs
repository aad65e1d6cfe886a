//! How close an adaptive breaker came to dropping calls: its calls by second, as spans tell them.

use governance::{
    analytics::{
        headroom::Adaptive,
        margin::{Margins, NEAR, Step, margins},
        recovery::{Calls, without_refused},
    },
    fold::{Breaker, Refused},
};
use schemas::UnixNanos;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Cost, Time},
        problem::Problem,
        window::Window,
    },
    cost::unreadable,
    load::{FACTS_MAX, Folds},
};
use crate::engine::{Facts, TimeSpan, calls_of};

/// Steps of the window, at most.
const STEPS_MAX: i64 = 120;
const SECOND: i64 = 1_000_000_000;
/// Of an instance that does not say its name.
const NAMELESS: &str = "-";

/// Over the window. The margin is `1 - calls / (k * accepted)` in the window of the breaker: 0 and below it drops calls, `margin_at_rest` it
/// has while nothing fails.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BreakerMargins)]
pub(super) struct MarginsAnswer {
    step_ns: i64,
    /// Of each step, the least of all instances; null while none has calls enough to drop any.
    margin: Vec<Option<f64>>,
    /// Of each step, failures among the calls that were let through; null when there were none.
    admitted_error_ratio: Vec<Option<f64>>,
    margin_at_rest: f64,
    /// Null: at no time were there calls enough.
    least: Option<LeastMargin>,
    /// Below it, it is near to dropping calls.
    near: f64,
    /// Times at which an instance came near and dropped nothing.
    near_misses: u32,
    admitted: f64,
    admitted_failed: f64,
    /// Most calls a second of one instance, as long as the window of the breaker.
    calls_per_s_max: f64,
    /// Whether it had calls enough at any time. If not, it cannot open at this traffic, whatever fails.
    can_trip: bool,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BreakerLeastMargin)]
struct LeastMargin {
    margin: f64,
    #[schema(value_type = String)]
    at: Time,
    instance: String,
}

/// `None`: the operation is not known, or there are too many calls, so they cannot be counted.
pub(super) async fn answer(
    folds: &Folds,
    breaker: &Breaker,
    limits: Adaptive,
    window: Window,
    cost: &mut Cost,
) -> Result<Option<MarginsAnswer>, Problem> {
    let operations = breaker.guarded();
    if operations.is_empty() {
        return Ok(None);
    }
    // What came shortly before is in the window of the breaker too.
    let before = (limits.window_s * SECOND as f64) as i64;
    let time = TimeSpan { start: Some(UnixNanos(window.start.0.saturating_sub(before))), end: Some(window.end) };
    let service = breaker.key.service.clone();
    let (batches, whole) = folds.rows(Facts::Calls { time, service: service.clone(), operations }, cost).await?;
    if !whole {
        cost.warnings.push(format!("margins are not told: there are more than {FACTS_MAX} seconds with calls; ask for a shorter window"));
        return Ok(None);
    }
    let mut calls: Vec<Calls> = Vec::new();
    for batch in &batches {
        calls.extend(calls_of(batch, &service).map_err(unreadable)?);
    }
    calls.iter_mut().filter(|call| call.instance.is_empty()).for_each(|call| NAMELESS.clone_into(&mut call.instance));
    calls.sort_by(|a, b| a.instance.cmp(&b.instance));
    let mut refused: Vec<(&str, Refused)> = Vec::new();
    for history in &breaker.instances {
        let own = calls.partition_point(|call| call.instance < history.instance);
        let end = calls.partition_point(|call| call.instance <= history.instance);
        without_refused(&mut calls[own..end], &history.refused);
        refused.extend(history.refused.iter().map(|one| (history.instance.as_str(), *one)));
    }
    let step_ns = ((window.length_ns() + STEPS_MAX - 1) / STEPS_MAX).max(1);
    let step_ns = (step_ns + SECOND - 1) / SECOND * SECOND;
    let count = usize::try_from((window.length_ns() + step_ns - 1) / step_ns).unwrap_or(0);
    Ok(Some(MarginsAnswer::of(margins(&calls, &refused, limits, window.start, (step_ns, count)), limits, step_ns)))
}

impl MarginsAnswer {
    fn of(told: Margins, limits: Adaptive, step_ns: i64) -> Self {
        let at_rest = limits.margin(1.0, 1.0);
        let ratio = |step: &Step| (step.admitted > 0.0).then(|| step.failed / step.admitted);
        Self {
            step_ns,
            margin: told.steps.iter().map(|step| step.margin).collect(),
            admitted_error_ratio: told.steps.iter().map(ratio).collect(),
            margin_at_rest: at_rest,
            near: NEAR * at_rest,
            near_misses: told.near_misses,
            admitted: told.admitted,
            admitted_failed: told.failed,
            calls_per_s_max: told.calls_at_once / limits.window_s,
            can_trip: told.least.is_some(),
            least: told.least.map(|least| LeastMargin { margin: least.margin, at: Time(least.at), instance: least.instance }),
        }
    }
}
