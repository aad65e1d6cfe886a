//! Telemetry as plain records: what tests write down and send, and what a naive evaluator reads.

use schemas::Signal;
use serde_json::{Value, json};

use crate::loaded::Loaded;

/// A value of an attribute, as OTLP has it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Any {
    Text(String),
    Int(i64),
    Double(f64),
    Bool(bool),
    List(Vec<Self>),
    Map(Attributes),
    /// There, with no value.
    Empty,
}

pub(crate) type Attributes = Vec<(String, Any)>;

/// Attributes, written down.
pub(crate) fn attributes<const N: usize>(pairs: [(&str, Any); N]) -> Attributes {
    pairs.map(|(key, value)| (key.to_owned(), value)).into()
}

impl From<&str> for Any {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Any {
    fn from(integer: i64) -> Self {
        Self::Int(integer)
    }
}

impl From<f64> for Any {
    fn from(double: f64) -> Self {
        Self::Double(double)
    }
}

impl From<bool> for Any {
    fn from(boolean: bool) -> Self {
        Self::Bool(boolean)
    }
}

/// Who sends records: a resource and one of its scopes.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Source {
    pub(crate) resource: Attributes,
    pub(crate) scope_name: Option<String>,
    pub(crate) scope_version: Option<String>,
    pub(crate) scope: Attributes,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Span {
    pub(crate) source: Source,
    pub(crate) trace: u128,
    pub(crate) id: u64,
    pub(crate) parent: Option<u64>,
    pub(crate) name: String,
    pub(crate) kind: i32,
    pub(crate) start_ns: i64,
    pub(crate) duration_ns: i64,
    pub(crate) status: i32,
    pub(crate) status_message: Option<String>,
    pub(crate) attributes: Attributes,
    pub(crate) events: Vec<Event>,
    pub(crate) links: Vec<Link>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Event {
    pub(crate) time_ns: i64,
    pub(crate) name: String,
    pub(crate) attributes: Attributes,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Link {
    pub(crate) trace: u128,
    pub(crate) span: u64,
    pub(crate) attributes: Attributes,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Log {
    pub(crate) source: Source,
    /// 0 = not known.
    pub(crate) time_ns: i64,
    pub(crate) observed_ns: i64,
    pub(crate) trace: Option<u128>,
    pub(crate) span: Option<u64>,
    pub(crate) severity: i32,
    pub(crate) severity_text: Option<String>,
    pub(crate) body: Option<Any>,
    pub(crate) event_name: Option<String>,
    pub(crate) attributes: Attributes,
}

impl Loaded {
    /// One request.
    pub(crate) fn send_spans(&self, spans: &[Span]) {
        let groups = grouped(spans.iter().map(|span| (&span.source, span_json(span))));
        let groups: Vec<Value> = groups.into_iter().map(|(source, spans)| group_json(source, "scopeSpans", "spans", spans)).collect();
        self.send_json(Signal::Traces, &json!({ "resourceSpans": groups }));
    }

    /// One request.
    pub(crate) fn send_logs(&self, logs: &[Log]) {
        let groups = grouped(logs.iter().map(|log| (&log.source, log_json(log))));
        let groups: Vec<Value> = groups.into_iter().map(|(source, logs)| group_json(source, "scopeLogs", "logRecords", logs)).collect();
        self.send_json(Signal::Logs, &json!({ "resourceLogs": groups }));
    }
}

/// Records of one source together, in the order in which sources come.
fn grouped<'a>(records: impl Iterator<Item = (&'a Source, Value)>) -> Vec<(&'a Source, Vec<Value>)> {
    let mut groups: Vec<(&Source, Vec<Value>)> = Vec::new();
    for (source, record) in records {
        match groups.iter_mut().find(|(known, _)| *known == source) {
            Some((_, records)) => records.push(record),
            None => groups.push((source, vec![record])),
        }
    }
    groups
}

fn group_json(source: &Source, scopes: &str, records_name: &str, records: Vec<Value>) -> Value {
    let scope = json!({ "name": source.scope_name, "version": source.scope_version, "attributes": attributes_json(&source.scope) });
    json!({ "resource": { "attributes": attributes_json(&source.resource) }, scopes: [{ "scope": scope, records_name: records }] })
}

fn span_json(span: &Span) -> Value {
    let event = |event: &Event| json!({ "timeUnixNano": event.time_ns.to_string(), "name": event.name, "attributes": attributes_json(&event.attributes) });
    let link = |link: &Link| json!({ "traceId": format!("{:032x}", link.trace), "spanId": format!("{:016x}", link.span), "attributes": attributes_json(&link.attributes) });
    json!({
        "traceId": format!("{:032x}", span.trace),
        "spanId": format!("{:016x}", span.id),
        "parentSpanId": span.parent.map(|parent| format!("{parent:016x}")),
        "name": span.name,
        "kind": span.kind,
        "startTimeUnixNano": span.start_ns.to_string(),
        "endTimeUnixNano": (span.start_ns + span.duration_ns).to_string(),
        "attributes": attributes_json(&span.attributes),
        "events": span.events.iter().map(event).collect::<Vec<_>>(),
        "links": span.links.iter().map(link).collect::<Vec<_>>(),
        "status": { "code": span.status, "message": span.status_message },
    })
}

fn log_json(log: &Log) -> Value {
    json!({
        "timeUnixNano": log.time_ns.to_string(),
        "observedTimeUnixNano": log.observed_ns.to_string(),
        "traceId": log.trace.map(|trace| format!("{trace:032x}")),
        "spanId": log.span.map(|span| format!("{span:016x}")),
        "severityNumber": log.severity,
        "severityText": log.severity_text,
        "body": log.body.as_ref().map(any_json),
        "eventName": log.event_name,
        "attributes": attributes_json(&log.attributes),
    })
}

fn attributes_json(attributes: &Attributes) -> Vec<Value> {
    attributes.iter().map(|(key, value)| json!({ "key": key, "value": any_json(value) })).collect()
}

fn any_json(value: &Any) -> Value {
    match value {
        Any::Text(text) => json!({ "stringValue": text }),
        Any::Int(integer) => json!({ "intValue": integer.to_string() }),
        Any::Double(double) => json!({ "doubleValue": double }),
        Any::Bool(boolean) => json!({ "boolValue": boolean }),
        Any::List(values) => json!({ "arrayValue": { "values": values.iter().map(any_json).collect::<Vec<_>>() } }),
        Any::Map(pairs) => json!({ "kvlistValue": { "values": attributes_json(pairs) } }),
        Any::Empty => json!({}),
    }
}
