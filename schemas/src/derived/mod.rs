//! Tables of what single records say about governance: written with the record's request, made again by replay.
//!
//! A row holds only what its record says. Deltas of counters, local or propagated, and states are worked out when somebody asks.
//!
//! `operation_minutes` holds what spans add up to: written with their blocks, from the same rows.

pub mod amount;
pub mod breaker_signals;
pub mod errors;
pub mod evidence;
pub mod operation_minutes;
pub mod rejections;
pub mod resilience_actions;
