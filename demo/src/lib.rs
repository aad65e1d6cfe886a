//! A living shop to look at: seeded telemetry in the shapes real libraries produce, with known truth.
//!
//! The room is pure: no I/O, no clock, no async. Time comes in through [`Shop::advance`], request bodies go out, and the same
//! seed with the same times gives the same bytes. It must never know storage, query or sockets.

mod truth;

use schemas::{Signal, UnixNanos};

pub use truth::{Totals, TraceTruth, Truth};

/// How big the shop is and how it is watched.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub seed: u64,
    /// Mean customer requests per second; the hour of the day moves it up and down. A request makes about 15 spans.
    pub requests_per_second: f64,
    /// Spans or log records in one export, as in an SDK's batch processor.
    pub batch_records_max: usize,
    /// Traces that [`Truth`] remembers; the oldest are forgotten first. 0 keeps only the totals.
    pub remembered_traces_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { seed: 1, requests_per_second: 10.0, batch_records_max: 512, remembered_traces_max: 10_000 }
    }
}

/// One request as an SDK's exporter would send it: one signal of one service instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    pub signal: Signal,
    /// `service.name` of the sender.
    pub service: &'static str,
    /// A serialized `Export{Trace,Logs,Metrics}ServiceRequest`.
    pub body: Vec<u8>,
    /// Spans, log records or data points in `body`.
    pub records: u64,
}

/// The shop: its services, the requests on their way, and what happened so far.
pub struct Shop {
    truth: Truth,
}

impl Shop {
    pub fn new(config: Config) -> Self {
        Self { truth: Truth::new(config.remembered_traces_max) }
    }

    /// Lives from `from` (inclusive) to `to` (exclusive) and returns what the services exported in that time.
    ///
    /// Spans and logs leave when they end, so those of a request still on its way come with a later call. Time that was already
    /// lived is not lived again: `from` is moved up to the last `to`.
    pub fn advance(&mut self, from: UnixNanos, to: UnixNanos) -> Vec<Export> {
        let _ = (from, to);
        vec![]
    }

    /// Lets every request on its way finish, without new ones, and returns the last exports.
    pub fn close(&mut self) -> Vec<Export> {
        vec![]
    }

    pub fn truth(&self) -> &Truth {
        &self.truth
    }
}
