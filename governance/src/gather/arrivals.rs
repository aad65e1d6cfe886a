//! How facts came, minute by minute: so a window is answered from stretches that reach beyond it.

use std::collections::BTreeMap;

use arrow::{
    array::{Array, AsArray, Float64Array, RecordBatch},
    compute::cast,
    datatypes::{DataType, Float64Type, TimestampNanosecondType},
};
use schemas::columns as c;

use super::columns::Words;
use crate::{arrived::Arrived, facts::Source, tables::RowError};

const MINUTE_NS: i64 = 60_000_000_000;

/// How records of minutes came.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Arrivals(BTreeMap<i64, Arrived>);

impl Arrivals {
    /// Adds the rows of a batch of facts.
    ///
    /// # Errors
    /// When a column is missing or has another type.
    pub(super) fn push(&mut self, batch: &RecordBatch) -> Result<(), RowError> {
        let times = |name: &'static str| {
            let times = batch.column_by_name(name).and_then(|times| times.as_primitive_opt::<TimestampNanosecondType>());
            times.ok_or(RowError::Missing(name))
        };
        let (time, received) = (times(c::TIME)?, times(c::RECEIVED_AT)?);
        let weights = Weights::of(batch)?;
        let (mut minute, mut of_minute) = (None, Arrived::default());
        for row in 0..batch.num_rows() {
            let own = Some(time.value(row).div_euclid(MINUTE_NS));
            if own != minute {
                self.add(minute, &of_minute);
                (minute, of_minute) = (own, Arrived::default());
            }
            of_minute.add(time.value(row), received.value(row), weights.get(row));
        }
        self.add(minute, &of_minute);
        Ok(())
    }

    fn add(&mut self, minute: Option<i64>, of_minute: &Arrived) {
        if let Some(minute) = minute {
            self.0.entry(minute).or_default().merge(of_minute);
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|(minute, of_minute)| self.add(Some(*minute), of_minute));
    }

    /// Of the minutes that touch the time from `start` to before `end`.
    pub fn within(&self, start: i64, end: i64) -> Arrived {
        let mut all = Arrived::default();
        if start < end {
            let minutes = start.div_euclid(MINUTE_NS)..=(end - 1).div_euclid(MINUTE_NS);
            self.0.range(minutes).for_each(|(_, of_minute)| all.merge(of_minute));
        }
        all
    }

    /// About what they take in memory.
    pub(super) fn bytes(&self) -> usize {
        self.0.len() * size_of::<(i64, Arrived)>()
    }
}

/// How many each row stands for. Of points it is how many their senders counted: none of these was left out.
struct Weights {
    of_span: Words<bool>,
    counts: Float64Array,
}

impl Weights {
    fn of(batch: &RecordBatch) -> Result<Self, RowError> {
        let column = |name: &'static str| batch.column_by_name(name).ok_or(RowError::Missing(name));
        let is_span = |word: &str| Source::from_word(word).is_some_and(|source| matches!(source, Source::Span | Source::SpanEvent));
        let wanted = DataType::Float64;
        let counts = cast(column(c::COUNT)?, &wanted).map_err(|_| RowError::Type { column: c::COUNT, wanted })?;
        Ok(Self { of_span: Words::of(c::SOURCE, column(c::SOURCE)?, is_span)?, counts: counts.as_primitive::<Float64Type>().clone() })
    }

    fn get(&self, row: usize) -> f64 {
        let counts = self.of_span.get(row) == Some(true) && self.counts.is_valid(row);
        if counts { self.counts.value(row) } else { 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000_000;

    #[test]
    fn minutes_that_touch_a_window() {
        let mut early = Arrivals::default();
        let mut of = |minute: i64, late: u64, newest: i64| {
            early.add(Some(minute), &Arrived { newest_ns: Some(newest), late, sampled_out: late as f64 / 2.0 });
        };
        of(0, 1, 500);
        of(1, 2, 300);
        of(3, 4, 400);
        let mut all = Arrivals::default();
        all.merge(&early);
        let check = |start: i64, end: i64, newest_ns: Option<i64>, late: u64| {
            assert_eq!(all.within(start, end), Arrived { newest_ns, late, sampled_out: late as f64 / 2.0 }, "{start} to {end}");
        };
        check(0, 240 * S, Some(500), 7);
        check(59 * S, 60 * S, Some(500), 1);
        check(60 * S, 60 * S + 1, Some(300), 2);
        check(61 * S, 181 * S, Some(400), 6);
        check(120 * S, 180 * S, None, 0);
        check(60 * S, 60 * S, None, 0);
    }
}
