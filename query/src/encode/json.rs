//! Rows as JSON arrays, and as one JSON object a line.

use arrow::{array::RecordBatch, error::ArrowError};

use super::cell::{is_null, write_value};

/// Appends `[[…],[…]]` without the outer brackets; `first` says whether no row stands before.
///
/// # Errors
/// When a column's type cannot be shown.
pub(crate) fn json_rows(out: &mut Vec<u8>, batch: &RecordBatch, mut first: bool) -> Result<(), ArrowError> {
    for row in 0..batch.num_rows() {
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        out.push(b'[');
        for (index, column) in batch.columns().iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            write_value(out, column.as_ref(), row)?;
        }
        out.push(b']');
    }
    Ok(())
}

/// Appends a line `{"name":value,…}` for each row. Null members are left out.
///
/// # Errors
/// When a column's type cannot be shown.
pub(crate) fn ndjson_rows(out: &mut Vec<u8>, batch: &RecordBatch) -> Result<(), ArrowError> {
    let schema = batch.schema();
    let names: Vec<String> = schema.fields().iter().map(|field| serde_json::to_string(field.name()).unwrap_or_default()).collect();
    for row in 0..batch.num_rows() {
        let mut begins = true;
        out.push(b'{');
        for (name, column) in names.iter().zip(batch.columns()) {
            if is_null(column.as_ref(), row) {
                continue;
            }
            if !std::mem::take(&mut begins) {
                out.push(b',');
            }
            out.extend_from_slice(name.as_bytes());
            out.push(b':');
            write_value(out, column.as_ref(), row)?;
        }
        out.extend_from_slice(b"}\n");
    }
    Ok(())
}
