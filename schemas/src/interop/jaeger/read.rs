//! Jaeger's JSON to plain values.

use std::{borrow::Cow, collections::BTreeMap};

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{
    CHILD_OF, EVENT, FORMAT, LOG, REF_TYPE,
    document::{Answer, KeyValue, Log, Process, Reference, Span as JaegerSpan, Trace},
};
use crate::{
    interop::{
        groups::Groups,
        ids::{parent_id, span_id, trace_id},
        keys,
        model::{Event, Foreign, ForeignError, Link, Scope, Span, SpanKind, StatusCode},
        text::{of_json, value_text},
    },
    otlp::{
        Rejected,
        attributes_json::{Attributes, Value},
    },
};

/// The lowest bit of Jaeger's flags, and of those of W3C.
const SAMPLED: u32 = 1;

/// The spans of an answer of the API, of a list of traces, or of one trace.
///
/// # Errors
/// When `document` is none of these. A span whose ids cannot be read is rejected alone.
pub fn read(document: &[u8]) -> Result<Foreign, ForeignError> {
    let malformed = |source| ForeignError::Json { format: FORMAT, source };
    let traces: Vec<Trace> = if document.trim_ascii_start().starts_with(b"[") {
        serde_json::from_slice(document).map_err(malformed)?
    } else {
        let Answer { mut data, alone } = serde_json::from_slice(document).map_err(malformed)?;
        if !alone.spans.is_empty() {
            data.push(alone);
        }
        data
    };
    let (mut groups, mut rejected) = (Groups::default(), Rejected::default());
    for (index, trace) in traces.into_iter().enumerate() {
        read_trace(&mut groups, &mut rejected, index, trace);
    }
    Ok(Foreign { groups: groups.into_groups(), rejected })
}

fn read_trace(groups: &mut Groups, rejected: &mut Rejected, index: usize, trace: Trace) {
    let Trace { spans, processes } = trace;
    for mut span in spans {
        let inline = span.process.take();
        let process_id = std::mem::take(&mut span.process_id);
        match read_span(span) {
            Ok((scope, span)) => {
                // Processes are numbered in each trace anew.
                let name = match &inline {
                    Some(process) => format!("{} {:?}", process.service_name, process.tags),
                    None => format!("{index} {process_id}"),
                };
                groups.push(&name, || resource(inline, &processes, &process_id), scope, span);
            }
            Err(reason) => rejected.add(reason),
        }
    }
}

fn resource(inline: Option<Process>, processes: &BTreeMap<String, Process>, id: &str) -> Attributes<'static> {
    let process = inline.or_else(|| processes.get(id).cloned()).unwrap_or_default();
    let name = (!process.service_name.is_empty()).then(|| (keys::SERVICE_NAME.into(), Value::String(process.service_name.into())));
    name.into_iter().chain(process.tags.into_iter().map(attribute)).collect()
}

fn read_span(jaeger: JaegerSpan) -> Result<(Scope<'static>, Span<'static>), &'static str> {
    let mut span = Span::new(trace_id(&jaeger.trace_id)?, span_id(&jaeger.span_id)?);
    span.parent_span_id = parent_id(&jaeger.parent_span_id)?;
    span.name = jaeger.operation_name.into();
    span.flags = jaeger.flags.unwrap_or(0) & SAMPLED;
    span.kind = SpanKind::Internal;
    span.start_ns = jaeger.start_time.saturating_mul(1000);
    span.end_ns = span.start_ns.saturating_add(jaeger.duration.saturating_mul(1000));
    for reference in &jaeger.references {
        read_reference(&mut span, reference)?;
    }
    let (mut scope, mut failed) = (Scope::default(), false);
    for (key, value) in jaeger.tags.into_iter().map(attribute) {
        if key == keys::ERROR && value_text(&value) == "true" {
            failed = true;
        } else if let Some(value) = take_tag(&key, value, &mut scope, &mut span) {
            span.attributes.push((key, value));
        }
    }
    if failed && span.status.code == StatusCode::Unset {
        span.status.code = StatusCode::Error;
    }
    span.events = jaeger.logs.into_iter().map(event).collect();
    Ok((scope, span))
}

fn take_tag(key: &str, value: Value<'static>, scope: &mut Scope<'static>, span: &mut Span<'static>) -> Option<Value<'static>> {
    match (key, &value) {
        (keys::SPAN_KIND, Value::String(name)) => match SpanKind::of_foreign_name(name) {
            Some(kind) => {
                span.kind = kind;
                None
            }
            None => Some(value),
        },
        (keys::TRACE_STATE, Value::String(_)) => {
            span.trace_state = value_text(&value).into_owned().into();
            None
        }
        _ => keys::take_field(key, value, scope, span),
    }
}

/// The first parent in the same trace is the parent; everything else is a link.
fn read_reference(span: &mut Span<'static>, reference: &Reference) -> Result<(), &'static str> {
    let to = (trace_id(&reference.trace_id)?, span_id(&reference.span_id)?);
    let child = reference.ref_type == CHILD_OF;
    if child && to.0 == span.trace_id && span.parent_span_id.is_none_or(|parent| parent == to.1) {
        span.parent_span_id = Some(to.1);
        return Ok(());
    }
    let attributes = if child { vec![(REF_TYPE.into(), Value::String("child_of".into()))] } else { Attributes::new() };
    let (trace_id, span_id) = to;
    span.links.push(Link { trace_id, span_id, trace_state: Cow::default(), attributes, dropped_attributes_count: 0, flags: 0 });
    Ok(())
}

fn event(log: Log) -> Event<'static> {
    let mut event = Event { time_ns: log.timestamp.saturating_mul(1000), ..Event::default() };
    let mut name = None;
    for (key, value) in log.fields.into_iter().map(attribute) {
        match (key.as_ref(), &value) {
            (EVENT, Value::String(text)) if name.is_none() => name = Some(text.clone()),
            (keys::EVENT_DROPPED_ATTRIBUTES, _) => {
                let rest = keys::take_count(&mut event.dropped_attributes_count, value);
                event.attributes.extend(rest.map(|value| (key, value)));
            }
            _ => event.attributes.push((key, value)),
        }
    }
    event.name = name.unwrap_or(LOG.into());
    event
}

/// A tag by its type; by that of its value when it says none, or one that the value is not of.
fn attribute(KeyValue { key, kind, value }: KeyValue) -> (Cow<'static, str>, Value<'static>) {
    let text = value.as_str();
    let typed = match kind.as_str() {
        "bool" => text.and_then(|text| text.parse().ok()).map(Value::Bool),
        "int64" => text.and_then(|text| text.parse().ok()).map(Value::Int),
        "float64" => value.as_f64().or_else(|| text?.parse().ok()).map(Value::Double),
        "binary" => text.and_then(|text| BASE64_STANDARD.decode(text).ok()).map(Value::Bytes),
        _ => None,
    };
    (key.into(), typed.unwrap_or_else(|| of_json(value)))
}
