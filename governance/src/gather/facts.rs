//! What is left of the rows, and whose it is.

use std::collections::HashMap;

use arrow::{
    array::{BooleanArray, RecordBatch, UInt32Array},
    compute::{filter_record_batch, take_record_batch},
};
use schemas::columns as c;
use xxhash_rust::xxh3::xxh3_64;

use super::{
    columns::Points,
    quiet::{Mark, leave_out, marks, sort, unite},
};
use crate::{
    facts::{BreakerSignal, Emitter, Rejection, Signal},
    fold::{Sample, Series, hash::Plain},
    tables::{self, RowError},
};

/// Facts of stretches of time: rows are pushed in any order, [`FoldFacts::settle`] ends a stretch of which all rows were pushed.
///
/// Between two of these calls memory grows with the number of rows; after one, with what happened: at least ten samples of each series.
/// [`FoldFacts::join`] makes that ten for all stretches together.
#[derive(Debug, Default)]
pub struct FoldFacts {
    rejections: Facts<Rejection>,
    signals: Facts<BreakerSignal>,
}

/// What a fold takes.
#[derive(Debug, Default)]
pub struct Gathered {
    pub rejections: Vec<Rejection>,
    pub signals: Vec<BreakerSignal>,
    pub series: Vec<Series>,
}

#[derive(Debug)]
struct Facts<F> {
    /// Those that are no points of a series.
    alone: Vec<F>,
    by_identity: HashMap<u64, u32, Plain>,
    series: Vec<OfSeries<F>>,
    /// Of each breaker with a gauge: whether that is of numbers, and whether it is one-hot.
    gauges: HashMap<u64, [bool; 2], Plain>,
    /// Of `alone`, how many are of stretches that are settled.
    settled: usize,
    /// Samples that are not settled.
    fresh: usize,
    kept: usize,
}

#[derive(Debug)]
struct OfSeries<F> {
    of: F,
    process: u64,
    total: bool,
    gauge: Option<Gauge>,
    /// Nothing of it is left out.
    whole: bool,
    kept: Vec<Sample>,
    fresh: Vec<Sample>,
}

/// A fact, as far as this room is concerned.
trait Fact: Sized {
    fn read(batch: &RecordBatch) -> Result<Vec<Self>, RowError>;
    fn emitter(&self) -> &Emitter;
    fn time(&self) -> i64;
    fn gauge(&self) -> Option<Gauge>;
}

/// A gauge of states: whose, and how it tells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Gauge {
    /// Hash of process and breaker.
    breaker: u64,
    one_hot: bool,
}

impl Fact for Rejection {
    fn read(batch: &RecordBatch) -> Result<Vec<Self>, RowError> {
        tables::rejections::read(batch)
    }

    fn emitter(&self) -> &Emitter {
        &self.emitter
    }

    fn time(&self) -> i64 {
        self.time.0
    }

    fn gauge(&self) -> Option<Gauge> {
        None
    }
}

impl Fact for BreakerSignal {
    fn read(batch: &RecordBatch) -> Result<Vec<Self>, RowError> {
        tables::breaker_signals::read(batch)
    }

    fn emitter(&self) -> &Emitter {
        &self.emitter
    }

    fn time(&self) -> i64 {
        self.time.0
    }

    fn gauge(&self) -> Option<Gauge> {
        let one_hot = match self.signal {
            Signal::OneHot { .. } => true,
            Signal::Enum { .. } => false,
            _ => return None,
        };
        // As a statsd client may write it.
        let name = self.name.trim().replace(['/', ':', '.'], "-");
        Some(Gauge { breaker: process(&self.emitter) ^ xxh3_64(name.as_bytes()), one_hot })
    }
}

impl FoldFacts {
    /// # Errors
    /// When `batch` has no rows of `rejections`.
    pub fn push_rejections(&mut self, batch: &RecordBatch) -> Result<(), RowError> {
        self.rejections.push(batch)
    }

    /// # Errors
    /// When `batch` has no rows of `breaker_signals`.
    pub fn push_signals(&mut self, batch: &RecordBatch) -> Result<(), RowError> {
        self.signals.push(batch)
    }

    /// Samples since the last [`FoldFacts::settle`].
    pub fn fresh(&self) -> usize {
        self.rejections.fresh + self.signals.fresh
    }

    /// Facts and samples that a fold would take of either table, those that are not settled not counted among the samples.
    pub fn rows(&self) -> (usize, usize) {
        (self.rejections.alone.len() + self.rejections.kept, self.signals.alone.len() + self.signals.kept)
    }

    /// Facts of either table that are no points of a series.
    pub fn alone(&self) -> (usize, usize) {
        (self.rejections.alone.len(), self.signals.alone.len())
    }

    /// A guess at the memory it takes, texts included.
    pub fn bytes(&self) -> usize {
        const TEXTS: usize = 300;
        let of = |facts: usize, samples: usize, size: usize| facts * (size + TEXTS) + samples * size_of::<Sample>();
        let (rejections, signals) = (&self.rejections, &self.signals);
        let size = size_of::<Rejection>().max(size_of::<BreakerSignal>());
        of(rejections.alone.len() + rejections.series.len(), rejections.fresh + rejections.kept, size)
            + of(signals.alone.len() + signals.series.len(), signals.fresh + signals.kept, size)
    }

    /// Forgets what was pushed since the last [`FoldFacts::settle`].
    pub fn undo(&mut self) {
        self.rejections.undo();
        self.signals.undo();
    }

