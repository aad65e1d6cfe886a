//! What a request will cost, found by one walk over its bytes that allocates nothing.
//!
//! Also the one place that checks the shape of a request: every field that OTLP knows has the wire type it must have, and
//! lengths are within bounds. The walkers that make rows read bytes that passed here.

#![deny(clippy::indexing_slicing)]

use super::{
    DecodeError, DecodeLimits,
    json::descriptor::{Kind, Message},
    text::growing_bytes,
    wire::{Reader, Value, WireError},
};
use crate::Signal;

/// AnyValue nesting that is never exceeded, whatever the limits say: it bounds the stack.
pub const DEPTH_MAX: u32 = 32;

/// A longer body could overflow the 32-bit offsets of a text column, as could more elements, whatever the limits say.
pub const BODY_BYTES_MAX: u64 = 100 << 20;
pub const ELEMENTS_MAX: u64 = 16 << 20;
/// A byte is at most six in JSON, and the two bytes of an empty EntityRef, which is the extreme, are 60.
const _: () = assert!(BODY_BYTES_MAX * 6 + ELEMENTS_MAX * 60 < i32::MAX as u64);

// What a request costs in memory while it is decoded: columns and their slack, JSON before it is copied to its column, lists of messages.
// Measured with requests that consist of one thing only; `tests/it/cost.rs` holds them to it.
const REQUEST_BYTES: u64 = 8 << 10;
const RECORD_BYTES: u64 = 320;
const LINK_OR_EXEMPLAR_BYTES: u64 = 96;
const ENTITY_REF_BYTES: u64 = 128;
const MESSAGE_BYTES: u64 = 64;
/// Of a repeated number or string.
const SCALAR_BYTES: u64 = 24;
/// Everything on the wire is copied to JSON and to a column.
const COPIES: u64 = 2;
/// What a byte to escape or to repair takes beside itself: it is six bytes in JSON, in a buffer that grew by doubling.
const GROWTH_BYTES: u64 = 6;

const WRONG_WIRE_TYPE: &str = "a field has another wire type than its number says";

/// The size of a request as its protobuf bytes tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scan {
    /// Spans, log records or data points, those included that will be rejected.
    pub records: u64,
    /// Everything repeated: groups, records, events, links, exemplars, attributes, array items, packed numbers.
    pub elements: u64,
    /// Memory that decoding takes and the batches keep, roughly and rather too much.
    pub decoded_bytes_estimate: u64,
    pub(crate) ignored_strindex: u64,
    /// A message that may come once came in several pieces, which protobuf merges.
    pub(crate) split_messages: bool,
}

/// Checks `body` against `limits`.
///
/// # Errors
/// When the body is no OTLP request of `signal`, or above a limit.
pub(crate) fn scan(signal: Signal, body: &[u8], limits: &DecodeLimits) -> Result<Scan, DecodeError> {
    let bytes = body.len() as u64;
    if bytes > BODY_BYTES_MAX {
        return Err(DecodeError::Count { what: "bytes", actual: bytes, limit: BODY_BYTES_MAX });
    }
    let limits = DecodeLimits {
        records_max: limits.records_max,
        elements_max: limits.elements_max.min(ELEMENTS_MAX),
        depth_max: limits.depth_max.min(DEPTH_MAX),
    };
    let mut scanner = Scanner { signal, limits, scan: Scan::default(), elements_bytes: 0, growth_bytes: 0 };
    scanner.message(Message::of_request(signal), Reader::new(body), 0)?;
    Ok(Scan { decoded_bytes_estimate: scanner.estimate(bytes), ..scanner.scan })
}

struct Scanner {
    signal: Signal,
    limits: DecodeLimits,
    scan: Scan,
    /// What all that is repeated costs beside its bytes.
    elements_bytes: u64,
    /// What texts take beside their bytes: escapes, repairs, base64.
    growth_bytes: u64,
}

