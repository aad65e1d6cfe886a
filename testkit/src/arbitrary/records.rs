//! Requests as bytes, and taken apart into records, for tests that compare what went in with what came out.

use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest},
    logs::v1::{ResourceLogs, ScopeLogs},
    metrics::v1::{Metric, ResourceMetrics, ScopeMetrics, metric::Data},
    trace::v1::{ResourceSpans, ScopeSpans},
};
use proptest::prelude::*;
use prost::{DecodeError, Message};
use schemas::Signal;

use super::{logs, metrics, traces};

/// A request of any signal, as protobuf.
pub fn body() -> impl Strategy<Value = (Signal, Vec<u8>)> {
    prop_oneof![
        traces().prop_map(|request| (Signal::Traces, request.encode_to_vec())),
        logs().prop_map(|request| (Signal::Logs, request.encode_to_vec())),
        metrics().prop_map(|request| (Signal::Metrics, request.encode_to_vec())),
    ]
}

/// Each record (for metrics: each point) of a request alone in a request of its own, with its resource and scope.
///
/// # Errors
/// When `body` is no request of `signal`.
pub fn single_records(signal: Signal, body: &[u8]) -> Result<Vec<Vec<u8>>, DecodeError> {
    let mut singles = Vec::new();
    match signal {
        Signal::Traces => {
            for group in ExportTraceServiceRequest::decode(body)?.resource_spans {
                for scope in &group.scope_spans {
                    for span in &scope.spans {
                        let scope_spans = vec![ScopeSpans { spans: vec![span.clone()], ..scope.clone() }];
                        let resource_spans = vec![ResourceSpans { scope_spans, ..group.clone() }];
                        singles.push(ExportTraceServiceRequest { resource_spans }.encode_to_vec());
                    }
                }
            }
        }
        Signal::Logs => {
            for group in ExportLogsServiceRequest::decode(body)?.resource_logs {
                for scope in &group.scope_logs {
                    for log in &scope.log_records {
                        let scope_logs = vec![ScopeLogs { log_records: vec![log.clone()], ..scope.clone() }];
                        let resource_logs = vec![ResourceLogs { scope_logs, ..group.clone() }];
                        singles.push(ExportLogsServiceRequest { resource_logs }.encode_to_vec());
                    }
                }
            }
        }
        Signal::Metrics => {
            for group in ExportMetricsServiceRequest::decode(body)?.resource_metrics {
                for scope in &group.scope_metrics {
                    for metric in scope.metrics.iter().flat_map(single_points) {
                        let scope_metrics = vec![ScopeMetrics { metrics: vec![metric], ..scope.clone() }];
                        let resource_metrics = vec![ResourceMetrics { scope_metrics, ..group.clone() }];
                        singles.push(ExportMetricsServiceRequest { resource_metrics }.encode_to_vec());
                    }
                }
            }
        }
    }
    Ok(singles)
}

/// The metric once for each of its points.
fn single_points(metric: &Metric) -> Vec<Metric> {
    let of = |data: Data| Metric { data: Some(data), ..metric.clone() };
    macro_rules! each_point {
        ($data:expr, $kind:path) => {
            $data
                .data_points
                .iter()
                .map(|point| {
                    let mut single = $data.clone();
                    single.data_points = vec![point.clone()];
                    of($kind(single))
                })
                .collect()
        };
    }
    match &metric.data {
        None => Vec::new(),
        Some(Data::Gauge(data)) => each_point!(data, Data::Gauge),
        Some(Data::Sum(data)) => each_point!(data, Data::Sum),
        Some(Data::Histogram(data)) => each_point!(data, Data::Histogram),
        Some(Data::ExponentialHistogram(data)) => each_point!(data, Data::ExponentialHistogram),
        Some(Data::Summary(data)) => each_point!(data, Data::Summary),
    }
}
