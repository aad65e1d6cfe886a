//! Zipkin's JSON to plain values.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64;

use super::{
    FORMAT, annotation,
    document::{Endpoint, Span as ZipkinSpan},
    endpoint,
};
use crate::{
    SpanId, TraceId,
    interop::{
        groups::Groups,
        ids::{parent_id, span_id, trace_id},
        keys,
        model::{Foreign, ForeignError, Scope, Span, SpanKind, StatusCode},
    },
    otlp::{Rejected, attributes_json::Value},
};

/// The server's service of every shared span.
type SharedSpans = HashMap<(TraceId, SpanId), Option<String>>;

/// The spans of a list of spans, as clients send it, or of a list of traces, as the API answers it.
///
/// # Errors
/// When `document` is neither. A span whose ids cannot be read is rejected alone.
pub fn read(document: &[u8]) -> Result<Foreign, ForeignError> {
    let inside = document.trim_ascii_start().strip_prefix(b"[").map(<[u8]>::trim_ascii_start);
    let lists: Vec<Vec<ZipkinSpan>> = if inside.is_some_and(|inside| inside.starts_with(b"[")) {
        serde_json::from_slice(document)
    } else {
        serde_json::from_slice(document).map(|spans| vec![spans])
    }
    .map_err(|source| ForeignError::Json { format: FORMAT, source })?;
    Ok(read_lists(lists, Rejected::default()))
}

/// Adds to `rejected` what cannot be a span.
pub(super) fn read_lists(lists: Vec<Vec<ZipkinSpan>>, mut rejected: Rejected) -> Foreign {
    let shared = shared_spans(&lists);
    let mut groups = Groups::default();
    for zipkin in lists.into_iter().flatten() {
        let service = service(&zipkin).map(str::to_owned);
        match read_span(zipkin, service.as_deref(), &shared) {
            Ok((scope, span)) => {
                let resource = || service.iter().map(|name| (keys::SERVICE_NAME.into(), Value::String(name.clone().into()))).collect();
                groups.push(service.as_deref().unwrap_or_default(), resource, scope, span);
            }
            Err(reason) => rejected.add(reason),
        }
    }
    Foreign { groups: groups.into_groups(), rejected }
}

fn service(span: &ZipkinSpan) -> Option<&str> {
    span.local_endpoint.as_ref()?.service_name.as_deref().filter(|name| !name.is_empty())
}

fn shared_spans(lists: &[Vec<ZipkinSpan>]) -> SharedSpans {
    let shared = lists.iter().flatten().filter(|span| span.shared == Some(true));
    let found =
        shared.filter_map(|span| Some(((trace_id(&span.trace_id).ok()?, span_id(&span.id).ok()?), service(span).map(str::to_owned))));
    found.collect()
}

/// The id of the server's half of a shared span.
fn server_half(trace: TraceId, id: SpanId) -> SpanId {
    let both = [trace.as_bytes().as_slice(), id.as_bytes()].concat();
    SpanId(xxh3_64(&both).max(1).to_be_bytes())
}

fn read_span(zipkin: ZipkinSpan, service: Option<&str>, shared: &SharedSpans) -> Result<(Scope<'static>, Span<'static>), &'static str> {
    let (trace, id) = (trace_id(&zipkin.trace_id)?, span_id(&zipkin.id)?);
    let parent = zipkin.parent_id.as_deref().map(parent_id).transpose()?.flatten();
    let mut span = if zipkin.shared == Some(true) {
        Span { parent_span_id: Some(id), ..Span::new(trace, server_half(trace, id)) }
    } else {
        // What the server did under the shared id is below its half, what the client did below the client's.
        let of_server = parent.filter(|parent| shared.get(&(trace, *parent)).is_some_and(|server| server.as_deref() == service));
        Span { parent_span_id: of_server.map(|parent| server_half(trace, parent)).or(parent), ..Span::new(trace, id) }
    };
    span.name = zipkin.name.unwrap_or_default().into();
    span.kind = zipkin.kind.as_deref().and_then(SpanKind::of_foreign_name).unwrap_or(SpanKind::Internal);
    let annotations = zipkin.annotations.unwrap_or_default();
    let start = zipkin.timestamp.or_else(|| annotations.iter().map(|annotation| annotation.timestamp).min()).unwrap_or(0);
    span.start_ns = start.saturating_mul(1000);
    span.end_ns = span.start_ns.saturating_add(zipkin.duration.unwrap_or(0).saturating_mul(1000));
    span.events = annotations.into_iter().map(annotation::to_event).collect();
    let (mut scope, mut error) = (Scope::default(), None);
    for (key, text) in zipkin.tags.unwrap_or_default() {
        if key == keys::ERROR {
            error = Some(text);
        } else if let Some(value) = keys::take_field(&key, Value::String(text.into()), &mut scope, &mut span) {
            span.attributes.push((key.into(), value));
        }
    }
    set_error(&mut span, error);
    endpoint::add(&mut span, zipkin.local_endpoint.map(address_alone), zipkin.remote_endpoint);
    Ok((scope, span))
}

/// The name of the local side is the resource's.
fn address_alone(endpoint: Endpoint) -> Endpoint {
    Endpoint { service_name: None, ..endpoint }
}

/// In Zipkin a span with the tag failed, whatever it says; clients that write `false` did not mean that.
fn set_error(span: &mut Span<'static>, error: Option<String>) {
    let Some(text) = error.filter(|text| text != "false") else { return };
    if span.status.code != StatusCode::Ok {
        span.status.code = StatusCode::Error;
    }
    if span.status.message.is_empty() && text != "true" {
        span.status.message = text.into();
    }
}
