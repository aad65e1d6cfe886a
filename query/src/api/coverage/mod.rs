//! What no breaker guards, and what hides from sight.
//!
//! ```text
//! GET /api/v1/governance/coverage   answer   findings of a window, each with traces and what to change
//!
//! load   spans, errors and breakers of the window --> what `governance::analytics::coverage` asks of them
//! ```

mod answer;
mod load;
mod routes;

pub(crate) use routes::routes;
