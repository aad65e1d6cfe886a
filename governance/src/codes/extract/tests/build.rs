//! OTLP requests with one record.

use arrow::record_batch::RecordBatch;
use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    metrics::v1::{Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, metric::Data, number_data_point},
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span::Event},
};
use prost::Message;
use schemas::{
    Signal, Table, UnixNanos,
    otlp::{DecodeLimits, Format, decode},
};

/// A record under construction.
#[derive(Clone)]
pub enum Otlp {
    Span { scope: String, span: Span },
    Log { scope: String, log: LogRecord },
    Point { metric: String, attributes: Vec<KeyValue> },
}

pub trait IntoValue {
    fn value(self) -> Value;
}

impl IntoValue for &str {
    fn value(self) -> Value {
        Value::StringValue(self.to_owned())
    }
}

impl IntoValue for i64 {
    fn value(self) -> Value {
        Value::IntValue(self)
    }
}

impl IntoValue for f64 {
    fn value(self) -> Value {
        Value::DoubleValue(self)
    }
}

pub fn attr(key: &str, value: impl IntoValue) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value.value()) }), ..KeyValue::default() }
}

/// A span of `kind` (2 server, 3 client) that says nothing yet.
pub fn span(scope: &str, kind: i32, name: &str) -> Otlp {
    let span = Span {
        trace_id: vec![7; 16],
        span_id: vec![9; 8],
        name: name.to_owned(),
        kind,
        start_time_unix_nano: 1_700_000_000_000_000_000,
        end_time_unix_nano: 1_700_000_000_000_040_000,
        ..Span::default()
    };
    Otlp::Span { scope: scope.to_owned(), span }
}

/// A log record with a text.
pub fn log(severity: i32, body: &str) -> Otlp {
    let body = Some(AnyValue { value: Some(Value::StringValue(body.to_owned())) });
    let log = LogRecord { time_unix_nano: 1_700_000_000_000_000_000, severity_number: severity, body, ..LogRecord::default() };
    Otlp::Log { scope: String::new(), log }
}

/// A point of a sum.
pub fn point(metric: &str) -> Otlp {
    Otlp::Point { metric: metric.to_owned(), attributes: vec![] }
}

impl Otlp {
    pub fn with(mut self, attribute: KeyValue) -> Self {
        match &mut self {
            Self::Span { span, .. } => span.attributes.push(attribute),
            Self::Log { log, .. } => log.attributes.push(attribute),
            Self::Point { attributes, .. } => attributes.push(attribute),
        }
        self
    }

    /// Status 1 ok, 2 error.
    pub fn status(mut self, code: i32, message: &str) -> Self {
        if let Self::Span { span, .. } = &mut self {
            span.status = Some(Status { code, message: message.to_owned() });
        }
        self
    }

    pub fn failed(self, message: &str) -> Self {
        self.status(2, message)
    }

    pub fn event(mut self, name: &str, attributes: Vec<KeyValue>) -> Self {
        if let Self::Span { span, .. } = &mut self {
            span.events.push(Event { time_unix_nano: 1_700_000_000_000_000_001, name: name.to_owned(), attributes, ..Event::default() });
        }
        self
    }

    pub fn exception(self, kind: &str, message: &str) -> Self {
        self.event("exception", vec![attr("exception.type", kind), attr("exception.message", message)])
    }

    pub fn decoded(&self) -> (Table, RecordBatch) {
        let scope = |name: &str| Some(InstrumentationScope { name: name.to_owned(), ..InstrumentationScope::default() });
        let (signal, body) = match self.clone() {
            Self::Span { scope: name, span } => {
                let scopes = vec![ScopeSpans { scope: scope(&name), spans: vec![span], ..ScopeSpans::default() }];
                let request =
                    ExportTraceServiceRequest { resource_spans: vec![ResourceSpans { scope_spans: scopes, ..ResourceSpans::default() }] };
                (Signal::Traces, request.encode_to_vec())
            }
            Self::Log { scope: name, log } => {
                let scopes = vec![ScopeLogs { scope: scope(&name), log_records: vec![log], ..ScopeLogs::default() }];
                let request =
                    ExportLogsServiceRequest { resource_logs: vec![ResourceLogs { scope_logs: scopes, ..ResourceLogs::default() }] };
                (Signal::Logs, request.encode_to_vec())
            }
            Self::Point { metric, attributes } => {
                let value = Some(number_data_point::Value::AsInt(3));
                let point = NumberDataPoint { attributes, time_unix_nano: 1_700_000_000_000_000_000, value, ..NumberDataPoint::default() };
                let data = Some(Data::Sum(Sum { data_points: vec![point], aggregation_temporality: 2, is_monotonic: true }));
                let scopes =
                    vec![ScopeMetrics { metrics: vec![Metric { name: metric, data, ..Metric::default() }], ..ScopeMetrics::default() }];
                let request = ExportMetricsServiceRequest {
                    resource_metrics: vec![ResourceMetrics { scope_metrics: scopes, ..ResourceMetrics::default() }],
                };
                (Signal::Metrics, request.encode_to_vec())
            }
        };
        let decoded =
            decode(signal, Format::Protobuf, &body, UnixNanos(1_700_000_001_000_000_000), &DecodeLimits::default()).expect("valid OTLP");
        let batch = decoded.batches.into_iter().next().expect("one record makes one batch");
        (batch.table, batch.batch)
    }
}
