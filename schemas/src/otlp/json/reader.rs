//! OTLP JSON text to protobuf bytes, in one streaming pass: no tree of the document is built.
//!
//! Rules beyond the proto3 JSON mapping, all from the OTLP specification unless noted:
//! - ids are hex of either case. One that is not hex becomes bytes of a length no id has, so that only its record is refused.
//! - enums are integers. Their proto names are understood as well: some senders write them although the specification forbids it.
//! - unknown keys are skipped at every level, `snake_case` spellings among them.
//! - `null` is the default value, as an item of a list too.
//! - a repeated key means what a repeated field means in protobuf: the last scalar counts, lists are joined, messages merged.
//! - strings pass as bytes: invalid UTF-8 and lone surrogates are left to the wire walker, which repairs and counts them.

use std::{borrow::Cow, fmt};

use serde::de::{DeserializeSeed, Deserializer as _, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};

use super::{
    descriptor::{Field, Kind, Message},
    scalar::{base64_bytes, double_of_text, id_bytes, integer_of_double, integer_of_text, integer_range, write_integer},
};
use crate::{
    Signal,
    otlp::{DEPTH_MAX, DecodeError, DecodeLimits, encoder::Encoder},
};

/// Bytes of an error text: it may quote what the sender wrote.
const ERROR_BYTES_MAX: usize = 512;
/// Bytes of a string that are quoted. Cut before they are formatted: escaped they are up to six times as many.
const QUOTED_BYTES_MAX: usize = 256;

/// The protobuf bytes of a JSON request.
///
/// Depth and elements are counted while reading, so memory stays within a small multiple of the body. Records are counted by
/// the wire walker, which reads the result.
///
/// # Errors
/// When the text is not UTF-8 JSON, when a value does not fit its field, or when a limit is passed; the error names line,
/// column and the path of the field.
pub fn to_protobuf(signal: Signal, body: &[u8], limits: &DecodeLimits) -> Result<Vec<u8>, DecodeError> {
    refuse_other_encodings(body)?;
    let mut transcoder =
        Transcoder { out: Encoder::with_capacity(body.len() / 2), limits, elements: 0, depth: 0, path: Vec::new(), refused: None };
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    // INVARIANT: recursion is bounded without serde's limit, which counts JSON levels: only AnyValue nests, and its depth is checked.
    deserializer.disable_recursion_limit();
    let fields = Fields { transcoder: &mut transcoder, message: Message::of_request(signal) };
    match deserializer.deserialize_any(fields).and_then(|()| deserializer.end()) {
        Ok(()) => Ok(transcoder.out.into_bytes()),
        Err(error) => Err(transcoder.explain(&error)),
    }
}

fn refuse_other_encodings(body: &[u8]) -> Result<(), DecodeError> {
    let what = match body {
        [0xef, 0xbb, 0xbf, ..] => "the body starts with a byte order mark, which JSON does not allow",
        [0xfe, 0xff, ..] | [0xff, 0xfe, ..] | [0, _, ..] | [_, 0, ..] => "the body is UTF-16 or UTF-32, JSON is UTF-8",
        _ => return Ok(()),
    };
    Err(DecodeError::Json { line: 1, column: 1, what: what.to_owned() })
}

struct Transcoder<'l> {
    out: Encoder,
    limits: &'l DecodeLimits,
    elements: u64,
    /// AnyValue messages that are open.
    depth: u32,
    /// From the root to the value being read; stays where it is when reading fails.
    path: Vec<Step>,
    /// The limit that ended the reading.
    refused: Option<DecodeError>,
}

enum Step {
    Field(&'static str),
    Item(u64),
}

impl Transcoder<'_> {
    fn refuse<E: Error>(&mut self, refused: DecodeError) -> E {
        let error = E::custom(&refused);
        self.refused = Some(refused);
        error
    }

    fn explain(self, error: &serde_json::Error) -> DecodeError {
        if let Some(refused) = self.refused {
            return refused;
        }
        let (line, column) = (error.line(), error.column());
        let mut what = String::new();
        for step in &self.path {
            match step {
                Step::Field(name) if what.is_empty() => what.push_str(name),
                Step::Field(name) => what.extend([".", name]),
                Step::Item(index) => what.push_str(&format!("[{index}]")),
            }
        }
        if !what.is_empty() {
            what.push_str(": ");
        }
        let text = error.to_string();
        what.push_str(text.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&text));
        if what.len() > ERROR_BYTES_MAX {
            what.truncate(what.floor_char_boundary(ERROR_BYTES_MAX));
            what.push('…');
        }
        DecodeError::Json { line, column, what }
    }
}

/// What a sender wrote, as far as an error shows it.
fn quoted(text: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(text.get(..QUOTED_BYTES_MAX).unwrap_or(text))
}

/// Reads an object as the fields of a message.
struct Fields<'t, 'l> {
    transcoder: &'t mut Transcoder<'l>,
    message: &'static Message,
}

impl<'de> Visitor<'de> for Fields<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} as an object", self.message.name)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        Err(E::invalid_type(Unexpected::Str(&quoted(text.as_bytes())), &self))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { transcoder, message } = self;
        while let Some(known) = map.next_key_seed(Key(message))? {
            let Some(field) = known else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            transcoder.path.push(Step::Field(field.json));
            map.next_value_seed(FieldValue { transcoder, field, repeated: field.repeated })?;
            transcoder.path.pop();
        }
        Ok(())
    }
}

/// Finds the field of a key; unknown keys are `None`.
struct Key(&'static Message);

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Option<&'static Field>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

impl Visitor<'_> for Key {
    type Value = Option<&'static Field>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_bytes<E: Error>(self, key: &[u8]) -> Result<Self::Value, E> {
        Ok(self.0.fields.iter().find(|field| field.json.as_bytes() == key))
    }
}

