//! What the shop really did, so that a test can compare it with what came back.

mod events;
mod lines;

pub use events::{BreakerIdentity, CodeTruth, DeployTruth, GovernanceTruth, LimitTruth, TripTruth};

use std::collections::{BTreeMap, VecDeque};

use schemas::{Signal, TraceId, UnixNanos};

/// Everything the shop has exported so far, and the traces it still remembers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Truth {
    pub totals: Totals,
    pub governance: GovernanceTruth,
    traces: BTreeMap<TraceId, TraceTruth>,
    order: VecDeque<TraceId>,
    traces_max: usize,
}

/// Counts since the shop opened. Records count when they are exported, requests when they arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Requests customers made.
    pub requests: u64,
    /// Requests that customers saw fail with a 5xx status.
    pub failed_requests: u64,
    /// Calls between services that were tried again.
    pub retries: u64,
    /// Calls that a breaker or limiter refused.
    pub refused: u64,
    pub spans: u64,
    pub error_spans: u64,
    pub logs: u64,
    /// Metric data points.
    pub points: u64,
}

impl Totals {
    /// Spans, log records or data points, whichever `signal` carries.
    pub fn records(&self, signal: Signal) -> u64 {
        match signal {
            Signal::Traces => self.spans,
            Signal::Logs => self.logs,
            Signal::Metrics => self.points,
        }
    }
}

/// One trace as it was made. Its spans leave service by service, each when it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceTruth {
    /// The operation that began the trace: a route of the gateway, or a message a consumer took.
    pub root: &'static str,
    pub start: UnixNanos,
    /// Spans the trace has when all of them have been exported.
    pub spans: u32,
    pub exported_spans: u32,
    pub error_spans: u32,
    /// Log records that carry the trace id.
    pub logs: u32,
    /// The root span failed.
    pub failed: bool,
}

impl TraceTruth {
    /// Every span has been exported.
    pub fn is_complete(&self) -> bool {
        self.exported_spans == self.spans
    }
}

impl Truth {
    pub(crate) fn new(traces_max: usize) -> Self {
        Self { traces_max, ..Self::default() }
    }

    pub fn trace(&self, id: TraceId) -> Option<&TraceTruth> {
        self.traces.get(&id)
    }

    /// The remembered traces in order of their ids.
    pub fn traces(&self) -> impl Iterator<Item = (TraceId, &TraceTruth)> {
        self.traces.iter().map(|(id, trace)| (*id, trace))
    }

    /// The remembered trace worth showing to a person: complete, and of those the one with an error, then with the most spans.
    pub fn showpiece(&self) -> Option<(TraceId, &TraceTruth)> {
        self.traces().filter(|(_, trace)| trace.is_complete()).max_by_key(|(id, trace)| (trace.error_spans > 0, trace.spans, *id))
    }

    pub(crate) fn remember(&mut self, id: TraceId, trace: TraceTruth) {
        if self.traces_max == 0 {
            return;
        }
        if self.order.len() >= self.traces_max
            && let Some(oldest) = self.order.pop_front()
        {
            self.traces.remove(&oldest);
        }
        self.order.push_back(id);
        self.traces.insert(id, trace);
    }

    pub(crate) fn exported_span(&mut self, id: TraceId) {
        if let Some(trace) = self.traces.get_mut(&id) {
            trace.exported_spans += 1;
        }
    }
}
