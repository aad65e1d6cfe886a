//! One running copy of a service: who it says it is, and what its SDK has not exported yet.

use std::mem;

use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    metrics::v1::{ResourceMetrics, ScopeMetrics},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, status::StatusCode},
};
use prost::Message;
use rand::{Rng, rngs::SmallRng};
use schemas::{Signal, TraceId, UnixNanos};

use crate::{Export, Truth, ids, metrics::Meter, otlp::Scope, resource, topology::Service};

#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) service: &'static Service,
    pub(crate) ip: String,
    pub(crate) pod: String,
    pub(crate) meter: Meter,
    resource: Resource,
    spans: Vec<Waiting<Span>>,
    logs: Vec<Waiting<LogRecord>>,
}

/// A record that exists from `due` on.
#[derive(Debug)]
struct Waiting<T> {
    due: UnixNanos,
    scope: &'static Scope,
    record: T,
}

impl Instance {
    pub(crate) fn start(service: &'static Service, seed: u64, rng: &mut SmallRng) -> Self {
        let pod = format!("{}-{:x}-{}", service.name, ids::mix(&[seed, service.id as u64]) >> 28, ids::pod_suffix(rng));
        let ip = format!("10.244.{}.{}", rng.random_range(1..9), rng.random_range(4..250));
        let resource = resource::describe(service, &pod, &ip, rng);
        let meter = Meter::new(service, rng.random());
        Self { service, ip, pod, meter, resource, spans: vec![], logs: vec![] }
    }

    pub(crate) fn end_span(&mut self, due: UnixNanos, (scope, record): (&'static Scope, Span)) {
        self.spans.push(Waiting { due, scope, record });
    }

    pub(crate) fn write_log(&mut self, due: UnixNanos, (scope, record): (&'static Scope, LogRecord)) {
        self.logs.push(Waiting { due, scope, record });
    }

    /// Latest time anything here waits for.
    pub(crate) fn last_due(&self) -> Option<UnixNanos> {
        let spans = self.spans.iter().map(|waiting| waiting.due);
        spans.chain(self.logs.iter().map(|waiting| waiting.due)).max()
    }

    /// Exports what is due before `to`, in batches of at most `batch_records_max` records.
    pub(crate) fn export(&mut self, to: UnixNanos, batch_records_max: usize, truth: &mut Truth, exports: &mut Vec<Export>) {
        for batch in batches(take_due(&mut self.spans, to), batch_records_max) {
            self.export_spans(batch, truth, exports);
        }
        for batch in batches(take_due(&mut self.logs, to), batch_records_max) {
            self.export_logs(batch, truth, exports);
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
        let resource_metrics = ResourceMetrics { resource: Some(self.resource.clone()), scope_metrics, schema_url: self.schema_url() };
        let body = ExportMetricsServiceRequest { resource_metrics: vec![resource_metrics] }.encode_to_vec();
        truth.totals.points += records;
        exports.push(Export { signal: Signal::Metrics, service: self.service.name, body, records });
    }

    fn export_spans(&self, batch: Vec<Waiting<Span>>, truth: &mut Truth, exports: &mut Vec<Export>) {
        let records = batch.len() as u64;
        for Waiting { record, .. } in &batch {
            if let Some(id) = TraceId::from_slice(&record.trace_id) {
                truth.exported_span(id);
            }
            let failed = record.status.as_ref().is_some_and(|status| status.code == StatusCode::Error as i32);
            truth.totals.error_spans += u64::from(failed);
        }
        truth.totals.spans += records;
        let scope_spans = by_scope(batch)
            .into_iter()
            .map(|(scope, spans)| ScopeSpans { scope: Some(scope.to_otlp()), spans, schema_url: scope.schema_url.to_owned() })
            .collect();
        let resource_spans = ResourceSpans { resource: Some(self.resource.clone()), scope_spans, schema_url: self.schema_url() };
        let body = ExportTraceServiceRequest { resource_spans: vec![resource_spans] }.encode_to_vec();
        exports.push(Export { signal: Signal::Traces, service: self.service.name, body, records });
    }

    fn export_logs(&self, batch: Vec<Waiting<LogRecord>>, truth: &mut Truth, exports: &mut Vec<Export>) {
        let records = batch.len() as u64;
        truth.totals.logs += records;
        let scope_logs = by_scope(batch)
            .into_iter()
            .map(|(scope, log_records)| ScopeLogs { scope: Some(scope.to_otlp()), log_records, schema_url: scope.schema_url.to_owned() })
            .collect();
        let resource_logs = ResourceLogs { resource: Some(self.resource.clone()), scope_logs, schema_url: self.schema_url() };
        let body = ExportLogsServiceRequest { resource_logs: vec![resource_logs] }.encode_to_vec();
        exports.push(Export { signal: Signal::Logs, service: self.service.name, body, records });
    }

    fn schema_url(&self) -> String {
        resource::schema_url(self.service.stack).to_owned()
    }
}

/// Removes and returns what is due before `to`, oldest first.
fn take_due<T>(waiting: &mut Vec<Waiting<T>>, to: UnixNanos) -> Vec<Waiting<T>> {
    let (mut due, later): (Vec<_>, Vec<_>) = mem::take(waiting).into_iter().partition(|record| record.due < to);
    due.sort_by_key(|record| record.due);
    *waiting = later;
    due
}

fn batches<T>(mut records: Vec<T>, size: usize) -> Vec<Vec<T>> {
    let mut batches = Vec::with_capacity(records.len() / size.max(1) + 1);
    while records.len() > size.max(1) {
        let rest = records.split_off(size.max(1));
        batches.push(mem::replace(&mut records, rest));
    }
    if !records.is_empty() {
        batches.push(records);
    }
    batches
}

/// Groups by scope; scopes come in the order of their first record.
fn by_scope<T>(batch: Vec<Waiting<T>>) -> Vec<(&'static Scope, Vec<T>)> {
    let mut groups: Vec<(&'static Scope, Vec<T>)> = vec![];
    for Waiting { scope, record, .. } in batch {
        match groups.iter_mut().find(|(known, _)| *known == scope) {
            Some((_, records)) => records.push(record),
            None => groups.push((scope, vec![record])),
        }
    }
    groups
}
