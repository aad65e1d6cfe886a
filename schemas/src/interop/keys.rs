//! The attribute keys under which other systems keep what has a field in OTLP, and how they become fields again.

use super::{
    model::{Scope, Span, StatusCode},
    text::value_text,
};
use crate::otlp::attributes_json::{Attributes, Value};

pub(super) const SERVICE_NAME: &str = "service.name";
/// What the specification's default resource calls a service without a name.
pub(super) const UNKNOWN_SERVICE: &str = "unknown_service";

pub(super) const SPAN_KIND: &str = "span.kind";
pub(super) const STATUS_CODE: &str = "otel.status_code";
pub(super) const STATUS_DESCRIPTION: &str = "otel.status_description";
pub(super) const ERROR: &str = "error";
pub(super) const TRACE_STATE: &str = "w3c.tracestate";

pub(super) const SCOPE_NAME: &str = "otel.scope.name";
pub(super) const SCOPE_VERSION: &str = "otel.scope.version";
/// Deprecated, and still to be written beside the others.
pub(super) const LIBRARY_NAME: &str = "otel.library.name";
pub(super) const LIBRARY_VERSION: &str = "otel.library.version";

pub(super) const DROPPED_ATTRIBUTES: &str = "otel.dropped_attributes_count";
pub(super) const DROPPED_EVENTS: &str = "otel.dropped_events_count";
pub(super) const DROPPED_LINKS: &str = "otel.dropped_links_count";
pub(super) const EVENT_DROPPED_ATTRIBUTES: &str = "otel.event.dropped_attributes_count";

/// The scope and counts of a span as attributes.
pub(super) fn fields_as_attributes(scope: &Scope<'_>, span: &Span<'_>) -> Attributes<'static> {
    let mut attributes = Attributes::new();
    for (keys, text) in [([SCOPE_NAME, LIBRARY_NAME], &scope.name), ([SCOPE_VERSION, LIBRARY_VERSION], &scope.version)] {
        if !text.is_empty() {
            attributes.extend(keys.map(|key| (key.into(), Value::String(text.clone().into_owned().into()))));
        }
    }
    let counts = [
        (DROPPED_ATTRIBUTES, span.dropped_attributes_count),
        (DROPPED_EVENTS, span.dropped_events_count),
        (DROPPED_LINKS, span.dropped_links_count),
    ];
    attributes.extend(counts.into_iter().filter(|(_, count)| *count > 0).map(|(key, count)| (key.into(), Value::Int(count.into()))));
    attributes
}

/// Takes an attribute into the field that it stands for; gives it back when it is one of the span's own.
pub(super) fn take_field(key: &str, value: Value<'static>, scope: &mut Scope<'static>, span: &mut Span<'static>) -> Option<Value<'static>> {
    match key {
        SCOPE_NAME | LIBRARY_NAME => scope.name = owned_text(&value),
        SCOPE_VERSION | LIBRARY_VERSION => scope.version = owned_text(&value),
        STATUS_DESCRIPTION => span.status.message = owned_text(&value),
        STATUS_CODE => match StatusCode::of_name(&value_text(&value)) {
            Some(code) => span.status.code = code,
            None => return Some(value),
        },
        DROPPED_ATTRIBUTES => return take_count(&mut span.dropped_attributes_count, value),
        DROPPED_EVENTS => return take_count(&mut span.dropped_events_count, value),
        DROPPED_LINKS => return take_count(&mut span.dropped_links_count, value),
        _ => return Some(value),
    }
    None
}

pub(super) fn take_count(count: &mut u32, value: Value<'static>) -> Option<Value<'static>> {
    match value_text(&value).parse() {
        Ok(number) => {
            *count = number;
            None
        }
        Err(_) => Some(value),
    }
}

fn owned_text(value: &Value<'_>) -> std::borrow::Cow<'static, str> {
    value_text(value).into_owned().into()
}

/// The name of the service, and the other attributes of its resource.
pub(super) fn service<'a>(resource: &'a Attributes<'_>) -> (std::borrow::Cow<'a, str>, impl Iterator<Item = (&'a str, &'a Value<'a>)>) {
    let named = resource.iter().find(|(key, _)| key == SERVICE_NAME).map(|(_, value)| value_text(value));
    let name = named.filter(|name| !name.is_empty()).unwrap_or(UNKNOWN_SERVICE.into());
    (name, resource.iter().filter(|(key, _)| key != SERVICE_NAME).map(|(key, value)| (key.as_ref(), value)))
}
