//! Batches of the spans table, written down as short rows.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, FixedSizeBinaryArray, Int32Array, Int64Array, StringArray, TimestampNanosecondArray, UInt32Array, new_null_array},
    compute::cast,
    record_batch::RecordBatch,
};
use schemas::{Table, TraceId, columns as c};

pub(crate) const TRACE: TraceId = TraceId([0x4b; 16]);

#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    pub(crate) id: u8,
    /// 0 = none.
    pub(crate) parent: u8,
    pub(crate) start_ns: i64,
    pub(crate) duration_ns: i64,
    pub(crate) name: &'static str,
    pub(crate) kind: i32,
    pub(crate) status: i32,
    pub(crate) service: Option<&'static str>,
    pub(crate) attributes: Option<&'static str>,
    pub(crate) resource_attributes: Option<&'static str>,
    pub(crate) http_method: Option<&'static str>,
    pub(crate) http_status: Option<i64>,
    pub(crate) renamed_keys: Option<i64>,
    pub(crate) received_at_ns: i64,
}

pub(crate) fn span(id: u8, parent: u8, start_ns: i64) -> Row {
    Row { id, parent, start_ns, duration_ns: 10, name: "work", kind: 2, service: Some("shop"), ..Row::default() }
}

pub(crate) fn batch(rows: &[Row]) -> RecordBatch {
    let schema = Table::Spans.schema();
    let columns = schema
        .fields()
        .iter()
        .map(|field| {
            let values = column(field.name(), rows).unwrap_or_else(|| new_null_array(field.data_type(), rows.len()));
            cast(&values, field.data_type()).expect("the value fits the column")
        })
        .collect();
    RecordBatch::try_new(schema, columns).expect("every required column is filled")
}

fn column(name: &str, rows: &[Row]) -> Option<ArrayRef> {
    let id = |byte: u8| (byte != 0).then_some([0, 0, 0, 0, 0, 0, 0, byte]);
    let texts = |of: fn(&Row) -> Option<&'static str>| Arc::new(StringArray::from_iter(rows.iter().map(of))) as ArrayRef;
    let ints = |of: fn(&Row) -> Option<i64>| Arc::new(Int64Array::from_iter(rows.iter().map(of))) as ArrayRef;
    Some(match name {
        c::TRACE_ID => Arc::new(FixedSizeBinaryArray::try_from_iter(rows.iter().map(|_| TRACE.0)).expect("16 bytes")),
        c::SPAN_ID => ids(rows.iter().map(|row| id(row.id))),
        c::PARENT_SPAN_ID => ids(rows.iter().map(|row| id(row.parent))),
        c::START_TIME => times(rows, |row| row.start_ns),
        c::RECEIVED_AT => times(rows, |row| row.received_at_ns),
        c::DURATION_NS => ints(|row| Some(row.duration_ns)),
        c::FLAGS => Arc::new(UInt32Array::from_iter_values(rows.iter().map(|_| 0x101))),
        c::KIND => Arc::new(Int32Array::from_iter_values(rows.iter().map(|row| row.kind))),
        c::STATUS_CODE => Arc::new(Int32Array::from_iter_values(rows.iter().map(|row| row.status))),
        c::NAME => texts(|row| Some(row.name)),
        c::SERVICE_NAME => texts(|row| row.service),
        c::ATTRIBUTES => texts(|row| row.attributes),
        c::RESOURCE_ATTRIBUTES => texts(|row| row.resource_attributes),
        c::HTTP_REQUEST_METHOD => texts(|row| row.http_method),
        c::HTTP_RESPONSE_STATUS_CODE => ints(|row| row.http_status),
        c::RENAMED_KEYS => ints(|row| row.renamed_keys),
        _ => return None,
    })
}

fn times(rows: &[Row], of: fn(&Row) -> i64) -> ArrayRef {
    Arc::new(TimestampNanosecondArray::from_iter_values(rows.iter().map(of)).with_timezone("UTC"))
}

fn ids(ids: impl Iterator<Item = Option<[u8; 8]>>) -> ArrayRef {
    Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(ids, 8).expect("8 bytes"))
}
