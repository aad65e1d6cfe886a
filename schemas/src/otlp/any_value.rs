//! Attribute values: from the wire, and as the JSON of the remainder columns.
//!
//! | AnyValue | JSON |
//! |---|---|
//! | string, bool | string, `true` or `false` |
//! | int | a number without `.` and exponent |
//! | double | a number with `.` or exponent; `{"$double":"NaN"}`, `"Infinity"`, `"-Infinity"` |
//! | bytes | `{"$bytes":"<base64, standard alphabet, padded>"}` |
//! | no value | `{"$empty":true}` |
//! | array | an array |
//! | key-value list | an object, keys in order and repeated when they were; wrapped as `{"$map":{…}}` when a key begins with `$` |

#![deny(clippy::indexing_slicing)]

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{
    scan::DEPTH_MAX,
    text,
    wire::{Reader, Value, WireError},
};

/// The value of an AnyValue message, not read deeper.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) enum AnyValue<'a> {
    #[default]
    Empty,
    Text(&'a [u8]),
    Bool(bool),
    Int(i64),
    Double(f64),
    /// An ArrayValue message.
    Array(&'a [u8]),
    /// A KeyValueList message.
    Map(&'a [u8]),
    Bytes(&'a [u8]),
}

impl<'a> AnyValue<'a> {
    #[inline]
    pub fn read(message: &'a [u8]) -> Result<Self, WireError> {
        let mut any = Self::Empty;
        let mut reader = Reader::new(message);
        while let Some(field) = reader.field()? {
            any = match field {
                (1, Value::Bytes(text)) => Self::Text(text),
                (2, Value::Varint(value)) => Self::Bool(value != 0),
                (3, Value::Varint(value)) => Self::Int(value.cast_signed()),
                (4, Value::Fixed64(bits)) => Self::Double(f64::from_bits(bits)),
                (5, Value::Bytes(array)) => Self::Array(array),
                (6, Value::Bytes(map)) => Self::Map(map),
                (7, Value::Bytes(bytes)) => Self::Bytes(bytes),
                _ => any,
            };
        }
        Ok(any)
    }

    /// Appends the value as JSON; `repaired` counts strings that were not UTF-8.
    pub fn write_json(self, json: &mut String, repaired: &mut u64) -> Result<(), WireError> {
        self.write_nested(json, repaired, 1)
    }

    fn write_nested(self, json: &mut String, repaired: &mut u64, depth: u32) -> Result<(), WireError> {
        match self {
            Self::Empty => json.push_str(r#"{"$empty":true}"#),
            Self::Text(text) => text::write_json_string(json, &text::utf8(text, repaired)),
            Self::Bool(value) => json.push_str(if value { "true" } else { "false" }),
            Self::Int(value) => json.push_str(itoa::Buffer::new().format(value)),
            Self::Double(value) => write_double(json, value),
            Self::Bytes(bytes) => {
                json.push_str(r#"{"$bytes":""#);
                BASE64_STANDARD.encode_string(bytes, json);
                json.push_str(r#""}"#);
            }
            Self::Array(message) if depth < DEPTH_MAX => write_array(json, message, repaired, depth)?,
            Self::Map(message) if depth < DEPTH_MAX => write_map(json, message, repaired, depth)?,
            Self::Array(message) | Self::Map(message) => return Err(Reader::new(message).error("an attribute value is nested too deep")),
        }
        Ok(())
    }
}

/// The key and the value of a KeyValue message.
#[inline]
pub(crate) fn read_key_value(message: &[u8]) -> Result<(&[u8], AnyValue<'_>), WireError> {
    let (mut key, mut value): (&[u8], _) = (&[], AnyValue::Empty);
    let mut reader = Reader::new(message);
    while let Some(field) = reader.field()? {
        match field {
            (1, Value::Bytes(bytes)) => key = bytes,
            (2, Value::Bytes(message)) => value = AnyValue::read(message)?,
            _ => {}
        }
    }
    Ok((key, value))
}

fn write_double(json: &mut String, value: f64) {
    if value.is_finite() {
        json.push_str(ryu::Buffer::new().format_finite(value));
    } else {
        json.push_str(match value {
            f64::INFINITY => r#"{"$double":"Infinity"}"#,
            f64::NEG_INFINITY => r#"{"$double":"-Infinity"}"#,
            _ => r#"{"$double":"NaN"}"#,
        });
    }
}

fn write_array(json: &mut String, message: &[u8], repaired: &mut u64, depth: u32) -> Result<(), WireError> {
    let mut separator = '[';
    let mut reader = Reader::new(message);
    while let Some(field) = reader.field()? {
        if let (1, Value::Bytes(item)) = field {
            json.push(separator);
            separator = ',';
            AnyValue::read(item)?.write_nested(json, repaired, depth + 1)?;
        }
    }
    if separator == '[' {
        json.push('[');
    }
    json.push(']');
    Ok(())
}

fn write_map(json: &mut String, message: &[u8], repaired: &mut u64, depth: u32) -> Result<(), WireError> {
    let wrapped = has_dollar_key(message)?;
    if wrapped {
        json.push_str(r#"{"$map":"#);
    }
    let mut separator = '{';
    let mut reader = Reader::new(message);
    while let Some(field) = reader.field()? {
        if let (1, Value::Bytes(entry)) = field {
            json.push(separator);
            separator = ',';
            let (key, value) = read_key_value(entry)?;
            text::write_json_string(json, &text::utf8(key, repaired));
            json.push(':');
            value.write_nested(json, repaired, depth + 1)?;
        }
    }
    if separator == '{' {
        json.push('{');
    }
    json.push('}');
    if wrapped {
        json.push('}');
    }
    Ok(())
}

fn has_dollar_key(message: &[u8]) -> Result<bool, WireError> {
    let mut reader = Reader::new(message);
    while let Some(field) = reader.field()? {
        if let (1, Value::Bytes(entry)) = field
            && read_key_value(entry)?.0.starts_with(b"$")
        {
            return Ok(true);
        }
    }
    Ok(false)
}