impl Scanner {
    /// `depth` counts the AnyValues around. The recursion ends with it: only AnyValue contains itself.
    fn message(&mut self, message: &'static Message, mut reader: Reader<'_>, depth: u32) -> Result<(), DecodeError> {
        let mut seen = 0u32;
        let mut position = 0;
        while let Some((number, value)) = reader.field()? {
            let Some(found) = message.position(number, position) else { continue };
            position = found;
            let Some(field) = message.fields.get(position) else { continue };
            match (field.kind, value) {
                (Kind::Message(inner), Value::Bytes(bytes)) => {
                    if field.repeated {
                        self.count_elements(1, bytes_of(inner))?;
                        self.scan.records += u64::from(inner.is_record());
                        self.check_records()?;
                    } else if seen & 1 << position != 0 {
                        self.count_elements(1, MESSAGE_BYTES)?;
                        self.scan.split_messages = true;
                    }
                    seen |= 1 << position;
                    let depth = depth + u32::from(inner.is_any_value());
                    if depth > self.limits.depth_max {
                        return Err(DecodeError::Depth { what: "attribute values", limit: self.limits.depth_max });
                    }
                    self.message(inner, reader.nested(bytes), depth)?;
                }
                (kind, value) => {
                    if field.repeated {
                        self.count_elements(numbers(kind, value, &reader)?, SCALAR_BYTES)?;
                    } else if !is_one(kind, value) {
                        return Err(reader.error(WRONG_WIRE_TYPE).into());
                    }
                    match (kind, value) {
                        (Kind::String, Value::Bytes(text)) => self.growth_bytes += GROWTH_BYTES * growing_bytes(text),
                        (Kind::Bytes, Value::Bytes(bytes)) => self.growth_bytes += bytes.len() as u64 / 3,
                        _ => {}
                    }
                    self.scan.ignored_strindex += u64::from(field.is_strindex());
                }
            }
        }
        Ok(())
    }

    fn estimate(&self, bytes: u64) -> u64 {
        let merged = if self.scan.split_messages { bytes } else { 0 };
        REQUEST_BYTES + self.elements_bytes + COPIES * (bytes + self.growth_bytes) + merged
    }

    fn count_elements(&mut self, more: u64, bytes_each: u64) -> Result<(), DecodeError> {
        self.scan.elements += more;
        self.elements_bytes += more * bytes_each;
        let limit = self.limits.elements_max;
        if self.scan.elements > limit {
            return Err(DecodeError::Count { what: "elements", actual: self.scan.elements, limit });
        }
        Ok(())
    }

    fn check_records(&self) -> Result<(), DecodeError> {
        let limit = self.limits.records_max;
        if self.scan.records <= limit {
            return Ok(());
        }
        let what = match self.signal {
            Signal::Traces => "spans",
            Signal::Logs => "log records",
            Signal::Metrics => "data points",
        };
        Err(DecodeError::Count { what, actual: self.scan.records, limit })
    }
}

fn bytes_of(message: &'static Message) -> u64 {
    if message.is_key_value() {
        MESSAGE_BYTES
    } else if message.is_record() {
        RECORD_BYTES
    } else if message.is_link_or_exemplar() {
        LINK_OR_EXEMPLAR_BYTES
    } else if message.is_entity_ref() {
        ENTITY_REF_BYTES
    } else {
        MESSAGE_BYTES
    }
}

/// How many values a repeated field that is no message holds: several when numbers are packed.
fn numbers(kind: Kind, value: Value<'_>, reader: &Reader<'_>) -> Result<u64, WireError> {
    match value {
        _ if is_one(kind, value) => Ok(1),
        Value::Bytes(packed) => packed_numbers(kind, reader.nested(packed)),
        _ => Err(reader.error(WRONG_WIRE_TYPE)),
    }
}

#[inline]
fn is_one(kind: Kind, value: Value<'_>) -> bool {
    match kind {
        Kind::String | Kind::Bytes | Kind::Id => matches!(value, Value::Bytes(_)),
        Kind::Bool | Kind::Int32 | Kind::Uint32 | Kind::Sint32 | Kind::Int64 | Kind::Uint64 | Kind::Enum(_) => {
            matches!(value, Value::Varint(_))
        }
        Kind::Fixed64 | Kind::Sfixed64 | Kind::Double => matches!(value, Value::Fixed64(_)),
        Kind::Fixed32 => matches!(value, Value::Fixed32(_)),
        Kind::Message(_) => false,
    }
}

fn packed_numbers(kind: Kind, mut reader: Reader<'_>) -> Result<u64, WireError> {
    let mut count = 0;
    match kind {
        Kind::Uint64 => {
            while !reader.rest().is_empty() {
                reader.varint()?;
                count += 1;
            }
            Ok(count)
        }
        Kind::Fixed64 | Kind::Double if reader.rest().len().is_multiple_of(8) => Ok(reader.rest().len() as u64 / 8),
        Kind::Fixed64 | Kind::Double => Err(reader.error("packed numbers end inside a number")),
        _ => Err(reader.error(WRONG_WIRE_TYPE)),
    }
}

#[cfg(test)]
mod tests;
