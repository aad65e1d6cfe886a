//! The protobuf wire format, read with positions: where each field of a message stands in the whole body.
#![deny(clippy::indexing_slicing)]

use std::ops::Range;

/// A field's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Varint(u64),
    /// Position of the eight bytes.
    Fixed64(usize),
    /// Position of the four bytes.
    Fixed32(usize),
    /// A string, bytes, a message or packed numbers.
    Bytes(Range<usize>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not protobuf at byte {position}")]
pub(crate) struct Malformed {
    pub(crate) position: usize,
}

/// The fields of the message in `range` of `body`, in order. Ends after the first error.
pub(crate) fn fields(body: &[u8], range: Range<usize>) -> Fields<'_> {
    Fields { body, range }
}

pub(crate) struct Fields<'a> {
    body: &'a [u8],
    range: Range<usize>,
}

impl Iterator for Fields<'_> {
    type Item = Result<(u32, Value), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.range.is_empty() {
            return None;
        }
        let position = self.range.start;
        let field = self.field();
        if field.is_none() {
            self.range = 0..0;
        }
        Some(field.ok_or(Malformed { position }))
    }
}

impl Fields<'_> {
    fn field(&mut self) -> Option<(u32, Value)> {
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).ok().filter(|number| *number != 0)?;
        let value = match tag & 7 {
            0 => Value::Varint(self.varint()?),
            1 => Value::Fixed64(self.skip(8)?.start),
            2 => {
                let len = usize::try_from(self.varint()?).ok()?;
                Value::Bytes(self.skip(len)?)
            }
            5 => Value::Fixed32(self.skip(4)?.start),
            _ => return None,
        };
        Some((number, value))
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let position = self.skip(1)?.start;
            let byte = *self.body.get(position)?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn skip(&mut self, len: usize) -> Option<Range<usize>> {
        let end = self.range.start.checked_add(len).filter(|end| *end <= self.range.end)?;
        let skipped = self.range.start..end;
        self.range.start = end;
        Some(skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &[u8], expected: &[Result<(u32, Value), Malformed>]) {
        assert_eq!(fields(body, 0..body.len()).collect::<Vec<_>>(), expected, "{body:x?}");
    }

    #[test]
    fn reads_every_wire_type_and_stops_at_damage() {
        check(&[], &[]);
        check(&[0x08, 0x96, 0x01], &[Ok((1, Value::Varint(150)))]);
        check(&[0x0a, 2, 7, 7, 0x10, 1], &[Ok((1, Value::Bytes(2..4))), Ok((2, Value::Varint(1)))]);
        check(&[0x39, 0, 0, 0, 0, 0, 0, 0, 0], &[Ok((7, Value::Fixed64(1)))]);
        check(&[0x3d, 0, 0, 0, 0], &[Ok((7, Value::Fixed32(1)))]);
        check(&[0x0a, 5, 1], &[Err(Malformed { position: 0 })]);
        check(&[0x08, 1, 0x0b], &[Ok((1, Value::Varint(1))), Err(Malformed { position: 2 })]);
        check(&[0x00, 1], &[Err(Malformed { position: 0 })]);
        check(&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], &[Err(Malformed { position: 0 })]);
        check(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], &[Err(Malformed { position: 0 })]);
    }
}
