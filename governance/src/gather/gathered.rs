//! Stretches put together for one fold.

use std::sync::Arc;

use schemas::UnixNanos;

use super::{
    arrivals::Arrivals,
    calls::{Calls, Known},
    stretch::{Both, Settled},
};
use crate::{
    facts::BreakerSignal,
    fold::{Alike, Input, Parameters, Refusal, RefusedCalls, Series},
};

/// What is left of stretches of time that are next to each other, in any order.
#[derive(Debug, Default)]
pub struct FoldFacts {
    facts: Both,
    stretches: Vec<Arc<Settled>>,
    known: Known,
    arrivals: Arrivals,
}

/// What a fold takes.
#[derive(Debug, Default)]
pub struct Gathered {
    /// Running totals.
    pub rejections: Vec<Alike>,
    /// Calls of each stretch.
    pub refused: Vec<Arc<RefusedCalls>>,
    pub signals: Vec<Arc<BreakerSignal>>,
    pub series: Vec<Series>,
    /// Of all rows, also those that are left out.
    pub arrivals: Arrivals,
}

impl FoldFacts {
    /// Costs what is left of the stretch but for its calls, which are shared.
    pub fn add(&mut self, stretch: &Arc<Settled>) {
        self.facts.rejections.add(&stretch.facts.rejections);
        self.facts.signals.add(&stretch.facts.signals);
        self.known.add(&stretch.calls);
        self.arrivals.merge(&stretch.arrivals);
        self.stretches.push(Arc::clone(stretch));
    }

    /// Has the texts of series that both know in memory once.
    pub fn share(&self, stretch: &mut Settled) {
        stretch.facts.rejections.share(&self.facts.rejections);
        stretch.facts.signals.share(&self.facts.signals);
        self.known.share(&mut stretch.calls);
    }

    /// What a fold would take: refusals; facts about breakers and samples.
    pub fn rows(&self) -> (usize, usize) {
        let (refusals, signals) = self.facts.rows();
        (refusals + self.calls().map(|calls| calls.refused.len()).sum::<usize>(), signals)
    }

    /// A guess at the memory it takes, texts included.
    pub fn bytes(&self) -> usize {
        self.facts.bytes() + self.calls().map(|calls| calls.bytes() + calls.bytes_of_texts()).sum::<usize>()
    }

    /// Leaves out what is quiet at the seams between stretches.
    pub fn join(&mut self) {
        let calls: Vec<&Calls> = self.stretches.iter().map(|stretch| &stretch.calls).collect();
        self.facts.leave_out(&calls);
    }

    /// All stretches as one.
    pub fn finish(mut self) -> Gathered {
        self.join();
        let refused = self.calls().map(|calls| Arc::clone(&calls.refused)).collect();
        let Both { rejections, signals } = self.facts;
        let alike = rejections.series.into_iter().map(|series| {
            let singles = series.samples.iter().map(|sample| sample.single(&series.of)).collect();
            Alike { of: series.of, singles }
        });
        let told = signals.series.into_iter().filter(|series| !series.samples.is_empty());
        let series = told.map(|series| Series { of: series.of, samples: series.samples }).collect();
        Gathered { rejections: alike.collect(), refused, signals: signals.alone, series, arrivals: self.arrivals }
    }

    fn calls(&self) -> impl Iterator<Item = &Calls> {
        self.stretches.iter().map(|stretch| &stretch.calls)
    }
}

impl Gathered {
    /// Facts from `since` to before `until`.
    pub fn input(&self, parameters: Parameters, (since, until): (UnixNanos, UnixNanos)) -> Input<'_> {
        let Self { rejections, refused, signals, series, .. } = self;
        let (rejections, signals) = (rejections.iter().flat_map(Alike::refusals), signals.iter().map(Arc::as_ref));
        Input { refused, series, parameters, ..Input::new(rejections, signals, since, until) }
    }
}

/// As the fold takes them, so that its verdicts are in the same order.
pub fn refusals<'a>(rejections: &'a [Alike], refused: &'a [Arc<RefusedCalls>]) -> impl Iterator<Item = Refusal<'a>> {
    rejections.iter().flat_map(Alike::refusals).chain(refused.iter().flat_map(|calls| calls.refusals()))
}
