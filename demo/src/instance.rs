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

use crate::{Export, Truth, envelope, guard::Guards, ids, metrics::Meter, otlp::Scope, resource, spans, topology::Service};

#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) service: &'static Service,
    /// `service.version`
    pub(crate) version: String,
    /// Deployments its place has seen.
    pub(crate) generation: u32,
    /// When the last of them started it; `None`: it has been there since the shop opened.
    pub(crate) deployed: Option<UnixNanos>,
    pub(crate) ip: String,
    pub(crate) pod: String,
    /// `service.instance.id`
    pub(crate) id: String,
    pub(crate) meter: Meter,
    pub(crate) guards: Guards,
    /// Shut down then; what it still waits for leaves until then too.
    stopping: Option<Stopping>,
    resource: Resource,
    encoded_resource: Vec<u8>,
    spans: Vec<WaitingSpan>,
    logs: Vec<Waiting>,
}

#[derive(Debug, Clone, Copy)]
struct Stopping {
    at: UnixNanos,
    collected: bool,
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
    pub(crate) fn start(service: &'static Service, version: &str, seed: u64, rng: &mut SmallRng) -> Self {
        let replica_set = ids::mix(&[seed, service.id as u64, version.bytes().fold(0, |hash, byte| hash * 31 + u64::from(byte))]);
        let pod = format!("{}-{:x}-{}", service.name, replica_set >> 28, ids::pod_suffix(rng));
        let ip = format!("10.244.{}.{}", rng.random_range(1..9), rng.random_range(4..250));
        let id = resource::instance_id(service.stack, &pod, rng);
        let resource = resource::describe(service, version, &id, &pod, &ip, rng);
        let meter = Meter::new(service, &pod, rng.random());
        let encoded_resource = resource.encode_to_vec();
        Self {
            service,
            version: version.to_owned(),
            generation: 0,
            deployed: None,
            ip,
            pod,
            id,
            meter,
            guards: Guards::default(),
            stopping: None,
            resource,
            encoded_resource,
            spans: vec![],
            logs: vec![],
        }
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
        let until = self.stopping.map_or(to, |stopping| stopping.at.min(to));
        while let Some(collected) = self.meter.collect_before(until) {
            self.export_collected(collected, truth, exports);
        }
        if self.stopping.is_some_and(|stopping| stopping.at < to) {
            let at = self.stopping.map_or(to, |stopping| stopping.at);
            self.export_last_metrics(at, truth, exports);
        }
    }

    /// Stops at `at`: one last collection then.
    pub(crate) fn stop(&mut self, at: UnixNanos) {
        self.stopping.get_or_insert(Stopping { at, collected: false });
    }

    /// Not all has been exported by `to`.
    pub(crate) fn has_left(&self, to: UnixNanos) -> bool {
        let stopped = self.stopping.is_some_and(|stopping| stopping.collected && stopping.at < to);
        !stopped || self.last_due().is_some()
    }

    /// Exports the metrics as they stand at `now`, as an SDK does at shutdown.
    pub(crate) fn export_last_metrics(&mut self, now: UnixNanos, truth: &mut Truth, exports: &mut Vec<Export>) {
        if let Some(stopping) = &mut self.stopping {
            if stopping.collected {
                return;
            }
            stopping.collected = true;
        }
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
