//! Tables of what single records say about governance: written with the record's request, made again by replay.
//!
//! A row holds only what its record says. Deltas of counters, local or propagated, and states are worked out when somebody asks.
//!
//! `operation_minutes` and `edge_minutes` hold what spans add up to: written with their blocks, from the same rows. `edge_halves` has what
//! `edge_minutes` still waits for.

pub mod amount;
pub mod breaker_signals;
pub mod edge_halves;
pub mod edge_minutes;
pub mod errors;
pub mod evidence;
pub mod operation_minutes;
pub mod rejections;
pub mod resilience_actions;
