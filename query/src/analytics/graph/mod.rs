//! Who calls whom: services, and the databases, queues and others that they call and that send nothing themselves.
//!
//! ```text
//! spans       ids, parents and durations of spans, kept small
//! answers     who answered whom, and so whose calls they are
//! peer        whom a span calls, by what it says
//! calls       rows of `edge_minutes` to nodes and edges
//! operations  the same calls by operation, with how they end: what coverage asks
//! ego         what is near one node
//! timed       spans, with when and how each call ended
//! attempts    these, as calls that may have been sent again or been left by their caller
//! hurt        callers by the share of their calls that failed because of one node
//! ```

mod answers;
mod attempts;
mod calls;
mod ego;
mod hurt;
mod operations;
mod peer;
mod spans;
mod timed;

pub use attempts::{Attempts, EdgeOf};
pub use calls::{CALL_COLUMNS, Calls, Edge, Graph, Node};
pub use ego::ego;
pub use hurt::{Hurt, HurtCaller, HurtColumns, HurtSpan, hurt};
pub use operations::{CallsOf, Fault, Faults, by_operation};
pub use peer::{NodeKind, PEER_COLUMNS};
pub use spans::{COLUMNS, DETAIL_COLUMNS, SPANS_MAX, Spans};
pub use timed::{TIMED_COLUMNS, Timed};
