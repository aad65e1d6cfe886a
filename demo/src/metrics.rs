//! Metrics of one instance: measured from its traffic, collected every ten to fifteen seconds.
//!
//! ```text
//! measure -> pending, by time of end -> collect_before(to): per tick, fold what ended before it into cells -> libraries -> OTLP
//! ```
//!
//! A cell is one combination of side, route, status code and reason. Every library reads the same cells, so counters, histograms
//! and spans agree.

mod cells;
mod guards;
mod libraries;
mod points;
mod runtime;

use opentelemetry_proto::tonic::metrics::v1::ScopeMetrics;
use schemas::{SpanId, TraceId, UnixNanos};

use crate::{
    failure::{Failure, Origin},
    ids,
    topology::{BREAKERS, Breaker, Library, Protocol, Route, Service, Stack},
};
use cells::Cells;
use guards::Marks;

pub(crate) use guards::Mark;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Server,
    Client,
}

/// One finished request or call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measurement {
    /// When it ended.
    pub(crate) at: UnixNanos,
    pub(crate) side: Side,
    pub(crate) route: &'static Route,
    pub(crate) duration_ns: i64,
    pub(crate) trace: TraceId,
    pub(crate) span: SpanId,
    pub(crate) outcome: Outcome,
}

/// How it ended, as far as the library that measures it tells outcomes apart; more would write one series twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// 200, or the failure's status.
    http: u16,
    /// Only of gRPC outside Kratos, which counts HTTP codes.
    grpc: u8,
    /// Only of Kratos. Empty on success.
    reason: &'static str,
    /// Type of the error when an HTTP client got no answer, otherwise empty.
    no_answer: &'static str,
}

impl Outcome {
    pub(crate) fn of(stack: Stack, side: Side, route: &Route, failure: Option<&Failure>) -> Self {
        let answered = Self { http: 200, grpc: 0, reason: "", no_answer: "" };
        let Some(failure) = failure else { return answered };
        let http = failure.http;
        match route.protocol {
            _ if stack.is_kratos() => Self { http, reason: failure.reason, ..answered },
            Protocol::Grpc => Self { http: failure.grpc.to_http(), grpc: failure.grpc.number(), ..answered },
            _ if side == Side::Client && failure.origin == Origin::NoAnswer => Self { http, no_answer: failure.beneath().0, ..answered },
            Protocol::Http(_) | Protocol::Kafka(_) => Self { http, ..answered },
        }
    }
}

/// The metrics SDK of one instance.
#[derive(Debug)]
pub(crate) struct Meter {
    service: &'static Service,
    salt: u64,
    interval_ns: i64,
    pending: Vec<Measurement>,
    /// When statements to stores ended that no collection has counted.
    pending_queries: Vec<UnixNanos>,
    cells: Cells,
    marks: Marks,
    pod: String,
    clock: Option<Clock>,
}

#[derive(Debug, Clone, Copy)]
struct Clock {
    opened: UnixNanos,
    collected: UnixNanos,
}

/// What one collection reads.
struct Reading<'a> {
    service: &'static Service,
    pod: &'a str,
    cells: &'a Cells,
    /// Start of cumulative series.
    opened: UnixNanos,
    /// Start of delta series.
    previous: UnixNanos,
    now: UnixNanos,
    /// Requests that ended since the last collection, per second.
    requests_per_second: f64,
    queries_per_second: f64,
    /// Differs from instance to instance and from tick to tick.
    noise: u64,
    ticks: u64,
}

impl Meter {
    pub(crate) fn new(service: &'static Service, pod: &str, salt: u64) -> Self {
        let interval_ns = if service.stack == Stack::KratosV2 { 15_000_000_000 } else { 10_000_000_000 };
        let mut marks = Marks::default();
        let shown = |breaker: &&Breaker| breaker.caller == service.id && breaker.library == Library::Resilience4j;
        BREAKERS.iter().filter(shown).for_each(|breaker| marks.register(breaker.name));
        Self {
            service,
            salt,
            interval_ns,
            pending: vec![],
            pending_queries: vec![],
            cells: Cells::new(service.stack),
            marks,
            pod: pod.to_owned(),
            clock: None,
        }
    }

    /// Starts the clock; the first collection comes within an interval, at the instance's own phase.
    pub(crate) fn open(&mut self, now: UnixNanos) {
        let phase_ns = (self.salt % self.interval_ns as u64) as i64;
        self.clock.get_or_insert(Clock { opened: now, collected: UnixNanos(now.0 - phase_ns) });
    }

    pub(crate) fn measure(&mut self, measurement: Measurement) {
        self.pending.push(measurement);
    }

    /// A statement to a store ended at `at`.
    pub(crate) fn queried(&mut self, at: UnixNanos) {
        self.pending_queries.push(at);
    }

    /// A breaker or limiter did something at `at`.
    pub(crate) fn mark(&mut self, at: UnixNanos, mark: Mark) {
        self.marks.push(at, mark);
    }

    /// The next collection when it falls before `to`, with its number of data points.
    pub(crate) fn collect_before(&mut self, to: UnixNanos) -> Option<(Vec<ScopeMetrics>, u64)> {
        let tick = UnixNanos(self.clock?.collected.0 + self.interval_ns);
        (tick < to).then(|| self.collect_at(tick)).flatten()
    }

    /// The last collection, as at shutdown; `None` when the meter never started.
    pub(crate) fn collect_at(&mut self, now: UnixNanos) -> Option<(Vec<ScopeMetrics>, u64)> {
        let clock = self.clock.as_mut()?;
        let (opened, previous) = (clock.opened, clock.collected.max(clock.opened));
        clock.collected = now;
        self.pending.sort_by_key(|measurement| measurement.at);
        let ended = self.pending.partition_point(|measurement| measurement.at <= now);
        self.pending.drain(..ended).for_each(|measurement| self.cells.add(&measurement));
        let waiting = self.pending_queries.len();
        self.pending_queries.retain(|at| *at > now);
        let queries = waiting - self.pending_queries.len();
        self.marks.fold(now);
        let elapsed_s = ((now.0 - previous.0) as f64 / 1e9).max(0.001);
        let ticks = ((now.0 - opened.0) / self.interval_ns) as u64;
        let noise = ids::mix(&[self.salt, ticks]);
        let reading = Reading {
            service: self.service,
            pod: &self.pod,
            cells: &self.cells,
            opened,
            previous,
            now,
            requests_per_second: ended as f64 / elapsed_s,
            queries_per_second: queries as f64 / elapsed_s,
            noise,
            ticks,
        };
        let mut scopes = libraries::read(&reading);
        scopes.extend(guards::read(&reading, &self.marks));
        scopes.extend(runtime::read(&reading));
        self.cells.collected();
        let points = scopes.iter().flat_map(|scope| &scope.metrics).map(points::count).sum();
        Some((scopes, points))
    }
}

impl Reading<'_> {
    /// A number from 0 to 1 that wanders from tick to tick; `series` keeps neighbours apart.
    fn wander(&self, series: u64) -> f64 {
        (ids::mix(&[self.noise, series]) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests;
