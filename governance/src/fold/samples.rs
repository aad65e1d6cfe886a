//! Metrics of breakers as series: one fact for each, and what it said over time.

use std::sync::Arc;

use schemas::UnixNanos;

use super::Single;
use crate::facts::{Amount, BreakerSignal, Rejection, Signal, State};

/// Facts that differ in time, value, its meaning and start of counting only.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Any one of them.
    pub of: Arc<BreakerSignal>,
    /// In any order.
    pub samples: Vec<Sample>,
}

/// One point of a gauge, or of a running total.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    pub time: UnixNanos,
    pub value: f64,
    /// Of gauges with one number per state: which one it means.
    pub state: Option<State>,
    /// Of totals: since when it counts.
    pub start_time: Option<UnixNanos>,
    /// Samples of the same value, close to each other, that were between this one and the one before it and are left out
    /// ([`crate::gather`] says when).
    pub left_out: u32,
}

impl Sample {
    /// What it says in a series of `signal`.
    pub(crate) fn signal(&self, signal: Signal) -> Signal {
        let value = self.value;
        match signal {
            Signal::OneHot { state, .. } => Signal::OneHot { state, value },
            Signal::Enum { .. } => Signal::Enum { value, state: self.state },
            Signal::Counter { from, to, amount } => Signal::Counter { from, to, amount: self.amount(amount) },
            other => other,
        }
    }

    /// In a series of `rejection`.
    pub(crate) fn single(&self, rejection: &Rejection) -> Single {
        Single { time: self.time, amount: self.amount(rejection.amount), trace_id: None, span_id: None, parent_span_id: None }
    }

    fn amount(&self, amount: Amount) -> Amount {
        match amount {
            Amount::Cumulative { series, .. } => Amount::Cumulative { value: self.value, series, start_time: self.start_time },
            Amount::Count(_) => Amount::Count(self.value),
        }
    }
}
