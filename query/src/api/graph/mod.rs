//! Who calls whom, and how failure travels.
//!
//! ```text
//! GET /api/v1/graph         calls    services, databases, queues and others, and the calls between them, with breakers
//! GET /api/v1/graph/blast   blast    who is hurt when one of them fails
//! GET /api/v1/graph/retries retries  calls that are sent again, and callers that give up too early; attempts, actions: what it reads
//! ```

mod actions;
mod attempts;
mod blast;
mod calls;
mod retries;
mod routes;
mod spans;

pub(in crate::api) use crate::analytics::graph::{Graph, NodeKind};
pub(in crate::api) use calls::load as load_graph;
pub(crate) use routes::routes;
pub(super) use spans::{Within, spans};
