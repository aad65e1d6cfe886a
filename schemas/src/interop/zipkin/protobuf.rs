//! Zipkin's protobuf (`zipkin.proto3.ListOfSpans`) to plain values: the same fields as in JSON, with ids and addresses as bytes.

#![deny(clippy::indexing_slicing)]

use core::net::{Ipv4Addr, Ipv6Addr};
use std::collections::BTreeMap;

use super::{
    FORMAT,
    document::{Annotation, Endpoint, Span as ZipkinSpan},
    read::read_lists,
};
use crate::{
    SpanId, TraceId,
    interop::{
        model::{Foreign, ForeignError},
        read::{for_each, text},
    },
    otlp::{
        Rejected, reject,
        wire::{Value as Wire, WireError},
    },
};

/// The spans of a `ListOfSpans`.
///
/// # Errors
/// When `document` is no such message. A span whose ids cannot be read is rejected alone.
pub fn read_protobuf(document: &[u8]) -> Result<Foreign, ForeignError> {
    let (mut spans, mut rejected) = (Vec::new(), Rejected::default());
    for_each(document, |field| {
        if let (1, Wire::Bytes(message)) = field {
            match read_span(message)? {
                Ok(span) => spans.push(span),
                Err(reason) => rejected.add(reason),
            }
        }
        Ok(())
    })
    .map_err(|WireError { what, .. }| ForeignError::Protobuf { format: FORMAT, what })?;
    Ok(read_lists(vec![spans], rejected))
}

/// The inner error says why the span alone is refused. That is found before anything is allocated for it.
fn read_span(message: &[u8]) -> Result<Result<ZipkinSpan, &'static str>, WireError> {
    let (mut trace_id, mut id) = (&[][..], &[][..]);
    for_each(message, |field| {
        match field {
            (1, Wire::Bytes(bytes)) => trace_id = bytes,
            (3, Wire::Bytes(bytes)) => id = bytes,
            _ => {}
        }
        Ok(())
    })?;
    if ![8, TraceId::LEN].contains(&trace_id.len()) {
        return Ok(Err(reject::TRACE_ID_LENGTH));
    }
    if id.len() != SpanId::LEN {
        return Ok(Err(reject::SPAN_ID_LENGTH));
    }
    let mut span = ZipkinSpan { trace_id: hex(trace_id), id: hex(id), ..ZipkinSpan::default() };
    let (mut annotations, mut tags) = (Vec::new(), BTreeMap::new());
    for_each(message, |field| {
        match field {
            (2, Wire::Bytes(bytes)) if !bytes.is_empty() => span.parent_id = Some(hex(bytes)),
            (4, Wire::Varint(kind)) => span.kind = kind_name(kind).map(str::to_owned),
            (5, Wire::Bytes(name)) => span.name = Some(text(name).into_owned()),
            (6, Wire::Fixed64(time)) => span.timestamp = Some(time).filter(|time| *time > 0),
            (7, Wire::Varint(duration)) => span.duration = Some(duration),
            (8, Wire::Bytes(endpoint)) => span.local_endpoint = Some(read_endpoint(endpoint)?),
            (9, Wire::Bytes(endpoint)) => span.remote_endpoint = Some(read_endpoint(endpoint)?),
            (10, Wire::Bytes(annotation)) => annotations.push(read_annotation(annotation)?),
            (11, Wire::Bytes(tag)) => tags.extend([read_tag(tag)?]),
            (13, Wire::Varint(shared)) => span.shared = Some(shared != 0),
            _ => {}
        }
        Ok(())
    })?;
    (span.annotations, span.tags) = (Some(annotations), Some(tags));
    Ok(Ok(span))
}

fn kind_name(kind: u64) -> Option<&'static str> {
    match kind {
        1 => Some("CLIENT"),
        2 => Some("SERVER"),
        3 => Some("PRODUCER"),
        4 => Some("CONSUMER"),
        _ => None,
    }
}

fn read_endpoint(message: &[u8]) -> Result<Endpoint, WireError> {
    let mut endpoint = Endpoint::default();
    for_each(message, |field| {
        match field {
            (1, Wire::Bytes(name)) => endpoint.service_name = Some(text(name).into_owned()),
            (2, Wire::Bytes(address)) => endpoint.ipv4 = <[u8; 4]>::try_from(address).ok().map(|bytes| Ipv4Addr::from(bytes).to_string()),
            (3, Wire::Bytes(address)) => endpoint.ipv6 = <[u8; 16]>::try_from(address).ok().map(|bytes| Ipv6Addr::from(bytes).to_string()),
            (4, Wire::Varint(port)) => endpoint.port = u16::try_from(port).ok(),
            _ => {}
        }
        Ok(())
    })?;
    Ok(endpoint)
}

fn read_annotation(message: &[u8]) -> Result<Annotation, WireError> {
    let mut annotation = Annotation { timestamp: 0, value: String::new() };
    for_each(message, |field| {
        match field {
            (1, Wire::Fixed64(time)) => annotation.timestamp = time,
            (2, Wire::Bytes(value)) => annotation.value = text(value).into_owned(),
            _ => {}
        }
        Ok(())
    })?;
    Ok(annotation)
}

fn read_tag(message: &[u8]) -> Result<(String, String), WireError> {
    let (mut key, mut value) = (String::new(), String::new());
    for_each(message, |field| {
        match field {
            (1, Wire::Bytes(bytes)) => key = text(bytes).into_owned(),
            (2, Wire::Bytes(bytes)) => value = text(bytes).into_owned(),
            _ => {}
        }
        Ok(())
    })?;
    Ok((key, value))
}

fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
