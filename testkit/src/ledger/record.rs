//! Records with an identity and a checksum, as spans, log records and data points.

use std::ops::Range;

use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    metrics::v1::{Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric::Data, number_data_point},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use prost::Message;
use schemas::Signal;

pub(super) const RUN: &str = "ledger.run";
pub(super) const CLIENT: &str = "ledger.client";
pub(super) const SEQUENCE: &str = "ledger.sequence";
pub(super) const CHECKSUM: &str = "ledger.crc32";
pub(super) const PAYLOAD: &str = "ledger.payload";
/// A promoted attribute, so that a typed column is under the checksum too.
pub(super) const STATUS: &str = "http.response.status_code";

const EPOCH_NANOS: u64 = 1_700_000_000_000_000_000;

/// Which request: unique in a book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId {
    pub run: u32,
    pub client: u32,
    /// Of the first record.
    pub sequence: u32,
}

/// A request of consecutive records of one signal. Its body is the same every time it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub id: RequestId,
    pub signal: Signal,
    pub records: u32,
}

/// Everything of a record that must come back unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content {
    pub signal: Signal,
    pub run: u32,
    pub client: u32,
    pub sequence: u32,
    pub trace_id: [u8; 16],
    pub time_nanos: u64,
    pub number: i64,
    pub payload: String,
}

impl Request {
    pub fn sequences(&self) -> Range<u32> {
        self.id.sequence..self.id.sequence + self.records
    }

    /// The trace all spans and log records of this request belong to.
    pub fn trace_id(&self) -> [u8; 16] {
        let mut id = [0x1e; 16];
        id[..4].copy_from_slice(&mix(u64::from(self.id.sequence)).to_be_bytes()[..4]);
        id[4..8].copy_from_slice(&self.id.run.to_be_bytes());
        id[8..12].copy_from_slice(&self.id.client.to_be_bytes());
        id[12..].copy_from_slice(&self.id.sequence.to_be_bytes());
        id
    }

    /// The OTLP protobuf body.
    pub fn body(&self) -> Vec<u8> {
        let contents = self.sequences().map(|sequence| self.content(sequence));
        let resource = Some(Resource { attributes: vec![text("service.name", "ledger")], ..Resource::default() });
        let scope = Some(InstrumentationScope { name: "ledger".into(), ..InstrumentationScope::default() });
        match self.signal {
            Signal::Traces => {
                let scope_spans = vec![ScopeSpans { scope, spans: contents.map(span).collect(), ..ScopeSpans::default() }];
                let resource_spans = vec![ResourceSpans { resource, scope_spans, ..ResourceSpans::default() }];
                ExportTraceServiceRequest { resource_spans }.encode_to_vec()
            }
            Signal::Logs => {
                let scope_logs = vec![ScopeLogs { scope, log_records: contents.map(log_record).collect(), ..ScopeLogs::default() }];
                let resource_logs = vec![ResourceLogs { resource, scope_logs, ..ResourceLogs::default() }];
                ExportLogsServiceRequest { resource_logs }.encode_to_vec()
            }
            Signal::Metrics => {
                let gauge = Data::Gauge(Gauge { data_points: contents.map(point).collect() });
                let metrics = vec![Metric { name: "ledger.points".into(), data: Some(gauge), ..Metric::default() }];
                let scope_metrics = vec![ScopeMetrics { scope, metrics, ..ScopeMetrics::default() }];
                let resource_metrics = vec![ResourceMetrics { resource, scope_metrics, ..ResourceMetrics::default() }];
                ExportMetricsServiceRequest { resource_metrics }.encode_to_vec()
            }
        }
    }

    fn content(&self, sequence: u32) -> Content {
        let RequestId { run, client, .. } = self.id;
        let noise = mix(u64::from(run) << 48 ^ u64::from(client) << 32 ^ u64::from(sequence));
        let payload =
            (0..noise % 24).fold(format!("{run}/{client}/{sequence} "), |text, round| text + &format!("{:x} ", mix(noise ^ round)));
        Content {
            signal: self.signal,
            run,
            client,
            sequence,
            trace_id: if self.signal == Signal::Metrics { [0; 16] } else { self.trace_id() },
            time_nanos: EPOCH_NANOS + noise % 7_200_000_000_000,
            number: i64::from(noise.to_be_bytes()[0]) + 1,
            payload,
        }
    }
}

impl Content {
    pub fn checksum(&self) -> u32 {
        let mut crc = crc32fast::Hasher::new();
        crc.update(self.signal.to_string().as_bytes());
        for part in [self.run, self.client, self.sequence] {
            crc.update(&part.to_be_bytes());
        }
        crc.update(&self.trace_id);
        crc.update(&self.time_nanos.to_be_bytes());
        crc.update(&self.number.to_be_bytes());
        crc.update(self.payload.as_bytes());
        crc.finalize()
    }

    fn attributes(&self) -> Vec<KeyValue> {
        [(RUN, self.run), (CLIENT, self.client), (SEQUENCE, self.sequence), (CHECKSUM, self.checksum())]
            .map(|(key, value)| integer(key, i64::from(value)))
            .to_vec()
    }
}

fn span(content: Content) -> Span {
    let mut attributes = content.attributes();
    attributes.push(integer(STATUS, content.number));
    Span {
        trace_id: content.trace_id.to_vec(),
        span_id: (u64::from(content.sequence) + 1).to_be_bytes().to_vec(),
        start_time_unix_nano: content.time_nanos,
        end_time_unix_nano: content.time_nanos + 1_000,
        name: content.payload,
        attributes,
        ..Span::default()
    }
}

fn log_record(content: Content) -> LogRecord {
    LogRecord {
        trace_id: content.trace_id.to_vec(),
        time_unix_nano: content.time_nanos,
        severity_number: content.number.try_into().expect("numbers are at most 256"),
        attributes: content.attributes(),
        body: Some(AnyValue { value: Some(Value::StringValue(content.payload)) }),
        ..LogRecord::default()
    }
}

fn point(content: Content) -> NumberDataPoint {
    let mut attributes = content.attributes();
    attributes.push(text(PAYLOAD, &content.payload));
    NumberDataPoint {
        time_unix_nano: content.time_nanos,
        attributes,
        value: Some(number_data_point::Value::AsInt(content.number)),
        ..NumberDataPoint::default()
    }
}

fn integer(key: &str, value: i64) -> KeyValue {
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(Value::IntValue(value)) }), ..KeyValue::default() }
}

fn text(key: &str, value: &str) -> KeyValue {
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(Value::StringValue(value.into())) }), ..KeyValue::default() }
}

/// The finalizer of SplitMix64: spreads small numbers over all bits.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ value >> 31
}
