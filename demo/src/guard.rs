//! Circuit breakers and limiters as their libraries compute them. Behaviour only: what they write is up to logs and metrics.
//!
//! Requests are lived one after another, each to its end, so a breaker hears of a call's end long before others begin. It keeps
//! what it heard until that time has come:
//!
//! ```text
//! ask(at)         settle everything that ended until `at`, then: admitted or refused?
//! tell(end, ..)   a call that was admitted ends at `end`: noted
//! settle(before)  all that ended before is known by now: apply it, in order of time
//! ```
//!
//! INVARIANT: a call at `t` is refused exactly when the breaker is open at `t`, or half-open with its probes on their way.

mod limiter;
mod machine;
mod sre;

pub(crate) use limiter::Limiter;
pub(crate) use machine::{Change, Machine, Ticket};
pub(crate) use sre::Sre;

use schemas::UnixNanos;

/// Everything that guards one instance.
#[derive(Debug, Default)]
pub(crate) struct Guards {
    pub(crate) machines: Vec<Watched>,
    /// One per operation that was called.
    pub(crate) adaptive: Vec<Adaptive>,
    pub(crate) limiters: Vec<Limiter>,
}

/// A state machine and the trips it made, as the truth numbers them: when each opened, oldest first.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) machine: Machine,
    pub(crate) trips: Vec<(UnixNanos, u64)>,
}

/// An adaptive breaker and the trip it is in, with its last refusal.
#[derive(Debug)]
pub(crate) struct Adaptive {
    pub(crate) sre: Sre,
    pub(crate) trip: Option<(u64, UnixNanos)>,
}

/// Where a state machine stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BreakerState {
    Closed,
    Open,
    HalfOpen,
}

impl BreakerState {
    /// As gobreaker prints it, and the truth.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        }
    }
}
