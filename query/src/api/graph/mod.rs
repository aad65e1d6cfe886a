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

pub(in crate::api) use crate::analytics::graph::{Graph, NodeKind};
pub(in crate::api) use calls::load as load_graph;
pub(crate) use routes::routes;
pub(super) use spans::{Within, spans};
