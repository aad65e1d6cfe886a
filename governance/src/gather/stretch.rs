//! Facts of stretches of time: read, then settled.

use std::collections::BTreeMap;

use arrow::{
    array::{AsArray, BooleanArray, RecordBatch},
    compute::filter_record_batch,
    datatypes::TimestampNanosecondType,
};
use schemas::{UnixNanos, columns as c};

use super::{
    arrivals::Arrivals,
    calls::Calls,
    columns::links,
    facts::{Facts, Marks},
    quiet::unite,
};
use crate::{
    facts::{BreakerSignal, Rejection},
    fold::Link,
    tables::RowError,
};

/// Rows on their way into stretches of time of one length: pushed in any order, all of a stretch before it is settled. Memory grows with
/// the number of rows.
#[derive(Debug)]
pub struct Stretches {
    width_ns: i64,
    /// By number.
    of: BTreeMap<i64, Rows>,
}

/// A stretch of time of which all rows are known: what is left of them. Memory grows with what happened: at least ten samples of each
/// series.
#[derive(Debug)]
pub struct Settled {
    pub(super) facts: Both,
    pub(super) calls: Calls,
    /// Of the rows of both tables.
    pub(super) arrivals: Arrivals,
}

/// Of both tables.
#[derive(Debug, Default)]
pub(super) struct Both {
    pub rejections: Facts<Rejection>,
    pub signals: Facts<BreakerSignal>,
}

/// A stretch that is being read.
#[derive(Debug, Default)]
struct Rows {
    facts: Both,
    /// Spans that were refused.
    links: Vec<(UnixNanos, Link)>,
    arrivals: Arrivals,
}

impl Stretches {
    /// Stretches of `width_ns` nanoseconds, counted from 1970.
    pub fn new(width_ns: i64) -> Self {
        Self { width_ns: width_ns.max(1), of: BTreeMap::new() }
    }

    /// # Errors
    /// When `batch` has no rows of `rejections`.
    pub fn push_rejections(&mut self, batch: &RecordBatch) -> Result<(), RowError> {
        self.push(batch, |rows, batch| {
            rows.arrivals.push(batch)?;
            rows.facts.rejections.push(batch)
        })
    }

    /// # Errors
    /// When `batch` has no rows of `breaker_signals`.
    pub fn push_signals(&mut self, batch: &RecordBatch) -> Result<(), RowError> {
        self.push(batch, |rows, batch| {
            rows.arrivals.push(batch)?;
            rows.facts.signals.push(batch)
        })
    }

    /// Spans that were refused: they tell who is whose parent.
    ///
    /// # Errors
    /// When `batch` has no ids or times.
    pub fn push_refused_spans(&mut self, batch: &RecordBatch) -> Result<(), RowError> {
        self.push(batch, |rows, batch| {
            rows.links.extend(links(batch)?);
            Ok(())
        })
    }

    fn push(&mut self, batch: &RecordBatch, push: impl Fn(&mut Rows, &RecordBatch) -> Result<(), RowError>) -> Result<(), RowError> {
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
        self.of.values().map(|rows| rows.facts.samples()).sum()
    }

    /// Refused calls and refused spans, as many as are more, and facts about breakers that are no points of a series.
    pub fn alone(&self) -> (usize, usize) {
        let counts = self.of.values().map(|rows| (rows.facts.rejections.singles, rows.links.len(), rows.facts.signals.alone.len()));
        let sums = counts.fold((0, 0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1, sum.2 + of.2));
        (sums.0.max(sums.1), sums.2)
    }

    /// A guess at the memory it takes, texts included.
    pub fn bytes(&self) -> usize {
        self.of.values().map(|rows| rows.facts.bytes() + rows.links.len() * size_of::<(UnixNanos, Link)>()).sum()
    }

    /// All rows are there: when each stretch begins, and what is left of it.
    pub fn settle(self) -> impl Iterator<Item = (i64, Settled)> {
        let width = self.width_ns;
        let settle = move |(number, rows): (i64, Rows)| {
            let start = number.saturating_mul(width);
            (start, rows.settle((UnixNanos(start), UnixNanos(start.saturating_add(width)))))
        };
        self.of.into_iter().map(settle)
    }
}

impl Rows {
    fn settle(self, time: (UnixNanos, UnixNanos)) -> Settled {
        let Self { mut facts, links, arrivals } = self;
        facts.leave_out(&[]);
        let calls = Calls::take(&mut facts.rejections, &links, time);
        facts.rejections.close();
        facts.signals.close();
        Settled { facts, calls, arrivals }
    }
}

impl Settled {
    /// What a fold would take: refusals; facts about breakers and samples.
    pub fn rows(&self) -> (usize, usize) {
        let (refusals, signals) = self.facts.rows();
        (refusals + self.calls.refused.len(), signals)
    }

    /// A guess at the memory it takes beyond what it shares.
    pub fn bytes(&self) -> usize {
        self.facts.rejections.bytes() + self.facts.signals.bytes() + self.calls.bytes() + self.arrivals.bytes()
    }
}

impl Both {
    /// Leaves out what is quiet, as far as single calls say so, too, that were taken out before.
    pub fn leave_out(&mut self, calls: &[&Calls]) {
        let mut marks = Marks::default();
        self.rejections.mark(&mut marks);
        self.signals.mark(&mut marks);
        for (process, of_process) in &mut marks {
            calls.iter().for_each(|calls| calls.mark(*process, of_process));
            unite(of_process);
        }
        self.rejections.leave_out(&marks);
        self.signals.leave_out(&marks);
    }

    /// Refusals; facts about breakers and samples.
    pub fn rows(&self) -> (usize, usize) {
        (self.rejections.singles + self.rejections.samples, self.signals.alone.len() + self.signals.samples)
    }

    pub fn samples(&self) -> usize {
        self.rejections.samples + self.signals.samples
    }

    pub fn bytes(&self) -> usize {
        self.rejections.bytes() + self.rejections.bytes_of_texts() + self.signals.bytes() + self.signals.bytes_of_texts()
    }
}
