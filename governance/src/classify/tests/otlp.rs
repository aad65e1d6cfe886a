//! Records as libraries send them.

use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    metrics::v1::{
        AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum,
        metric::Data, number_data_point,
    },
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span::Event},
};
use prost::Message;
use schemas::{
    Signal, TableBatch, UnixNanos,
    otlp::{DecodeLimits, Format, decode},
};

pub const START: u64 = 1_790_000_000_000_000_000;

pub fn text(key: &str, value: &str) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(Value::StringValue(value.to_owned())) }), ..Default::default() }
}

pub fn int(key: &str, value: i64) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(Value::IntValue(value)) }), ..Default::default() }
}

/// `key=value` pairs; a value that reads as an integer is one, unless it is quoted.
fn attributes(pairs: &str) -> Vec<KeyValue> {
    pairs
        .split('|')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| match value.parse() {
            Ok(number) => int(key, number),
            Err(_) => text(key, value.trim_matches('\'')),
        })
        .collect()
}

fn resource() -> Option<Resource> {
    Some(Resource { attributes: vec![text("service.name", "shop"), text("service.instance.id", "i1")], ..Default::default() })
}

fn scope(name: &str) -> Option<InstrumentationScope> {
    Some(InstrumentationScope { name: name.to_owned(), ..Default::default() })
}

pub fn rows(signal: Signal, body: &[u8]) -> Vec<TableBatch> {
    decode(signal, Format::Protobuf, body, UnixNanos(0), &DecodeLimits::default()).expect("valid OTLP").batches
}

/// A span of 40 µs; with a message it failed, and an exception of that type and message was recorded.
pub fn span(scope_name: &str, kind: i32, message: &str, exception_type: &str, pairs: &str) -> Vec<TableBatch> {
    let events = if exception_type.is_empty() {
        vec![]
    } else {
        let attributes = vec![text("exception.type", exception_type), text("exception.message", message)];
        vec![Event { time_unix_nano: START + 30_000, name: "exception".to_owned(), attributes, ..Default::default() }]
    };
    let failed = !message.is_empty();
    let span = Span {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        parent_span_id: vec![3; 8],
        name: "/user.v1.User/Get".to_owned(),
        kind,
        start_time_unix_nano: START,
        end_time_unix_nano: START + 40_000,
        attributes: attributes(pairs),
        events,
        status: failed.then(|| Status { message: message.to_owned(), code: 2 }),
        ..Default::default()
    };
    of_span(scope_name, span)
}

pub fn of_span(scope_name: &str, span: Span) -> Vec<TableBatch> {
    let scope_spans = vec![ScopeSpans { scope: scope(scope_name), spans: vec![span], ..Default::default() }];
    let resource_spans = vec![ResourceSpans { resource: resource(), scope_spans, ..Default::default() }];
    rows(Signal::Traces, &ExportTraceServiceRequest { resource_spans }.encode_to_vec())
}

pub fn log(body: &str, pairs: &str) -> Vec<TableBatch> {
    event_log("", body, pairs)
}

pub fn event_log(event_name: &str, body: &str, pairs: &str) -> Vec<TableBatch> {
    let record = LogRecord {
        time_unix_nano: START,
        severity_number: 17,
        event_name: event_name.to_owned(),
        body: Some(AnyValue { value: Some(Value::StringValue(body.to_owned())) }),
        attributes: attributes(pairs),
        ..Default::default()
    };
    let scope_logs = vec![ScopeLogs { log_records: vec![record], ..Default::default() }];
    let resource_logs = vec![ResourceLogs { resource: resource(), scope_logs, ..Default::default() }];
    rows(Signal::Logs, &ExportLogsServiceRequest { resource_logs }.encode_to_vec())
}

/// One point of a `gauge`, `sum` (cumulative), `delta` (sum) or `histogram`.
pub fn point(kind: &str, name: &str, value: f64, pairs: &str) -> Vec<TableBatch> {
    of_point(resource(), kind, name, value, pairs)
}

/// A point of which only its labels say whose it is.
pub fn labelled_point(kind: &str, name: &str, value: f64, pairs: &str) -> Vec<TableBatch> {
    of_point(None, kind, name, value, pairs)
}

fn of_point(resource: Option<Resource>, kind: &str, name: &str, value: f64, pairs: &str) -> Vec<TableBatch> {
    let number = NumberDataPoint {
        attributes: attributes(pairs),
        start_time_unix_nano: START,
        time_unix_nano: START + 10,
        value: Some(number_data_point::Value::AsDouble(value)),
        ..Default::default()
    };
    let sum = |temporality: AggregationTemporality, point| {
        Data::Sum(Sum { data_points: vec![point], aggregation_temporality: temporality as i32, is_monotonic: true })
    };
    let data = match kind {
        "gauge" => Data::Gauge(Gauge { data_points: vec![number] }),
        "sum" => sum(AggregationTemporality::Cumulative, number),
        "delta" => sum(AggregationTemporality::Delta, number),
        "histogram" => Data::Histogram(Histogram {
            data_points: vec![HistogramDataPoint {
                attributes: number.attributes,
                start_time_unix_nano: START,
                time_unix_nano: START + 10,
                count: value as u64,
                ..Default::default()
            }],
            aggregation_temporality: AggregationTemporality::Cumulative as i32,
        }),
        other => panic!("no kind of metric: {other}"),
    };
    let metric = Metric { name: name.to_owned(), data: Some(data), ..Default::default() };
    let scope_metrics = vec![ScopeMetrics { metrics: vec![metric], ..Default::default() }];
    let resource_metrics = vec![ResourceMetrics { resource, scope_metrics, ..Default::default() }];
    rows(Signal::Metrics, &ExportMetricsServiceRequest { resource_metrics }.encode_to_vec())
}
