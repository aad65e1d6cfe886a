//! Attribute values as text, for formats that know only that.

use std::borrow::Cow;

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::otlp::{
    attributes_json::{Attributes, Value},
    text::write_json_string,
};

/// Lists and maps are JSON, bytes base64.
pub(super) fn value_text<'a>(value: &'a Value<'_>) -> Cow<'a, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        Value::Empty => Cow::Borrowed(""),
        Value::Bytes(bytes) => Cow::Owned(BASE64_STANDARD.encode(bytes)),
        Value::Double(number) if !number.is_finite() => Cow::Owned(special_double(*number).to_owned()),
        other => Cow::Owned(value_json(other)),
    }
}

/// As plain JSON, the way people write it.
pub(super) fn value_json(value: &Value<'_>) -> String {
    let mut json = String::new();
    write(&mut json, value);
    json
}

/// As a plain JSON object. Of a key that comes more than once, readers see the last.
pub(super) fn attributes_json(attributes: &Attributes<'_>) -> String {
    let mut json = String::new();
    write_attributes(&mut json, attributes);
    json
}

fn write(json: &mut String, value: &Value<'_>) {
    match value {
        Value::Empty => json.push_str("null"),
        Value::String(text) => write_json_string(json, text),
        Value::Bool(value) => json.push_str(if *value { "true" } else { "false" }),
        Value::Int(number) => json.push_str(itoa::Buffer::new().format(*number)),
        Value::Double(number) if number.is_finite() => json.push_str(ryu::Buffer::new().format_finite(*number)),
        Value::Double(number) => write_json_string(json, special_double(*number)),
        Value::Bytes(bytes) => write_json_string(json, &BASE64_STANDARD.encode(bytes)),
        Value::Array(values) => {
            json.push('[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                write(json, value);
            }
            json.push(']');
        }
        Value::Map(attributes) => write_attributes(json, attributes),
    }
}

fn write_attributes(json: &mut String, attributes: &Attributes<'_>) {
    json.push('{');
    for (index, (key, value)) in attributes.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        write_json_string(json, key);
        json.push(':');
        write(json, value);
    }
    json.push('}');
}

pub(super) fn special_double(value: f64) -> &'static str {
    match value {
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        _ => "NaN",
    }
}

/// A value of plain JSON.
pub(super) fn of_json(json: serde_json::Value) -> Value<'static> {
    match json {
        serde_json::Value::Null => Value::Empty,
        serde_json::Value::Bool(value) => Value::Bool(value),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(integer) => Value::Int(integer),
            None => Value::Double(number.as_f64().unwrap_or(f64::NAN)),
        },
        serde_json::Value::String(text) => Value::String(text.into()),
        serde_json::Value::Array(values) => Value::Array(values.into_iter().map(of_json).collect()),
        serde_json::Value::Object(members) => Value::Map(members.into_iter().map(|(key, value)| (key.into(), of_json(value))).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_as_people_write_them() {
        let check = |value: Value<'_>, expected: &str| assert_eq!(value_text(&value), expected, "{value:?}");
        check(Value::String("a \"b\"".into()), "a \"b\"");
        check(Value::Int(-7), "-7");
        check(Value::Double(0.5), "0.5");
        check(Value::Double(f64::NEG_INFINITY), "-Infinity");
        check(Value::Bool(true), "true");
        check(Value::Empty, "");
        check(Value::Bytes(vec![0xfb, 0xff]), "+/8=");
        check(Value::Array(vec![Value::String("库存".into()), Value::Int(1), Value::Empty]), "[\"库存\",1,null]");
        check(Value::Map(vec![("k".into(), Value::Array(vec![Value::Double(1.0)]))]), "{\"k\":[1.0]}");
    }
}