    /// A stretch of time is complete: no row of it comes later.
    pub fn settle(&mut self) {
        let mut marks: HashMap<u64, Vec<Mark>, Plain> = HashMap::default();
        self.rejections.mark(&mut marks);
        self.signals.mark(&mut marks);
        marks.values_mut().for_each(unite);
        self.rejections.settle(&marks);
        self.signals.settle(&marks);
    }

    /// Leaves out what is quiet at the seams between stretches, which must be next to each other.
    pub fn join(&mut self) {
        self.rejections.open();
        self.signals.open();
        self.settle();
    }

    /// All stretches as one.
    pub fn finish(mut self) -> Gathered {
        self.join();
        let mut rejections = self.rejections.alone;
        for series in &self.rejections.series {
            rejections.extend(series.kept.iter().map(|sample| sample.rejection(&series.of)));
        }
        let told = self.signals.series.into_iter().filter(|series| !series.kept.is_empty());
        let series = told.map(|series| Series { of: series.of, samples: series.kept }).collect();
        Gathered { rejections, signals: self.signals.alone, series }
    }
}

impl<F> Default for Facts<F> {
    fn default() -> Self {
        Self {
            alone: Vec::new(),
            by_identity: HashMap::default(),
            series: Vec::new(),
            gauges: HashMap::default(),
            settled: 0,
            fresh: 0,
            kept: 0,
        }
    }
}

impl<F: Fact> Facts<F> {
    fn push(&mut self, batch: &RecordBatch) -> Result<(), RowError> {
        let points = Points::of(batch)?;
        let rows = batch.num_rows();
        let mut unknown: Vec<u32> = Vec::new();
        let mut places: Vec<Option<u32>> = Vec::with_capacity(rows);
        for row in 0..rows {
            let place = points.is_point(row).then(|| {
                let next = self.series.len() + unknown.len();
                *self.by_identity.entry(points.identity(row)).or_insert_with(|| {
                    unknown.push(row as u32);
                    next as u32
                })
            });
            places.push(place);
        }
        let unreadable = |_| RowError::Missing(c::TIME);
        let known = self.series.len();
        let new = take_record_batch(batch, &UInt32Array::from(unknown.clone())).map_err(unreadable)?;
        for (row, of) in unknown.into_iter().zip(F::read(&new)?) {
            let (process, total) = (process(of.emitter()), points.is_total(row as usize));
            let gauge = of.gauge();
            self.series.push(OfSeries { of, process, total, gauge, whole: false, kept: Vec::new(), fresh: Vec::new() });
        }
        self.find_rivals(known);
        for (row, place) in places.iter().enumerate() {
            if let Some(series) = place.and_then(|place| self.series.get_mut(place as usize)) {
                series.fresh.push(points.sample(row));
                self.fresh += 1;
            }
        }
        if places.iter().any(Option::is_none) {
            let alone: BooleanArray = places.iter().map(|place| Some(place.is_none())).collect();
            self.alone.extend(F::read(&filter_record_batch(batch, &alone).map_err(unreadable)?)?);
        }
        Ok(())
    }

    /// Where two gauges of different kinds tell of one breaker, one is asked at the times of the other: nothing of them is left out.
    fn find_rivals(&mut self, known: usize) {
        for gauge in self.series[known..].iter().filter_map(|series| series.gauge) {
            self.gauges.entry(gauge.breaker).or_default()[usize::from(gauge.one_hot)] = true;
        }
        if self.series.len() > known {
            for series in &mut self.series {
                series.whole = series.gauge.is_some_and(|gauge| self.gauges.get(&gauge.breaker) == Some(&[true, true]));
            }
        }
    }

    fn undo(&mut self) {
        self.alone.truncate(self.settled);
        self.series.iter_mut().for_each(|series| series.fresh.clear());
        self.fresh = 0;
    }

    /// What happens in each process, as what is fresh tells.
    fn mark(&mut self, of_process: &mut HashMap<u64, Vec<Mark>, Plain>) {
        for fact in &self.alone[self.settled..] {
            of_process.entry(process(fact.emitter())).or_default().push(Mark::at(fact.time()));
        }
        for series in self.series.iter_mut().filter(|series| !series.fresh.is_empty()) {
            sort(&mut series.fresh);
            marks(&series.fresh, series.total, of_process.entry(series.process).or_default());
        }
    }

    fn settle(&mut self, marks: &HashMap<u64, Vec<Mark>, Plain>) {
        for series in self.series.iter_mut().filter(|series| !series.fresh.is_empty()) {
            if !series.whole {
                leave_out(&mut series.fresh, marks.get(&series.process).map_or(&[], Vec::as_slice));
            }
            self.kept += series.fresh.len();
            series.kept.append(&mut series.fresh);
            series.fresh = Vec::new();
        }
        (self.settled, self.fresh) = (self.alone.len(), 0);
    }

    /// All that was settled is looked at once more.
    fn open(&mut self) {
        for series in &mut self.series {
            series.fresh.append(&mut series.kept);
        }
        (self.settled, self.fresh, self.kept) = (0, self.kept, 0);
    }
}

/// As the fold tells processes apart.
fn process(emitter: &Emitter) -> u64 {
    let parts = [&emitter.service, &emitter.namespace, &emitter.environment, &emitter.instance];
    xxh3_64(parts.map(String::as_str).join("\0").as_bytes())
}
