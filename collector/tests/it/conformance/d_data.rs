//! Obligations about the records themselves. How each value is kept is tested where rows are made; here it is what the sender is told.

use opentelemetry_proto::tonic::collector::{logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest};
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList, any_value::Value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    metrics::v1::{
        Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, metric::Data, number_data_point,
    },
    trace::v1::Span,
};
use prost::Message;
use schemas::{Signal, Table, TenantId};

use super::c_common::field;
use crate::{
    payload::{self, attribute, span, traces},
    rig::Rig,
    wire::{Call, Outcome, Wire},
};

const BINARY_WIRES: [Wire; 2] = [Wire::Grpc, Wire::Protobuf];

/// Sends `message` over both binary wires; the second finds what the first stored. `expected` are rejected and stored records.
async fn check(signal: Signal, message: Vec<u8>, expected: (i64, usize), what: &str) -> Rig {
    let rig = Rig::start().await;
    for wire in BINARY_WIRES {
        let outcome = Call::new(signal, wire, message.clone()).send(&rig).await.outcome(signal, wire);
        let rejected = match outcome {
            Outcome::Stored => 0,
            Outcome::Partial { rejected, .. } => rejected,
            Outcome::Refused { .. } => panic!("{what}: {outcome:?}"),
        };
        assert_eq!((rejected, rig.rows(payload::table(signal))), expected, "{what} over {wire:?}");
    }
    rig
}

fn spans(spans: Vec<Span>) -> Vec<u8> {
    traces(spans).encode_to_vec()
}

fn logs(log_records: Vec<LogRecord>) -> Vec<u8> {
    let scope_logs = vec![ScopeLogs { log_records, ..Default::default() }];
    ExportLogsServiceRequest { resource_logs: vec![ResourceLogs { scope_logs, ..Default::default() }] }.encode_to_vec()
}

fn metrics(data: Vec<Data>) -> Vec<u8> {
    let metrics = data.into_iter().map(|data| Metric { name: "m".into(), data: Some(data), ..Default::default() }).collect();
    let scope_metrics = vec![ScopeMetrics { metrics, ..Default::default() }];
    ExportMetricsServiceRequest { resource_metrics: vec![ResourceMetrics { scope_metrics, ..Default::default() }] }.encode_to_vec()
}

#[tokio::test]
async fn d1_a_span_without_valid_ids_is_rejected_alone() {
    let valid = || span(1, 1, true);
    for (what, bad) in [
        ("zero trace id", Span { trace_id: vec![0; 16], ..valid() }),
        ("empty trace id", Span { trace_id: vec![], ..valid() }),
        ("short trace id", Span { trace_id: vec![1; 15], ..valid() }),
        ("long trace id", Span { trace_id: vec![1; 17], ..valid() }),
        ("zero span id", Span { span_id: vec![0; 8], ..valid() }),
        ("empty span id", Span { span_id: vec![], ..valid() }),
        ("long span id", Span { span_id: vec![1; 16], ..valid() }),
        ("short parent id", Span { parent_span_id: vec![1; 7], ..valid() }),
    ] {
        check(Signal::Traces, spans(vec![bad, valid()]), (1, 1), what).await;
    }
}

#[tokio::test]
async fn d1_a_log_record_without_valid_ids_is_stored_without_them() {
    for (what, trace_id, span_id) in [
        ("zero", vec![0; 16], vec![0; 8]),
        ("empty", vec![], vec![]),
        ("short", vec![1; 3], vec![1; 3]),
        ("long", vec![1; 20], vec![1; 20]),
    ] {
        let record = LogRecord { time_unix_nano: 1, trace_id, span_id, ..Default::default() };
        let rig = check(Signal::Logs, logs(vec![record]), (0, 1), what).await;
        let rows = rig.store.snapshot(TenantId::DEFAULT).scan(Table::Logs).expect("readable");
        for column in ["trace_id", "span_id"] {
            let nulls: usize = rows.batches.iter().filter_map(|batch| Some(batch.column_by_name(column)?.null_count())).sum();
            assert_eq!(nulls, 1, "{what} {column}");
        }
    }
}

