//! A living shop to look at: seeded telemetry in the shapes real libraries produce, with known truth.
//!
//! The room is pure: no I/O, no clock, no async. Time comes in through [`Shop::advance`], request bodies go out, and the same
//! seed with the same times gives the same bytes. It must never know storage, query or sockets.

mod business;
mod envelope;
mod failure;
mod guard;
mod ids;
mod instance;
mod latency;
mod logs;
mod metrics;
mod otlp;
mod resource;
mod scenario;
mod spans;
mod topology;
mod traffic;
mod truth;
mod weather;

use std::time::Duration;

use schemas::{Signal, UnixNanos};

use crate::{instance::Instance, traffic::World};

pub use guard::BreakerState;
pub use scenario::{ScenarioKind, ScenarioRun, Scenarios};
pub use truth::{BreakerIdentity, CodeTruth, DeployTruth, GovernanceTruth, LimitTruth, Totals, TraceTruth, TripTruth, Truth};

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
    pub scenarios: Scenarios,
    /// A scenario begins in each such stretch; less than two minutes is two minutes.
    pub scenario_every: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 1,
            requests_per_second: 10.0,
            batch_records_max: 512,
            remembered_traces_max: 10_000,
            scenarios: Scenarios::Scheduled,
            scenario_every: Duration::from_secs(120),
        }
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
#[derive(Debug)]
pub struct Shop {
    config: Config,
    world: World,
    /// The day so far: everything before it has been lived.
    lived: Option<UnixNanos>,
    next_request: UnixNanos,
}

impl Shop {
    pub fn new(config: Config) -> Self {
        let world = World::new(&config);
        Self { config, world, lived: None, next_request: UnixNanos(0) }
    }

    /// Lives from `from` (inclusive) to `to` (exclusive) and returns what the services exported in that time.
    ///
    /// Spans and logs leave when they end, so those of a request still on its way come with a later call. Time that was already
    /// lived is not lived again: `from` is moved up to the last `to`.
    pub fn advance(&mut self, from: UnixNanos, to: UnixNanos) -> Vec<Export> {
        let from = match self.lived {
            Some(lived) => lived.max(from),
            None => self.open(from),
        };
        if to <= from {
            return vec![];
        }
        if self.next_request < from {
            self.next_request = from;
            self.schedule_next();
        }
        while self.next_request < to {
            self.world.request(self.next_request);
            self.schedule_next();
        }
        self.world.settle(to);
        self.lived = Some(to);
        self.export(to)
    }

    /// Lets every request on its way finish, without new ones, and returns the last exports.
    pub fn close(&mut self) -> Vec<Export> {
        let Some(lived) = self.lived else { return vec![] };
        let last = self.world.instances.iter().chain(&self.world.retiring).filter_map(Instance::last_due).max();
        let end = UnixNanos(last.map_or(lived, |last| last.max(lived)).0 + 1);
        self.world.settle(end);
        self.lived = Some(end);
        let mut exports = self.export(end);
        for instance in self.world.instances.iter_mut().chain(&mut self.world.retiring) {
            instance.export_last_metrics(end, &mut self.world.truth, &mut exports);
        }
        exports
    }

    pub fn truth(&self) -> &Truth {
        &self.world.truth
    }

    fn open(&mut self, now: UnixNanos) -> UnixNanos {
        self.world.open(now);
        self.next_request = now;
        self.schedule_next();
        now
    }

    fn schedule_next(&mut self) {
        let per_second = self.world.requests_per_second(self.next_request).max(1e-6);
        self.next_request.0 += latency::next_arrival_ns(&mut self.world.rng, per_second);
    }

    fn export(&mut self, to: UnixNanos) -> Vec<Export> {
        let mut exports = vec![];
        for instance in self.world.instances.iter_mut().chain(&mut self.world.retiring) {
            instance.export(to, self.config.batch_records_max, &mut self.world.truth, &mut exports);
            instance.export_metrics(to, &mut self.world.truth, &mut exports);
        }
        self.world.retiring.retain(|instance| !instance.has_left(to));
        exports
    }
}
