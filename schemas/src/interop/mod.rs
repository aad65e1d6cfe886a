//! Telemetry as other systems write it: spans of Jaeger and Zipkin to OTLP and back, what Loki's agents and Prometheus push and what libraries
//! write into log files to OTLP.
//!
//! ```text
//! model          spans as plain values, between the formats
//! read, write    OTLP protobuf -> model, model -> OTLP protobuf
//! text           attribute values as text, for formats that know only that
//! ids, keys      ids as others write them: short, without leading zeros; the keys under which they keep fields of OTLP
//! groups         spans back under their resource and scope
//! jaeger         the JSON of Jaeger's UI and API, and the thrift of its clients
//! zipkin         the JSON of Zipkin's API, version 2, and its protobuf
//! loki           log lines as Loki's agents push them
//! lines          log lines as libraries write them into files
//! remote_write   metrics as Prometheus pushes them
//! exposition     metrics as Prometheus fetches them
//! prometheus     what both have in common
//! translate      any of what is pushed -> an OTLP request
//! severity       what a level means
//! quoted         texts in quotes
//! trace          the trace that a line names
//! thrift         how Jaeger's clients write
//! snappy         how Prometheus and Loki's agents compress
//! ```
//!
//! The mappings are those of the OpenTelemetry specification (trace/sdk_exporters/jaeger and zipkin, common/mapping-to-non-otlp).
//! What they cannot say is lost on the way out; each format's own page lists it.

pub mod exposition;
mod groups;
mod ids;
pub mod jaeger;
mod keys;
pub mod lines;
mod loki;
mod model;
mod prometheus;
mod quoted;
mod read;
mod remote_write;
mod severity;
pub mod snappy;
mod text;
mod thrift;
mod trace;
mod translate;
mod write;
pub mod zipkin;

pub use model::{Event, Foreign, ForeignError, Link, Scope, Span, SpanGroup, SpanKind, Status, StatusCode};
pub use read::read_spans;
pub use translate::{Dialect, Translated};
pub use write::{requests, write_spans};
