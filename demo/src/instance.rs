//! One running copy of a service: who it says it is, and what its SDK has not exported yet.

use std::mem;

use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    logs::v1::LogRecord,
    metrics::v1::{ResourceMetrics, ScopeMetrics},
    resource::v1::Resource,
    trace::v1::Span,
};
use prost::Message;
use rand::{Rng, rngs::SmallRng};
use schemas::{Signal, TraceId, UnixNanos};

use crate::{Export, Truth, envelope, ids, metrics::Meter, otlp::Scope, resource, spans, topology::Service};

#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) service: &'static Service,
    pub(crate) ip: String,
    pub(crate) pod: String,
    pub(crate) meter: Meter,
    resource: Resource,
    encoded_resource: Vec<u8>,
    spans: Vec<WaitingSpan>,
    logs: Vec<Waiting>,
}

/// An encoded record that exists from `due` on.
#[derive(Debug)]
struct Waiting {
    due: UnixNanos,
    scope: &'static Scope,
    record: Vec<u8>,
}

#[derive(Debug)]
struct WaitingSpan {
    span: Waiting,
    trace: TraceId,
    failed: bool,
}

impl Instance {
    pub(crate) fn start(service: &'static Service, seed: u64, rng: &mut SmallRng) -> Self {
        let pod = format!("{}-{:x}-{}", service.name, ids::mix(&[seed, service.id as u64]) >> 28, ids::pod_suffix(rng));
        let ip = format!("10.244.{}.{}", rng.random_range(1..9), rng.random_range(4..250));
        let resource = resource::describe(service, &pod, &ip, rng);
        let meter = Meter::new(service, rng.random());
        let encoded_resource = resource.encode_to_vec();
        Self { service, ip, pod, meter, resource, encoded_resource, spans: vec![], logs: vec![] }
    }

    pub(crate) fn end_span(&mut self, due: UnixNanos, trace: TraceId, (scope, record): (&'static Scope, Span)) {
        let failed = spans::is_error(&record);
        self.spans.push(WaitingSpan { span: Waiting { due, scope, record: record.encode_to_vec() }, trace, failed });
    }

    pub(crate) fn write_log(&mut self, due: UnixNanos, (scope, record): (&'static Scope, LogRecord)) {
        self.logs.push(Waiting { due, scope, record: record.encode_to_vec() });
    }

    /// Latest time anything here waits for.
    pub(crate) fn last_due(&self) -> Option<UnixNanos> {
        let spans = self.spans.iter().map(|waiting| waiting.span.due);
        spans.chain(self.logs.iter().map(|waiting| waiting.due)).max()
    }

    /// Exports what is due before `to`, in batches of at most `batch_records_max` records.
    pub(crate) fn export(&mut self, to: UnixNanos, batch_records_max: usize, truth: &mut Truth, exports: &mut Vec<Export>) {
        for batch in take_due(&mut self.spans, to, |waiting| waiting.span.due).chunks(batch_records_max.max(1)) {
            for WaitingSpan { trace, failed, .. } in batch {
                truth.exported_span(*trace);
                truth.totals.error_spans += u64::from(*failed);
            }
            truth.totals.spans += batch.len() as u64;
            exports.push(self.envelop(Signal::Traces, batch.iter().map(|waiting| &waiting.span)));
        }
        for batch in take_due(&mut self.logs, to, |waiting| waiting.due).chunks(batch_records_max.max(1)) {
            truth.totals.logs += batch.len() as u64;
            exports.push(self.envelop(Signal::Logs, batch.iter()));
        }
    }

    /// Exports every collection of metrics that falls before `to`.
    pub(crate) fn export_metrics(&mut self, to: UnixNanos, truth: &mut Truth, exports: &mut Vec<Export>) {
        while let Some(collected) = self.meter.collect_before(to) {
            self.export_collected(collected, truth, exports);
        }
    }

    /// Exports the metrics as they stand at `now`, as an SDK does at shutdown.
    pub(crate) fn export_last_metrics(&mut self, now: UnixNanos, truth: &mut Truth, exports: &mut Vec<Export>) {
        if let Some(collected) = self.meter.collect_at(now) {
            self.export_collected(collected, truth, exports);
        }
    }

    fn export_collected(&self, (scope_metrics, records): (Vec<ScopeMetrics>, u64), truth: &mut Truth, exports: &mut Vec<Export>) {
        let resource_metrics = ResourceMetrics {
            resource: Some(self.resource.clone()),
            scope_metrics,
            schema_url: resource::schema_url(self.service.stack).to_owned(),
        };
        let body = ExportMetricsServiceRequest { resource_metrics: vec![resource_metrics] }.encode_to_vec();
        truth.totals.points += records;
        exports.push(Export { signal: Signal::Metrics, service: self.service.name, body, records });
    }

    fn envelop<'a>(&self, signal: Signal, batch: impl ExactSizeIterator<Item = &'a Waiting>) -> Export {
        let records = batch.len() as u64;
        let encoded = batch.map(|waiting| (waiting.scope, waiting.record.as_slice()));
        let body = envelope::request(&self.encoded_resource, resource::schema_url(self.service.stack), encoded);
        Export { signal, service: self.service.name, body, records }
    }
}

/// Removes and returns what is due before `to`, oldest first.
fn take_due<T>(waiting: &mut Vec<T>, to: UnixNanos, due: impl Fn(&T) -> UnixNanos) -> Vec<T> {
    let (mut ready, later): (Vec<T>, Vec<T>) = mem::take(waiting).into_iter().partition(|record| due(record) < to);
    ready.sort_by_key(due);
    *waiting = later;
    ready
}
