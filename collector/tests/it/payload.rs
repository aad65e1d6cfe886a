//! OTLP requests as all three wires write them.

use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{AnyValue, KeyValue, any_value::Value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    metrics::v1::{Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric::Data, number_data_point},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use prost::Message;
use schemas::{Signal, Table};
use serde_json::json;

use crate::wire::{Call, Wire};

const TIME: u64 = 1_700_000_000_000_000_000;
const SERVICE: &str = "shop";

pub fn table(signal: Signal) -> Table {
    match signal {
        Signal::Traces => Table::Spans,
        Signal::Logs => Table::Logs,
        Signal::Metrics => Table::Metrics,
    }
}

/// A request of `good` valid records and `bad` invalid ones: spans without a trace id, log records after the year 2262, points without a value.
/// `seed` makes requests differ.
pub fn request(signal: Signal, wire: Wire, seed: u8, good: usize, bad: usize) -> Vec<u8> {
    match wire {
        Wire::Grpc | Wire::Protobuf => protobuf(signal, seed, good, bad),
        Wire::Json => json_text(signal, seed, good, bad).into_bytes(),
    }
}

pub fn call(signal: Signal, wire: Wire, seed: u8, good: usize, bad: usize) -> Call {
    Call::new(signal, wire, request(signal, wire, seed, good, bad))
}

fn trace_id(seed: u8, valid: bool) -> [u8; 16] {
    if valid { [seed.max(1); 16] } else { [0; 16] }
}

fn span_id(seed: u8, ordinal: usize) -> [u8; 8] {
    [seed, 1, 2, 3, 4, (ordinal >> 16) as u8, (ordinal >> 8) as u8, ordinal as u8]
}

fn protobuf(signal: Signal, seed: u8, good: usize, bad: usize) -> Vec<u8> {
    let resource = Some(resource());
    let ordinals = (0..good + bad).map(|ordinal| (ordinal, ordinal < good));
    match signal {
        Signal::Traces => traces(ordinals.map(|(ordinal, valid)| span(seed, ordinal, valid)).collect()).encode_to_vec(),
        Signal::Logs => {
            let log_records = ordinals.map(|(ordinal, valid)| log_record(seed, ordinal, valid)).collect();
            let scope_logs = vec![ScopeLogs { log_records, ..Default::default() }];
            ExportLogsServiceRequest { resource_logs: vec![ResourceLogs { resource, scope_logs, ..Default::default() }] }.encode_to_vec()
        }
        Signal::Metrics => {
            let data_points = ordinals.map(|(ordinal, valid)| point(seed, ordinal, valid)).collect();
            let metrics =
                vec![Metric { name: "queue.length".into(), data: Some(Data::Gauge(Gauge { data_points })), ..Default::default() }];
            let scope_metrics = vec![ScopeMetrics { metrics, ..Default::default() }];
            ExportMetricsServiceRequest { resource_metrics: vec![ResourceMetrics { resource, scope_metrics, ..Default::default() }] }
                .encode_to_vec()
        }
    }
}

fn resource() -> Resource {
    Resource { attributes: vec![attribute("service.name", SERVICE)], ..Default::default() }
}

pub fn attribute(key: &str, value: &str) -> KeyValue {
    let value = Some(AnyValue { value: Some(Value::StringValue(value.into())) });
    KeyValue { key: key.into(), value, ..Default::default() }
}

pub fn span(seed: u8, ordinal: usize, valid: bool) -> Span {
    Span {
        trace_id: trace_id(seed, valid).into(),
        span_id: span_id(seed, ordinal).into(),
        name: "GET /cart".into(),
        start_time_unix_nano: TIME,
        end_time_unix_nano: TIME + 1_000_000,
        ..Default::default()
    }
}

pub fn traces(spans: Vec<Span>) -> ExportTraceServiceRequest {
    let scope_spans = vec![ScopeSpans { spans, ..Default::default() }];
    ExportTraceServiceRequest { resource_spans: vec![ResourceSpans { resource: Some(resource()), scope_spans, ..Default::default() }] }
}

fn log_record(seed: u8, ordinal: usize, valid: bool) -> LogRecord {
    let body = Some(AnyValue { value: Some(Value::StringValue(format!("order {seed}-{ordinal}"))) });
    LogRecord { time_unix_nano: if valid { TIME } else { u64::MAX }, body, ..Default::default() }
}

fn point(seed: u8, ordinal: usize, valid: bool) -> NumberDataPoint {
    let value = valid.then_some(number_data_point::Value::AsInt((usize::from(seed) << 32 | ordinal) as i64));
    NumberDataPoint { time_unix_nano: TIME, value, ..Default::default() }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn json_text(signal: Signal, seed: u8, good: usize, bad: usize) -> String {
    let resource = json!({"attributes": [{"key": "service.name", "value": {"stringValue": SERVICE}}]});
    let time = TIME.to_string();
    let records: Vec<_> = (0..good + bad)
        .map(|ordinal| match (signal, ordinal < good) {
            (Signal::Traces, valid) => json!({
                "traceId": hex(&trace_id(seed, valid)), "spanId": hex(&span_id(seed, ordinal)), "name": "GET /cart",
                "startTimeUnixNano": time, "endTimeUnixNano": (TIME + 1_000_000).to_string(),
            }),
            (Signal::Logs, valid) => json!({
                "timeUnixNano": if valid { time.clone() } else { u64::MAX.to_string() }, "body": {"stringValue": format!("order {seed}-{ordinal}")},
            }),
            (Signal::Metrics, true) => json!({"timeUnixNano": time, "asInt": (usize::from(seed) << 32 | ordinal).to_string()}),
            (Signal::Metrics, false) => json!({"timeUnixNano": time}),
        })
        .collect();
    let request = match signal {
        Signal::Traces => json!({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": records}]}]}),
        Signal::Logs => json!({"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": records}]}]}),
        Signal::Metrics => {
            let metric = json!({"name": "queue.length", "gauge": {"dataPoints": records}});
            json!({"resourceMetrics": [{"resource": resource, "scopeMetrics": [{"metrics": [metric]}]}]})
        }
    };
    request.to_string()
}

/// An empty request, in every form senders use.
pub fn empty(signal: Signal, wire: Wire) -> Vec<Vec<u8>> {
    match wire {
        Wire::Grpc | Wire::Protobuf => vec![vec![]],
        Wire::Json => vec![b"{}".to_vec(), format!("{{\"{}\":[]}}", resources_key(signal)).into_bytes()],
    }
}

pub fn resources_key(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "resourceSpans",
        Signal::Logs => "resourceLogs",
        Signal::Metrics => "resourceMetrics",
    }
}

/// A valid request with a resource whose padding makes it `bytes` long.
pub fn padded(signal: Signal, wire: Wire, bytes: usize) -> Vec<u8> {
    match wire {
        Wire::Json => {
            let mut text = format!("{{\"padding\":\"\",\"{}\":[]}}", resources_key(signal)).into_bytes();
            let missing = bytes - text.len();
            text.splice(12..12, std::iter::repeat_n(b'x', missing));
            text
        }
        Wire::Grpc | Wire::Protobuf => {
            // Field 1000, length-delimited: tag of 2 bytes, length of 4 bytes (2^21 or more) or 1 to 3 for less.
            let mut message = vec![0xc2, 0x3e];
            let mut length = bytes - 3;
            while prost::length_delimiter_len(length) + length + 2 > bytes {
                length -= 1;
            }
            prost::encode_length_delimiter(length, &mut message).expect("grows");
            message.resize(message.len() + length, b'x');
            assert_eq!(message.len(), bytes);
            message
        }
    }
}
