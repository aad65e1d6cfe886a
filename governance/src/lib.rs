//! What do the rows mean? Which error codes occur, who rejected whom, when a circuit breaker opened and why.
//!
//! ```text
//! classify   rows of spans, logs, metrics --> facts: one row is looked at alone, at ingest and at replay
//! codes      what an error code is: extraction, layouts, catalogue, lineage in a trace
//! fold       facts of a window --> transitions and trips: at query time, whatever the order of arrival
//! gather     rows of governance tables, as many as there are, to what a fold needs of them
//! analytics  what trips and refusals mean: costs, causes, whom they hurt
//! arrived    how records came, so that it is known how complete a statistic of them is
//! tables     facts as rows of the governance tables, and back
//! ```
//!
//! This room is pure: it must never know I/O, clocks, async or SQL. What needs a neighbour (a delta of a counter, origin or
//! propagated, the same call seen twice) is never written down with the row: it belongs to `fold`.

pub mod analytics;
pub mod arrived;
pub mod classify;
pub mod codes;
pub mod facts;
pub mod fold;
pub mod gather;
pub mod tables;
