//! What two OTLP requests must have in common to mean the same: their valid records, each with its resource and scope.
//!
//! Given up, because OTLP gives it no meaning:
//! - the order of records and groups, groups without records, and whether equal groups are one or several;
//! - the order of attributes, except among equal keys; lists inside values keep theirs;
//! - absent against empty for messages that say nothing: resource, scope, status, buckets, a log body, an attribute's value;
//! - ids that are no ids, where none is needed.
//!
//! The rules for validity are written here a second time on purpose, from the specification and not from the decoder.

use std::fmt::Debug;

use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    logs::v1::LogRecord,
    metrics::v1::{Exemplar, Metric, exponential_histogram_data_point::Buckets, metric::Data},
    resource::v1::Resource,
    trace::v1::{Span, Status},
};
use prost::Message;

/// A record alone in a request of its own.
#[derive(Debug)]
pub struct Record {
    bytes: Vec<u8>,
    pub parts: Box<dyn Debug>,
}

impl PartialEq for Record {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

pub fn spans(request: &ExportTraceServiceRequest) -> Vec<Record> {
    let mut records = Vec::new();
    for of_resource in &request.resource_spans {
        for of_scope in &of_resource.scope_spans {
            for span in of_scope.spans.iter().cloned().filter_map(normal_span) {
                let group = (resource(&of_resource.resource), &of_resource.schema_url, scope(&of_scope.scope), &of_scope.schema_url);
                records.push(record(group, span));
            }
        }
    }
    sorted(records)
}

pub fn logs(request: &ExportLogsServiceRequest) -> Vec<Record> {
    let mut records = Vec::new();
    for of_resource in &request.resource_logs {
        for of_scope in &of_resource.scope_logs {
            for log in of_scope.log_records.iter().cloned().filter_map(normal_log) {
                let group = (resource(&of_resource.resource), &of_resource.schema_url, scope(&of_scope.scope), &of_scope.schema_url);
                records.push(record(group, log));
            }
        }
    }
    sorted(records)
}

pub fn metrics(request: &ExportMetricsServiceRequest) -> Vec<Record> {
    let mut records = Vec::new();
    for of_resource in &request.resource_metrics {
        for of_scope in &of_resource.scope_metrics {
            for point in of_scope.metrics.iter().flat_map(single_points).filter_map(normal_point) {
                let group = (resource(&of_resource.resource), &of_resource.schema_url, scope(&of_scope.scope), &of_scope.schema_url);
                records.push(record(group, point));
            }
        }
    }
    sorted(records)
}

type Group<'a> = (Resource, &'a String, InstrumentationScope, &'a String);

fn record<T: Message + Debug + 'static>((resource, resource_url, scope, scope_url): Group<'_>, record: T) -> Record {
    let mut bytes = Vec::new();
    for part in [resource.encode_to_vec(), resource_url.encode_to_vec(), scope.encode_to_vec(), scope_url.encode_to_vec()] {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend(part);
    }
    bytes.extend(record.encode_to_vec());
    Record { bytes, parts: Box::new((resource, resource_url.clone(), scope, scope_url.clone(), record)) }
}

fn sorted(mut records: Vec<Record>) -> Vec<Record> {
    records.sort_by(|a, b| a.bytes.cmp(&b.bytes));
    records
}

fn normal_span(mut span: Span) -> Option<Span> {
    let valid = is_id(&span.trace_id, 16)
        && is_id(&span.span_id, 8)
        && matches!(span.parent_span_id.len(), 0 | 8)
        && is_time(span.start_time_unix_nano)
        && is_time(span.end_time_unix_nano)
        && span.events.iter().all(|event| is_time(event.time_unix_nano));
    clear_unless_id(&mut span.parent_span_id, 8);
    attributes(&mut span.attributes);
    for event in &mut span.events {
        attributes(&mut event.attributes);
    }
    for link in &mut span.links {
        clear_unless_id(&mut link.trace_id, 16);
        clear_unless_id(&mut link.span_id, 8);
        attributes(&mut link.attributes);
    }
    span.status = span.status.filter(|status| *status != Status::default());
    valid.then_some(span)
}

fn normal_log(mut log: LogRecord) -> Option<LogRecord> {
    let valid = is_time(log.time_unix_nano) && is_time(log.observed_time_unix_nano);
    clear_unless_id(&mut log.trace_id, 16);
    clear_unless_id(&mut log.span_id, 8);
    attributes(&mut log.attributes);
    if let Some(body) = &mut log.body {
        any_value(body);
    }
    log.body = log.body.filter(|body| body.value.is_some());
    valid.then_some(log)
}

/// A metric for each of its points.
fn single_points(metric: &Metric) -> Vec<Metric> {
    let single = |data| Metric { data: Some(data), ..metric.clone() };
    macro_rules! split {
        ($data:expr, $kind:path) => {{
            let mut empty = $data.clone();
            empty.data_points.clear();
            $data
                .data_points
                .iter()
                .map(|point| {
                    let mut data = empty.clone();
                    data.data_points.push(point.clone());
                    single($kind(data))
                })
                .collect()
        }};
    }
    match &metric.data {
        None => Vec::new(),
        Some(Data::Gauge(data)) => split!(data, Data::Gauge),
        Some(Data::Sum(data)) => split!(data, Data::Sum),
        Some(Data::Histogram(data)) => split!(data, Data::Histogram),
        Some(Data::ExponentialHistogram(data)) => split!(data, Data::ExponentialHistogram),
        Some(Data::Summary(data)) => split!(data, Data::Summary),
    }
}

