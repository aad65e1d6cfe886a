//! Which breakers there are and what was rejected, for pages that are about something else.

use std::collections::BTreeMap;

use governance::{
    facts::State,
    fold::{Breaker, BreakerId},
};
use schemas::UnixNanos;

use super::{
    super::{
        answer::{Cost, total},
        problem::Problem,
        window::Window,
    },
    limits,
    list::{refused_within, row},
    load::{Folds, Told},
    shapes::state_word,
    top_codes::TopCodes,
};

/// A breaker as others see it.
#[derive(Debug, Clone)]
pub(in crate::api) struct Guard {
    pub id: BreakerId,
    /// Whose it is.
    pub service: String,
    pub name: String,
    /// Whom it guards calls to, as far as records say.
    pub targets: Vec<String>,
    pub operations: Vec<String>,
    /// At the instant that was asked for.
    pub state: &'static str,
    pub state_since: UnixNanos,
    /// Opened within the window.
    pub trips: usize,
    /// In a window as long, just before.
    pub trips_before: usize,
    pub last_opened: Option<UnixNanos>,
    /// Within the window.
    pub refused: f64,
}

impl Guard {
    /// Whether it refuses calls now.
    pub(in crate::api) fn is_active(&self) -> bool {
        matches!(self.state, "open" | "half_open" | "shedding" | "forced_open")
    }

    fn of(breaker: &Breaker, window: Window, at: UnixNanos) -> Self {
        let row = row(breaker, window, &TopCodes::new());
        let passed = breaker.segments.partition_point(|segment| segment.start <= at);
        let segment = passed.checked_sub(1).map(|last| breaker.segments[last]);
        let opened = breaker.trips.iter().map(|trip| trip.trip.opened.time);
        Self {
            id: breaker.id,
            service: breaker.key.service.clone(),
            name: breaker.key.name.clone(),
            targets: breaker.targets.clone(),
            operations: breaker.operations.clone(),
            state: state_word(breaker.key.mechanism, segment.map_or(State::Unknown, |segment| segment.state)),
            state_since: segment.map_or(window.start, |segment| segment.start),
            trips: row.trips(),
            trips_before: row.trips_before(),
            last_opened: opened.filter(|opened| (window.start..window.end).contains(opened)).max(),
            refused: row.refused(),
        }
    }
}

/// The newest part of a window.
pub(in crate::api) const RECENT_NS: i64 = 300_000_000_000;

/// Of one window.
#[derive(Debug, Clone, Default)]
pub(in crate::api) struct Guards {
    pub breakers: Vec<Guard>,
    /// Calls that breakers and limiters of each service refused within the window.
    pub rejected: BTreeMap<String, f64>,
    /// So too in its last [`RECENT_NS`].
    pub rejected_recently: f64,
    pub cost: Cost,
}

impl Folds {
    /// With states at `at`, which is in the window.
    pub(in crate::api) async fn guards(&self, window: Window, at: UnixNanos, now: UnixNanos) -> Result<Guards, Problem> {
        let told = self.told(window, now).await?;
        Ok(guards(&told, window, at))
    }

    /// So too, for pages that are about something else: none where facts are too many to be folded, which a warning says.
    pub(in crate::api) async fn guards_or_none(&self, window: Window, at: UnixNanos, now: UnixNanos) -> Guards {
        self.guards(window, at, now).await.unwrap_or_else(|problem| {
            let mut none = Guards::default();
            none.cost.warnings.push(format!("breakers are not shown: {}", problem.detail()));
            none
        })
    }
}

fn guards(told: &Told, window: Window, at: UnixNanos) -> Guards {
    let breakers: Vec<Guard> = told.folded.breakers.iter().map(|breaker| Guard::of(breaker, window, at)).collect();
    let recent = Window { start: UnixNanos(window.start.0.max(window.end.0 - RECENT_NS)), end: window.end };
    let [of_window, of_recent] = limits::by_service(told, [window, recent]);
    let rejected_recently = total(rejected(told, recent, of_recent).into_values());
    Guards { breakers, rejected: rejected(told, window, of_window), rejected_recently, cost: told.cost.clone() }
}

/// With what limiters rejected.
fn rejected(told: &Told, window: Window, mut rejected: BTreeMap<String, f64>) -> BTreeMap<String, f64> {
    for breaker in &told.folded.breakers {
        let count = refused_within(breaker, window);
        if count > 0.0 {
            *rejected.entry(breaker.key.service.clone()).or_default() += count;
        }
    }
    rejected
}
