//! The protocols: each turns what its socket brought into one [`Arrived`] request, and the answer back into its own words.
//!
//! ```text
//! otlp_http --\                                             (status: every refusal, in both protocols' words)
//!              > body (paid, bounded) -> ingest -> storage
//! otlp_grpc --/                         ^  |
//! push -> translating (into OTLP) ------/  response (partial success)
//! ```

mod body;
mod cors;
mod decoding;
mod ingest;
pub(crate) mod otlp_grpc;
pub(crate) mod otlp_http;
mod poison;
mod pool;
mod push;
mod response;
mod status;
mod translating;

pub(crate) use ingest::{Arrived, Ingest, Transport, now};
pub use ingest::{Taken, Tee};
pub(crate) use status::Refusal;
