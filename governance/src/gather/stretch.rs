//! Facts of stretches of time: read, then settled.

use std::collections::BTreeMap;

use arrow::{
    array::{AsArray, BooleanArray, RecordBatch},
    compute::filter_record_batch,
    datatypes::TimestampNanosecondType,
};
use schemas::columns as c;

use super::{
    facts::{Facts, Marks},
    quiet::unite,
};
use crate::{
    facts::{BreakerSignal, Rejection},
    tables::RowError,
};

/// Rows on their way into stretches of time of one length: pushed in any order, all of a stretch before it is settled. Memory grows with
/// the number of rows.
#[derive(Debug)]
pub struct Stretches {
    width_ns: i64,
    /// By number.
    of: BTreeMap<i64, Both>,
}

/// A stretch of time of which all rows are known: what is left of them. Memory grows with what happened: at least ten samples of each
/// series.
#[derive(Debug)]
pub struct Settled(pub(super) Both);

/// Of both tables.
#[derive(Debug, Default)]
pub(super) struct Both {
    pub rejections: Facts<Rejection>,
    pub signals: Facts<BreakerSignal>,
}

impl Stretches {
    /// Stretches of `width_ns` nanoseconds, counted from 1970.
    pub fn new(width_ns: i64) -> Self {
        Self { width_ns: width_ns.max(1), of: BTreeMap::new() }
    }

    /// # Errors
    /// When `batch` has no rows of `rejections`.
    pub fn push_rejections(&mut self, batch: &RecordBatch) -> Result<(), RowError> {
        self.push(batch, |both, batch| both.rejections.push(batch))
    }

    /// # Errors
    /// When `batch` has no rows of `breaker_signals`.
    pub fn push_signals(&mut self, batch: &RecordBatch) -> Result<(), RowError> {
        self.push(batch, |both, batch| both.signals.push(batch))
    }

    fn push(&mut self, batch: &RecordBatch, push: impl Fn(&mut Both, &RecordBatch) -> Result<(), RowError>) -> Result<(), RowError> {
        let missing = || RowError::Missing(c::TIME);
        let times = batch.column_by_name(c::TIME).and_then(|times| times.as_primitive_opt::<TimestampNanosecondType>());
        let times = times.ok_or_else(missing)?.values();
        let number = |time: i64| time.div_euclid(self.width_ns);
        let mut numbers: Vec<i64> = times.iter().map(|time| number(*time)).collect();
        numbers.dedup();
        numbers.sort_unstable();
        numbers.dedup();
        if let [only] = numbers[..] {
            return push(self.of.entry(only).or_default(), batch);
        }
        for of in numbers {
            let within: BooleanArray = times.iter().map(|time| Some(number(*time) == of)).collect();
            let rows = filter_record_batch(batch, &within).map_err(|_| missing())?;
            push(self.of.entry(of).or_default(), &rows)?;
        }
        Ok(())
    }

    pub fn samples(&self) -> usize {
        self.of.values().map(|both| both.rejections.samples + both.signals.samples).sum()
    }

    /// Facts of either table that are no points of a series.
    pub fn alone(&self) -> (usize, usize) {
        let counts = self.of.values().map(|both| (both.rejections.singles, both.signals.alone.len()));
        counts.fold((0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1))
    }

    /// A guess at the memory it takes, texts included.
    pub fn bytes(&self) -> usize {
        self.of.values().map(Both::bytes).sum()
    }

    /// All rows are there: when each stretch begins, and what is left of it.
    pub fn settle(self) -> impl Iterator<Item = (i64, Settled)> {
        let settle = move |(number, mut both): (i64, Both)| {
            both.leave_out();
            both.rejections.close();
            both.signals.close();
            (number.saturating_mul(self.width_ns), Settled(both))
        };
        self.of.into_iter().map(settle)
    }
}

impl Settled {
    /// Facts and samples that a fold would take of either table.
    pub fn rows(&self) -> (usize, usize) {
        self.0.rows()
    }

    /// A guess at the memory it takes beyond what it shares.
    pub fn bytes(&self) -> usize {
        self.0.rejections.bytes() + self.0.signals.bytes()
    }
}

impl Both {
    /// Leaves out what is quiet.
    pub fn leave_out(&mut self) {
        let mut marks = Marks::default();
        self.rejections.mark(&mut marks);
        self.signals.mark(&mut marks);
        marks.values_mut().for_each(unite);
        self.rejections.leave_out(&marks);
        self.signals.leave_out(&marks);
    }

    pub fn rows(&self) -> (usize, usize) {
        let Self { rejections, signals } = self;
        (rejections.singles + rejections.samples, signals.alone.len() + signals.samples)
    }

    pub fn bytes(&self) -> usize {
        self.rejections.bytes() + self.rejections.bytes_of_texts() + self.signals.bytes() + self.signals.bytes_of_texts()
    }
}
