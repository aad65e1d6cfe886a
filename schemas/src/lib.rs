//! What is a row? Ids, times, attributes, one Arrow schema per table, OTLP bytes to batches and back.
//!
//! This room is pure: it must never know I/O, clocks or async. Reading order:
//!
//! ```text
//! ids, time, signal     the small words everything else is made of
//! columns, column       column names exist once, as constants; a column = id, name, kind, doc
//! spans, logs, metrics  the tables of what is sent; `every_table` is the part that all have
//! derived               the tables of what rows of those say about governance, and of what they add up to
//! promoted              which attributes have a column of their own, under which keys
//! table                 Table -> Arrow schema
//! attribute             one attribute out of a JSON remainder
//! grpc                  names of its status codes
//! sampling              how many spans a sampled span stands for
//! otlp                  request bytes -> TableBatches (wire walk), and TableBatches -> OTLP again
//! interop               what Jaeger, Zipkin, Loki and Prometheus write -> OTLP, and OTLP -> Jaeger's and Zipkin's JSON
//! ```

pub mod attribute;
pub mod column;
pub mod columns;
pub mod derived;
pub mod every_table;
pub mod grpc;
pub mod ids;
pub mod interop;
pub mod logs;
pub mod metrics;
pub mod otlp;
pub mod promoted;
pub mod sampling;
pub mod signal;
pub mod spans;
pub mod table;
pub mod time;
pub mod version;

pub use ids::{RequestHash, SpanId, TenantId, TraceId};
pub use signal::Signal;
pub use table::{Table, TableBatch};
pub use time::UnixNanos;
pub use version::SCHEMA_VERSION;
