//! States over time, as a lane is drawn: columns of numbers.

use governance::{
    facts::{Mechanism, State},
    fold::{History, Segment},
};
use schemas::UnixNanos;
use serde::Serialize;
use utoipa::ToSchema;

use super::{super::window::Window, shapes::state_word};

/// Stretches of one state, each until the next; the last until the end of the window.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
#[schema(as = BreakerLane)]
pub(super) struct Lane {
    /// When each begins: microseconds after `t0_ns`.
    start_us: Vec<i64>,
    state: Vec<&'static str>,
    /// Open or half open instances among those of known state, 0 to 1.
    open_fraction: Vec<f64>,
}

impl Lane {
    pub(super) fn of_service(segments: &[Segment], mechanism: Mechanism, window: Window) -> Self {
        let changes = segments.iter().map(|segment| (segment.start, segment.state, segment.open_fraction));
        Self::of(changes, mechanism, window)
    }

    pub(super) fn of_instance(history: &History, mechanism: Mechanism, window: Window) -> Self {
        let first = [(UnixNanos(i64::MIN), State::Unknown), (history.known_since, history.initial)];
        let changes = first.into_iter().chain(history.transitions.iter().map(|transition| (transition.at.time, transition.to)));
        let fraction = |state: State| f64::from(u8::from(matches!(state, State::Open | State::ForcedOpen | State::HalfOpen)));
        Self::of(changes.map(|(time, state)| (time, state, fraction(state))), mechanism, window)
    }

    /// What began before the window begins with it.
    fn of(changes: impl Iterator<Item = (UnixNanos, State, f64)>, mechanism: Mechanism, window: Window) -> Self {
        let mut shown: Vec<(i64, State, f64)> = vec![(0, State::Unknown, 0.0)];
        for (time, state, fraction) in changes.take_while(|(time, ..)| *time < window.end) {
            let start = (time.0.saturating_sub(window.start.0) / 1000).max(0);
            match shown.last_mut() {
                Some(last) if last.0 >= start => *last = (last.0, state, fraction),
                _ => shown.push((start, state, fraction)),
            }
        }
        shown.dedup_by(|later, first| (later.1, later.2) == (first.1, first.2));
        let mut lane = Self::default();
        for (start, state, fraction) in shown {
            lane.start_us.push(start);
            lane.state.push(state_word(mechanism, state));
            lane.open_fraction.push(fraction);
        }
        lane
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_begins_with_the_window() {
        let window = Window { start: UnixNanos(1_000_000), end: UnixNanos(9_000_000) };
        let segment = |start, state, open_fraction| Segment { start: UnixNanos(start), state, open_fraction };
        let segments = [
            segment(0, State::Unknown, 0.0),
            segment(500, State::Closed, 0.0),
            segment(2_000_000, State::Open, 0.5),
            segment(3_000_000, State::Closed, 0.0),
            segment(9_000_000, State::Open, 1.0),
        ];
        let lane = Lane::of_service(&segments, Mechanism::Adaptive, window);
        let expected =
            Lane { start_us: vec![0, 1000, 2000], state: vec!["closed", "shedding", "closed"], open_fraction: vec![0.0, 0.5, 0.0] };
        assert_eq!(lane, expected);
        assert_eq!(Lane::of_service(&[], Mechanism::Breaker, window).state, ["unknown"]);
    }
}
