//! Batches of the tables to OTLP protobuf: what came in goes out again.
//!
//! The bytes are a `TracesData`, `LogsData` or `MetricsData`, which is also what an Export request is. Nothing is lost, but
//! order is given up where OTLP has none: rows of equal resource and scope come together, and promoted attributes follow the
//! others.
//!
//! ```text
//! columns       typed access to the columns of a batch, or of the structs in a list column
//! attributes    the attributes of a row at one level: JSON remainder and promoted columns, under their original keys
//! groups        records under their metric, scope and resource
//! value         AnyValue and KeyValue on the wire
//! spans, logs, metrics (and the points of metrics)
//! ```

mod attributes;
mod columns;
mod groups;
mod logs;
mod metrics;
mod points;
mod spans;
pub(crate) mod value;
mod write;

pub use attributes::{AttributeColumns, Level};
pub use write::{ExportError, to_protobuf};
