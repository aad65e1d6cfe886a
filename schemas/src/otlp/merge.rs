//! Requests whose singular messages come in pieces, written again with each in one piece.
//!
//! Protobuf lets a sender repeat a message field that is not repeated: the pieces are merged, which is the same as reading
//! their bytes one after the other; of a oneof only the last member counts. No known sender does so. It is undone here, once,
//! so that the walkers need not know: they take the last message they meet as the whole.

#![deny(clippy::indexing_slicing)]

use std::collections::BTreeMap;

use super::{
    encoder::Encoder,
    json::descriptor::{Kind, Message},
    wire::{Reader, Value, WireError},
};

/// `body` without split messages and without unknown fields. The recursion is as deep as a scan has let pass.
///
/// Costs the new body and, for each message on the way down, a slice per piece: no piece is copied before its scalars are.
pub(crate) fn merge_split_messages(message: &'static Message, body: &[u8]) -> Result<Vec<u8>, WireError> {
    let mut encoder = Encoder::with_capacity(body.len());
    write(message, &[body], &mut encoder)?;
    Ok(encoder.into_bytes())
}

/// Writes the message whose bytes are `pieces`, one after the other.
fn write(message: &'static Message, pieces: &[&[u8]], encoder: &mut Encoder) -> Result<(), WireError> {
    let mut singular: BTreeMap<u32, Vec<&[u8]>> = BTreeMap::new();
    let mut oneof: Option<(u32, Member<'_>)> = None;
    for piece in pieces {
        let mut reader = Reader::new(piece);
        while let Some((number, value)) = reader.field()? {
            let Some(field) = message.position(number, 0).and_then(|position| message.fields.get(position)) else { continue };
            match (field.kind, value) {
                (Kind::Message(inner), Value::Bytes(bytes)) if field.repeated => nest(number, inner, &[bytes], encoder)?,
                (Kind::Message(_), Value::Bytes(bytes)) if field.oneof => match &mut oneof {
                    Some((current, Member::Message(pieces))) if *current == number => pieces.push(bytes),
                    _ => oneof = Some((number, Member::Message(vec![bytes]))),
                },
                (Kind::Message(_), Value::Bytes(bytes)) => singular.entry(number).or_default().push(bytes),
                (_, value) if field.oneof && !field.is_strindex() => oneof = Some((number, Member::Scalar(value))),
                (_, value) => copy(number, value, encoder),
            }
        }
    }
    match oneof {
        Some((number, Member::Scalar(value))) => copy(number, value, encoder),
        Some((number, Member::Message(pieces))) => drop(singular.insert(number, pieces)),
        None => {}
    }
    for (number, pieces) in singular {
        let field = message.position(number, 0).and_then(|position| message.fields.get(position));
        if let Some(Kind::Message(inner)) = field.map(|field| field.kind) {
            nest(number, inner, &pieces, encoder)?;
        }
    }
    Ok(())
}

enum Member<'a> {
    Scalar(Value<'a>),
    Message(Vec<&'a [u8]>),
}

fn nest(number: u32, message: &'static Message, pieces: &[&[u8]], encoder: &mut Encoder) -> Result<(), WireError> {
    let open = encoder.open(number);
    write(message, pieces, encoder)?;
    encoder.close(open);
    Ok(())
}

fn copy(number: u32, value: Value<'_>, encoder: &mut Encoder) {
    match value {
        Value::Varint(value) => encoder.uint64(number, value),
        Value::Fixed64(value) => encoder.fixed64(number, value),
        Value::Bytes(bytes) => encoder.bytes(number, bytes),
        Value::Fixed32(value) => encoder.fixed32(number, value),
        Value::Group => {}
    }
}
