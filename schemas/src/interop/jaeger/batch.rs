//! Jaeger's thrift, as its clients sent it to a collector over HTTP, to OTLP: a `Batch` in the binary protocol.
//!
//! ```text
//! Batch   1 process  2 spans
//! Process 1 serviceName  2 tags
//! Span    1 traceIdLow  2 traceIdHigh  3 spanId  4 parentSpanId  5 operationName  6 references  7 flags  8 startTime  9 duration  10 tags  11 logs
//! SpanRef 1 refType  2 traceIdLow  3 traceIdHigh  4 spanId
//! Log     1 timestamp  2 fields
//! Tag     1 key  2 vType  3 vStr  4 vDouble  5 vBool  6 vLong  7 vBinary
//! ```
//!
//! Times are in µs. What the message requires of a tag, log or reference must be there: so that the shortest of each takes some bytes.

#![deny(clippy::indexing_slicing)]

use std::borrow::Cow;

use super::{
    FORMAT,
    interpret::{SAMPLED, add_reference, event, set_tags},
};
use crate::{
    SpanId, TraceId,
    interop::{
        groups::Groups,
        keys,
        model::{Event, ForeignError, Scope, Span, SpanGroup, SpanKind},
        read::text,
        thrift::{Kind, Reader, ThriftError},
    },
    otlp::{
        Rejected,
        attributes_json::{Attributes, Value},
        reject,
    },
};

/// Spans of one process.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub process: Attributes<'static>,
    /// By scope; their resource is `process`, and not said again.
    pub groups: Vec<SpanGroup<'static>>,
    pub rejected: Rejected,
}

type Tags = Vec<(Cow<'static, str>, Value<'static>)>;

/// A span that cannot be stored stops no other.
type Alone<T> = Result<T, &'static str>;

impl Batch {
    /// # Errors
    /// When `document` is no such message.
    pub fn read(document: &[u8]) -> Result<Self, ForeignError> {
        read_batch(&mut Reader::new(document)).map_err(|ThriftError { offset, what }| ForeignError::Thrift { format: FORMAT, offset, what })
    }
}

fn read_batch(reader: &mut Reader<'_>) -> Result<Batch, ThriftError> {
    let (mut process, mut groups, mut rejected) = (Attributes::new(), Groups::default(), Rejected::default());
    while let Some(field) = reader.field()? {
        match field {
            (1, Kind::Struct) => process = read_process(reader)?,
            (2, Kind::List) => reader.structs(|reader| {
                match read_span(reader)? {
                    Ok((scope, span)) => groups.push("", Attributes::new, scope, span),
                    Err(reason) => rejected.add(reason),
                }
                Ok::<_, ThriftError>(())
            })?,
            (_, kind) => reader.skip(kind)?,
        }
    }
    reader.end()?;
    Ok(Batch { process, groups: groups.into_groups(), rejected })
}

