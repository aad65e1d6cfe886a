//! The sender behind `fusebox send`, `fusebox import`, the demo's traffic and forwards: prepared bodies out, OTLP answers in, by the rules of OTLP 1.11.
//!
//! ```text
//! source (files) -> payload (protobuf bytes + where ids and times stand) -> run (workers, pacing, retry)
//!                                                                            |-> http | grpc (one connection per worker)
//!                                                                            '-> totals
//! ```
//! It is also the load generator of the benches, so everything that can be done before the first request is done before.

mod answer;
mod compress;
mod connection;
mod dial;
mod endpoint;
mod grpc;
mod http1;
mod layout;
mod pacing;
mod payload;
mod retry;
mod rewrite;
mod run;
mod signal;
mod source;
mod totals;
mod wire;

pub(crate) use answer::Outcome;
pub(crate) use compress::Compression;
pub(crate) use connection::{Connection, Outgoing, Protocol, describe};
pub(crate) use dial::dial;
pub(crate) use endpoint::{Endpoint, EndpointError};
pub(crate) use pacing::Rate;
pub(crate) use payload::Payload;
pub(crate) use retry::pause;
pub(crate) use run::{Plan, Progress, run};
pub(crate) use signal::signal_in_protobuf;
pub(crate) use source::{load, signal_in_name};
pub(crate) use totals::Totals;
