//! Stretches put together for one fold.

use std::sync::Arc;

use super::{
    arrivals::Arrivals,
    stretch::{Both, Settled},
};
use crate::{
    facts::BreakerSignal,
    fold::{Alike, Series, TraceShape},
};

/// What is left of stretches of time that are next to each other, in any order.
#[derive(Debug, Default)]
pub struct FoldFacts(Both);

/// What a fold takes.
#[derive(Debug, Default)]
pub struct Gathered {
    pub rejections: Vec<Alike>,
    pub signals: Vec<Arc<BreakerSignal>>,
    pub series: Vec<Series>,
    pub shape: TraceShape,
    /// Of all rows, also those that are left out.
    pub arrivals: Arrivals,
}

impl FoldFacts {
    /// Costs what is left of the stretch.
    pub fn add(&mut self, stretch: &Settled) {
        self.0.rejections.add(&stretch.0.rejections);
        self.0.signals.add(&stretch.0.signals);
        self.0.links.extend_from_slice(&stretch.0.links);
        self.0.arrivals.merge(&stretch.0.arrivals);
    }

    /// Has the texts of series that both know in memory once.
    pub fn share(&self, stretch: &mut Settled) {
        stretch.0.rejections.share(&self.0.rejections);
        stretch.0.signals.share(&self.0.signals);
    }

    /// What a fold would take: refusals, or refused spans where these are more; facts about breakers and samples.
    pub fn rows(&self) -> (usize, usize) {
        self.0.rows()
    }

    /// A guess at the memory it takes, texts included.
    pub fn bytes(&self) -> usize {
        self.0.bytes()
    }

    /// Leaves out what is quiet at the seams between stretches.
    pub fn join(&mut self) {
        self.0.leave_out();
    }

    /// All stretches as one.
    pub fn finish(mut self) -> Gathered {
        self.join();
        let Both { rejections, signals, links, arrivals } = self.0;
        let alike = rejections.series.into_iter().map(|mut series| {
            series.singles.extend(series.samples.iter().map(|sample| sample.single(&series.of)));
            Alike { of: series.of, singles: series.singles }
        });
        let told = signals.series.into_iter().filter(|series| !series.samples.is_empty());
        let series = told.map(|series| Series { of: series.of, samples: series.samples }).collect();
        Gathered { rejections: alike.collect(), signals: signals.alone, series, shape: links.into_iter().collect(), arrivals }
    }
}
