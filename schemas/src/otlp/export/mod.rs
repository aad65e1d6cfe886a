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
mod value;

use arrow::record_batch::RecordBatch;

pub use attributes::{AttributeColumns, Level};

use super::attributes_json::AttributesError;
use crate::Table;

/// Why rows cannot be written as OTLP: they are not rows of this version's tables, or are damaged.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("column `{column}` is missing or has another type than this version's")]
    Column { column: &'static str },
    #[error("read column `{column}`")]
    Attributes { column: &'static str, source: AttributesError },
    #[error("metric type {0:?} is unknown")]
    MetricType(String),
}

/// The OTLP protobuf of all rows of `batches`, each with the columns of [`Table::schema`]. No rows give no bytes.
///
/// # Errors
/// When a column is missing, has another type, or holds what Fusebox never writes.
pub fn to_protobuf(table: Table, batches: &[RecordBatch]) -> Result<Vec<u8>, ExportError> {
    match table {
        Table::Spans => spans::to_protobuf(batches),
        Table::Logs => logs::to_protobuf(batches),
        Table::Metrics => metrics::to_protobuf(batches),
    }
}
