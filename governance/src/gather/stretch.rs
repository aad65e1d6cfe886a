//! Facts of stretches of time: read, then settled.

use std::collections::{BTreeMap, HashSet};

use arrow::{
    array::{AsArray, BooleanArray, RecordBatch},
    compute::filter_record_batch,
    datatypes::TimestampNanosecondType,
};
use schemas::{SpanId, TraceId, columns as c};

use super::{
    arrivals::Arrivals,
    columns::links,
    facts::{Facts, Marks},
    quiet::unite,
};
use crate::{
    facts::{BreakerSignal, Rejection},
    fold::{Link, hash::Plain},
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
    /// Of spans that were refused.
    pub links: Vec<Link>,
    /// Of the rows of both tables.
    pub arrivals: Arrivals,
}

impl Stretches {
    /// Stretches of `width_ns` nanoseconds, counted from 1970.
    pub fn new(width_ns: i64) -> Self {
        Self { width_ns: width_ns.max(1), of: BTreeMap::new() }
    }

    /// # Errors
    /// When `batch` has no rows of `rejections`.
    pub fn push_rejections(&mut self, batch: &RecordBatch) -> Result<(), RowError> {
        self.push(batch, |both, batch| {
            both.arrivals.push(batch)?;
            both.rejections.push(batch)
        })
    }

    /// # Errors
    /// When `batch` has no rows of `breaker_signals`.
    pub fn push_signals(&mut self, batch: &RecordBatch) -> Result<(), RowError> {
        self.push(batch, |both, batch| {
            both.arrivals.push(batch)?;
            both.signals.push(batch)
        })
    }

    /// Spans that were refused: they tell who is whose parent.
    ///
    /// # Errors
    /// When `batch` has no ids or times.
    pub fn push_refused_spans(&mut self, batch: &RecordBatch) -> Result<(), RowError> {
        self.push(batch, |both, batch| {
            both.links.extend(links(batch)?);
            Ok(())
        })
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

    /// Refused calls and refused spans, as many as are more, and facts about breakers that are no points of a series.
    pub fn alone(&self) -> (usize, usize) {
        let counts = self.of.values().map(|both| (both.rejections.singles, both.links.len(), both.signals.alone.len()));
        let sums = counts.fold((0, 0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1, sum.2 + of.2));
        (sums.0.max(sums.1), sums.2)
    }

    /// A guess at the memory it takes, texts included.
    pub fn bytes(&self) -> usize {
        self.of.values().map(Both::bytes).sum()
    }

    /// All rows are there: when each stretch begins, and what is left of it.
    pub fn settle(self) -> impl Iterator<Item = (i64, Settled)> {
        let settle = move |(number, mut both): (i64, Both)| {
            both.leave_out();
            both.leave_out_links();
            both.rejections.close();
            both.signals.close();
            both.links.shrink_to_fit();
            (number.saturating_mul(self.width_ns), Settled(both))
        };
        self.of.into_iter().map(settle)
    }
}

impl Settled {
    /// What a fold would take: refusals, or refused spans where these are more; facts about breakers and samples.
    pub fn rows(&self) -> (usize, usize) {
        self.0.rows()
    }

    /// A guess at the memory it takes beyond what it shares.
    pub fn bytes(&self) -> usize {
        self.0.rejections.bytes() + self.0.signals.bytes() + self.0.links.len() * size_of::<Link>() + self.0.arrivals.bytes()
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

    /// Leaves out what the refusal itself says of its span.
    fn leave_out_links(&mut self) {
        let singles = self.rejections.series.iter().flat_map(|series| &series.singles);
        let said = singles.filter_map(|single| Some((single.trace_id?, single.span_id?, single.parent_span_id?)));
        let said: HashSet<(TraceId, SpanId, SpanId), Plain> = said.collect();
        self.links.retain(|link| link.parent.is_some_and(|parent| !said.contains(&(link.trace, link.span, parent))));
    }

    pub fn rows(&self) -> (usize, usize) {
        let Self { rejections, signals, links, .. } = self;
        ((rejections.singles + rejections.samples).max(links.len()), signals.alone.len() + signals.samples)
    }

    pub fn bytes(&self) -> usize {
        self.rejections.bytes()
            + self.rejections.bytes_of_texts()
            + self.signals.bytes()
            + self.signals.bytes_of_texts()
            + self.links.len() * size_of::<Link>()
            + self.arrivals.bytes()
    }
}
