//! References of a resource to entities, as a JSON array with the field names of OTLP JSON.

#![deny(clippy::indexing_slicing)]

use super::{
    text,
    wire::{Reader, Value, WireError},
};

/// Appends an EntityRef message to `array`, which is empty or an array that is not closed yet.
pub(crate) fn write_json(entity_ref: &[u8], array: &mut String, repaired: &mut u64) -> Result<(), WireError> {
    let (mut schema_url, mut kind): (&[u8], &[u8]) = (&[], &[]);
    let (mut id_keys, mut description_keys) = (vec![], vec![]);
    let mut reader = Reader::new(entity_ref);
    while let Some(field) = reader.field()? {
        match field {
            (1, Value::Bytes(bytes)) => schema_url = bytes,
            (2, Value::Bytes(bytes)) => kind = bytes,
            (3, Value::Bytes(bytes)) => id_keys.push(bytes),
            (4, Value::Bytes(bytes)) => description_keys.push(bytes),
            _ => {}
        }
    }
    array.push(if array.is_empty() { '[' } else { ',' });
    array.push_str(r#"{"schemaUrl":"#);
    text::write_json_string(array, &text::utf8(schema_url, repaired));
    array.push_str(r#","type":"#);
    text::write_json_string(array, &text::utf8(kind, repaired));
    array.push_str(r#","idKeys":["#);
    write_texts(&id_keys, array, repaired);
    array.push_str(r#"],"descriptionKeys":["#);
    write_texts(&description_keys, array, repaired);
    array.push_str("]}");
    Ok(())
}

fn write_texts(texts: &[&[u8]], json: &mut String, repaired: &mut u64) {
    for (index, bytes) in texts.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        text::write_json_string(json, &text::utf8(bytes, repaired));
    }
}
