//! OTLP protobuf bytes to OTLP JSON text.
//!
//! A field is written when it is on the wire, in the order of the descriptor: ids as lowercase hex, 64-bit integers as strings,
//! enums as integers. Unknown fields and those of profiles are left out.

use std::borrow::Cow;

use base64::{Engine, prelude::BASE64_STANDARD};

use super::descriptor::{Field, Kind, Message};
use crate::{
    Signal,
    otlp::{
        DecodeError, DecodeLimits,
        merge::merge_split_messages,
        scan::scan,
        text::{utf8, write_json_string},
        wire::{Reader, Value, WireError},
    },
};

/// The JSON text of a protobuf request, or of a `TracesData`, `LogsData` or `MetricsData`.
///
/// # Errors
/// When `body` is no such message, or nests AnyValue too deep.
pub fn from_protobuf(signal: Signal, body: &[u8]) -> Result<String, DecodeError> {
    let message = Message::of_request(signal);
    let body = match scan(signal, body, &DecodeLimits::NONE)?.split_messages {
        true => Cow::Owned(merge_split_messages(message, body)?),
        false => Cow::Borrowed(body),
    };
    let mut json = String::with_capacity(body.len() * 2);
    write_message(&mut json, message, &body)?;
    Ok(json)
}

/// Writes an object. The recursion is as deep as the scan has let pass.
fn write_message(json: &mut String, message: &'static Message, bytes: &[u8]) -> Result<(), WireError> {
    let mut found = known_fields(message, bytes)?;
    if let Some(last) = found.iter().rev().map(|(_, field, _)| *field).find(|field| field.oneof) {
        found.retain(|(_, field, _)| !field.oneof || field.number == last.number);
    }
    found.sort_by_key(|(position, ..)| *position);

    json.push('{');
    for (index, of_field) in found.chunk_by(|a, b| a.0 == b.0).enumerate() {
        let [.., (_, field, last)] = of_field else { continue };
        if index > 0 {
            json.push(',');
        }
        write_json_string(json, field.json);
        json.push(':');
        if field.repeated {
            write_list(json, field, of_field.iter().map(|(_, _, value)| *value))?;
        } else {
            write_value(json, field.kind, *last)?;
        }
    }
    json.push('}');
    Ok(())
}

/// The fields of a message that OTLP knows, with their position in the descriptor, in the order on the wire.
fn known_fields<'a>(message: &'static Message, bytes: &'a [u8]) -> Result<Vec<(usize, &'static Field, Value<'a>)>, WireError> {
    let mut found = Vec::new();
    let mut reader = Reader::new(bytes);
    while let Some((number, value)) = reader.field()? {
        let position = message.fields.iter().position(|field| field.number == number && !field.is_strindex());
        if let Some((position, field)) = position.and_then(|position| Some((position, message.fields.get(position)?))) {
            found.push((position, field, value));
        }
    }
    Ok(found)
}

/// Writes an array; each value on the wire is an item, or many packed numbers.
fn write_list<'a>(json: &mut String, field: &Field, values: impl Iterator<Item = Value<'a>>) -> Result<(), WireError> {
    let mut separator = "";
    let mut write_item = |json: &mut String, value| {
        json.push_str(std::mem::replace(&mut separator, ","));
        write_value(json, field.kind, value)
    };
    json.push('[');
    for value in values {
        match (field.kind, value) {
            (Kind::Uint64, Value::Bytes(packed)) => {
                let mut numbers = Reader::new(packed);
                while !numbers.rest().is_empty() {
                    write_item(json, Value::Varint(numbers.varint()?))?;
                }
            }
            (Kind::Fixed64 | Kind::Double, Value::Bytes(packed)) => {
                for number in packed.as_chunks().0 {
                    write_item(json, Value::Fixed64(u64::from_le_bytes(*number)))?;
                }
            }
            (_, value) => write_item(json, value)?,
        }
    }
    json.push(']');
    Ok(())
}

fn write_value(json: &mut String, kind: Kind, value: Value<'_>) -> Result<(), WireError> {
    match (kind, value) {
        (Kind::Message(message), Value::Bytes(bytes)) => write_message(json, message, bytes)?,
        (Kind::String, Value::Bytes(bytes)) => write_json_string(json, &utf8(bytes, &mut 0)),
        (Kind::Id, Value::Bytes(bytes)) => write_quoted(json, |json| bytes.iter().for_each(|byte| write_hex(json, *byte))),
        (Kind::Bytes, Value::Bytes(bytes)) => write_quoted(json, |json| BASE64_STANDARD.encode_string(bytes, json)),
        (Kind::Bool, Value::Varint(value)) => json.push_str(if value == 0 { "false" } else { "true" }),
        (Kind::Double, Value::Fixed64(bits)) => write_double(json, f64::from_bits(bits)),
        (Kind::Int32 | Kind::Enum(_), Value::Varint(value)) => json.push_str(itoa::Buffer::new().format(value as i32)),
        (Kind::Uint32, Value::Varint(value)) => json.push_str(itoa::Buffer::new().format(value as u32)),
        (Kind::Fixed32, Value::Fixed32(value)) => json.push_str(itoa::Buffer::new().format(value)),
        (Kind::Sint32, Value::Varint(value)) => {
            let zigzag = value as u32;
            json.push_str(itoa::Buffer::new().format((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed()));
        }
        (Kind::Int64, Value::Varint(value)) | (Kind::Sfixed64, Value::Fixed64(value)) => {
            write_quoted(json, |json| json.push_str(itoa::Buffer::new().format(value.cast_signed())));
        }
        (Kind::Uint64, Value::Varint(value)) | (Kind::Fixed64, Value::Fixed64(value)) => {
            write_quoted(json, |json| json.push_str(itoa::Buffer::new().format(value)));
        }
        // The scan lets no other wire type pass.
        _ => json.push_str("null"),
    }
    Ok(())
}

fn write_quoted(json: &mut String, write: impl FnOnce(&mut String)) {
    json.push('"');
    write(json);
    json.push('"');
}

fn write_hex(json: &mut String, byte: u8) {
    for digit in [byte >> 4, byte & 0xf] {
        json.extend(char::from_digit(digit.into(), 16));
    }
}

fn write_double(json: &mut String, value: f64) {
    if value.is_finite() {
        json.push_str(ryu::Buffer::new().format_finite(value));
    } else {
        json.push_str(match value {
            f64::INFINITY => r#""Infinity""#,
            f64::NEG_INFINITY => r#""-Infinity""#,
            _ => r#""NaN""#,
        });
    }
}
