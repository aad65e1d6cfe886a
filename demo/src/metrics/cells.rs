//! Counts and durations by side, route, code and reason: what the instruments of every library are read from.

use std::collections::BTreeMap;

use schemas::{SpanId, TraceId, UnixNanos};

use super::{Measurement, Outcome, Side};
use crate::topology::{Route, Stack};

/// Bounds in seconds that the semantic conventions advise for durations.
pub(super) const BOUNDS_S: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
/// Finer than any that is exported; see [`Distribution::exponential`].
const EXPONENTIAL_SCALE: i32 = 6;
const EXPONENTIAL_BUCKETS_MAX: i32 = 160;

#[derive(Debug)]
pub(super) struct Cells {
    pub(super) all: Vec<Cell>,
    exponential: bool,
    delta: bool,
    /// Only Kratos has an attribute for the reason; for others it would split a series.
    reasons: bool,
}

#[derive(Debug)]
pub(super) struct Cell {
    pub(super) side: Side,
    pub(super) route: &'static Route,
    pub(super) outcome: Outcome,
    pub(super) durations: Distribution,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Distribution {
    pub(super) count: u64,
    pub(super) sum_s: f64,
    pub(super) min_s: f64,
    pub(super) max_s: f64,
    pub(super) buckets: [u64; BOUNDS_S.len() + 1],
    /// Index at [`EXPONENTIAL_SCALE`] -> count; empty unless the stack exports exponential histograms.
    indexes: BTreeMap<i32, u64>,
    /// The last measurement of the interval in each bucket.
    pub(super) exemplars: [Option<Sample>; BOUNDS_S.len() + 1],
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) at: UnixNanos,
    pub(super) seconds: f64,
    pub(super) trace: TraceId,
    pub(super) span: SpanId,
}

/// Buckets of an exponential histogram in OTLP's form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Exponential {
    pub(super) scale: i32,
    pub(super) offset: i32,
    pub(super) counts: Vec<u64>,
}

impl Cells {
    pub(super) fn new(stack: Stack) -> Self {
        Self {
            all: vec![],
            exponential: stack == Stack::Spring,
            delta: matches!(stack, Stack::Python | Stack::Envoy),
            reasons: matches!(stack, Stack::KratosV2 | Stack::KratosV3),
        }
    }

    pub(super) fn add(&mut self, measurement: &Measurement) {
        let Measurement { side, route, mut outcome, .. } = *measurement;
        if !self.reasons {
            outcome.reason = "";
        }
        let same = |cell: &Cell| cell.side == side && std::ptr::eq(cell.route, route) && cell.outcome == outcome;
        let position = self.all.iter().position(same).unwrap_or_else(|| {
            self.all.push(Cell { side, route, outcome, durations: Distribution::default() });
            self.all.len() - 1
        });
        self.all[position].durations.add(measurement, self.exponential);
    }

    /// After a collection: delta series begin anew, exemplars too.
    pub(super) fn collected(&mut self) {
        if self.delta {
            self.all.clear();
        }
        for cell in &mut self.all {
            cell.durations.exemplars = Default::default();
        }
    }

    pub(super) fn of(&self, side: Side) -> impl Iterator<Item = &Cell> {
        self.all.iter().filter(move |cell| cell.side == side)
    }

    /// Durations per route, whatever the answer, in order of first use.
    pub(super) fn by_route(&self, side: Side) -> Vec<(&'static Route, Distribution)> {
        let mut routes: Vec<(&'static Route, Distribution)> = vec![];
        for cell in self.of(side) {
            match routes.iter_mut().find(|(route, _)| std::ptr::eq(*route, cell.route)) {
                Some((_, durations)) => durations.merge(&cell.durations),
                None => routes.push((cell.route, cell.durations.clone())),
            }
        }
        routes
    }
}

impl Distribution {
    fn add(&mut self, measurement: &Measurement, exponential: bool) {
        let seconds = measurement.duration_ns as f64 / 1e9;
        self.min_s = if self.count == 0 { seconds } else { self.min_s.min(seconds) };
        self.max_s = self.max_s.max(seconds);
        self.count += 1;
        self.sum_s += seconds;
        let bucket = BOUNDS_S.partition_point(|bound| *bound < seconds);
        self.buckets[bucket] += 1;
        let Measurement { at, trace, span, .. } = *measurement;
        self.exemplars[bucket] = Some(Sample { at, seconds, trace, span });
        if exponential {
            *self.indexes.entry(exponential_index(seconds)).or_default() += 1;
        }
    }

    pub(super) fn merged(mut self, other: Self) -> Self {
        self.merge(&other);
        self
    }

    fn merge(&mut self, other: &Self) {
        self.min_s = self.min_s.min(other.min_s);
        self.max_s = self.max_s.max(other.max_s);
        self.count += other.count;
        self.sum_s += other.sum_s;
        for (mine, theirs) in self.buckets.iter_mut().zip(other.buckets) {
            *mine += theirs;
        }
        for (mine, theirs) in self.exemplars.iter_mut().zip(other.exemplars) {
            *mine = mine.or(theirs);
        }
        for (index, count) in &other.indexes {
            *self.indexes.entry(*index).or_default() += count;
        }
    }

    /// At the finest scale whose buckets are at most 160, as SDKs choose it.
    pub(super) fn exponential(&self) -> Exponential {
        let (Some((first, _)), Some((last, _))) = (self.indexes.first_key_value(), self.indexes.last_key_value()) else {
            return Exponential { scale: EXPONENTIAL_SCALE, offset: 0, counts: vec![] };
        };
        let shift = (0..).find(|shift| (last >> shift) - (first >> shift) < EXPONENTIAL_BUCKETS_MAX).unwrap_or(0);
        let (offset, end) = (first >> shift, last >> shift);
        let mut counts = vec![0; (end - offset + 1) as usize];
        for (index, count) in &self.indexes {
            counts[((index >> shift) - offset) as usize] += count;
        }
        Exponential { scale: EXPONENTIAL_SCALE - shift, offset, counts }
    }
}

/// Bucket `index` holds `(base^index, base^(index + 1)]` with `base = 2^(2^-scale)`.
fn exponential_index(value: f64) -> i32 {
    (value.log2() * f64::from(1 << EXPONENTIAL_SCALE)).ceil() as i32 - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_buckets_hold_their_values_after_rescaling() {
        let values = [0.00004, 0.001, 0.25, 0.5, 1.0, 1.0001, 29.0];
        let mut distribution = Distribution::default();
        for value in values {
            *distribution.indexes.entry(exponential_index(value)).or_default() += 1;
        }
        let Exponential { scale, offset, counts } = distribution.exponential();
        assert!(counts.len() <= 160 && counts.iter().sum::<u64>() == values.len() as u64, "{counts:?}");
        let base = 2_f64.powf(2_f64.powi(-scale));
        let bounds = |value: f64| {
            counts.iter().enumerate().any(|(position, count)| {
                let index = offset + position as i32;
                *count > 0 && base.powi(index) < value * 1.000_000_1 && value <= base.powi(index + 1) * 1.000_000_1
            })
        };
        assert!(values.into_iter().all(bounds));
    }
}
