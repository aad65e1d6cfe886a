//! One signal's request as the tests need it: made up, encoded, decoded, taken apart into records.

use std::fmt::Debug;

use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest,
};
use prost::Message;
use schemas::{
    Signal, UnixNanos,
    otlp::{self, DecodeError, DecodeLimits, Decoded, Format},
};

use crate::normal;

pub const RECEIVED_AT: UnixNanos = UnixNanos(1_700_000_000_000_000_000);

pub trait Request: Message + Default + Clone + PartialEq + Debug {
    const SIGNAL: Signal;

    /// Every valid record with its resource and scope, without what OTLP gives no meaning: in canonical form and order.
    fn records(&self) -> Vec<normal::Record>;

    /// Spans, log records or data points, valid or not.
    fn record_count(&self) -> u64;
}

impl Request for ExportTraceServiceRequest {
    const SIGNAL: Signal = Signal::Traces;

    fn records(&self) -> Vec<normal::Record> {
        normal::spans(self)
    }

    fn record_count(&self) -> u64 {
        self.resource_spans.iter().flat_map(|group| &group.scope_spans).map(|group| group.spans.len() as u64).sum()
    }
}

impl Request for ExportLogsServiceRequest {
    const SIGNAL: Signal = Signal::Logs;

    fn records(&self) -> Vec<normal::Record> {
        normal::logs(self)
    }

    fn record_count(&self) -> u64 {
        self.resource_logs.iter().flat_map(|group| &group.scope_logs).map(|group| group.log_records.len() as u64).sum()
    }
}

impl Request for ExportMetricsServiceRequest {
    const SIGNAL: Signal = Signal::Metrics;

    fn records(&self) -> Vec<normal::Record> {
        normal::metrics(self)
    }

    fn record_count(&self) -> u64 {
        let metrics = self.resource_metrics.iter().flat_map(|group| &group.scope_metrics).flat_map(|group| &group.metrics);
        metrics.map(|metric| normal::point_count(metric) as u64).sum()
    }
}

pub fn decode(signal: Signal, format: Format, body: &[u8]) -> Result<Decoded, DecodeError> {
    otlp::decode(signal, format, body, RECEIVED_AT, &DecodeLimits::default())
}

/// What the tables hold, as OTLP again.
pub fn export<R: Request>(decoded: &Decoded) -> R {
    let [batch] = decoded.batches.as_slice() else {
        assert!(decoded.batches.is_empty(), "one signal has one table");
        return R::default();
    };
    let bytes = otlp::export::to_protobuf(batch.table, std::slice::from_ref(&batch.batch)).expect("a fresh batch can be exported");
    R::decode(bytes.as_slice()).expect("what is exported is protobuf")
}

/// Fails with the first record that differs, not with two whole requests.
pub fn assert_same_records(expected: Vec<normal::Record>, actual: Vec<normal::Record>) {
    for (expected, actual) in expected.iter().zip(&actual) {
        assert!(expected == actual, "sent:\n{:#?}\ncame back:\n{:#?}", expected.parts, actual.parts);
    }
    assert_eq!(expected.len(), actual.len(), "number of records");
}
