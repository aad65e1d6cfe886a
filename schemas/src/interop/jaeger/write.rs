//! Plain values to Jaeger's JSON.

use std::collections::{BTreeMap, HashMap};

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{
    CHILD_OF, EVENT, FOLLOWS_FROM, REF_TYPE, SAFE_INTEGER_MAX,
    document::{KeyValue, Log, Process, Reference, Span as JaegerSpan},
};
use crate::{
    TraceId,
    interop::{
        keys,
        model::{Event, Link, Scope, Span, SpanGroup, StatusCode},
        text::{special_double, value_json},
    },
    otlp::attributes_json::{Attributes, Value},
};

/// One trace, as in the list `data` of an answer of the API. Spans are written as they come; only the text is held.
#[derive(Debug)]
pub struct TraceJson {
    trace_id: TraceId,
    spans: String,
    processes: BTreeMap<String, Process>,
    /// Ids of `processes`, by their JSON.
    known: HashMap<String, String>,
}

impl TraceJson {
    pub fn new(trace_id: TraceId) -> Self {
        Self { trace_id, spans: String::new(), processes: BTreeMap::new(), known: HashMap::new() }
    }

    /// Adds `spans`, which are of this trace and have the resource and scope of `group`.
    pub fn push(&mut self, group: &SpanGroup<'_>, spans: &[&Span<'_>]) {
        let process = process(&group.resource);
        let next = format!("p{}", self.known.len() + 1);
        let id = self.known.entry(json(&process)).or_insert(next).clone();
        for span in spans {
            if !self.spans.is_empty() {
                self.spans.push(',');
            }
            self.spans.push_str(&json(&jaeger_span(&group.scope, span, &id)));
        }
        self.processes.entry(id).or_insert(process);
    }

    pub fn finish(self) -> String {
        let Self { trace_id, spans, processes, .. } = self;
        format!("{{\"traceID\":\"{trace_id}\",\"spans\":[{spans}],\"processes\":{}}}", json(&processes))
    }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("string keys and finite numbers always serialize")
}

fn process(resource: &Attributes<'_>) -> Process {
    let (name, rest) = keys::service(resource);
    Process { service_name: name.into_owned(), tags: rest.map(|(key, value)| tag(key, value)).collect() }
}

fn jaeger_span(scope: &Scope<'_>, span: &Span<'_>, process_id: &str) -> JaegerSpan {
    let parent = span.parent_span_id.map(|parent| reference(CHILD_OF, span.trace_id, parent.to_string()));
    JaegerSpan {
        trace_id: span.trace_id.to_string(),
        span_id: span.span_id.to_string(),
        parent_span_id: String::new(),
        flags: Some(span.flags & 1).filter(|flags| *flags != 0),
        operation_name: span.name.clone().into_owned(),
        references: parent.into_iter().chain(span.links.iter().map(link)).collect(),
        start_time: span.start_ns / 1000,
        duration: span.end_ns.saturating_sub(span.start_ns) / 1000,
        tags: tags(scope, span),
        logs: span.events.iter().map(log).collect(),
        process_id: process_id.to_owned(),
        process: None,
    }
}

fn reference(ref_type: &str, trace_id: TraceId, span_id: String) -> Reference {
    Reference { ref_type: ref_type.to_owned(), trace_id: trace_id.to_string(), span_id }
}

fn link(link: &Link<'_>) -> Reference {
    let child = link.attributes.iter().any(|(key, value)| key == REF_TYPE && *value == Value::String("child_of".into()));
    reference(if child { CHILD_OF } else { FOLLOWS_FROM }, link.trace_id, link.span_id.to_string())
}

fn tags(scope: &Scope<'_>, span: &Span<'_>) -> Vec<KeyValue> {
    let failed = span.status.code == StatusCode::Error;
    // The flag of the status overrides an attribute of the same name.
    let own = span.attributes.iter().filter(|(key, _)| !(failed && key == keys::ERROR));
    let mut tags: Vec<KeyValue> = own.chain(&scope.attributes).map(|(key, value)| tag(key, value)).collect();
    tags.extend(span.kind.foreign_name().map(|kind| string(keys::SPAN_KIND, kind)));
    tags.extend(span.status.code.name().map(|code| string(keys::STATUS_CODE, code)));
    if !span.status.message.is_empty() {
        tags.push(string(keys::STATUS_DESCRIPTION, &span.status.message));
    }
    if failed {
        tags.push(tag(keys::ERROR, &Value::Bool(true)));
    }
    if !span.trace_state.is_empty() {
        tags.push(string(keys::TRACE_STATE, &span.trace_state));
    }
    tags.extend(keys::fields_as_attributes(scope, span).iter().map(|(key, value)| tag(key, value)));
    tags
}

/// An attribute `event` takes precedence over the name.
fn log(event: &Event<'_>) -> Log {
    let named = event.attributes.iter().any(|(key, _)| key == EVENT);
    let name = (!named && !event.name.is_empty()).then(|| string(EVENT, &event.name));
    let dropped = i64::from(event.dropped_attributes_count);
    let dropped = (dropped > 0).then(|| tag(keys::EVENT_DROPPED_ATTRIBUTES, &Value::Int(dropped)));
    let attributes = event.attributes.iter().map(|(key, value)| tag(key, value));
    Log { timestamp: event.time_ns / 1000, fields: name.into_iter().chain(attributes).chain(dropped).collect() }
}

fn string(key: &str, text: &str) -> KeyValue {
    KeyValue { key: key.to_owned(), kind: "string".to_owned(), value: text.into() }
}

fn tag(key: &str, value: &Value<'_>) -> KeyValue {
    let (kind, value): (&str, serde_json::Value) = match value {
        Value::String(text) => return string(key, text),
        Value::Bool(value) => ("bool", (*value).into()),
        Value::Int(number) if number.unsigned_abs() <= SAFE_INTEGER_MAX => ("int64", (*number).into()),
        Value::Int(number) => ("int64", number.to_string().into()),
        Value::Double(number) if number.is_finite() => ("float64", (*number).into()),
        Value::Double(number) => ("float64", special_double(*number).into()),
        Value::Bytes(bytes) => ("binary", BASE64_STANDARD.encode(bytes).into()),
        Value::Empty => ("string", "".into()),
        Value::Array(_) | Value::Map(_) => ("string", value_json(value).into()),
    };
    KeyValue { key: key.to_owned(), kind: kind.to_owned(), value }
}
