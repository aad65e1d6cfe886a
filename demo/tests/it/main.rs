//! The shop from outside: what it exports agrees with itself and with the truth it tells.

mod codes;
mod day;
mod refusals;
mod scenarios;
mod series;
mod shape;
mod trips;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use demo::{Config, Export, Shop, Truth};
use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{KeyValue, any_value::Value},
    logs::v1::LogRecord,
    metrics::v1::Metric,
    resource::v1::Resource,
    trace::v1::Span,
};
use prost::Message;
use schemas::{Signal, UnixNanos};

const SECOND_NS: i64 = 1_000_000_000;
/// 2025-11-22 15:00 UTC, a busy hour.
const OPENING: i64 = 1_763_823_600 * SECOND_NS;

/// A shop that was open for a while, read back.
struct Day {
    exports: Vec<Export>,
    truth: Truth,
    /// Service, scope, span.
    spans: Vec<(String, String, Span)>,
    logs: Vec<(String, String, LogRecord)>,
    /// Pod and version that sent the span or log at the same position.
    span_senders: Vec<(String, String)>,
    log_senders: Vec<(String, String)>,
    /// Instance, scope, metric, in order of export.
    metrics: Vec<(String, String, Metric)>,
}

impl Day {
    fn live(seed: u64, requests_per_second: f64, seconds: i64, step_seconds: i64) -> Self {
        Self::live_as(Config { seed, requests_per_second, ..Config::default() }, seconds, step_seconds)
    }

    fn live_as(config: Config, seconds: i64, step_seconds: i64) -> Self {
        Self::live_from(OPENING, config, seconds, step_seconds)
    }

    /// Opens at `opening`, in nanoseconds.
    fn live_from(opening: i64, config: Config, seconds: i64, step_seconds: i64) -> Self {
        let mut shop = Shop::new(Config { remembered_traces_max: usize::MAX, ..config });
        let mut exports = vec![];
        for second in (0..seconds).step_by(step_seconds as usize) {
            let at = |second: i64| UnixNanos(opening + second * SECOND_NS);
            exports.extend(shop.advance(at(second), at((second + step_seconds).min(seconds))));
        }
        exports.extend(shop.close());
        let mut day = Self {
            exports: vec![],
            truth: shop.truth().clone(),
            spans: vec![],
            logs: vec![],
            span_senders: vec![],
            log_senders: vec![],
            metrics: vec![],
        };
        exports.iter().for_each(|export| day.read(export));
        day.exports = exports;
        day
    }

    /// At a low rate, but long enough for bad spells. Lived once.
    fn two_hours() -> &'static Self {
        static DAY: OnceLock<Day> = OnceLock::new();
        DAY.get_or_init(|| Day::live(21, 0.3, 7_200, 600))
    }

    fn read(&mut self, export: &Export) {
        let body = export.body.as_slice();
        match export.signal {
            Signal::Traces => {
                for group in ExportTraceServiceRequest::decode(body).expect("own bytes").resource_spans {
                    let sender = sender(&group.resource.unwrap_or_default());
                    for scope in group.scope_spans {
                        let name = scope.scope.unwrap_or_default().name;
                        self.span_senders.extend(scope.spans.iter().map(|_| sender.clone()));
                        self.spans.extend(scope.spans.into_iter().map(|span| (export.service.to_owned(), name.clone(), span)));
                    }
                }
            }
            Signal::Logs => {
                for group in ExportLogsServiceRequest::decode(body).expect("own bytes").resource_logs {
                    let sender = sender(&group.resource.unwrap_or_default());
                    for scope in group.scope_logs {
                        let name = scope.scope.unwrap_or_default().name;
                        self.log_senders.extend(scope.log_records.iter().map(|_| sender.clone()));
                        self.logs.extend(scope.log_records.into_iter().map(|log| (export.service.to_owned(), name.clone(), log)));
                    }
                }
            }
            Signal::Metrics => {
                for group in ExportMetricsServiceRequest::decode(body).expect("own bytes").resource_metrics {
                    let instance = resource_text(&group.resource.unwrap_or_default(), "k8s.pod.name");
                    for scope in group.scope_metrics {
                        let name = scope.scope.unwrap_or_default().name;
                        self.metrics.extend(scope.metrics.into_iter().map(|metric| (instance.clone(), name.clone(), metric)));
                    }
                }
            }
        }
    }

    fn span_ids(&self) -> BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>> {
        let mut ids: BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>> = BTreeMap::new();
        for (_, _, span) in &self.spans {
            assert!(ids.entry(span.trace_id.clone()).or_default().insert(span.span_id.clone()), "two spans with one id");
        }
        ids
    }
}

fn sender(resource: &Resource) -> (String, String) {
    (resource_text(resource, "k8s.pod.name"), resource_text(resource, "service.version"))
}

fn resource_text(resource: &Resource, key: &str) -> String {
    text_of(&resource.attributes, key).unwrap_or_default()
}

fn text_of(attributes: &[KeyValue], key: &str) -> Option<String> {
    attributes.iter().filter(|attribute| attribute.key == key).find_map(|attribute| match &attribute.value.as_ref()?.value {
        Some(Value::StringValue(text)) => Some(text.clone()),
        _ => None,
    })
}
