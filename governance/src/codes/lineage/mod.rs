//! The way of an error through one trace: born in the deepest span that carries it, passed on, translated, masked.
//!
//! ```text
//! gateway  GET /order         http:500          translated from 4002001
//!   order    CreateOrder      4002001           translated from 5001003
//!     order    -> stock       grpc:UNKNOWN      passed on: the same call, seen from outside
//!       stock    Deduct       5001003           origin: counted here, once
//! ```
//!
//! `hop` is what of an error counts here, `trace` the work, `chain` the ways from origin to the top.

mod chain;
mod hop;
mod trace;

pub use chain::{Chain, chains};
pub use hop::{Hop, Link, Role};
pub use trace::{Masked, Roles, trace_roles};

#[cfg(test)]
mod tests;
