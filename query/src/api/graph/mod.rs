//! Who calls whom, and how failure travels.
//!
//! ```text
//! GET /api/v1/graph         calls    services, databases, queues and others, and the calls between them, with breakers
//! GET /api/v1/graph/blast   blast    who is hurt when one of them fails
//! ```

mod blast;
mod calls;
mod routes;
mod spans;

pub(crate) use routes::routes;
pub(super) use spans::{Within, spans};
