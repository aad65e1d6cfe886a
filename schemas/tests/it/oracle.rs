//! Our OTLP JSON against that of opentelemetry-proto, whose spelling of every key and value was written by others.
//!
//! The requests have every field, none with its default, and no `..Default::default()`: a new field of OTLP does not compile until it is here.

use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList, any_value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    metrics::v1::{
        Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint,
        ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint, exemplar, exponential_histogram_data_point::Buckets, metric::Data,
        number_data_point, summary_data_point::ValueAtQuantile,
    },
    resource::v1::Resource,
    trace::v1::{
        ResourceSpans, ScopeSpans, Span, Status,
        span::{Event, Link},
    },
};
use schemas::otlp::{DecodeLimits, json};
use serde::{Serialize, de::DeserializeOwned};

use crate::request::Request;

const TIME: u64 = 1_700_000_000_123_456_789;
const BEYOND_DOUBLE: u64 = (1 << 53) + 1;

/// What they write we read, and what we write they read.
fn check<R: Request + Serialize + DeserializeOwned>(request: &R) {
    let theirs = serde_json::to_string(request).expect("serialises");
    let read = json::to_protobuf(R::SIGNAL, theirs.as_bytes(), &DecodeLimits::default()).expect("OTLP JSON");
    assert_eq!(&R::decode(read.as_slice()).expect("protobuf"), request, "{theirs}");
    let ours = json::from_protobuf(R::SIGNAL, &request.encode_to_vec()).expect("a valid request");
    assert_eq!(&serde_json::from_str::<R>(&ours).expect("OTLP JSON"), request, "{ours}");
}

#[test]
fn traces() {
    let event = Event { time_unix_nano: TIME, name: "exception".into(), attributes: attributes(), dropped_attributes_count: 1 };
    let link = Link {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        trace_state: "a=b".into(),
        attributes: attributes(),
        dropped_attributes_count: 2,
        flags: 0x301,
    };
    let span = Span {
        trace_id: (0..16).collect(),
        span_id: (0xf0..0xf8).collect(),
        trace_state: "vendor=1".into(),
        parent_span_id: vec![3; 8],
        flags: u32::MAX,
        name: "GET /cart \"quoted\" \u{1}".into(),
        kind: 3,
        start_time_unix_nano: TIME,
        end_time_unix_nano: u64::MAX,
        attributes: attributes(),
        dropped_attributes_count: 3,
        events: vec![event],
        dropped_events_count: 4,
        links: vec![link],
        dropped_links_count: 5,
        status: Some(Status { message: "boom".into(), code: 2 }),
    };
    let scope_spans = vec![ScopeSpans { scope: scope(), spans: vec![span], schema_url: "https://a".into() }];
    check(&ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans { resource: resource(), scope_spans, schema_url: "https://b".into() }],
    });
}

#[test]
fn logs() {
    let record = LogRecord {
        time_unix_nano: TIME,
        observed_time_unix_nano: TIME + 1,
        severity_number: 17,
        severity_text: "ERROR".into(),
        body: Some(any(any_value::Value::StringValue("日本語\n".into()))),
        attributes: attributes(),
        dropped_attributes_count: 1,
        flags: 1,
        trace_id: vec![0xab; 16],
        span_id: vec![0xcd; 8],
        event_name: "order.placed".into(),
    };
    let scope_logs = vec![ScopeLogs { scope: scope(), log_records: vec![record], schema_url: "https://a".into() }];
    check(&ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs { resource: resource(), scope_logs, schema_url: "https://b".into() }],
    });
}

#[test]
fn metrics() {
    let data = [
        Data::Gauge(Gauge { data_points: vec![number_point(number_data_point::Value::AsDouble(-0.5))] }),
        Data::Sum(Sum {
            data_points: vec![number_point(number_data_point::Value::AsInt(-(BEYOND_DOUBLE as i64)))],
            aggregation_temporality: 2,
            is_monotonic: true,
        }),
        Data::Histogram(Histogram { data_points: vec![histogram_point()], aggregation_temporality: 1 }),
        Data::ExponentialHistogram(ExponentialHistogram { data_points: vec![exponential_point()], aggregation_temporality: 2 }),
        Data::Summary(Summary { data_points: vec![summary_point()] }),
    ];
    let metric = |data| Metric {
        name: "http.server.duration".into(),
        description: "how long".into(),
        unit: "ms".into(),
        metadata: attributes(),
        data: Some(data),
    };
    let scope_metrics = vec![ScopeMetrics { scope: scope(), metrics: data.map(metric).into(), schema_url: "https://a".into() }];
    check(&ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics { resource: resource(), scope_metrics, schema_url: "https://b".into() }],
    });
}