pub fn point_count(metric: &Metric) -> usize {
    match &metric.data {
        None => 0,
        Some(Data::Gauge(data)) => data.data_points.len(),
        Some(Data::Sum(data)) => data.data_points.len(),
        Some(Data::Histogram(data)) => data.data_points.len(),
        Some(Data::ExponentialHistogram(data)) => data.data_points.len(),
        Some(Data::Summary(data)) => data.data_points.len(),
    }
}

fn normal_point(mut metric: Metric) -> Option<Metric> {
    let no_recorded_value = |flags: u32| flags & 1 == 1;
    attributes(&mut metric.metadata);
    let valid = match metric.data.as_mut()? {
        Data::Gauge(gauge) => gauge.data_points.iter_mut().all(|point| {
            attributes(&mut point.attributes);
            is_time(point.start_time_unix_nano)
                && is_time(point.time_unix_nano)
                && exemplars(&mut point.exemplars)
                && (point.value.is_some() || no_recorded_value(point.flags))
        }),
        Data::Sum(sum) => sum.data_points.iter_mut().all(|point| {
            attributes(&mut point.attributes);
            sum.aggregation_temporality != 0
                && is_time(point.start_time_unix_nano)
                && is_time(point.time_unix_nano)
                && exemplars(&mut point.exemplars)
                && (point.value.is_some() || no_recorded_value(point.flags))
        }),
        Data::Histogram(histogram) => histogram.data_points.iter_mut().all(|point| {
            attributes(&mut point.attributes);
            let (buckets, bounds) = (point.bucket_counts.len(), point.explicit_bounds.len());
            histogram.aggregation_temporality != 0
                && is_time(point.start_time_unix_nano)
                && is_time(point.time_unix_nano)
                && exemplars(&mut point.exemplars)
                && (buckets == bounds + 1 || (buckets == 0 && bounds == 0))
                && point.explicit_bounds.windows(2).all(|pair| pair[0] < pair[1])
        }),
        Data::ExponentialHistogram(histogram) => histogram.data_points.iter_mut().all(|point| {
            attributes(&mut point.attributes);
            point.positive = point.positive.take().filter(|buckets| *buckets != Buckets::default());
            point.negative = point.negative.take().filter(|buckets| *buckets != Buckets::default());
            histogram.aggregation_temporality != 0
                && is_time(point.start_time_unix_nano)
                && is_time(point.time_unix_nano)
                && exemplars(&mut point.exemplars)
        }),
        Data::Summary(summary) => summary.data_points.iter_mut().all(|point| {
            attributes(&mut point.attributes);
            is_time(point.start_time_unix_nano) && is_time(point.time_unix_nano)
        }),
    };
    valid.then_some(metric)
}

fn exemplars(exemplars: &mut [Exemplar]) -> bool {
    exemplars.iter_mut().all(|exemplar| {
        attributes(&mut exemplar.filtered_attributes);
        clear_unless_id(&mut exemplar.trace_id, 16);
        clear_unless_id(&mut exemplar.span_id, 8);
        is_time(exemplar.time_unix_nano)
    })
}

fn resource(resource: &Option<Resource>) -> Resource {
    let mut resource = resource.clone().unwrap_or_default();
    attributes(&mut resource.attributes);
    resource
}

fn scope(scope: &Option<InstrumentationScope>) -> InstrumentationScope {
    let mut scope = scope.clone().unwrap_or_default();
    attributes(&mut scope.attributes);
    scope
}

fn attributes(attributes: &mut [KeyValue]) {
    key_values(attributes);
    attributes.sort_by(|a, b| a.key.cmp(&b.key));
}

fn key_values(attributes: &mut [KeyValue]) {
    for attribute in attributes {
        any_value(attribute.value.get_or_insert_default());
        attribute.key_strindex = 0;
    }
}

fn any_value(value: &mut AnyValue) {
    match &mut value.value {
        Some(Value::ArrayValue(array)) => array.values.iter_mut().for_each(any_value),
        Some(Value::KvlistValue(list)) => key_values(&mut list.values),
        Some(Value::DoubleValue(double)) if double.is_nan() => *double = f64::NAN,
        Some(Value::StringValueStrindex(_)) => value.value = None,
        _ => {}
    }
}

fn is_id(id: &[u8], bytes: usize) -> bool {
    id.len() == bytes && id.iter().any(|byte| *byte != 0)
}

fn clear_unless_id(id: &mut Vec<u8>, bytes: usize) {
    if !is_id(id, bytes) {
        id.clear();
    }
}

fn is_time(nanos: u64) -> bool {
    i64::try_from(nanos).is_ok()
}
