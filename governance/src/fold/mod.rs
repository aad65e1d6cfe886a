//! When did each circuit breaker open, why, and when did it let go? Facts of a window in, transitions and trips out.
//!
//! ```text
//! refused_calls   those of a stretch of time that is over: in order, and their scope, once
//! facts --> sort: one order, duplicates gone --> scope: refused here, or further down?
//!                                                  |
//!   process    restarts, births, silence           v
//!   registry   which breaker, which instance --> slots, one per breaker and instance
//!                                                  |
//!   explicit > counter > gauge > burst             v   candidates, best source first
//!   place      when within an interval, as refused calls tell
//!   track      a source refines what better ones said, adds what they missed, or contradicts
//!   settle     one legal chain of transitions: gaps are filled
//!   trips      closed -> ... -> closed; refusals counted once (atoms)
//!   roll_up    instances -> the view of the service
//! ```
//!
//! The fold is stateless: it reads the asked window and what is before it (24 h), and knows nothing of earlier folds. The same facts
//! in any order, any of them twice, give the same answer. It must never know a clock: `until` is the present.

mod alias;
mod atoms;
mod burst;
mod counter;
mod deltas;
mod event;
mod explicit;
mod gauge;
mod half_open;
pub(crate) mod hash;
mod history;
mod identity;
mod infer;
mod input;
mod model;
pub(crate) mod parameters;
mod place;
mod process;
mod refusals;
mod refused_calls;
mod registry;
mod roll_up;
mod run;
mod samples;
mod scope;
mod series;
mod settle;
mod sort;
mod track;
mod trips;
mod upstream;
mod walk;

#[cfg(test)]
mod tests;

pub use deltas::gains;
pub(crate) use identity::family;
pub use identity::{BreakerId, BreakerKey};
pub use input::{Input, Link, Presence, TraceShape};
pub use model::{
    Breaker, Conflict, Ended, Folded, History, Method, Moment, Notice, Proof, Refused, Segment, ServiceTrip, Transition, Trip, Verdict,
};
pub use parameters::{Inference, Library, Parameters, SILENCE};
pub use process::SHARED;
pub use refusals::{Alike, Refusal, Single};
pub use refused_calls::RefusedCalls;
pub use run::fold;
pub use samples::{Sample, Series};
pub use scope::Scope;
pub(crate) use sort::same_but_amount;
#[cfg(test)]
pub(crate) use trips::trip_between;
