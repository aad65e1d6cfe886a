//! Stored rows back to ledger records, straight from columns: no code of the read path judges itself.

use arrow::{
    array::{Array, ArrayRef, AsArray, FixedSizeBinaryArray, Int64Array, StringArray},
    compute::cast,
    datatypes::{DataType, Int64Type},
    record_batch::RecordBatch,
};
use schemas::{Signal, Table, columns};
use serde_json::{Map, Value};

use super::record::{CHECKSUM, CLIENT, Content, PAYLOAD, RUN, SEQUENCE};

/// A stored row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It carries an identity; `intact` when its checksum is that of its content.
    Record { signal: Signal, run: u32, client: u32, sequence: u32, intact: bool },
    /// It carries none, so nobody of the ledger sent it.
    Stranger { table: Table, attributes: String },
}

#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    #[error("table {table} has no column {column}")]
    NoColumn { table: Table, column: &'static str },
    #[error("column {column} of table {table} has an unexpected type")]
    Type { table: Table, column: &'static str, source: arrow::error::ArrowError },
    #[error("column {column} of table {table} holds no 16-byte ids")]
    Ids { table: Table, column: &'static str },
    #[error("rows of table {0} are derived, nobody sent them")]
    Derived(Table),
}

/// # Errors
/// When a batch does not have the columns of `table`.
pub fn scan(table: Table, batches: &[RecordBatch]) -> Result<Vec<Found>, ScanError> {
    let mut found = Vec::new();
    for batch in batches {
        let columns = Columns::of(table, batch)?;
        found.extend((0..batch.num_rows()).map(|row| columns.found(row)));
    }
    Ok(found)
}

struct Columns {
    table: Table,
    signal: Signal,
    attributes: StringArray,
    time: Int64Array,
    number: Int64Array,
    /// `None` where the payload is an attribute.
    payload: Option<StringArray>,
    trace_id: Option<FixedSizeBinaryArray>,
}

impl Columns {
    fn of(table: Table, batch: &RecordBatch) -> Result<Self, ScanError> {
        let (signal, time, number, payload) = match table {
            Table::Spans => (Signal::Traces, columns::START_TIME, columns::HTTP_RESPONSE_STATUS_CODE, Some(columns::NAME)),
            Table::Logs => (Signal::Logs, columns::TIME, columns::SEVERITY_NUMBER, Some(columns::BODY)),
            Table::Metrics => (Signal::Metrics, columns::TIME, columns::VALUE_INT, None),
            derived => return Err(ScanError::Derived(derived)),
        };
        Ok(Self {
            table,
            signal,
            attributes: texts(table, batch, columns::ATTRIBUTES)?,
            time: integers(table, batch, time)?,
            number: integers(table, batch, number)?,
            payload: payload.map(|column| texts(table, batch, column)).transpose()?,
            trace_id: (table != Table::Metrics).then(|| ids(table, batch, columns::TRACE_ID)).transpose()?,
        })
    }

    fn found(&self, row: usize) -> Found {
        let text = if self.attributes.is_null(row) { "{}" } else { self.attributes.value(row) };
        let attributes: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
        let number = |key| attributes.get(key).and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok());
        let (Some(run), Some(client), Some(sequence)) = (number(RUN), number(CLIENT), number(SEQUENCE)) else {
            return Found::Stranger { table: self.table, attributes: text.to_owned() };
        };
        let payload = match &self.payload {
            Some(column) => column.value(row).to_owned(),
            None => attributes.get(PAYLOAD).and_then(Value::as_str).unwrap_or_default().to_owned(),
        };
        let mut trace_id = [0; 16];
        if let Some(column) = self.trace_id.as_ref().filter(|column| column.is_valid(row)) {
            trace_id.copy_from_slice(column.value(row));
        }
        let time_nanos = self.time.value(row).cast_unsigned();
        let content = Content { signal: self.signal, run, client, sequence, trace_id, time_nanos, number: self.number.value(row), payload };
        Found::Record { signal: self.signal, run, client, sequence, intact: number(CHECKSUM) == Some(content.checksum()) }
    }
}

fn column(table: Table, batch: &RecordBatch, column: &'static str) -> Result<ArrayRef, ScanError> {
    batch.column_by_name(column).cloned().ok_or(ScanError::NoColumn { table, column })
}

fn texts(table: Table, batch: &RecordBatch, name: &'static str) -> Result<StringArray, ScanError> {
    let array = cast(&column(table, batch, name)?, &DataType::Utf8);
    Ok(array.map_err(|source| ScanError::Type { table, column: name, source })?.as_string::<i32>().clone())
}

fn integers(table: Table, batch: &RecordBatch, name: &'static str) -> Result<Int64Array, ScanError> {
    let array = cast(&column(table, batch, name)?, &DataType::Int64);
    Ok(array.map_err(|source| ScanError::Type { table, column: name, source })?.as_primitive::<Int64Type>().clone())
}

fn ids(table: Table, batch: &RecordBatch, name: &'static str) -> Result<FixedSizeBinaryArray, ScanError> {
    let array = column(table, batch, name)?;
    let ids = array.as_fixed_size_binary_opt().filter(|ids| ids.value_length() == 16);
    ids.cloned().ok_or(ScanError::Ids { table, column: name })
}

#[cfg(test)]
mod tests {
    use schemas::{
        UnixNanos,
        otlp::{DecodeLimits, Format, decode},
    };

    use super::*;
    use crate::ledger::{Request, RequestId};

    fn stored(signal: Signal, body: &[u8]) -> Vec<Found> {
        let decoded = decode(signal, Format::Protobuf, body, UnixNanos(1), &DecodeLimits::NONE).expect("our own bytes");
        decoded
            .batches
            .iter()
            .flat_map(|batch| scan(batch.table, std::slice::from_ref(&batch.batch)).expect("the tables' columns"))
            .collect()
    }

    fn request(signal: Signal) -> Request {
        Request { id: RequestId { run: 3, client: 1, sequence: 40 }, signal, records: 5 }
    }

    #[test]
    fn what_is_sent_is_found_intact() {
        for signal in Signal::ALL {
            let expected: Vec<_> = (40..45).map(|sequence| Found::Record { signal, run: 3, client: 1, sequence, intact: true }).collect();
            assert_eq!(stored(signal, &request(signal).body()), expected);
        }
    }

    #[test]
    fn a_changed_payload_is_not_intact() {
        for signal in Signal::ALL {
            let mut body = request(signal).body();
            let at = body.windows(7).position(|bytes| bytes == b"3/1/42 ");
            body[at.expect("the payload of record 42 is in the body")] = b'4';
            let altered = stored(signal, &body).into_iter().filter(|row| matches!(row, Found::Record { intact: false, .. })).count();
            assert_eq!(altered, 1, "{signal}");
        }
    }

    #[test]
    fn rows_of_others_are_strangers() {
        let mut body = request(Signal::Logs).body();
        while let Some(at) = body.windows(RUN.len()).position(|bytes| bytes == RUN.as_bytes()) {
            body[at] = b'L';
        }
        assert!(stored(Signal::Logs, &body).iter().all(|row| matches!(row, Found::Stranger { table: Table::Logs, .. })));
    }
}
