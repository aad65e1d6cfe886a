//! Counts and durations by side, route, code and reason: what the instruments of every library are read from.

use std::collections::BTreeMap;

use schemas::{SpanId, TraceId, UnixNanos};

use super::{Measurement, Outcome, Side};
use crate::topology::{Route, Stack};

/// How an SDK was told to aggregate durations.
#[derive(Debug)]
pub(super) struct Aggregation {
    pub(super) bounds_s: &'static [f64],
    /// Points carry the smallest and the largest duration.
    pub(super) min_max: bool,
}

/// What the semantic conventions advise.
static ADVISED: Aggregation =
    Aggregation { bounds_s: &[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0], min_max: true };
/// `DefaultSecondsHistogramView` of Kratos' metrics.
static KRATOS_VIEW: Aggregation = Aggregation { bounds_s: &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0], min_max: false };
/// Finer than any that is exported; see [`Distribution::exponential`].
const EXPONENTIAL_SCALE: i32 = 6;
const EXPONENTIAL_BUCKETS_MAX: i32 = 160;

#[derive(Debug)]
pub(super) struct Cells {
    pub(super) all: Vec<Cell>,
    exponential: bool,
    delta: bool,
    aggregation: &'static Aggregation,
}

#[derive(Debug)]
pub(super) struct Cell {
    pub(super) side: Side,
    pub(super) route: &'static Route,
    pub(super) outcome: Outcome,
    pub(super) durations: Distribution,
}

#[derive(Debug, Clone)]
pub(super) struct Distribution {
    pub(super) aggregation: &'static Aggregation,
    pub(super) count: u64,
    pub(super) sum_s: f64,
    pub(super) min_s: f64,
    pub(super) max_s: f64,
    /// One more than there are bounds.
    pub(super) buckets: Vec<u64>,
    /// Index at [`EXPONENTIAL_SCALE`] -> count; empty unless the stack exports exponential histograms.
    indexes: BTreeMap<i32, u64>,
    /// The last measurement of the interval in each bucket.
    pub(super) exemplars: Vec<Option<Sample>>,
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
            aggregation: if stack.is_kratos() { &KRATOS_VIEW } else { &ADVISED },
        }
    }

    pub(super) fn add(&mut self, measurement: &Measurement) {
        let Measurement { side, route, outcome, .. } = *measurement;
        let same = |cell: &Cell| cell.side == side && std::ptr::eq(cell.route, route) && cell.outcome == outcome;
        let position = self.all.iter().position(same).unwrap_or_else(|| {
            self.all.push(Cell { side, route, outcome, durations: Distribution::new(self.aggregation) });
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
            cell.durations.exemplars.fill(None);
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
    fn new(aggregation: &'static Aggregation) -> Self {
        let buckets = aggregation.bounds_s.len() + 1;
        Self {
            aggregation,
            count: 0,
            sum_s: 0.0,
            min_s: 0.0,
            max_s: 0.0,
            buckets: vec![0; buckets],
            indexes: BTreeMap::new(),
            exemplars: vec![None; buckets],
        }
    }

    fn add(&mut self, measurement: &Measurement, exponential: bool) {
        let seconds = measurement.duration_ns as f64 / 1e9;
        self.min_s = if self.count == 0 { seconds } else { self.min_s.min(seconds) };
        self.max_s = self.max_s.max(seconds);
        self.count += 1;
        self.sum_s += seconds;
        let bucket = self.aggregation.bounds_s.partition_point(|bound| *bound < seconds);
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
        for (mine, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *mine += theirs;
        }
        for (mine, theirs) in self.exemplars.iter_mut().zip(&other.exemplars) {
            *mine = mine.or(*theirs);
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
        let mut distribution = Distribution::new(&ADVISED);
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
