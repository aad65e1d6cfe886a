//! What Jaeger's tags, logs and references stand for, in whatever format they came.

use std::borrow::Cow;

use super::{EVENT, LOG, REF_TYPE};
use crate::{
    SpanId, TraceId,
    interop::{
        keys,
        model::{Event, Link, Scope, Span, SpanKind, StatusCode},
        text::value_text,
    },
    otlp::attributes_json::{Attributes, Value},
};

/// The lowest bit of Jaeger's flags, and of those of W3C.
pub(super) const SAMPLED: u32 = 1;

type Attribute = (Cow<'static, str>, Value<'static>);

/// Gives the span its tags, some of which are fields or its scope's.
pub(super) fn set_tags(span: &mut Span<'static>, tags: impl Iterator<Item = Attribute>) -> Scope<'static> {
    let (mut scope, mut failed) = (Scope::default(), false);
    for (key, value) in tags {
        if key == keys::ERROR && value_text(&value) == "true" {
            failed = true;
        } else if let Some(value) = take_tag(&key, value, &mut scope, span) {
            span.attributes.push((key, value));
        }
    }
    if failed && span.status.code == StatusCode::Unset {
        span.status.code = StatusCode::Error;
    }
    scope
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
pub(super) fn add_reference(span: &mut Span<'static>, is_child: bool, (trace_id, span_id): (TraceId, SpanId)) {
    if is_child && trace_id == span.trace_id && span.parent_span_id.is_none_or(|parent| parent == span_id) {
        span.parent_span_id = Some(span_id);
        return;
    }
    let attributes = if is_child { vec![(REF_TYPE.into(), Value::String("child_of".into()))] } else { Attributes::new() };
    span.links.push(Link { trace_id, span_id, trace_state: Cow::default(), attributes, dropped_attributes_count: 0, flags: 0 });
}

/// A log, whose time is in µs.
pub(super) fn event(time_us: u64, fields: impl Iterator<Item = Attribute>) -> Event<'static> {
    let mut event = Event { time_ns: time_us.saturating_mul(1000), ..Event::default() };
    let mut name = None;
    for (key, value) in fields {
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
