//! Single calls of a stretch of time: in order, and when they happened in each process.

use std::{collections::HashMap, sync::Arc};

use schemas::UnixNanos;

use super::{
    facts::{Facts, Marks, Of},
    quiet::{Mark, unite},
};
use crate::{
    facts::Rejection,
    fold::{Alike, Link, RefusedCalls, hash::Plain, parameters::SECOND},
};

/// Calls this close happen at once, as far as samples of gauges around them are concerned.
const AT_ONCE: i64 = SECOND;

#[derive(Debug, Default)]
pub(super) struct Calls {
    pub refused: Arc<RefusedCalls>,
    /// Of those that are alike, in their order.
    whose: Vec<Of>,
    marks: Marks,
}

impl Calls {
    /// Takes them out of `facts`. `links`: spans of their traces.
    pub fn take(facts: &mut Facts<Rejection>, links: &[(UnixNanos, Link)], time: (UnixNanos, UnixNanos)) -> Self {
        let (mut alike, mut whose) = (Vec::new(), Vec::new());
        let mut marks = Marks::default();
        for (of, singles, of_singles) in facts.take_singles() {
            marks.entry(of_singles.process).or_default().extend(singles.iter().map(|single| Mark::at(single.time.0)));
            whose.push(of_singles);
            alike.push(Alike { of, singles });
        }
        for of_process in marks.values_mut() {
            of_process.iter_mut().for_each(|mark| mark.end = mark.end.saturating_add(AT_ONCE));
            unite(of_process);
            of_process.shrink_to_fit();
        }
        Self { refused: Arc::new(RefusedCalls::of(&alike, links, time)), whose, marks }
    }

    pub fn mark(&self, process: u64, marks: &mut Vec<Mark>) {
        marks.extend(self.marks.get(&process).into_iter().flatten());
    }

    /// A guess at the memory it takes, but for what calls have in common.
    pub fn bytes(&self) -> usize {
        let marks = self.marks.values().map(|marks| size_of::<(u64, Vec<Mark>)>() + marks.len() * size_of::<Mark>());
        self.refused.bytes() + self.whose.len() * size_of::<Of>() + marks.sum::<usize>()
    }

    /// Of what calls have in common.
    pub fn bytes_of_texts(&self) -> usize {
        const TEXTS: usize = 300;
        self.whose.len() * (size_of::<Rejection>() + TEXTS)
    }
}

/// What calls of several stretches have in common, by identity.
#[derive(Debug, Default)]
pub(super) struct Known(HashMap<u64, Arc<Rejection>, Plain>);

impl Known {
    pub fn add(&mut self, calls: &Calls) {
        for (of, alike) in calls.whose.iter().zip(calls.refused.alike()) {
            self.0.entry(of.identity).or_insert_with(|| Arc::clone(alike));
        }
    }

    /// Has it in memory once. Of calls that are in use already nothing is changed.
    pub fn share(&self, calls: &mut Calls) {
        let Some(refused) = Arc::get_mut(&mut calls.refused) else { return };
        for (of, alike) in calls.whose.iter().zip(refused.alike_mut()) {
            if let Some(known) = self.0.get(&of.identity) {
                *alike = Arc::clone(known);
            }
        }
    }
}
