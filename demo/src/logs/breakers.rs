//! What is logged when a state machine changes.
//!
//! | library | by default | here |
//! |---|---|---|
//! | hystrix-go | nothing (`NoopLogger`) | its own texts, because `hystrix.SetLogger` was given zap |
//! | gobreaker | nothing (`OnStateChange`) | the teams' glue: `Circuit breaker state changed` with name, from and to |
//! | Sentinel-Go, resilience4j | nothing above DEBUG | nothing: they have metrics |

use schemas::{SpanId, TraceId};

use super::{Level, Line, Shaped, go};
use crate::{
    guard::{BreakerState, Change},
    instance::Instance,
    topology::{Breaker, Library},
};

pub(super) fn changed(me: &Instance, breaker: &Breaker, change: Change) -> Option<Shaped> {
    let message = match breaker.library {
        Library::Gobreaker => "Circuit breaker state changed".to_owned(),
        Library::HystrixGo => hystrix_text(breaker.name, change)?,
        Library::SentinelGo | Library::Resilience4j => return None,
    };
    let nobody = (TraceId([0; 16]), SpanId([0; 8]));
    let level = if change.to == BreakerState::Closed { Level::Info } else { Level::Warn };
    let line = Line { me, trace: nobody.0, span: nobody.1, at: change.at, level, message: &message, failure: None };
    if breaker.library == Library::HystrixGo {
        // `Printf` has no level; the adapter writes all of it as info.
        let line = Line { level: Level::Info, ..line };
        return Some(go::zap_json_untraced(&line, ("hystrix", "resilience/hystrix.go:22"), &[]));
    }
    let fields = [("name", breaker.name), ("from", change.from.as_str()), ("to", change.to.as_str())];
    Some(if me.service.stack.is_kratos() {
        go::kratos_helper_untraced(&line, &fields)
    } else {
        go::zap_json_untraced(&line, ("breaker", "resilience/breaker.go:41"), &fields)
    })
}

/// A probe that fails is not logged: the circuit just stays open.
fn hystrix_text(name: &str, change: Change) -> Option<String> {
    match (change.from, change.to) {
        (BreakerState::Closed, BreakerState::Open) => Some(format!("hystrix-go: opening circuit {name}")),
        (_, BreakerState::HalfOpen) => Some(format!("hystrix-go: allowing single test to possibly close circuit {name}")),
        (_, BreakerState::Closed) => Some(format!("hystrix-go: closing circuit {name}")),
        _ => None,
    }
}