#[tokio::test]
async fn d2_reserved_flag_bits_are_taken() {
    check(Signal::Traces, spans(vec![Span { flags: u32::MAX, ..span(1, 1, true) }]), (0, 1), "span").await;
    check(Signal::Logs, logs(vec![LogRecord { time_unix_nano: 1, flags: u32::MAX, ..Default::default() }]), (0, 1), "log").await;
}

#[tokio::test]
async fn d3_every_kind_of_attribute_value_is_taken() {
    let any = |value| AnyValue { value: Some(value) };
    let list = || {
        Value::ArrayValue(ArrayValue {
            values: vec![any(Value::IntValue(1)), any(Value::StringValue("two".into())), AnyValue { value: None }],
        })
    };
    let map = Value::KvlistValue(KeyValueList { values: vec![attribute("a", "b"), attribute("", "")] });
    let values = [
        None,
        Some(Value::StringValue(String::new())),
        Some(Value::BoolValue(false)),
        Some(Value::IntValue(i64::MIN)),
        Some(Value::DoubleValue(f64::NAN)),
        Some(Value::BytesValue(vec![0, 255])),
        Some(list()),
        Some(map),
    ];
    let attributes: Vec<_> = (0..)
        .zip(values)
        .map(|(key, value)| KeyValue { key: format!("key.{key}"), value: Some(AnyValue { value }), ..Default::default() })
        .collect();
    check(Signal::Traces, spans(vec![Span { attributes: attributes.clone(), ..span(1, 1, true) }]), (0, 1), "span").await;
    let body = Some(any(list()));
    check(Signal::Logs, logs(vec![LogRecord { time_unix_nano: 1, body, attributes, ..Default::default() }]), (0, 1), "log").await;
}

#[tokio::test]
async fn d4_string_indexes_outside_profiles_are_a_warning() {
    let rig = Rig::start().await;
    // An attribute "k" whose value is field 8 (string_value_strindex) and whose key also comes as field 3 (key_strindex).
    let attribute = [field(1, b"k"), field(2, &[8 << 3, 1]), vec![3 << 3, 1]].concat();
    let mut bytes = span(1, 1, true).encode_to_vec();
    bytes.extend(field(9, &attribute));
    let message = field(1, &field(2, &field(2, &bytes)));
    for wire in BINARY_WIRES {
        let outcome = Call::new(Signal::Traces, wire, message.clone()).send(&rig).await.outcome(Signal::Traces, wire);
        assert!(matches!(&outcome, Outcome::Partial { rejected: 0, message } if message.contains("indexes")), "{outcome:?}");
    }
    assert_eq!(rig.rows(Table::Spans), 1);
}

#[tokio::test]
async fn d4_string_indexes_in_json_are_a_warning() {
    for (signal, head, tail) in [
        (
            Signal::Traces,
            r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174""#,
            "}]}]}]}",
        ),
        (Signal::Logs, r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1""#, "}]}]}]}"),
        (Signal::Metrics, r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"gauge":{"dataPoints":[{"asInt":"1""#, "}]}}]}]}]}"),
    ] {
        let rig = Rig::start().await;
        let attributes = r#","attributes":[{"key":"k","keyStrindex":1,"value":{"stringValueStrindex":7}}]"#;
        let call = Call::new(signal, Wire::Json, format!("{head}{attributes}{tail}"));
        let outcome = call.send(&rig).await.outcome(signal, Wire::Json);
        assert!(
            matches!(&outcome, Outcome::Partial { rejected: 0, message } if message.contains("2 string table indexes")),
            "{signal}: {outcome:?}"
        );
        assert_eq!(rig.rows(payload::table(signal)), 1, "{signal}");
    }
}

