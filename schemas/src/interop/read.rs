//! OTLP protobuf to plain values.

#![deny(clippy::indexing_slicing)]

use std::borrow::Cow;

use super::model::{Event, Link, Scope, Span, SpanGroup, SpanKind, Status, StatusCode};
use crate::{
    Signal, SpanId, TraceId,
    otlp::{
        DecodeError, DecodeLimits,
        any_value::{AnyValue, read_key_value},
        attributes_json::{Attributes, Value},
        scan::scan,
        text::utf8,
        wire::{Reader, Value as Wire, WireError},
    },
};

/// The spans of a traces request or a `TracesData`. Spans without a valid id are left out: no other system could name them.
///
/// # Errors
/// When `body` is no such message, or nests values too deep.
pub fn read_spans(body: &[u8]) -> Result<Vec<SpanGroup<'_>>, DecodeError> {
    scan(Signal::Traces, body, &DecodeLimits::NONE)?;
    let mut groups = Vec::new();
    for_each(body, |field| match field {
        (1, Wire::Bytes(message)) => read_resource_spans(&mut groups, message),
        _ => Ok(()),
    })?;
    Ok(groups)
}

fn read_resource_spans<'a>(groups: &mut Vec<SpanGroup<'a>>, message: &'a [u8]) -> Result<(), WireError> {
    let mut resource = Attributes::new();
    for_each(message, |field| match field {
        (1, Wire::Bytes(message)) => read_attributes(&mut resource, 1, message),
        _ => Ok(()),
    })?;
    for_each(message, |field| match field {
        (2, Wire::Bytes(message)) => {
            let mut group = SpanGroup { resource: resource.clone(), ..SpanGroup::default() };
            read_scope_spans(&mut group, message)?;
            groups.push(group);
            Ok(())
        }
        _ => Ok(()),
    })
}

fn read_scope_spans<'a>(group: &mut SpanGroup<'a>, message: &'a [u8]) -> Result<(), WireError> {
    for_each(message, |field| match field {
        (1, Wire::Bytes(message)) => read_scope(&mut group.scope, message),
        (2, Wire::Bytes(message)) => {
            group.spans.extend(read_span(message)?);
            Ok(())
        }
        _ => Ok(()),
    })
}

fn read_scope<'a>(scope: &mut Scope<'a>, message: &'a [u8]) -> Result<(), WireError> {
    for_each(message, |field| {
        match field {
            (1, Wire::Bytes(name)) => scope.name = text(name),
            (2, Wire::Bytes(version)) => scope.version = text(version),
            (3, Wire::Bytes(attribute)) => scope.attributes.push(read_attribute(attribute)?),
            _ => {}
        }
        Ok(())
    })
}

fn read_span(message: &[u8]) -> Result<Option<Span<'_>>, WireError> {
    let (mut trace_id, mut span_id) = (None, None);
    for_each(message, |field| {
        match field {
            (1, Wire::Bytes(id)) => trace_id = TraceId::from_slice(id),
            (2, Wire::Bytes(id)) => span_id = SpanId::from_slice(id),
            _ => {}
        }
        Ok(())
    })?;
    let (Some(trace_id), Some(span_id)) = (trace_id, span_id) else { return Ok(None) };
    let mut span = Span::new(trace_id, span_id);
    for_each(message, |field| {
        match field {
            (3, Wire::Bytes(state)) => span.trace_state = text(state),
            (4, Wire::Bytes(id)) => span.parent_span_id = SpanId::from_slice(id),
            (5, Wire::Bytes(name)) => span.name = text(name),
            (6, Wire::Varint(kind)) => span.kind = SpanKind::of_number(kind),
            (7, Wire::Fixed64(time)) => span.start_ns = time,
            (8, Wire::Fixed64(time)) => span.end_ns = time,
            (9, Wire::Bytes(attribute)) => span.attributes.push(read_attribute(attribute)?),
            (10, Wire::Varint(count)) => span.dropped_attributes_count = count as u32,
            (11, Wire::Bytes(event)) => span.events.push(read_event(event)?),
            (12, Wire::Varint(count)) => span.dropped_events_count = count as u32,
            (13, Wire::Bytes(link)) => span.links.extend(read_link(link)?),
            (14, Wire::Varint(count)) => span.dropped_links_count = count as u32,
            (15, Wire::Bytes(status)) => read_status(&mut span.status, status)?,
            (16, Wire::Fixed32(flags)) => span.flags = flags,
            _ => {}
        }
        Ok(())
    })?;
    Ok(Some(span))
}

