//! Reads the JSON in which tables keep attributes, with the exact types of OTLP.
//!
//! ```text
//! "text"  true  7  1.0  [..]                 string, bool, int, double (always with '.' or exponent), array
//! {"key": ..}                                key-value list, in order, duplicate keys kept
//! {"$double": "NaN" | "Infinity" | "-Infinity"}   {"$bytes": "<base64>"}   {"$empty": true}
//! {"$map": {..}}                             a nested key-value list with a key that starts with '$'
//! ```
//!
//! The keys of the object a column holds are attribute keys and never tags.

use std::{borrow::Cow, fmt};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// An OTLP AnyValue.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    Empty,
    String(Cow<'a, str>),
    Bool(bool),
    Int(i64),
    Double(f64),
    Bytes(Vec<u8>),
    Array(Vec<Self>),
    Map(Attributes<'a>),
}

/// Attributes in their order; a key may come more than once.
pub type Attributes<'a> = Vec<(Cow<'a, str>, Value<'a>)>;

/// The text in a column is not attribute JSON: the row was not written by Fusebox or is damaged.
#[derive(Debug, thiserror::Error)]
#[error("malformed attribute JSON")]
pub struct AttributesError(#[from] serde_json::Error);

/// The attributes of a column such as `attributes` or `resource_attributes`.
///
/// # Errors
/// When `json` is not what Fusebox writes into such a column.
pub fn read_attributes(json: &str) -> Result<Attributes<'_>, AttributesError> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let attributes = deserializer.deserialize_map(Pairs)?;
    deserializer.end()?;
    Ok(attributes)
}

/// A single value, as in the column `body` of a log record whose body is not a string.
///
/// # Errors
/// As [`read_attributes`].
pub fn read_value(json: &str) -> Result<Value<'_>, AttributesError> {
    Ok(serde_json::from_str(json)?)
}

/// An object whose keys are attribute keys.
struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = Attributes<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of attributes")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        rest_of_map(map, Vec::new())
    }
}

impl<'de> DeserializeSeed<'de> for Pairs {
    type Value = Attributes<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

fn rest_of_map<'de, A: MapAccess<'de>>(mut map: A, mut pairs: Attributes<'de>) -> Result<Attributes<'de>, A::Error> {
    while let Some(key) = map.next_key::<Text<'de>>()? {
        pairs.push((key.0, map.next_value()?));
    }
    Ok(pairs)
}

/// A string, borrowed from the JSON when it holds no escapes.
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_str(AnyValue)? {
            Value::String(text) => Ok(Self(text)),
            _ => Err(D::Error::custom("expected a string")),
        }
    }
}

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an attribute value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Value::Int(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        i64::try_from(value).map(Value::Int).map_err(|_| E::custom(format_args!("integer {value} is beyond 64 bits with sign")))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Value::Double(value))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::String(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Value::String(Cow::Borrowed(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = items.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Some(Text(key)) = map.next_key()? else {
            return Ok(Value::Map(Vec::new()));
        };
        let value = match key.as_ref() {
            "$empty" => map.next_value::<bool>().map(|_| Value::Empty)?,
            "$double" => Value::Double(special_double(&map.next_value::<Text<'de>>()?.0)?),
            "$bytes" => Value::Bytes(BASE64_STANDARD.decode(map.next_value::<Text<'de>>()?.0.as_bytes()).map_err(A::Error::custom)?),
            "$map" => Value::Map(map.next_value_seed(Pairs)?),
            _ => {
                let first = (key, map.next_value()?);
                return Ok(Value::Map(rest_of_map(map, vec![first])?));
            }
        };
        match map.next_key::<Text<'de>>()? {
            None => Ok(value),
            Some(Text(second)) => Err(A::Error::custom(format_args!("key {second:?} beside the tag {key:?}"))),
        }
    }
}

fn special_double<E: Error>(name: &str) -> Result<f64, E> {
    match name {
        "NaN" => Ok(f64::NAN),
        "Infinity" => Ok(f64::INFINITY),
        "-Infinity" => Ok(f64::NEG_INFINITY),
        _ => Err(E::custom(format_args!("unknown double {name:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Value<'_> {
        Value::String(value.into())
    }

    #[test]
    fn values_keep_their_types() {
        let check = |json: &str, expected: Value<'_>| assert_eq!(read_value(json).expect(json), expected, "{json}");
        check(r#""a""#, text("a"));
        check(r#""a\n""#, text("a\n"));
        check("7", Value::Int(7));
        check("-9223372036854775808", Value::Int(i64::MIN));
        check("7.0", Value::Double(7.0));
        check("1e300", Value::Double(1e300));
        check("true", Value::Bool(true));
        check("[]", Value::Array(vec![]));
        check(r#"[1,[{"$empty":true}]]"#, Value::Array(vec![Value::Int(1), Value::Array(vec![Value::Empty])]));
        check("{}", Value::Map(vec![]));
        check(r#"{"a":1,"a":"b"}"#, Value::Map(vec![("a".into(), Value::Int(1)), ("a".into(), text("b"))]));
        check(r#"{"$double":"-Infinity"}"#, Value::Double(f64::NEG_INFINITY));
        check(r#"{"$bytes":"+/8="}"#, Value::Bytes(vec![0xfb, 0xff]));
        check(r#"{"$map":{"$bytes":"text"}}"#, Value::Map(vec![("$bytes".into(), text("text"))]));
    }

    #[test]
    fn keys_of_the_column_are_never_tags() {
        assert_eq!(
            read_attributes(r#"{"$empty":true,"$map":{"$empty":true}}"#).expect("attributes"),
            [("$empty".into(), Value::Bool(true)), ("$map".into(), Value::Empty)]
        );
    }

    #[test]
    fn foreign_json_is_refused() {
        for json in ["", "7", "null", "{", r#"{"a":null}"#, r#"{"a":{"$bytes":7}}"#, r#"{"a":{"$bytes":"","b":1}}"#, "{} {}"] {
            assert!(read_attributes(json).is_err(), "{json}");
        }
    }
}
