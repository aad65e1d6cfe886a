//! What breakers and limiters count: Sentinel-Go's Prometheus counters, resilience4j's gauges and counters through Micrometer.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::{
    common::v1::KeyValue,
    metrics::v1::{Metric, ScopeMetrics},
};
use schemas::UnixNanos;

use super::{
    Reading,
    points::{self, Temporality::Cumulative, double},
};
use crate::{
    guard::BreakerState,
    otlp::{Scope, text},
};

static PROMETHEUS: Scope = Scope::new("github.com/open-telemetry/opentelemetry-collector-contrib/receiver/prometheusreceiver", "0.130.0");
static MICROMETER: Scope = Scope::new("io.opentelemetry.micrometer-1.5", "2.17.0-alpha");

/// Something one of those libraries counts, or a level it shows from then on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mark {
    /// `sentinel_go_handled_total`; the block type is empty for a pass.
    Handled { resource: &'static str, block_type: &'static str },
    /// `sentinel_go_circuit_breaker_state_changed_total`
    SentinelChanged { resource: &'static str, from: BreakerState, to: BreakerState },
    /// `resilience4j.circuitbreaker.not.permitted.calls`
    NotPermitted { name: &'static str },
    /// From now on `resilience4j.circuitbreaker.state` of `name` is this.
    Resilience4jState { name: &'static str, state: BreakerState },
}

/// Marks by time until a collection has counted them.
#[derive(Debug, Default)]
pub(super) struct Marks {
    pending: Vec<(UnixNanos, Mark)>,
    counts: BTreeMap<Mark, u64>,
    /// Only of resilience4j: gauges exist from the start.
    states: BTreeMap<&'static str, BreakerState>,
}

impl Marks {
    pub(super) fn push(&mut self, at: UnixNanos, mark: Mark) {
        self.pending.push((at, mark));
    }

    /// Counts what happened until `now`.
    pub(super) fn fold(&mut self, now: UnixNanos) {
        self.pending.sort_by_key(|(at, _)| *at);
        let happened = self.pending.partition_point(|(at, _)| *at <= now);
        for (_, mark) in self.pending.drain(..happened) {
            match mark {
                Mark::Resilience4jState { name, state } => {
                    self.states.insert(name, state);
                }
                mark => *self.counts.entry(mark).or_default() += 1,
            }
        }
    }

    /// A breaker that nobody has called yet is closed, and its counter is there at zero.
    pub(super) fn register(&mut self, name: &'static str) {
        self.states.insert(name, BreakerState::Closed);
        self.counts.insert(Mark::NotPermitted { name }, 0);
    }
}

pub(super) fn read(reading: &Reading<'_>, marks: &Marks) -> Vec<ScopeMetrics> {
    let sentinel = [sentinel_handled(reading, marks), sentinel_changes(reading, marks)];
    let resilience4j = [resilience4j_state(reading, marks), resilience4j_refused(reading, marks)];
    let scope = |scope: &Scope, metrics: [Metric; 2]| {
        points::scope(scope, metrics.into_iter().filter(|metric| points::count(metric) > 0).collect())
    };
    let scopes = [scope(&PROMETHEUS, sentinel), scope(&MICROMETER, resilience4j)];
    scopes.into_iter().filter(|scope| !scope.metrics.is_empty()).collect()
}

fn sentinel_handled(reading: &Reading<'_>, marks: &Marks) -> Metric {
    let series = marks.counts.iter().filter_map(|(mark, count)| {
        let Mark::Handled { resource, block_type } = mark else { return None };
        let result = if block_type.is_empty() { "pass" } else { "block" };
        let mut attributes = vec![text("resource", *resource), text("result", result), text("block_type", *block_type)];
        attributes.extend(process(reading));
        Some((attributes, double(*count as f64)))
    });
    reading.counter(("sentinel_go_handled_total", "", "Total handled count of Sentinel"), Cumulative, series.collect())
}

fn sentinel_changes(reading: &Reading<'_>, marks: &Marks) -> Metric {
    let name = |state: BreakerState| match state {
        BreakerState::Closed => "Closed",
        BreakerState::Open => "Open",
        BreakerState::HalfOpen => "HalfOpen",
    };
    let series = marks.counts.iter().filter_map(|(mark, count)| {
        let Mark::SentinelChanged { resource, from, to } = mark else { return None };
        let mut attributes = vec![text("resource", *resource), text("from_state", name(*from)), text("to_state", name(*to))];
        attributes.extend(process(reading));
        Some((attributes, double(*count as f64)))
    });
    let instrument = ("sentinel_go_circuit_breaker_state_changed_total", "", "Circuit breaker total state change count");
    reading.counter(instrument, Cumulative, series.collect())
}

/// The constant labels of `sentinel-golang`'s exporter.
fn process(reading: &Reading<'_>) -> [KeyValue; 3] {
    [text("host", reading.pod), text("app", reading.service.name), text("pid", "1")]
}

/// One-hot: six series per breaker, always.
fn resilience4j_state(reading: &Reading<'_>, marks: &Marks) -> Metric {
    const STATES: [&str; 6] = ["closed", "open", "half_open", "disabled", "forced_open", "metrics_only"];
    let series = marks.states.iter().flat_map(|(name, state)| {
        let now = match state {
            BreakerState::Closed => "closed",
            BreakerState::Open => "open",
            BreakerState::HalfOpen => "half_open",
        };
        STATES.map(|state| (vec![text("name", *name), text("state", state)], double(f64::from(u8::from(state == now)))))
    });
    reading.gauge(("resilience4j.circuitbreaker.state", "", "The states of the circuit breaker"), series.collect())
}

fn resilience4j_refused(reading: &Reading<'_>, marks: &Marks) -> Metric {
    let series = marks.counts.iter().filter_map(|(mark, count)| {
        let Mark::NotPermitted { name } = mark else { return None };
        Some((vec![text("name", *name), text("kind", "not_permitted")], double(*count as f64)))
    });
    let instrument = ("resilience4j.circuitbreaker.not.permitted.calls", "", "Total number of not permitted calls");
    reading.counter(instrument, Cumulative, series.collect())
}
