//! When the dependency was well again, and how long the breaker took to notice.

use std::collections::HashMap;

use schemas::UnixNanos;

use super::{SECOND, headroom::Adaptive};
use crate::fold::{Refused, Trip};

/// Calls of one operation that were let through, in `[time, time + width_ns)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Calls {
    pub service: String,
    pub instance: String,
    pub operation: String,
    pub time: UnixNanos,
    pub width_ns: i64,
    pub admitted: f64,
    /// Of these, what a breaker counts as failures.
    pub failed: f64,
}

/// One second of a trip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Second {
    pub start: UnixNanos,
    pub admitted: f64,
    pub failed: f64,
    pub refused: f64,
}

impl Second {
    /// Of all calls, those that were refused; `None`: nobody called.
    pub fn drop_ratio(&self) -> Option<f64> {
        let all = self.admitted + self.refused;
        (all > 0.0).then(|| self.refused / all)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Recovery {
    /// Since when so few of the calls let through fail that the breaker would not open now.
    pub recovered_at: Option<UnixNanos>,
    /// From the opening to there: what the dependency took.
    pub dependency_ns: Option<i64>,
    /// From there to the closing: what the breaker added.
    pub release_ns: Option<i64>,
    pub seconds: Vec<Second>,
}

/// Seconds told of one trip; a longer one is told up to there.
const SECONDS_MAX: i64 = 3600;

/// `calls` and `refused` of the breaker, in any order. `until` ends a trip that lasts.
///
/// The dependency has recovered from the first second on after which no second with calls let through fails as much as the breaker's
/// threshold, while calls are still refused.
pub fn recovery(trip: &Trip, calls: &[Calls], refused: &[Refused], limits: Adaptive, until: UnixNanos) -> Recovery {
    let begin = trip.opened.time.0.div_euclid(SECOND) * SECOND;
    let end = trip.end_or(until).0.min(begin + SECONDS_MAX * SECOND);
    let count = usize::try_from((end - begin + SECOND - 1) / SECOND).unwrap_or(0);
    let empty = |second: usize| Second { start: UnixNanos(begin + second as i64 * SECOND), admitted: 0.0, failed: 0.0, refused: 0.0 };
    let mut seconds: Vec<Second> = (0..count).map(empty).collect();
    for bucket in calls {
        spread(&mut seconds, begin, (bucket.time.0, bucket.time.0 + bucket.width_ns.max(1)), |second, part| {
            second.admitted += bucket.admitted * part;
            second.failed += bucket.failed * part;
        });
    }
    for call in refused {
        let after = if call.after == call.until { call.until.0 - 1 } else { call.after.0 };
        spread(&mut seconds, begin, (after + 1, call.until.0 + 1), |second, part| second.refused += call.count * part);
    }
    let failing = |second: &Second| second.admitted > 0.0 && second.failed / second.admitted >= limits.threshold();
    let last_failing = seconds.iter().rposition(failing);
    let well = seconds.iter().enumerate().skip(last_failing.map_or(0, |last| last + 1)).find(|(_, second)| second.admitted > 0.0);
    let recovered_at = last_failing.and(well).map(|(_, second)| UnixNanos(second.start.0.max(trip.opened.time.0)));
    Recovery {
        recovered_at,
        dependency_ns: recovered_at.map(|at| at.0 - trip.opened.time.0),
        release_ns: recovered_at.zip(trip.closed).map(|(at, closed)| (closed.time.0 - at.0).max(0)),
        seconds,
    }
}

/// Takes refused calls that have a span out of `calls`, which count spans by the second: they were not let through.
pub fn without_refused(calls: &mut [Calls], refused: &[Refused]) {
    let mut by_second: HashMap<i64, f64> = HashMap::new();
    for one in refused.iter().filter(|refused| refused.after == refused.until) {
        *by_second.entry(one.until.0.div_euclid(SECOND) * SECOND).or_default() += one.count;
    }
    for call in calls {
        if let Some(left) = by_second.get_mut(&call.time.0) {
            let taken = left.min(call.admitted);
            *left -= taken;
            call.admitted -= taken;
            call.failed = (call.failed - taken).max(0.0);
        }
    }
}

/// Gives each second its part of `[from, to)`.
fn spread(seconds: &mut [Second], begin: i64, (from, to): (i64, i64), mut add: impl FnMut(&mut Second, f64)) {
    let width = (to - from).max(1) as f64;
    let first = usize::try_from((from - begin).div_euclid(SECOND)).unwrap_or(0);
    for second in seconds.iter_mut().skip(first) {
        let within = to.min(second.start.0 + SECOND) - from.max(second.start.0);
        if within <= 0 {
            break;
        }
        add(second, within as f64 / width);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dependency_recovers_before_the_breaker_lets_go() {
        let at = |second: i64| UnixNanos(second * SECOND);
        let trip = crate::fold::trip_between(at(100), Some(at(130)));
        let calls: Vec<Calls> = (100..130)
            .map(|second| Calls {
                service: String::new(),
                instance: String::new(),
                operation: String::new(),
                time: at(second),
                width_ns: SECOND,
                admitted: 10.0,
                failed: if second < 115 { 9.0 } else { 1.0 },
            })
            .collect();
        let refused: Vec<Refused> = (100..130).map(|second| Refused { after: at(second), until: at(second), count: 30.0 }).collect();
        let told = recovery(&trip, &calls, &refused, Adaptive::AEGIS, at(200));
        assert_eq!(told.recovered_at, Some(at(115)));
        assert_eq!((told.dependency_ns, told.release_ns), (Some(15 * SECOND), Some(15 * SECOND)));
        assert_eq!(told.seconds.len(), 30);
        assert_eq!(told.seconds[3].drop_ratio(), Some(0.75));
        assert_eq!(recovery(&trip, &[], &refused, Adaptive::AEGIS, at(200)).recovered_at, None);
        let metric = Refused { after: at(100), until: at(110), count: 50.0 };
        let told = recovery(&trip, &[], &[metric], Adaptive::AEGIS, at(200));
        assert_eq!(told.seconds.iter().map(|second| second.refused.round()).sum::<f64>(), 50.0);
    }
}