fn read_event(message: &[u8]) -> Result<Event<'_>, WireError> {
    let mut event = Event::default();
    for_each(message, |field| {
        match field {
            (1, Wire::Fixed64(time)) => event.time_ns = time,
            (2, Wire::Bytes(name)) => event.name = text(name),
            (3, Wire::Bytes(attribute)) => event.attributes.push(read_attribute(attribute)?),
            (4, Wire::Varint(count)) => event.dropped_attributes_count = count as u32,
            _ => {}
        }
        Ok(())
    })?;
    Ok(event)
}

/// `None` when it leads nowhere.
fn read_link(message: &[u8]) -> Result<Option<Link<'_>>, WireError> {
    let (mut trace_id, mut span_id) = (None, None);
    let (mut trace_state, mut attributes, mut dropped_attributes_count, mut flags) = (Cow::default(), Attributes::new(), 0, 0);
    for_each(message, |field| {
        match field {
            (1, Wire::Bytes(id)) => trace_id = TraceId::from_slice(id),
            (2, Wire::Bytes(id)) => span_id = SpanId::from_slice(id),
            (3, Wire::Bytes(state)) => trace_state = text(state),
            (4, Wire::Bytes(attribute)) => attributes.push(read_attribute(attribute)?),
            (5, Wire::Varint(count)) => dropped_attributes_count = count as u32,
            (6, Wire::Fixed32(value)) => flags = value,
            _ => {}
        }
        Ok(())
    })?;
    let ids = trace_id.zip(span_id);
    Ok(ids.map(|(trace_id, span_id)| Link { trace_id, span_id, trace_state, attributes, dropped_attributes_count, flags }))
}

fn read_status<'a>(status: &mut Status<'a>, message: &'a [u8]) -> Result<(), WireError> {
    for_each(message, |field| {
        match field {
            (2, Wire::Bytes(message)) => status.message = text(message),
            (3, Wire::Varint(code)) => status.code = StatusCode::of_number(code),
            _ => {}
        }
        Ok(())
    })
}

/// Appends the KeyValues in field `number` of `message`.
fn read_attributes<'a>(attributes: &mut Attributes<'a>, number: u32, message: &'a [u8]) -> Result<(), WireError> {
    for_each(message, |field| match field {
        (found, Wire::Bytes(attribute)) if found == number => {
            attributes.push(read_attribute(attribute)?);
            Ok(())
        }
        _ => Ok(()),
    })
}

fn read_attribute(message: &[u8]) -> Result<(Cow<'_, str>, Value<'_>), WireError> {
    let (key, value) = read_key_value(message)?;
    Ok((text(key), read_value(value)?))
}

/// The recursion is as deep as the scan has let pass.
fn read_value(any: AnyValue<'_>) -> Result<Value<'_>, WireError> {
    Ok(match any {
        AnyValue::Empty => Value::Empty,
        AnyValue::Text(bytes) => Value::String(text(bytes)),
        AnyValue::Bool(value) => Value::Bool(value),
        AnyValue::Int(value) => Value::Int(value),
        AnyValue::Double(value) => Value::Double(value),
        AnyValue::Bytes(bytes) => Value::Bytes(bytes.to_vec()),
        AnyValue::Array(message) => {
            let mut values = Vec::new();
            for_each(message, |field| {
                if let (1, Wire::Bytes(item)) = field {
                    values.push(read_value(AnyValue::read(item)?)?);
                }
                Ok(())
            })?;
            Value::Array(values)
        }
        AnyValue::Map(message) => {
            let mut attributes = Attributes::new();
            read_attributes(&mut attributes, 1, message)?;
            Value::Map(attributes)
        }
    })
}

/// Visits the fields of a message in their order.
pub(super) fn for_each<'a>(message: &'a [u8], mut visit: impl FnMut((u32, Wire<'a>)) -> Result<(), WireError>) -> Result<(), WireError> {
    let mut reader = Reader::new(message);
    while let Some(field) = reader.field()? {
        visit(field)?;
    }
    Ok(())
}

pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    utf8(bytes, &mut 0)
}
