//! Plain values to OTLP protobuf.

use super::model::{Event, Link, Scope, Span, SpanGroup, Status};
use crate::otlp::{attributes_json::Attributes, encoder::Encoder, export::value::write_attribute};

/// A traces request with these spans.
pub fn write_spans(groups: &[SpanGroup<'_>]) -> Vec<u8> {
    let mut out = Encoder::default();
    groups.iter().for_each(|group| write_group(&mut out, group, &group.spans));
    out.into_bytes()
}

/// A traces request with the spans of `groups`, all of this resource; theirs do not count.
pub(super) fn write_spans_of(resource: &Attributes<'_>, groups: &[SpanGroup<'_>]) -> Vec<u8> {
    let mut out = Encoder::default();
    if !groups.is_empty() {
        let of_resource = out.open(1);
        write_resource(&mut out, resource);
        groups.iter().for_each(|group| write_scope_spans(&mut out, &group.scope, &group.spans));
        out.close(of_resource);
    }
    out.into_bytes()
}

/// The same spans as traces requests of at most `spans_max` spans each.
pub fn requests(groups: &[SpanGroup<'_>], spans_max: usize) -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    let (mut out, mut room) = (Encoder::default(), spans_max);
    for group in groups {
        let mut rest = group.spans.as_slice();
        while !rest.is_empty() {
            let (spans, after) = rest.split_at(rest.len().min(room));
            write_group(&mut out, group, spans);
            (rest, room) = (after, room - spans.len());
            if room == 0 {
                bodies.push(std::mem::take(&mut out).into_bytes());
                room = spans_max;
            }
        }
    }
    if room < spans_max {
        bodies.push(out.into_bytes());
    }
    bodies
}

fn write_group(out: &mut Encoder, group: &SpanGroup<'_>, spans: &[Span<'_>]) {
    let of_resource = out.open(1);
    write_resource(out, &group.resource);
    write_scope_spans(out, &group.scope, spans);
    out.close(of_resource);
}

fn write_resource(out: &mut Encoder, attributes: &Attributes<'_>) {
    let resource = out.open(1);
    attributes.iter().for_each(|(key, value)| write_attribute(out, 1, key, value));
    out.close(resource);
}

fn write_scope_spans(out: &mut Encoder, scope: &Scope<'_>, spans: &[Span<'_>]) {
    let of_scope = out.open(2);
    write_scope(out, scope);
    spans.iter().for_each(|span| write_span(out, span));
    out.close(of_scope);
}

fn write_scope(out: &mut Encoder, scope: &Scope<'_>) {
    let message = out.open(1);
    write_text(out, 1, &scope.name);
    write_text(out, 2, &scope.version);
    scope.attributes.iter().for_each(|(key, value)| write_attribute(out, 3, key, value));
    out.close_unless_empty(1, message);
}

fn write_span(out: &mut Encoder, span: &Span<'_>) {
    let message = out.open(2);
    out.bytes(1, span.trace_id.as_bytes());
    out.bytes(2, span.span_id.as_bytes());
    write_text(out, 3, &span.trace_state);
    out.optional_bytes(4, span.parent_span_id.as_ref().map(|id| id.as_bytes().as_slice()));
    write_text(out, 5, &span.name);
    out.non_zero_int32(6, span.kind as i32);
    out.fixed64(7, span.start_ns);
    out.fixed64(8, span.end_ns);
    span.attributes.iter().for_each(|(key, value)| write_attribute(out, 9, key, value));
    write_count(out, 10, span.dropped_attributes_count);
    span.events.iter().for_each(|event| write_event(out, event));
    write_count(out, 12, span.dropped_events_count);
    span.links.iter().for_each(|link| write_link(out, link));
    write_count(out, 14, span.dropped_links_count);
    write_status(out, &span.status);
    out.non_zero_fixed32(16, span.flags);
    out.close(message);
}

fn write_event(out: &mut Encoder, event: &Event<'_>) {
    let message = out.open(11);
    out.fixed64(1, event.time_ns);
    write_text(out, 2, &event.name);
    event.attributes.iter().for_each(|(key, value)| write_attribute(out, 3, key, value));
    write_count(out, 4, event.dropped_attributes_count);
    out.close(message);
}

fn write_link(out: &mut Encoder, link: &Link<'_>) {
    let message = out.open(13);
    out.bytes(1, link.trace_id.as_bytes());
    out.bytes(2, link.span_id.as_bytes());
    write_text(out, 3, &link.trace_state);
    link.attributes.iter().for_each(|(key, value)| write_attribute(out, 4, key, value));
    write_count(out, 5, link.dropped_attributes_count);
    out.non_zero_fixed32(6, link.flags);
    out.close(message);
}

fn write_status(out: &mut Encoder, status: &Status<'_>) {
    let message = out.open(15);
    write_text(out, 2, &status.message);
    out.non_zero_int32(3, status.code as i32);
    out.close_unless_empty(15, message);
}

fn write_text(out: &mut Encoder, number: u32, text: &str) {
    out.optional_string(number, Some(text).filter(|text| !text.is_empty()));
}

fn write_count(out: &mut Encoder, number: u32, count: u32) {
    out.optional_uint32(number, Some(count).filter(|count| *count > 0));
}
