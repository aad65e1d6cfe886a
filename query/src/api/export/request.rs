//! Rows to requests: as they came in, though not in the same parts.

use arrow::record_batch::RecordBatch;
use schemas::{
    Signal, Table,
    otlp::{DecodeError, export, json},
};

use super::parameters::Format;

/// Of one request, unless a single row is larger: a sixteenth of what receivers take by default.
const REQUEST_BYTES_MAX: usize = 4 << 20;

#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    #[error(transparent)]
    Rows(#[from] export::ExportError),
    #[error(transparent)]
    Json(#[from] DecodeError),
}

/// Appends the rows of `batch`, which has the columns of its table.
pub(super) fn write_requests(out: &mut Vec<u8>, signal: Signal, batch: &RecordBatch, format: Format) -> Result<(), WriteError> {
    let rows = batch.num_rows();
    if rows == 0 {
        return Ok(());
    }
    let body = export::to_protobuf(Table::of(signal), std::slice::from_ref(batch))?;
    if body.len() > REQUEST_BYTES_MAX && rows > 1 {
        let half = rows / 2;
        write_requests(out, signal, &batch.slice(0, half), format)?;
        return write_requests(out, signal, &batch.slice(half, rows - half), format);
    }
    match format {
        Format::Protobuf => {
            let length = u32::try_from(body.len()).expect("a row is smaller than a request, which is below 4 GiB");
            out.extend_from_slice(&length.to_be_bytes());
            out.extend_from_slice(&body);
        }
        Format::Json => {
            out.extend_from_slice(json::from_protobuf(signal, &body)?.as_bytes());
            out.push(b'\n');
        }
    }
    Ok(())
}
