//! Rows of `rejections` and `breaker_signals`, as many as there are, to what a fold needs of them.
//!
//! ```text
//! rows --columns--> identity --+-- no point of a series ------------------> facts
//!                              +-- gauges, running totals --> series --quiet--> what of them tells anything
//! ```
//!
//! A gauge that is read each 15 s says `closed` 5,760 times a day, for each of six states. What it says between the first and the last
//! time tells a fold nothing, as long as nothing else happens in its process: so that is left out, stretch of time by stretch of time,
//! and only counted. The fold of what is left is the fold of all rows; `tests` folds both.
//!
//! ```text
//! calls      single calls of a stretch, in order, and when they happened in each process
//! stretch    rows of stretches of time --> what is left of each, which may be kept
//! gathered   stretches next to each other --> what a fold takes
//! arrivals   how the rows of each minute came
//! ```
//!
//! This room sees no store: who reads gives it batches.

mod arrivals;
mod calls;
mod columns;
mod fact;
mod facts;
mod gathered;
mod quiet;
mod stretch;

#[cfg(test)]
mod tests;

pub use arrivals::Arrivals;
pub use gathered::{FoldFacts, Gathered, refusals};
pub use stretch::{Settled, Stretches};
