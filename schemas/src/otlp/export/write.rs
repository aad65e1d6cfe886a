//! The rows of any table.

use arrow::record_batch::RecordBatch;

use super::{logs, metrics, spans};
use crate::{Table, otlp::attributes_json::AttributesError};

/// Why rows cannot be written as OTLP: they are not rows of this version's tables, or are damaged.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("column `{column}` is missing or has another type than this version's")]
    Column { column: &'static str },
    #[error("read column `{column}`")]
    Attributes { column: &'static str, source: AttributesError },
    #[error("metric type {0:?} is unknown")]
    MetricType(String),
    #[error("rows of `{0}` are derived, nobody sent them")]
    Derived(Table),
}

/// The OTLP protobuf of all rows of `batches`, each with the columns of [`Table::schema`]. No rows give no bytes.
///
/// # Errors
/// When a column is missing, has another type, or holds what Fusebox never writes, and when the table is derived.
pub fn to_protobuf(table: Table, batches: &[RecordBatch]) -> Result<Vec<u8>, ExportError> {
    match table {
        Table::Spans => spans::to_protobuf(batches),
        Table::Logs => logs::to_protobuf(batches),
        Table::Metrics => metrics::to_protobuf(batches),
        derived => Err(ExportError::Derived(derived)),
    }
}