fn any(value: any_value::Value) -> AnyValue {
    AnyValue { value: Some(value) }
}

/// Every kind of value. String indexes are left out: they belong to profiles.
fn attributes() -> Vec<KeyValue> {
    use any_value::Value;
    let nested = KeyValue { key: "nested".into(), value: Some(any(Value::BoolValue(false))), key_strindex: 0 };
    let values = [
        Value::StringValue("text".into()),
        Value::BoolValue(true),
        Value::IntValue(i64::MIN),
        Value::DoubleValue(0.1),
        Value::ArrayValue(ArrayValue { values: vec![any(Value::IntValue(BEYOND_DOUBLE as i64)), any(Value::StringValue(String::new()))] }),
        Value::KvlistValue(KeyValueList { values: vec![nested] }),
        Value::BytesValue(vec![0, 0xfb, 0xff]),
    ];
    values.into_iter().map(|value| KeyValue { key: "key".into(), value: Some(any(value)), key_strindex: 0 }).collect()
}

fn resource() -> Option<Resource> {
    let entity_ref = EntityRef {
        schema_url: "https://c".into(),
        r#type: "service".into(),
        id_keys: vec!["service.name".into()],
        description_keys: vec!["service.version".into(), "x".into()],
    };
    Some(Resource { attributes: attributes(), dropped_attributes_count: 7, entity_refs: vec![entity_ref] })
}

fn scope() -> Option<InstrumentationScope> {
    Some(InstrumentationScope { name: "lib".into(), version: "1.2".into(), attributes: attributes(), dropped_attributes_count: 8 })
}

fn exemplars() -> Vec<Exemplar> {
    let exemplar = |value| Exemplar {
        filtered_attributes: attributes(),
        time_unix_nano: TIME,
        span_id: vec![5; 8],
        trace_id: vec![6; 16],
        value: Some(value),
    };
    vec![exemplar(exemplar::Value::AsDouble(1e300)), exemplar(exemplar::Value::AsInt(i64::MAX))]
}

fn number_point(value: number_data_point::Value) -> NumberDataPoint {
    NumberDataPoint {
        attributes: attributes(),
        start_time_unix_nano: TIME,
        time_unix_nano: TIME + 1,
        exemplars: exemplars(),
        flags: 1,
        value: Some(value),
    }
}

fn histogram_point() -> HistogramDataPoint {
    HistogramDataPoint {
        attributes: attributes(),
        start_time_unix_nano: TIME,
        time_unix_nano: TIME + 1,
        count: BEYOND_DOUBLE + 3,
        sum: Some(2.5),
        bucket_counts: vec![BEYOND_DOUBLE, 1, 2],
        explicit_bounds: vec![-1.5, 0.25],
        exemplars: exemplars(),
        flags: 1,
        min: Some(-7.0),
        max: Some(7.5),
    }
}

fn exponential_point() -> ExponentialHistogramDataPoint {
    ExponentialHistogramDataPoint {
        attributes: attributes(),
        start_time_unix_nano: TIME,
        time_unix_nano: TIME + 1,
        count: 12,
        sum: Some(-2.5),
        scale: -3,
        zero_count: 9,
        positive: Some(Buckets { offset: -1, bucket_counts: vec![1, BEYOND_DOUBLE] }),
        negative: Some(Buckets { offset: 2, bucket_counts: vec![300] }),
        flags: 1,
        exemplars: exemplars(),
        min: Some(-1.25),
        max: Some(1.25),
        zero_threshold: 0.125,
    }
}

fn summary_point() -> SummaryDataPoint {
    SummaryDataPoint {
        attributes: attributes(),
        start_time_unix_nano: TIME,
        time_unix_nano: TIME + 1,
        count: 12,
        sum: 3.5,
        quantile_values: vec![ValueAtQuantile { quantile: 0.5, value: 1.5 }, ValueAtQuantile { quantile: 1.0, value: 9.5 }],
        flags: 1,
    }
}
