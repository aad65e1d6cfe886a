use arrow::{
    array::{Array, AsArray, RecordBatch},
    compute::cast,
    datatypes::{DataType, Field, Int32Type, Int64Type, UInt64Type},
    util::display::{ArrayFormatter, FormatOptions},
};
use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList, any_value::Value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    metrics::v1::{metric::Data, number_data_point, *},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span},
};
use prost::Message as _;

use super::*;
use crate::{Signal, TenantId, UnixNanos, columns as c};

const RECEIVED_AT: UnixNanos = UnixNanos(1_700_000_000_000_000_000);

mod attribute_rows;
mod log_rows;
mod metric_rows;
mod span_rows;
mod whole_requests;

fn any(value: Value) -> AnyValue {
    AnyValue { value: Some(value) }
}

fn text(value: &str) -> Value {
    Value::StringValue(value.to_owned())
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(any(value)), ..Default::default() }
}

fn valid_span() -> Span {
    Span { trace_id: vec![1; 16], span_id: vec![2; 8], start_time_unix_nano: 10, end_time_unix_nano: 30, ..Default::default() }
}

fn traces(spans: Vec<Span>) -> Vec<u8> {
    let scope_spans = vec![ScopeSpans { spans, ..Default::default() }];
    ExportTraceServiceRequest { resource_spans: vec![ResourceSpans { scope_spans, ..Default::default() }] }.encode_to_vec()
}

fn logs(log_records: Vec<LogRecord>) -> Vec<u8> {
    let scope_logs = vec![ScopeLogs { log_records, ..Default::default() }];
    ExportLogsServiceRequest { resource_logs: vec![ResourceLogs { scope_logs, ..Default::default() }] }.encode_to_vec()
}

fn metrics(data: Vec<Data>) -> Vec<u8> {
    let metric = |data| Metric { name: "m".to_owned(), unit: "s".to_owned(), data: Some(data), ..Default::default() };
    let scope_metrics = vec![ScopeMetrics { metrics: data.into_iter().map(metric).collect(), ..Default::default() }];
    ExportMetricsServiceRequest { resource_metrics: vec![ResourceMetrics { scope_metrics, ..Default::default() }] }.encode_to_vec()
}

fn decoded(signal: Signal, body: &[u8]) -> Decoded {
    decode(signal, Format::Protobuf, body, RECEIVED_AT, &DecodeLimits::default()).expect("well-formed")
}

/// The only batch of a request.
fn batch(signal: Signal, body: &[u8]) -> RecordBatch {
    let decoded = decoded(signal, body);
    assert_eq!(decoded.rejected, Rejected::default());
    let [TableBatch { table, batch }] = decoded.batches.try_into().expect("one batch");
    assert_eq!(batch.schema(), table.schema());
    batch
}

/// The printer of Arrow knows no time zones without a time zone database.
fn with_numbers_for_times(data_type: &DataType) -> DataType {
    let convert = |field: &Field| field.clone().with_data_type(with_numbers_for_times(field.data_type()));
    match data_type {
        DataType::Timestamp(..) => DataType::Int64,
        DataType::List(item) => DataType::List(std::sync::Arc::new(convert(item))),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(|field| convert(field)).collect()),
        other => other.clone(),
    }
}

/// The value of a column as text, times as nanoseconds; `None` when null.
fn shown(batch: &RecordBatch, column: &str, row: usize) -> Option<String> {
    let array = batch.column_by_name(column).unwrap_or_else(|| panic!("no column {column}"));
    let array = cast(array, &with_numbers_for_times(array.data_type())).expect("times are numbers");
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(array.as_ref(), &options).expect("any type");
    (!array.is_null(row)).then(|| formatter.value(row).to_string())
}

/// Checks columns of a row; those that are not named are not checked.
fn check_row(batch: &RecordBatch, row: usize, expected: &[(&str, Option<&str>)]) {
    for (column, expected) in expected {
        assert_eq!(shown(batch, column, row).as_deref(), *expected, "{column} of row {row}");
    }
}

fn check_rejected(signal: Signal, body: &[u8], accepted: u64, reasons: &[(&'static str, u64)]) {
    let decoded = decoded(signal, body);
    assert_eq!(decoded.rejected.reasons, reasons.iter().copied().collect());
    assert_eq!(decoded.rejected.count, reasons.iter().map(|(_, count)| count).sum::<u64>());
    assert_eq!(decoded.accepted, accepted);
    assert_eq!(decoded.batches.iter().map(|batch| batch.batch.num_rows() as u64).sum::<u64>(), accepted);
}
