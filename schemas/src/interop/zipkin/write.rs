//! Plain values to Zipkin's JSON.

use std::collections::BTreeMap;

use super::{annotation, document::Span as ZipkinSpan, endpoint};
use crate::{
    interop::{
        keys,
        model::{Span, SpanGroup, StatusCode},
        text::value_text,
    },
    otlp::attributes_json::Value,
};

/// One span of `group`, as in the list that clients send.
pub fn span_json(group: &SpanGroup<'_>, span: &Span<'_>) -> String {
    let (service, _) = keys::service(&group.resource);
    let document = ZipkinSpan {
        trace_id: span.trace_id.to_string(),
        id: span.span_id.to_string(),
        parent_id: span.parent_span_id.map(|id| id.to_string()),
        name: Some(span.name.clone().into_owned()).filter(|name| !name.is_empty()),
        kind: span.kind.foreign_name().map(str::to_ascii_uppercase),
        timestamp: Some(span.start_ns / 1000).filter(|time| *time > 0),
        duration: Some(span.end_ns.saturating_sub(span.start_ns) / 1000),
        local_endpoint: Some(endpoint::local(service.into_owned(), span)),
        remote_endpoint: endpoint::remote(span),
        annotations: Some(span.events.iter().map(annotation::of_event).collect::<Vec<_>>()).filter(|events| !events.is_empty()),
        tags: Some(tags(group, span)).filter(|tags| !tags.is_empty()),
        shared: None,
    };
    serde_json::to_string(&document).expect("texts and numbers always serialize")
}

/// Where keys meet, the span says more than its scope, and that more than its resource.
fn tags(group: &SpanGroup<'_>, span: &Span<'_>) -> BTreeMap<String, String> {
    let (_, resource) = keys::service(&group.resource);
    let scope = group.scope.attributes.iter().map(|(key, value)| (key.as_ref(), value));
    // Zipkin takes any `error` for a failure, even this one.
    let no_error = |(key, value): &(&str, &Value<'_>)| *key == keys::ERROR && value_text(value) == "false";
    let own = span.attributes.iter().map(|(key, value)| (key.as_ref(), value)).filter(|attribute| !no_error(attribute));
    let texts = resource.chain(scope).chain(own).map(|(key, value)| (key.to_owned(), value_text(value).into_owned()));
    let mut tags: BTreeMap<String, String> = texts.collect();
    let fields = keys::fields_as_attributes(&group.scope, span);
    tags.extend(fields.iter().map(|(key, value)| (key.clone().into_owned(), value_text(value).into_owned())));
    tags.extend(span.status.code.name().map(|code| (keys::STATUS_CODE.to_owned(), code.to_owned())));
    if span.status.code == StatusCode::Error {
        tags.insert(keys::ERROR.to_owned(), span.status.message.clone().into_owned());
    }
    tags
}
