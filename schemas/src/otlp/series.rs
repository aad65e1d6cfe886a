//! Series ids: a hash of everything that names a time series. It is in files: never change it.
//!
//! ```text
//! attribute  = xxh3(value, seed = xxh3(key) + type of the value)
//! attributes = sum of the attributes, so that their order does not matter
//! resource   = attributes;  scope = (name, version, attributes)
//! series     = xxh3(xxh3(resource, scope), xxh3(metric name), attributes of the point)
//! ```

#![deny(clippy::indexing_slicing)]

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::{
    any_value::{AnyValue, read_key_value},
    wire::{Reader, Value, WireError},
};

/// The hash of an ordered list of hashes.
pub(crate) fn of_parts<const N: usize>(parts: &[u64; N]) -> u64 {
    let bytes = parts.map(u64::to_le_bytes);
    xxh3_64(bytes.as_flattened())
}

pub(crate) fn of_text(text: &[u8]) -> u64 {
    xxh3_64(text)
}

pub(crate) fn of_attribute(key_value: &[u8]) -> Result<u64, WireError> {
    let (key, value) = read_key_value(key_value)?;
    let hash = |kind: u64, bytes: &[u8]| xxh3_64_with_seed(bytes, xxh3_64(key).wrapping_add(kind));
    Ok(match value {
        AnyValue::Empty => hash(0, &[]),
        AnyValue::Text(text) => hash(1, text),
        AnyValue::Bool(value) => hash(2, &[u8::from(value)]),
        AnyValue::Int(value) => hash(3, &value.to_le_bytes()),
        AnyValue::Double(value) => hash(4, &value.to_bits().to_le_bytes()),
        AnyValue::Array(message) => hash(5, message),
        AnyValue::Map(message) => hash(6, message),
        AnyValue::Bytes(bytes) => hash(7, bytes),
    })
}

pub(crate) fn of_resource(message: &[u8]) -> Result<u64, WireError> {
    of_attributes(message, 1)
}

pub(crate) fn of_scope(message: &[u8]) -> Result<u64, WireError> {
    let (mut name, mut version): (&[u8], &[u8]) = (&[], &[]);
    let mut reader = Reader::new(message);
    while let Some(field) = reader.field()? {
        match field {
            (1, Value::Bytes(bytes)) => name = bytes,
            (2, Value::Bytes(bytes)) => version = bytes,
            _ => {}
        }
    }
    Ok(of_parts(&[of_text(name), of_text(version), of_attributes(message, 3)?]))
}

/// The sum over the attributes in field `number` of a message.
fn of_attributes(message: &[u8], number: u32) -> Result<u64, WireError> {
    let mut sum = 0u64;
    let mut reader = Reader::new(message);
    while let Some(field) = reader.field()? {
        if let (found, Value::Bytes(attribute)) = field
            && found == number
        {
            sum = sum.wrapping_add(of_attribute(attribute)?);
        }
    }
    Ok(sum)
}
