//! The HTTP API: the routes, and what stands in front of them.
//!
//! ```text
//! connection (serve) -> guard (Host, Origin, content type) -> router -> a handler -> JSON, or a problem (RFC 9457)
//! ```
//! This module must never know receivers; reads go through [`crate::reads`], so that no question starves another.

mod admin;
mod answer;
mod breakers;
mod closed;
mod compat;
mod completeness;
mod compressed;
mod coverage;
mod dashboard;
mod deltas;
mod dropped;
mod errors;
mod export;
mod graph;
mod guard;
mod health;
mod ingest;
mod language;
mod logs;
mod metrics;
mod openapi;
mod overview;
mod page_token;
mod path;
mod problem;
mod process;
mod prometheus;
mod queries;
mod router;
mod search;
mod serve;
mod services;
mod settings;
mod sql;
mod status;
mod stream;
mod traces;
mod window;

pub use dashboard::{Dashboard, Page};
pub use ingest::{DataLink, LinkDropped, LinkError, OtherSenders, RefusedRequests, Sender, SenderDoor, SenderError, SenderSignal, Senders};
pub use prometheus::recorder;
pub use router::{Listening, Routers, Shared, routers};
pub use serve::Api;
pub use settings::Setting;
pub use status::Received;
