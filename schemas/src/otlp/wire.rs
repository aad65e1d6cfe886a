//! Protobuf's wire format, read field by field from bytes that nobody has checked.
//!
//! ```text
//! message = (tag value)*      tag = varint of number << 3 | wire type
//! value   = varint | 8 bytes | length bytes | 4 bytes | group (only ever skipped)
//! ```
//!
//! Nothing here panics, recurses or allocates, whatever the bytes are.

#![deny(clippy::indexing_slicing)]

use super::DecodeError;

const VARINT_BYTES_MAX: usize = 10;
const GROUP_DEPTH_MAX: usize = 32;

const TRUNCATED: &str = "the message ends inside a field";

/// The fields of one message, in the order on the wire.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    /// Offset in the request body of the first byte behind the message.
    end: usize,
}

/// What a field holds, by wire type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    /// No field of OTLP is a group, so its content is skipped.
    Group,
    Fixed32(u32),
}

/// Bytes that are no protobuf message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WireError {
    pub offset: usize,
    pub what: &'static str,
}

impl From<WireError> for DecodeError {
    fn from(WireError { offset, what }: WireError) -> Self {
        Self::Protobuf { offset, what }
    }
}

// `always`, because every byte of every request passes here: whether the compiler inlines by itself depends on how the crate is cut into
// codegen units, and a call per field costs a third of a scan.
impl<'a> Reader<'a> {
    pub fn new(message: &'a [u8]) -> Self {
        Self { rest: message, end: message.len() }
    }

    /// Reads the message in the field that [`Self::field`] returned last.
    #[inline(always)]
    pub fn nested(&self, message: &'a [u8]) -> Self {
        Self { rest: message, end: self.offset() }
    }

    /// Of the next field, in the request body.
    pub fn offset(&self) -> usize {
        self.end - self.rest.len()
    }

    /// What is not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next field's number and value, or `None` at the end of the message.
    #[inline(always)]
    pub fn field(&mut self) -> Result<Option<(u32, Value<'a>)>, WireError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (number, wire_type) = self.tag()?;
        Ok(Some((number, self.value(number, wire_type)?)))
    }

    #[inline(always)]
    pub fn varint(&mut self) -> Result<u64, WireError> {
        match self.rest.split_first() {
            Some((&byte, rest)) if byte < 0x80 => {
                self.rest = rest;
                Ok(u64::from(byte))
            }
            _ => self.long_varint(),
        }
    }

    #[cold]
    pub fn error(&self, what: &'static str) -> WireError {
        WireError { offset: self.offset(), what }
    }

    #[inline(always)]
    fn tag(&mut self) -> Result<(u32, u8), WireError> {
        let tag = self.varint()?;
        let number = u32::try_from(tag).map_err(|_| self.error("the field number does not fit 29 bits"))? >> 3;
        if number == 0 { Err(self.error("field number 0")) } else { Ok((number, (tag & 7) as u8)) }
    }

    #[inline(always)]
    fn value(&mut self, number: u32, wire_type: u8) -> Result<Value<'a>, WireError> {
        match wire_type {
            0 => Ok(Value::Varint(self.varint()?)),
            1 => Ok(Value::Fixed64(u64::from_le_bytes(self.chunk()?))),
            2 => Ok(Value::Bytes(self.bytes()?)),
            3 => self.skip_group(number).map(|()| Value::Group),
            4 => Err(self.error("a group ends that did not begin")),
            5 => Ok(Value::Fixed32(u32::from_le_bytes(self.chunk()?))),
            _ => Err(self.error("unknown wire type")),
        }
    }

    fn long_varint(&mut self) -> Result<u64, WireError> {
        let mut value = 0;
        for (index, &byte) in self.rest.iter().take(VARINT_BYTES_MAX).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                if index == VARINT_BYTES_MAX - 1 && byte > 1 {
                    return Err(self.error("a varint does not fit 64 bits"));
                }
                self.rest = self.rest.get(index + 1..).unwrap_or_default();
                return Ok(value);
            }
        }
        Err(self.error(if self.rest.len() < VARINT_BYTES_MAX { TRUNCATED } else { "a varint is longer than 10 bytes" }))
    }

    #[inline(always)]
    fn chunk<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let (chunk, rest) = self.rest.split_first_chunk().ok_or_else(|| self.error(TRUNCATED))?;
        self.rest = rest;
        Ok(*chunk)
    }

    #[inline(always)]
    fn bytes(&mut self) -> Result<&'a [u8], WireError> {
        let length = self.varint()?;
        let split = usize::try_from(length).ok().and_then(|length| self.rest.split_at_checked(length));
        let (bytes, rest) = split.ok_or_else(|| self.error("a length reaches beyond the message"))?;
        self.rest = rest;
        Ok(bytes)
    }

    /// Skips to the end of the group `number`, checking that groups end in the order they began.
    fn skip_group(&mut self, number: u32) -> Result<(), WireError> {
        let mut outer = [0; GROUP_DEPTH_MAX];
        let mut depth = 0;
        let mut open = number;
        loop {
            match self.tag()? {
                (inner, 3) => {
                    *outer.get_mut(depth).ok_or_else(|| self.error("groups are nested too deep"))? = open;
                    depth += 1;
                    open = inner;
                }
                (closed, 4) if closed != open => return Err(self.error("a group ends that did not begin")),
                (_, 4) if depth == 0 => return Ok(()),
                (_, 4) => {
                    depth -= 1;
                    open = outer.get(depth).copied().unwrap_or_default();
                }
                (other, wire_type) => {
                    self.value(other, wire_type)?;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
