//! Jaeger's JSON to plain values.

use std::{borrow::Cow, collections::BTreeMap};

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{
    CHILD_OF, FORMAT,
    document::{Answer, KeyValue, Process, Reference, Span as JaegerSpan, Trace},
    interpret::{SAMPLED, add_reference, event, set_tags},
};
use crate::{
    interop::{
        groups::Groups,
        ids::{parent_id, span_id, trace_id},
        keys,
        model::{Foreign, ForeignError, Scope, Span, SpanKind},
        text::of_json,
    },
    otlp::{
        Rejected,
        attributes_json::{Attributes, Value},
    },
};

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
    let scope = set_tags(&mut span, jaeger.tags.into_iter().map(attribute));
    span.events = jaeger.logs.into_iter().map(|log| event(log.timestamp, log.fields.into_iter().map(attribute))).collect();
    Ok((scope, span))
}

fn read_reference(span: &mut Span<'static>, reference: &Reference) -> Result<(), &'static str> {
    let to = (trace_id(&reference.trace_id)?, span_id(&reference.span_id)?);
    add_reference(span, reference.ref_type == CHILD_OF, to);
    Ok(())
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
