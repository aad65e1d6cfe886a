//! AnyValue and KeyValue on the wire.

use crate::otlp::{attributes_json::Value, encoder::Encoder};

/// Writes field `number` as a KeyValue.
pub(crate) fn write_attribute(out: &mut Encoder, number: u32, key: &str, value: &Value<'_>) {
    let attribute = out.open(number);
    out.string(1, key);
    write_value(out, 2, value);
    out.close(attribute);
}

/// Writes field `number` as an AnyValue.
pub(super) fn write_value(out: &mut Encoder, number: u32, value: &Value<'_>) {
    let any_value = out.open(number);
    match value {
        Value::Empty => {}
        Value::String(text) => out.string(1, text),
        Value::Bool(value) => out.bool(2, *value),
        Value::Int(value) => out.int64(3, *value),
        Value::Double(value) => out.double(4, *value),
        Value::Array(values) => {
            let array = out.open(5);
            for value in values {
                write_value(out, 1, value);
            }
            out.close(array);
        }
        Value::Map(attributes) => {
            let list = out.open(6);
            for (key, value) in attributes {
                write_attribute(out, 1, key, value);
            }
            out.close(list);
        }
        Value::Bytes(bytes) => out.bytes(7, bytes),
    }
    out.close(any_value);
}

/// Writes field `number` as a string, or as a repeated string when `value` is a list.
pub(super) fn write_strings(out: &mut Encoder, number: u32, value: &Value<'_>) {
    match value {
        Value::String(text) => out.string(number, text),
        Value::Array(values) => values.iter().for_each(|value| write_strings(out, number, value)),
        _ => {}
    }
}
