//! The tee: what was stored goes on to other OTLP endpoints, from a queue on disk of each.
//!
//! ```text
//! ingest, after its receipt --offer--> channel (bytes limit) --thread--> queue (segments on disk, bytes limit)
//!                                                                           |
//!                                                   sender: a window of requests, each until it is answered for good
//! ```
//! Ingest never waits: what does not fit the channel is dropped and counted, and so is the oldest of a full queue.
//! A request leaves the queue once it is answered; what was under way when the process ended is sent again.
//!
//! config    `[[forward]]`
//! segment   requests in a file
//! queue     segments in a directory, and how far they are sent
//! prepare   a request as the other end wants it
//! sender    queue -> endpoint, by the rules of OTLP
//! tee       ingest -> queues
//! report    what people are told

mod config;
mod prepare;
mod queue;
mod report;
mod segment;
mod sender;
mod tee;

pub(crate) use config::{ForwardConfig, ForwardError};
pub(crate) use report::ForwardReport;
pub(crate) use tee::Forwards;
