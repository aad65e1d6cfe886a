//! Spans written down as short rows, sent as OTLP, and counted again naively.

use schemas::Signal;
use serde_json::{Value, json};

use crate::loaded::Loaded;

/// 2026-09-21T14:13:20Z, when the first request arrives.
pub(crate) const START_NS: i64 = 1_790_000_000_000_000_000;
pub(crate) const S: i64 = 1_000_000_000;
pub(crate) const MIN: i64 = 60 * S;

#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) trace: u64,
    pub(crate) span: u64,
    /// 0: a root.
    pub(crate) parent: u64,
    pub(crate) service: &'static str,
    pub(crate) version: &'static str,
    pub(crate) environment: &'static str,
    pub(crate) instance: &'static str,
    /// That the instance declares; empty: none.
    pub(crate) weight: &'static str,
    pub(crate) name: &'static str,
    pub(crate) kind: i32,
    /// After [`START_NS`].
    pub(crate) at_ns: i64,
    pub(crate) duration_ns: i64,
    pub(crate) failed: bool,
    pub(crate) trace_state: &'static str,
    pub(crate) attributes: Vec<(&'static str, &'static str)>,
}

pub(crate) fn made(trace: u64, span: u64, parent: u64, service: &'static str, kind: i32, at_ns: i64, duration_ns: i64) -> Made {
    let (version, environment, instance, weight, name) = ("1.0", "prod", "", "", "work");
    let (failed, trace_state, attributes) = (false, "", vec![]);
    Made {
        trace,
        span,
        parent,
        service,
        version,
        environment,
        instance,
        weight,
        name,
        kind,
        at_ns,
        duration_ns,
        failed,
        trace_state,
        attributes,
    }
}

impl Made {
    fn json(&self) -> Value {
        let texts = |pairs: &[(&str, &str)]| {
            let pair = |(key, value): &(&str, &str)| json!({"key": key, "value": {"stringValue": value}});
            pairs.iter().filter(|(_, value)| !value.is_empty()).map(pair).collect::<Vec<_>>()
        };
        let resource = texts(&[
            ("service.name", self.service),
            ("service.namespace", "shop"),
            ("service.version", self.version),
            ("deployment.environment.name", self.environment),
            ("service.instance.id", self.instance),
            ("service.weight", self.weight),
        ]);
        let start = START_NS + self.at_ns;
        let parent = if self.parent == 0 { String::new() } else { format!("{:016x}", self.parent) };
        json!({
            "resource": {"attributes": resource},
            "scopeSpans": [{"spans": [{
                "traceId": trace_id(self.trace), "spanId": format!("{:016x}", self.span), "parentSpanId": parent, "name": self.name,
                "kind": self.kind, "startTimeUnixNano": start.to_string(), "endTimeUnixNano": (start + self.duration_ns).to_string(),
                "status": {"code": if self.failed { 2 } else { 0 }}, "traceState": self.trace_state, "attributes": texts(&self.attributes),
            }]}],
        })
    }
}

pub(crate) fn trace_id(trace: u64) -> String {
    format!("{trace:032x}")
}

/// In one request.
pub(crate) fn send(loaded: &Loaded, spans: &[Made]) {
    let resources: Vec<Value> = spans.iter().map(Made::json).collect();
    loaded.send_json(Signal::Traces, &json!({ "resourceSpans": resources }));
}

/// In one request, with the facts that a receiver derives.
pub(crate) fn receive(loaded: &Loaded, spans: &[Made]) {
    let resources: Vec<Value> = spans.iter().map(Made::json).collect();
    loaded.receive(Signal::Traces, &json!({ "resourceSpans": resources }));
}

/// The first half in blocks.
pub(crate) fn loaded(spans: &[Made]) -> Loaded {
    let loaded = Loaded::empty();
    let (first, second) = spans.split_at(spans.len() / 2);
    send(&loaded, first);
    loaded.store.flush().expect("a working disk");
    send(&loaded, second);
    loaded
}

/// The shortest duration that this share of all is not longer than.
pub(crate) fn quantile(mut durations: Vec<i64>, quantile: f64) -> i64 {
    durations.sort_unstable();
    durations[((quantile * durations.len() as f64).ceil() as usize).max(1) - 1]
}

/// Whether a duration that is told is right within a bucket of the histogram.
pub(crate) fn about(told: &Value, exact: i64) -> bool {
    told.as_f64().is_some_and(|told| (told / exact as f64 - 1.0).abs() < 0.045)
}

pub(crate) async fn ask(loaded: &Loaded, path: &str) -> Value {
    let (status, body) = loaded.get(path).await;
    let text = String::from_utf8_lossy(&body);
    assert_eq!(status.as_u16(), 200, "{path}: {text}");
    serde_json::from_str(&text).expect("JSON")
}

/// Status and code of a problem.
pub(crate) async fn refused(loaded: &Loaded, path: &str) -> (u16, String) {
    let (status, body) = loaded.get(path).await;
    let problem: Value = serde_json::from_slice(&body).expect("a problem");
    (status.as_u16(), problem["code"].as_str().expect("a code").to_owned())
}
