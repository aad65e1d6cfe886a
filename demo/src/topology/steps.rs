//! Short spellings for routes and their steps.

use super::{Call, OnFailure::*, Query, Refusal, Route, Step, Store, stores::CACHE};
use crate::latency::Latency;

pub(super) const fn call(to: &'static Route, timeout_ms: u32) -> Step {
    Step::Call(Call { to, timeout_ms, attempts: 1, on_failure: Fail })
}

pub(super) const fn patient_call(to: &'static Route, timeout_ms: u32, attempts: u32) -> Step {
    Step::Call(Call { to, timeout_ms, attempts, on_failure: Fail })
}

pub(super) const fn optional_call(to: &'static Route, timeout_ms: u32) -> Step {
    Step::Call(Call { to, timeout_ms, attempts: 1, on_failure: GoOn })
}

pub(super) const fn query(
    store: &'static Store,
    operation: &'static str,
    target: &'static str,
    statement: &'static str,
    median_us: u32,
    share: f64,
) -> Step {
    Step::Query(Query { store, operation, target, statement, latency: Latency::of(median_us, 0.5), share, on_failure: Fail })
}

/// A cache is asked first; the service lives without it.
pub(super) const fn cached(operation: &'static str, key: &'static str) -> Step {
    Step::Query(Query {
        store: &CACHE,
        operation,
        target: key,
        statement: key,
        latency: Latency::of(420, 0.35),
        share: 1.0,
        on_failure: GoOn,
    })
}

pub(super) const fn redis(store: &'static Store, operation: &'static str, key: &'static str, median_us: u32) -> Step {
    Step::Query(Query {
        store,
        operation,
        target: key,
        statement: key,
        latency: Latency::of(median_us, 0.35),
        share: 1.0,
        on_failure: Fail,
    })
}

macro_rules! route {
    ($name:ident, $service:ident, $protocol:expr, $operation:literal, $work:expr, [$($step:expr),* $(,)?], $log:literal) => {
        pub(in crate::topology) static $name: Route = Route {
            service: $service,
            protocol: $protocol,
            operation: $operation,
            work: $work,
            steps: &[$($step),*],
            log: $log,
        };
    };
}

/// Stands in front of the steps a refused request does not get to.
pub(super) const fn refuse(share: f64, http: u16, reason: &'static str, message: &'static str) -> Step {
    Step::Refuse(Refusal { share, http, reason, message })
}

pub(super) const fn us(median_us: u32) -> Latency {
    Latency::of(median_us, 0.45)
}

pub(super) use route;