fn read_process(reader: &mut Reader<'_>) -> Result<Attributes<'static>, ThriftError> {
    let (mut service, mut tags) = (String::new(), Tags::new());
    while let Some(field) = reader.field()? {
        match field {
            (1, Kind::Binary) => service = owned(reader.binary()?),
            (2, Kind::List) => tags = read_tags(reader)?,
            (_, kind) => reader.skip(kind)?,
        }
    }
    let name = (!service.is_empty()).then(|| (keys::SERVICE_NAME.into(), Value::String(service.into())));
    Ok(name.into_iter().chain(tags).collect())
}

fn read_span(reader: &mut Reader<'_>) -> Result<Alone<(Scope<'static>, Span<'static>)>, ThriftError> {
    let (mut trace, mut id, mut parent) = ([0; 2], 0, 0);
    let (mut name, mut flags, mut start_us, mut duration_us) = (String::new(), 0, 0, 0);
    let (mut references, mut tags, mut events) = (Vec::new(), Tags::new(), Vec::new());
    while let Some(field) = reader.field()? {
        match field {
            (1, Kind::I64) => trace[1] = reader.i64()?,
            (2, Kind::I64) => trace[0] = reader.i64()?,
            (3, Kind::I64) => id = reader.i64()?,
            (4, Kind::I64) => parent = reader.i64()?,
            (5, Kind::Binary) => name = owned(reader.binary()?),
            (6, Kind::List) => reader.structs(|reader| read_reference(reader).map(|reference| references.push(reference)))?,
            (7, Kind::I32) => flags = reader.i32()?.cast_unsigned(),
            (8, Kind::I64) => start_us = microseconds(reader.i64()?),
            (9, Kind::I64) => duration_us = microseconds(reader.i64()?),
            (10, Kind::List) => tags = read_tags(reader)?,
            (11, Kind::List) => reader.structs(|reader| read_log(reader).map(|event| events.push(event)))?,
            (_, kind) => reader.skip(kind)?,
        }
    }
    let (trace_id, span_id) = match ids(trace, id) {
        Ok(ids) => ids,
        Err(reason) => return Ok(Err(reason)),
    };
    let mut span = Span::new(trace_id, span_id);
    // 0 stands for none.
    span.parent_span_id = SpanId::from_slice(&parent.to_be_bytes());
    span.name = name.into();
    span.flags = flags & SAMPLED;
    span.kind = SpanKind::Internal;
    span.start_ns = start_us.saturating_mul(1000);
    span.end_ns = span.start_ns.saturating_add(duration_us.saturating_mul(1000));
    for Reference { is_child, trace, id } in references {
        match ids(trace, id) {
            Ok(to) => add_reference(&mut span, is_child, to),
            Err(reason) => return Ok(Err(reason)),
        }
    }
    let scope = set_tags(&mut span, tags.into_iter());
    span.events = events;
    Ok(Ok((scope, span)))
}

struct Reference {
    is_child: bool,
    trace: [i64; 2],
    id: i64,
}

fn read_reference(reader: &mut Reader<'_>) -> Result<Reference, ThriftError> {
    let (mut kind, mut trace, mut id) = (None, [0; 2], None);
    while let Some(field) = reader.field()? {
        match field {
            (1, Kind::I32) => kind = Some(reader.i32()?),
            (2, Kind::I64) => trace[1] = reader.i64()?,
            (3, Kind::I64) => trace[0] = reader.i64()?,
            (4, Kind::I64) => id = Some(reader.i64()?),
            (_, kind) => reader.skip(kind)?,
        }
    }
    let (Some(kind), Some(id)) = (kind, id) else { return Err(reader.error("a reference says no type or no span")) };
    Ok(Reference { is_child: kind == 0, trace, id })
}

fn read_log(reader: &mut Reader<'_>) -> Result<Event<'static>, ThriftError> {
    let (mut time, mut fields) = (None, None);
    while let Some(field) = reader.field()? {
        match field {
            (1, Kind::I64) => time = Some(microseconds(reader.i64()?)),
            (2, Kind::List) => fields = Some(read_tags(reader)?),
            (_, kind) => reader.skip(kind)?,
        }
    }
    let (Some(time), Some(fields)) = (time, fields) else { return Err(reader.error("a log has no time or no fields")) };
    Ok(event(time, fields.into_iter()))
}

fn read_tags(reader: &mut Reader<'_>) -> Result<Tags, ThriftError> {
    let mut tags = Tags::new();
    reader.structs(|reader| read_tag(reader).map(|tag| tags.push(tag)))?;
    Ok(tags)
}

fn read_tag(reader: &mut Reader<'_>) -> Result<(Cow<'static, str>, Value<'static>), ThriftError> {
    let (mut key, mut kind, mut values) = (None, None, Values::default());
    while let Some(field) = reader.field()? {
        match field {
            (1, Kind::Binary) => key = Some(owned(reader.binary()?)),
            (2, Kind::I32) => kind = Some(reader.i32()?),
            (3, Kind::Binary) => values.text = reader.binary()?,
            (4, Kind::Double) => values.double = reader.double()?,
            (5, Kind::Bool) => values.bool = reader.bool()?,
            (6, Kind::I64) => values.long = reader.i64()?,
            (7, Kind::Binary) => values.bytes = reader.binary()?,
            (_, kind) => reader.skip(kind)?,
        }
    }
    let (Some(key), Some(kind)) = (key, kind) else { return Err(reader.error("a tag has no key or no type")) };
    let value = match kind {
        0 => Value::String(owned(values.text).into()),
        1 => Value::Double(values.double),
        2 => Value::Bool(values.bool),
        3 => Value::Int(values.long),
        4 => Value::Bytes(values.bytes.to_vec()),
        _ => return Err(reader.error("a tag is of an unknown type")),
    };
    Ok((key.into(), value))
}

/// Of which a tag's type says which counts; one that is not there is empty, as for Jaeger.
#[derive(Default)]
struct Values<'a> {
    text: &'a [u8],
    double: f64,
    bool: bool,
    long: i64,
    bytes: &'a [u8],
}

fn ids([high, low]: [i64; 2], id: i64) -> Alone<(TraceId, SpanId)> {
    let trace = TraceId::from_slice(&[high.to_be_bytes(), low.to_be_bytes()].concat()).ok_or(reject::TRACE_ID_ZERO)?;
    Ok((trace, SpanId::from_slice(&id.to_be_bytes()).ok_or(reject::SPAN_ID_ZERO)?))
}

/// A time before 1970 or a negative duration is none.
fn microseconds(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn owned(bytes: &[u8]) -> String {
    text(bytes).into_owned()
}
