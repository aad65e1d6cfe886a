//! Refusals of breakers and limiters, in the words of their libraries, and codes that stand for others.

use super::{Cause, Failure, GrpcCode, Origin};
use crate::{
    business::Translation,
    guard::BreakerState,
    topology::{Breaker, Library, Stack},
};

impl Failure {
    /// A state machine refused a call. The services answer 503 for it, except Kratos, for which any error but its own is a 500.
    pub(crate) fn of_breaker(breaker: &Breaker, stack: Stack, state: BreakerState) -> Self {
        let (exception, message) = match (breaker.library, state) {
            (Library::Gobreaker, BreakerState::HalfOpen) => ("*errors.errorString", "too many requests".to_owned()),
            (Library::Gobreaker, _) => ("*errors.errorString", "circuit breaker is open".to_owned()),
            (Library::HystrixGo, _) => ("hystrix.CircuitError", "hystrix: circuit open".to_owned()),
            (Library::SentinelGo, _) => {
                ("*base.BlockError", "SentinelBlockError: BlockTypeCircuitBreaking, message: circuit breaker check blocked".to_owned())
            }
            (Library::Resilience4j, state) => {
                let state = if state == BreakerState::HalfOpen { "HALF_OPEN" } else { "OPEN" };
                (
                    "io.github.resilience4j.circuitbreaker.CallNotPermittedException",
                    format!("CircuitBreaker '{}' is {state} and does not permit further calls", breaker.name),
                )
            }
        };
        let (http, grpc) = if stack.is_kratos() { (500, GrpcCode::Unknown) } else { (503, GrpcCode::Unavailable) };
        Self { http, grpc, reason: "", message, exception, origin: Origin::Refused, cause: None, code: None }
    }

    /// Kratos' own breaker refused a call: `circuitbreaker.ErrNotAllowed`.
    pub(crate) fn of_kratos_breaker(stack: Stack) -> Self {
        Self::local(stack, 503, "CIRCUITBREAKER", "request failed due to circuit breaker triggered", "*errors.Error")
    }

    /// Sentinel's adapter for Gin aborted a request: a bare 429, no error, no body.
    pub(crate) fn of_flow_control() -> Self {
        let grpc = GrpcCode::from_http(429);
        Self { http: 429, grpc, reason: "", message: String::new(), exception: "", origin: Origin::Refused, cause: None, code: None }
    }

    /// Says the caller's own code for this failure.
    pub(crate) fn translated(&self, translation: &Translation, stack: Stack, in_chinese: bool) -> Self {
        let cause = Cause { exception: self.kratos_type(), message: self.kratos_text() };
        let local = Self::local(stack, translation.http, translation.reason, "", "*errors.Error");
        Self { cause: Some(cause), ..local.coded(translation.to.told(in_chinese)) }
    }

    /// A guard of this very service refused the call: to try again at once is no use.
    pub(crate) fn is_refusal(&self) -> bool {
        self.origin == Origin::Refused || self.origin == Origin::Local && self.reason == "CIRCUITBREAKER"
    }
}
