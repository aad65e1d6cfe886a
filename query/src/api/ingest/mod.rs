//! What comes in, and what becomes of it: for people who ask why something is missing, or how long the disk lasts.
//!
//! ```text
//! GET /api/v1/status/ingest    answer    senders, clocks, cardinality, the store, retention
//! ```
//! `cardinality` tells what there are too many different ones of. `senders` is what the receivers tell; this room does not know them.

mod answer;
mod cardinality;
mod routes;
mod senders;

pub(super) use routes::routes;
pub use senders::{
    DataLink, LinkDropped, LinkError, OtherSenders, RefusedRequests, Sender, SenderDoor, SenderError, SenderSignal, Senders,
};
