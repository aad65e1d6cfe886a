//! Kratos counts a refusal again in each service above: the client's counter minus what the called service says it passed on.

use std::collections::{BTreeMap, HashMap};

use super::{
    deltas::{Delta, Point, deltas},
    hash::Plain,
    series::RefusalSeries,
    sort::Sorted,
};
use crate::facts::{Amount, RejectionKind, SpanKind};

/// By operation: what servers passed on, and what clients counted.
#[derive(Debug, Default)]
pub(crate) struct Upstream {
    passed_on: BTreeMap<String, Vec<Delta>>,
    counted: BTreeMap<String, Vec<Delta>>,
}

impl Upstream {
    pub fn of(sorted: &Sorted<'_>) -> Self {
        /// Service, instance, series.
        type Of<'a> = (&'a str, &'a str, u64);
        let mut totals: HashMap<Of<'_>, (&str, Vec<Point>), Plain> = HashMap::default();
        let mut passed_on: BTreeMap<String, Vec<Delta>> = BTreeMap::new();
        for brief in &sorted.briefs {
            let of_server = brief.kind == RejectionKind::BreakerOpen && brief.span_kind == Some(SpanKind::Server);
            if !of_server || !brief.source.is_metric() {
                continue;
            }
            let (time, rejection) = (brief.time, sorted.kinds()[brief.of as usize]);
            match brief.amount {
                Amount::Cumulative { value, series, start_time } => {
                    let key = (rejection.emitter.service.as_str(), rejection.emitter.instance.as_str(), series);
                    let (_, points) = totals.entry(key).or_insert_with(|| (&rejection.operation, Vec::new()));
                    points.push(Point { time, value, start: start_time.map(|start| start.0) });
                }
                Amount::Count(value) => {
                    passed_on.entry(rejection.operation.clone()).or_default().push(Delta { after: time, until: time, value });
                }
            }
        }
        let mut totals: Vec<_> = totals.into_iter().collect();
        totals.sort_unstable_by_key(|(key, _)| *key);
        for (_, (operation, mut points)) in totals {
            passed_on.entry(operation.to_owned()).or_default().extend(deltas(&mut points, None).0);
        }
        passed_on.values_mut().for_each(|deltas| deltas.sort_by_key(|delta| (delta.until, delta.after)));
        Self { passed_on, counted: BTreeMap::new() }
    }

    /// Nothing was passed on.
    pub fn is_empty(&self) -> bool {
        self.passed_on.is_empty()
    }

    /// Counts of clients, before any is changed.
    pub fn count(&mut self, sorted: &Sorted<'_>, series: &RefusalSeries) {
        let operation = &sorted.kind(series.example).operation;
        if self.passed_on.contains_key(operation) {
            self.counted.entry(operation.clone()).or_default().extend(&series.deltas);
        }
    }

    pub fn sort(&mut self) {
        self.counted.values_mut().for_each(|deltas| deltas.sort_by_key(|delta| (delta.until, delta.after)));
    }

    /// Leaves what was refused here: less what came up from below, shared among the clients of the operation by what they counted.
    pub fn subtract(&self, sorted: &Sorted<'_>, series: &mut RefusalSeries) {
        let operation = &sorted.kind(series.example).operation;
        let (Some(passed_on), Some(counted)) = (self.passed_on.get(operation), self.counted.get(operation)) else { return };
        for delta in &mut series.deltas {
            let all = sum_within(counted, delta.after, delta.until);
            if all > 0.0 {
                let share = (delta.value / all).min(1.0);
                // Rounded: parts of calls are noise of intervals that do not match.
                delta.value = (delta.value - sum_within(passed_on, delta.after, delta.until) * share).max(0.0).round();
            }
        }
    }
}

/// What was added in `(after, until]`; a delta that reaches over the edge counts by its part within.
fn sum_within(deltas: &[Delta], after: i64, until: i64) -> f64 {
    let from = deltas.partition_point(|delta| delta.until <= after);
    let mut sum = 0.0;
    for delta in &deltas[from..] {
        let within = delta.until.min(until) - delta.after.max(after);
        let width = delta.until - delta.after;
        if width == 0 && delta.until <= until {
            sum += delta.value;
        } else if within > 0 {
            sum += delta.value * within as f64 / width as f64;
        } else if delta.after >= until && delta.until - until > super::parameters::MINUTE * 10 {
            break;
        }
    }
    sum
}
