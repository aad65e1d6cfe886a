//! Facts of one table: those that stand alone, and series of samples.

use std::{collections::HashMap, sync::Arc};

use arrow::{
    array::{BooleanArray, RecordBatch, UInt32Array},
    compute::{filter_record_batch, take_record_batch},
};
use schemas::columns as c;

use super::{
    columns::Points,
    fact::{Fact, Gauge, process},
    quiet::{Mark, leave_out, marks, sort},
};
use crate::{
    fold::{Sample, Single, hash::Plain},
    tables::RowError,
};

/// What happens in each process.
pub(super) type Marks = HashMap<u64, Vec<Mark>, Plain>;

#[derive(Debug)]
pub(super) struct Facts<F> {
    /// Those that are neither points of a series nor single calls.
    pub alone: Vec<Arc<F>>,
    pub series: Vec<OfSeries<F>>,
    /// Of a series, where it is.
    places: HashMap<u64, u32, Plain>,
    /// Of each breaker with a gauge: whether that is of numbers, and whether it is one-hot.
    gauges: HashMap<u64, [bool; 2], Plain>,
    pub samples: usize,
    pub singles: usize,
}

/// Points of one series, or calls that are alike.
#[derive(Debug)]
pub(super) struct OfSeries<F> {
    /// Any one of its facts.
    pub of: Arc<F>,
    pub samples: Vec<Sample>,
    pub singles: Vec<Single>,
    whose: Of,
    total: bool,
    gauge: Option<Gauge>,
}

/// Hashes that facts which are alike have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Of {
    pub identity: u64,
    pub process: u64,
}

impl<F> Default for Facts<F> {
    fn default() -> Self {
        Self { alone: Vec::new(), series: Vec::new(), places: HashMap::default(), gauges: HashMap::default(), samples: 0, singles: 0 }
    }
}

impl<F: Fact> Facts<F> {
    pub fn push(&mut self, batch: &RecordBatch) -> Result<(), RowError> {
        let points = Points::of(batch)?;
        let rows = batch.num_rows();
        let mut unknown: Vec<u32> = Vec::new();
        let mut places: Vec<Option<u32>> = Vec::with_capacity(rows);
        for row in 0..rows {
            let place = (F::IS_CALL || points.is_point(row)).then(|| {
                let next = self.series.len() + unknown.len();
                *self.places.entry(points.identity(row)).or_insert_with(|| {
                    unknown.push(row as u32);
                    next as u32
                })
            });
            places.push(place);
        }
        let unreadable = |_| RowError::Missing(c::TIME);
        let new = take_record_batch(batch, &UInt32Array::from(unknown.clone())).map_err(unreadable)?;
        for (row, of) in unknown.into_iter().zip(F::read(&new)?) {
            let row = row as usize;
            let (process, gauge) = (process(of.emitter()), of.gauge());
            let (whose, total) = (Of { identity: points.identity(row), process }, points.is_total(row));
            self.add_gauge(gauge);
            self.series.push(OfSeries { of: Arc::new(of), samples: Vec::new(), singles: Vec::new(), whose, total, gauge });
        }
        for (row, place) in places.iter().enumerate() {
            if let Some(series) = place.and_then(|place| self.series.get_mut(place as usize)) {
                if points.is_point(row) {
                    series.samples.push(points.sample(row));
                    self.samples += 1;
                } else {
                    series.singles.push(points.single(row));
                    self.singles += 1;
                }
            }
        }
        if places.iter().any(Option::is_none) {
            let alone: BooleanArray = places.iter().map(|place| Some(place.is_none())).collect();
            let alone = F::read(&filter_record_batch(batch, &alone).map_err(unreadable)?)?;
            self.alone.extend(alone.into_iter().map(Arc::new));
        }
        Ok(())
    }

    /// Those of another stretch of time, which has no single calls.
    pub fn add(&mut self, other: &Self) {
        self.alone.extend_from_slice(&other.alone);
        for series in &other.series {
            let next = self.series.len() as u32;
            let place = *self.places.entry(series.whose.identity).or_insert(next);
            if place == next {
                self.add_gauge(series.gauge);
                self.series.push(OfSeries { of: Arc::clone(&series.of), samples: Vec::new(), singles: Vec::new(), ..*series });
            }
            let of = &mut self.series[place as usize];
            of.samples.extend_from_slice(&series.samples);
        }
        self.samples += other.samples;
    }

    /// Has the texts of series that `other` knows in memory once.
    pub fn share(&mut self, other: &Self) {
        for series in &mut self.series {
            if let Some(place) = other.places.get(&series.whose.identity) {
                series.of = Arc::clone(&other.series[*place as usize].of);
            }
        }
    }

    fn add_gauge(&mut self, gauge: Option<Gauge>) {
        if let Some(gauge) = gauge {
            self.gauges.entry(gauge.breaker).or_default()[usize::from(gauge.one_hot)] = true;
        }
    }

    /// What happens in each process.
    pub fn mark(&mut self, of_process: &mut Marks) {
        for fact in &self.alone {
            of_process.entry(process(fact.emitter())).or_default().push(Mark::at(fact.time()));
        }
        for series in &mut self.series {
            let happened = of_process.entry(series.whose.process).or_default();
            happened.extend(series.singles.iter().map(|single| Mark::at(single.time.0)));
            sort(&mut series.samples);
            marks(&series.samples, series.total, happened);
        }
    }

    /// Where two gauges of different kinds tell of one breaker, one is asked at the times of the other: nothing of them is left out.
    pub fn leave_out(&mut self, marks: &Marks) {
        let rivals = |gauge: Gauge| self.gauges.get(&gauge.breaker) == Some(&[true, true]);
        self.samples = 0;
        for series in &mut self.series {
            if !series.gauge.is_some_and(rivals) {
                leave_out(&mut series.samples, marks.get(&series.whose.process).map_or(&[], Vec::as_slice));
            }
            self.samples += series.samples.len();
        }
    }

    /// Takes out single calls: those that are alike, and of which identity and process they are.
    pub fn take_singles(&mut self) -> Vec<(Arc<F>, Vec<Single>, Of)> {
        self.singles = 0;
        let of_singles = self.series.iter_mut().filter(|series| !series.singles.is_empty());
        let taken = of_singles.map(|series| (Arc::clone(&series.of), std::mem::take(&mut series.singles), series.whose));
        let taken = taken.collect();
        self.series.retain(|series| !series.samples.is_empty());
        taken
    }

    /// To be kept as it is: only [`Facts::add`] reads it.
    pub fn close(&mut self) {
        (self.places, self.gauges) = (HashMap::default(), HashMap::default());
        self.alone.shrink_to_fit();
        self.series.shrink_to_fit();
        self.series.iter_mut().for_each(|series| {
            series.samples.shrink_to_fit();
            series.singles.shrink_to_fit();
        });
    }

    /// A guess at the memory it takes, but for the texts of series.
    pub fn bytes(&self) -> usize {
        const TEXTS: usize = 300;
        self.alone.len() * (size_of::<F>() + TEXTS)
            + self.series.len() * size_of::<OfSeries<F>>()
            + self.samples * size_of::<Sample>()
            + self.singles * size_of::<Single>()
    }

    /// Of the texts of series.
    pub fn bytes_of_texts(&self) -> usize {
        const TEXTS: usize = 300;
        self.series.len() * (size_of::<F>() + TEXTS)
    }
}
