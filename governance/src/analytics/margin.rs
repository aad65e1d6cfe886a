//! How close an adaptive breaker came to dropping calls, over time.
//!
//! 1. Calls and refusals of each instance are put into seconds.
//! 2. In each second with calls the breaker is asked as it asks itself: of the calls in the window that ends there, how many were accepted?
//!    Refusals are calls that were not. With fewer calls than it needs it drops none, and there is no margin.
//! 3. The least margin of all instances is that of a step.

use std::collections::{BTreeMap, VecDeque};

use schemas::UnixNanos;

use super::recovery::Calls;
use super::{SECOND, headroom::Adaptive};
use crate::fold::Refused;

/// Below this part of the margin that a breaker has when nothing fails, it is near to dropping calls.
pub const NEAR: f64 = 0.25;
/// Of refusals that a metric counted: seconds that they are spread over.
const SPREAD_MAX: i64 = 3_600;

/// A stretch of time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Step {
    /// The least of all instances; `None`: none of them had calls enough to drop any.
    pub margin: Option<f64>,
    pub admitted: f64,
    pub failed: f64,
}

/// When it was closest.
#[derive(Debug, Clone, PartialEq)]
pub struct Least {
    pub margin: f64,
    pub at: UnixNanos,
    pub instance: String,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Margins {
    pub steps: Vec<Step>,
    pub least: Option<Least>,
    /// Times at which an instance came near and dropped nothing.
    pub near_misses: u32,
    pub admitted: f64,
    pub failed: f64,
    /// Most calls of one instance within the window of the breaker.
    pub calls_at_once: f64,
}

/// Calls of an instance in a second.
#[derive(Debug, Clone, Copy, Default)]
struct Second {
    admitted: f64,
    failed: f64,
    refused: f64,
}

/// `calls` are those let through, `refused` with the instance that refused them, both in any order; `count` steps of `step_ns` from
/// `start` on.
pub fn margins(
    calls: &[Calls],
    refused: &[(&str, Refused)],
    limits: Adaptive,
    start: UnixNanos,
    (step_ns, count): (i64, usize),
) -> Margins {
    let mut told = Margins { steps: vec![Step::default(); count], ..Margins::default() };
    for (instance, seconds) in seconds(calls, refused) {
        let mut window: VecDeque<(i64, Second)> = VecDeque::new();
        let mut near = Near::default();
        for (at, second) in seconds {
            window.push_back((at, second));
            while window.front().is_some_and(|(first, _)| (at - first) as f64 >= limits.window_s) {
                window.pop_front();
            }
            let total: f64 = window.iter().map(|(_, second)| second.admitted + second.refused).sum();
            let accepts: f64 = window.iter().map(|(_, second)| (second.admitted - second.failed).max(0.0)).sum();
            let time = at.saturating_mul(SECOND);
            let Some(step) = usize::try_from((time - start.0).div_euclid(step_ns)).ok().and_then(|place| told.steps.get_mut(place)) else {
                continue;
            };
            step.admitted += second.admitted;
            step.failed += second.failed;
            told.admitted += second.admitted;
            told.failed += second.failed;
            told.calls_at_once = told.calls_at_once.max(total);
            if total < limits.requests_min {
                near = Near::default();
                continue;
            }
            let margin = limits.margin(total, accepts);
            step.margin = Some(step.margin.map_or(margin, |least| least.min(margin)));
            if told.least.as_ref().is_none_or(|least| margin < least.margin) {
                told.least = Some(Least { margin, at: UnixNanos(time), instance: instance.to_owned() });
            }
            told.near_misses += u32::from(near.passes(margin, second.refused > 0.0, limits));
        }
    }
    told
}

/// An instance near to dropping calls.
#[derive(Debug, Default)]
struct Near {
    is_near: bool,
    dropped: bool,
}

impl Near {
    /// Whether it has just come away from there without dropping any.
    fn passes(&mut self, margin: f64, refuses: bool, limits: Adaptive) -> bool {
        let at_rest = limits.margin(1.0, 1.0);
        let was = std::mem::replace(&mut self.is_near, margin < NEAR * at_rest);
        let missed = was && !self.is_near && !self.dropped && !refuses;
        self.dropped = self.is_near && (self.dropped || refuses || margin <= 0.0);
        missed
    }
}

/// By instance and second.
fn seconds<'a>(calls: &'a [Calls], refused: &[(&'a str, Refused)]) -> BTreeMap<&'a str, BTreeMap<i64, Second>> {
    let mut told: BTreeMap<&str, BTreeMap<i64, Second>> = BTreeMap::new();
    for call in calls {
        let second = told.entry(&call.instance).or_default().entry(call.time.0.div_euclid(SECOND)).or_default();
        second.admitted += call.admitted;
        second.failed += call.failed;
    }
    for (instance, one) in refused {
        let of = told.entry(instance).or_default();
        let last = one.until.0.div_euclid(SECOND);
        let first = if one.after == one.until { last } else { one.after.0.div_euclid(SECOND).max(last - SPREAD_MAX) };
        let width = (last - first + 1) as f64;
        for second in first..=last {
            of.entry(second).or_default().refused += one.count / width;
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(instance: &str, seconds: std::ops::Range<i64>, admitted: f64, failed: f64) -> Vec<Calls> {
        let call = |second: i64| Calls {
            service: "order".into(),
            instance: instance.into(),
            operation: "/pay".into(),
            time: UnixNanos(second * SECOND),
            width_ns: SECOND,
            admitted,
            failed,
        };
        seconds.map(call).collect()
    }

    fn told(calls: &[Calls], refused: &[(&str, Refused)]) -> Margins {
        margins(calls, refused, Adaptive::AEGIS, UnixNanos(0), (10 * SECOND, 6))
    }

    #[test]
    fn the_margin_over_time() {
        // 40 a second: 120 in three seconds. From second 20 on 30 % fail, from 30 on none.
        let all = [calls("a", 0..20, 40.0, 0.0), calls("a", 20..30, 40.0, 12.0), calls("a", 30..60, 40.0, 0.0)].concat();
        let told = told(&all, &[]);
        let margins: Vec<i64> = told.steps.iter().map(|step| (step.margin.expect("calls enough") * 1000.0).round() as i64).collect();
        // 1 - 1 / (1.667 * 0.7) = 0.143; two seconds later 1 of 3 seconds is still bad: 1 - 1 / (1.667 * 0.8).
        assert_eq!(margins, [400, 400, 143, 250, 400, 400]);
        let least = told.least.expect("one");
        assert_eq!((least.at, &*least.instance), (UnixNanos(22 * SECOND), "a"));
        assert_eq!((told.admitted, told.failed, told.calls_at_once, told.near_misses), (2400.0, 120.0, 120.0, 0));
        assert_eq!((told.steps[2].admitted, told.steps[2].failed), (400.0, 120.0));
    }

    #[test]
    fn near_misses_are_those_that_drop_nothing() {
        let check = |failed: f64, refused: &[(&str, Refused)], near_misses: u32| {
            let all = [calls("a", 0..20, 40.0, 0.0), calls("a", 20..30, 40.0, failed), calls("a", 30..60, 40.0, 0.0)].concat();
            assert_eq!(told(&all, refused).near_misses, near_misses, "{failed} {refused:?}");
        };
        let at = UnixNanos(25 * SECOND);
        check(12.0, &[], 0);
        check(14.4, &[], 1);
        check(14.4, &[("a", Refused { after: at, until: at, count: 1.0 })], 0);
        check(20.0, &[], 0);
        let other = calls("b", 0..60, 40.0, 15.0);
        assert_eq!(told(&other, &[]).near_misses, 0, "it has not come away from there");
    }

    #[test]
    fn with_few_calls_there_is_no_margin() {
        let told = told(&[calls("a", 0..60, 20.0, 20.0), calls("b", 0..60, 20.0, 20.0)].concat(), &[]);
        assert!(told.steps.iter().all(|step| step.margin.is_none()), "40 a second together, but each has 60 in its window");
        assert_eq!((told.least, told.calls_at_once), (None, 60.0));
        assert_eq!(margins(&[], &[], Adaptive::GO_ZERO, UnixNanos(0), (SECOND, 2)).steps, [Step::default(); 2]);
    }

    #[test]
    fn refusals_count_as_calls_that_were_not_accepted() {
        let refused = ("a", Refused { after: UnixNanos(29 * SECOND), until: UnixNanos(38 * SECOND), count: 1000.0 });
        let told = told(&calls("a", 0..60, 40.0, 0.0), &[refused]);
        assert_eq!(told.steps[3].margin, Some(-1.0), "140 a second of which 40 were accepted");
        assert_eq!(told.steps[5].margin.map(|margin| (margin * 10.0).round()), Some(4.0));
        assert_eq!(told.calls_at_once.round(), 420.0);
    }
}