/// Reads the value of a field, or one item of it.
struct FieldValue<'t, 'l> {
    transcoder: &'t mut Transcoder<'l>,
    field: &'static Field,
    /// The whole list is read; for its items this is false again.
    repeated: bool,
}

impl<'de> DeserializeSeed<'de> for FieldValue<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for FieldValue<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.repeated {
            return f.write_str("a list");
        }
        match self.field.kind {
            Kind::String => f.write_str("a string"),
            Kind::Bytes => f.write_str("a base64 string"),
            Kind::Id => f.write_str("a string of hex digits"),
            Kind::Bool => f.write_str("true or false"),
            Kind::Double => f.write_str("a number, \"NaN\", \"Infinity\" or \"-Infinity\""),
            Kind::Message(message) => write!(f, "{} as an object", message.name),
            kind => match integer_range(kind) {
                Some((min, max)) => write!(f, "an integer from {min} to {max}"),
                None => f.write_str("a value"),
            },
        }
    }

    fn visit_some<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.field.kind {
            Kind::String | Kind::Bytes | Kind::Id if !self.repeated => deserializer.deserialize_bytes(self),
            // Asked for a list or an object, serde_json would itself quote the whole of a string that is there instead.
            _ => deserializer.deserialize_any(self),
        }
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        let is_item = self.field.repeated && !self.repeated;
        let Field { number, kind, .. } = *self.field;
        let out = &mut self.transcoder.out;
        match kind {
            _ if !is_item => {}
            Kind::Double => out.double(number, 0.0),
            kind if integer_range(kind).is_some() => write_integer(out, number, kind, 0),
            _ => out.bytes(number, &[]),
        }
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.visit_none()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self { transcoder, field, repeated } = self;
        if !repeated {
            return Err(A::Error::invalid_type(Unexpected::Seq, &Self { transcoder, field, repeated }));
        }
        let mut index = 0;
        loop {
            transcoder.path.push(Step::Item(index));
            let item = FieldValue { transcoder, field, repeated: false };
            if items.next_element_seed(item)?.is_none() {
                break;
            }
            transcoder.path.pop();
            index += 1;
            transcoder.elements += 1;
            let DecodeLimits { elements_max, .. } = *transcoder.limits;
            if transcoder.elements > elements_max {
                let actual = transcoder.elements;
                return Err(transcoder.refuse(DecodeError::Count { what: "elements", actual, limit: elements_max }));
            }
        }
        transcoder.path.pop();
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let message = match self.field.kind {
            Kind::Message(message) if !self.repeated => message,
            _ => return Err(A::Error::invalid_type(Unexpected::Map, &self)),
        };
        let transcoder = self.transcoder;
        let nested = u32::from(message.is_any_value());
        transcoder.depth += nested;
        let limit = transcoder.limits.depth_max.min(DEPTH_MAX);
        if transcoder.depth > limit {
            return Err(transcoder.refuse(DecodeError::Depth { what: "attribute values", limit }));
        }
        let open = transcoder.out.open(self.field.number);
        Fields { transcoder, message }.visit_map(map)?;
        transcoder.out.close(open);
        transcoder.depth -= nested;
        Ok(())
    }

    fn visit_bytes<E: Error>(self, text: &[u8]) -> Result<(), E> {
        let out = &mut self.transcoder.out;
        match self.field.kind {
            Kind::Id => out.bytes(self.field.number, &id_bytes(text)),
            Kind::Bytes => match base64_bytes(text) {
                Some(bytes) => out.bytes(self.field.number, &bytes),
                None => return Err(E::invalid_value(Unexpected::Str(&quoted(text)), &self)),
            },
            _ => out.bytes(self.field.number, text),
        }
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        match self.field.kind {
            Kind::Bool if !self.repeated => self.transcoder.out.bool(self.field.number, value),
            _ => return Err(E::invalid_type(Unexpected::Bool(value), &self)),
        }
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        match self.field.kind {
            Kind::Double => self.visit_f64(value as f64),
            _ => self.integer(Some(value.into()), Unexpected::Unsigned(value)),
        }
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        match self.field.kind {
            Kind::Double => self.visit_f64(value as f64),
            _ => self.integer(Some(value.into()), Unexpected::Signed(value)),
        }
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        match self.field.kind {
            Kind::Double if !self.repeated => {
                self.transcoder.out.double(self.field.number, value);
                Ok(())
            }
            _ => self.integer(integer_of_double(value), Unexpected::Float(value)),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        let written = quoted(text.as_bytes());
        let named = match self.field.kind {
            Kind::Double if !self.repeated => {
                let value = double_of_text(text).ok_or_else(|| E::invalid_value(Unexpected::Str(&written), &self))?;
                return self.visit_f64(value);
            }
            Kind::Enum(names) => names.iter().position(|name| *name == text).map(|value| value as i128),
            _ => None,
        };
        self.integer(named.or_else(|| integer_of_text(text)), Unexpected::Str(&written))
    }
}

impl FieldValue<'_, '_> {
    fn integer<E: Error>(self, value: Option<i128>, written: Unexpected<'_>) -> Result<(), E> {
        let Some((min, max)) = integer_range(self.field.kind).filter(|_| !self.repeated) else {
            return Err(E::invalid_type(written, &self));
        };
        let Some(value) = value.filter(|value| (min..=max).contains(value)) else {
            return Err(E::invalid_value(written, &self));
        };
        write_integer(&mut self.transcoder.out, self.field.number, self.field.kind, value);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
