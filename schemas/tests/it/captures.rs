//! The real captures and the specification's own examples come out as they went in.

use std::fs;

use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest,
};
use schemas::otlp::{DecodeLimits, Format, json};
use testkit::captures;

use crate::request::{Request, assert_same_records, decode, export};

/// How many records a capture holds; those of every `stride`th request are compared one by one.
fn check_capture<R: Request>(name: &str, stride: usize) -> Option<u64> {
    let mut records = 0;
    for (index, body) in captures::requests(name)?.into_iter().enumerate() {
        let decoded = decode(R::SIGNAL, Format::Protobuf, &body).expect("a capture is valid");
        assert_eq!(decoded.rejected.count, 0, "{:?}", decoded.rejected);
        records += decoded.accepted;
        if index % stride == 0 {
            let request = R::decode(body.as_ref()).expect("a capture is valid protobuf");
            assert_same_records(request.records(), export::<R>(&decoded).records());
        }
    }
    Some(records)
}

fn check_example<R: Request>(name: &str, records: u64) {
    let path = captures::path(name).expect("it is in the repository");
    let text = fs::read(path).expect("an example that exists can be read");
    let decoded = decode(R::SIGNAL, Format::Json, &text).expect("an example is valid");
    assert_eq!((decoded.accepted, decoded.rejected.count), (records, 0));
    let protobuf = json::to_protobuf(R::SIGNAL, &text, &DecodeLimits::default()).expect("an example is valid");
    let request = R::decode(protobuf.as_slice()).expect("what the transcoder writes is protobuf");
    assert_same_records(request.records(), export::<R>(&decoded).records());
    let rewritten = json::from_protobuf(R::SIGNAL, &protobuf).expect("what the transcoder writes is protobuf");
    let [expected, actual] =
        [text.as_slice(), rewritten.as_bytes()].map(|json| serde_json::from_slice::<serde_json::Value>(json).expect("JSON"));
    assert_eq!(normal_json(expected), normal_json(actual));
}

/// Hex ids and the spelling of numbers aside, the JSON must be the same.
fn normal_json(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::String(text) => Value::String(text.to_ascii_lowercase()),
        Value::Number(number) => Value::from(number.as_f64()),
        Value::Array(items) => Value::Array(items.into_iter().map(normal_json).collect()),
        Value::Object(fields) => Value::Object(fields.into_iter().map(|(key, value)| (key, normal_json(value))).collect()),
        other => other,
    }
}

#[test]
fn a_slice_of_otel_demo() {
    assert_eq!(check_capture::<ExportTraceServiceRequest>(captures::OTEL_DEMO_SLICE, 1), Some(805));
}

#[test]
fn otel_demo_traces() {
    assert!(matches!(check_capture::<ExportTraceServiceRequest>("otel-demo/traces.otlp.zst", 1), None | Some(4_743)));
}

#[test]
fn train_ticket_traces() {
    assert!(matches!(check_capture::<ExportTraceServiceRequest>("train-ticket/traces.otlp.zst", 8), None | Some(179_170)));
}

#[test]
fn train_ticket_logs() {
    assert!(matches!(check_capture::<ExportLogsServiceRequest>("train-ticket/logs.otlp.zst", 4), None | Some(48_078)));
}

#[test]
fn train_ticket_metrics() {
    assert!(matches!(check_capture::<ExportMetricsServiceRequest>("train-ticket/metrics.otlp.zst", 16), None | Some(647_634)));
}

#[test]
fn examples_of_the_specification() {
    check_example::<ExportTraceServiceRequest>("otlp-examples/trace.json", 1);
    check_example::<ExportLogsServiceRequest>("otlp-examples/logs.json", 1);
    check_example::<ExportLogsServiceRequest>("otlp-examples/events.json", 1);
    check_example::<ExportMetricsServiceRequest>("otlp-examples/metrics.json", 4);
}