#[tokio::test]
async fn d5_points_that_break_a_rule_are_rejected_alone() {
    let number = |value| NumberDataPoint { time_unix_nano: 1, value, ..Default::default() };
    let good = || number(Some(number_data_point::Value::AsInt(1)));
    let gauge = |data_points| Data::Gauge(Gauge { data_points });
    let histogram = |bucket_counts: &[u64], explicit_bounds: &[f64], aggregation_temporality| {
        let point = HistogramDataPoint {
            time_unix_nano: 1,
            count: bucket_counts.iter().sum(),
            bucket_counts: bucket_counts.to_vec(),
            explicit_bounds: explicit_bounds.to_vec(),
            ..Default::default()
        };
        Data::Histogram(Histogram { data_points: vec![point], aggregation_temporality })
    };
    let sum = |aggregation_temporality| Data::Sum(Sum { data_points: vec![good()], aggregation_temporality, is_monotonic: true });
    let no_recorded_value = NumberDataPoint { flags: 1, ..number(None) };
    for (what, data, expected) in [
        ("a point without a value", gauge(vec![number(None), good()]), (1, 1)),
        ("a point that says it has no value", gauge(vec![no_recorded_value]), (0, 1)),
        ("good buckets", histogram(&[1, 2, 3], &[1.0, 2.0], 2), (0, 1)),
        ("no buckets", histogram(&[], &[], 2), (0, 1)),
        ("too few buckets", histogram(&[1, 2], &[1.0, 2.0], 2), (1, 0)),
        ("too many buckets", histogram(&[1, 2, 3, 4], &[1.0, 2.0], 2), (1, 0)),
        ("bounds that do not increase", histogram(&[1, 2, 3], &[2.0, 2.0], 2), (1, 0)),
        ("a histogram of unspecified temporality", histogram(&[1, 2, 3], &[1.0, 2.0], 0), (1, 0)),
        ("a cumulative sum", sum(2), (0, 1)),
        ("a sum of unspecified temporality", sum(0), (1, 0)),
    ] {
        check(Signal::Metrics, metrics(vec![data]), expected, what).await;
    }
}

#[tokio::test]
async fn d6_extreme_times() {
    const LAST: u64 = i64::MAX as u64;
    let at = |start, end| Span { start_time_unix_nano: start, end_time_unix_nano: end, ..span(1, 1, true) };
    for (start, end, expected) in
        [(0, 0, (0, 1)), (1, 1, (0, 1)), (2, 1, (0, 1)), (LAST, LAST, (0, 1)), (1, LAST + 1, (1, 0)), (u64::MAX, u64::MAX, (1, 0))]
    {
        check(Signal::Traces, spans(vec![at(start, end)]), expected, &format!("span from {start} to {end}")).await;
    }
    for (time_unix_nano, observed_time_unix_nano, expected) in
        [(0, 0, (0, 1)), (0, 7, (0, 1)), (1, 0, (0, 1)), (LAST, 1, (0, 1)), (LAST + 1, 1, (1, 0)), (u64::MAX, 1, (1, 0))]
    {
        let record = LogRecord { time_unix_nano, observed_time_unix_nano, ..Default::default() };
        check(Signal::Logs, logs(vec![record]), expected, &format!("log at {time_unix_nano}, observed {observed_time_unix_nano}")).await;
    }
}

#[tokio::test]
async fn d7_duplicate_keys_are_taken_and_deterministic() {
    let attributes =
        vec![attribute("http.request.method", "GET"), attribute("http.request.method", "POST"), attribute("k", "1"), attribute("k", "2")];
    let message = spans(vec![Span { attributes, ..span(1, 1, true) }]);
    let rows = async || {
        let rig = check(Signal::Traces, message.clone(), (0, 1), "duplicate keys").await;
        let rows = rig.store.snapshot(TenantId::DEFAULT).scan(Table::Spans).expect("readable");
        let attributes = rows.batches[0].column_by_name("attributes").expect("column").clone();
        let method = rows.batches[0].column_by_name("http_request_method").expect("column").clone();
        (attributes, method)
    };
    let (first, second) = (rows().await, rows().await);
    assert_eq!((&first.0, &first.1), (&second.0, &second.1));
}
