//! What is wrong now, and what changed.
//!
//! ```text
//! GET /api/v1/overview          answer   in one call
//! GET /api/v1/stream/overview   stream   the same, as an event whenever it changed
//! ```
//! `load` asks for this window, the one before and the same hours of the seven days before; `analytics::overview` compares them.

mod answer;
mod load;
mod now;
mod routes;
mod stream;

pub(crate) use routes::routes;
