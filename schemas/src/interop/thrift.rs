//! Thrift's binary protocol, read value by value from bytes that nobody has checked.
//!
//! ```text
//! struct = (kind:1 id:2 value)* 0      list, set = kind:1 count:4 value*
//! string = length:4 bytes              map       = kind:1 kind:1 count:4 (value value)*
//! numbers are big-endian; a bool is a byte
//! ```
//!
//! Nothing here panics or allocates, whatever the bytes are, and skipping recurses no deeper than [`NESTING_MAX`].

#![deny(clippy::indexing_slicing)]

/// As deep as Jaeger's own messages need, and more.
const NESTING_MAX: usize = 32;

const TRUNCATED: &str = "it ends inside a value";

/// What stands before a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    I8,
    Double,
    I16,
    I32,
    I64,
    Binary,
    Struct,
    Map,
    Set,
    List,
}

/// Bytes that are no such message, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ThriftError {
    pub offset: usize,
    pub what: &'static str,
}

/// A place in a message.
#[derive(Debug, Clone)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    size: usize,
}

impl<'a> Reader<'a> {
    pub fn new(message: &'a [u8]) -> Self {
        Self { rest: message, size: message.len() }
    }

    /// The next field of a struct, whose value must be read or skipped before the next; `None` behind the last.
    pub fn field(&mut self) -> Result<Option<(i16, Kind)>, ThriftError> {
        let Some(kind) = self.kind()? else { return Ok(None) };
        Ok(Some((i16::from_be_bytes(self.array()?), kind)))
    }

    pub fn bool(&mut self) -> Result<bool, ThriftError> {
        Ok(self.array()? != [0])
    }

    pub fn i32(&mut self) -> Result<i32, ThriftError> {
        self.array().map(i32::from_be_bytes)
    }

    pub fn i64(&mut self) -> Result<i64, ThriftError> {
        self.array().map(i64::from_be_bytes)
    }

    pub fn double(&mut self) -> Result<f64, ThriftError> {
        self.array().map(f64::from_be_bytes)
    }

    pub fn binary(&mut self) -> Result<&'a [u8], ThriftError> {
        let length = self.count("a length is negative")?;
        self.take(length)
    }

    /// Reads a list of structs, each with `read`, which must leave the reader behind it.
    pub fn structs<E: From<ThriftError>>(&mut self, mut read: impl FnMut(&mut Self) -> Result<(), E>) -> Result<(), E> {
        let (element, count) = self.list()?;
        if count > 0 && element != Some(Kind::Struct) {
            return Err(self.error("a list is of something else than structs").into());
        }
        (0..count).try_for_each(|_| read(self))
    }

    /// Passes over a value.
    pub fn skip(&mut self, kind: Kind) -> Result<(), ThriftError> {
        self.skip_nested(kind, NESTING_MAX)
    }

    /// # Errors
    /// When something is left.
    pub fn end(&self) -> Result<(), ThriftError> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.error("something follows it")) }
    }

    /// `what` is wrong with what was read last.
    pub fn error(&self, what: &'static str) -> ThriftError {
        ThriftError { offset: self.size - self.rest.len(), what }
    }

    fn skip_nested(&mut self, kind: Kind, deeper: usize) -> Result<(), ThriftError> {
        let Some(deeper) = deeper.checked_sub(1) else { return Err(self.error("values are nested deeper than 32 levels")) };
        match kind {
            Kind::Bool | Kind::I8 => self.take(1).map(drop),
            Kind::I16 => self.take(2).map(drop),
            Kind::I32 => self.take(4).map(drop),
            Kind::Double | Kind::I64 => self.take(8).map(drop),
            Kind::Binary => self.binary().map(drop),
            Kind::Struct => {
                while let Some((_, kind)) = self.field()? {
                    self.skip_nested(kind, deeper)?;
                }
                Ok(())
            }
            Kind::List | Kind::Set => {
                let (element, count) = self.list()?;
                match element {
                    Some(kind) => (0..count).try_for_each(|_| self.skip_nested(kind, deeper)),
                    None => self.none_of(count),
                }
            }
            Kind::Map => {
                let [key, value] = [self.kind()?, self.kind()?];
                let count = self.elements()?;
                match (key, value) {
                    (Some(key), Some(value)) => {
                        (0..count).try_for_each(|_| [key, value].into_iter().try_for_each(|kind| self.skip_nested(kind, deeper)))
                    }
                    _ => self.none_of(count),
                }
            }
        }
    }

    /// What a list is of, which an empty one need not say, and how many.
    fn list(&mut self) -> Result<(Option<Kind>, usize), ThriftError> {
        let kind = self.kind()?;
        Ok((kind, self.elements()?))
    }

    /// Elements without a type take no byte: however many are announced, none can be there.
    fn none_of(&self, count: usize) -> Result<(), ThriftError> {
        if count > 0 { Err(self.error("a list does not say of what it is")) } else { Ok(()) }
    }

    /// How many elements follow. Each takes a byte at least, so that a count alone makes no work.
    fn elements(&mut self) -> Result<usize, ThriftError> {
        let count = self.count("a count is negative")?;
        if count > self.rest.len() { Err(self.error("a list reaches beyond the end")) } else { Ok(count) }
    }

    fn count(&mut self, negative: &'static str) -> Result<usize, ThriftError> {
        let count = self.i32()?;
        usize::try_from(count).map_err(|_| self.error(negative))
    }

    /// `None` ends a struct.
    fn kind(&mut self) -> Result<Option<Kind>, ThriftError> {
        let [tag] = self.array()?;
        Ok(Some(match tag {
            0 => return Ok(None),
            2 => Kind::Bool,
            3 => Kind::I8,
            4 => Kind::Double,
            6 => Kind::I16,
            8 => Kind::I32,
            10 => Kind::I64,
            11 => Kind::Binary,
            12 => Kind::Struct,
            13 => Kind::Map,
            14 => Kind::Set,
            15 => Kind::List,
            _ => return Err(self.error("a value of an unknown type; is it the binary protocol, without a message around it?")),
        }))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ThriftError> {
        let (array, rest) = self.rest.split_first_chunk().ok_or_else(|| self.error(TRUNCATED))?;
        self.rest = rest;
        Ok(*array)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], ThriftError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or_else(|| self.error(TRUNCATED))?;
        self.rest = rest;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A struct whose field 1 has this kind and value, and what is said of passing over it.
    fn check(kind: Kind, tag: u8, value: &[u8], expected: Result<(), &'static str>) {
        let message = [&[tag, 0, 1], value, &[0]].concat();
        let mut reader = Reader::new(&message);
        assert_eq!(reader.field(), Ok(Some((1, kind))));
        let skipped = reader.skip(kind).and_then(|()| reader.field()).and_then(|_| reader.end());
        assert_eq!(skipped.map_err(|error| error.what), expected, "{value:?}");
    }

    #[test]
    fn every_kind_can_be_passed_over() {
        check(Kind::Bool, 2, &[1], Ok(()));
        check(Kind::I8, 3, &[1], Ok(()));
        check(Kind::Double, 4, &[1; 8], Ok(()));
        check(Kind::I16, 6, &[1; 2], Ok(()));
        check(Kind::I32, 8, &[1; 4], Ok(()));
        check(Kind::I64, 10, &[1; 8], Ok(()));
        check(Kind::Binary, 11, &[0, 0, 0, 2, 7, 7], Ok(()));
        check(Kind::Struct, 12, &[2, 0, 1, 1, 0], Ok(()));
        check(Kind::Map, 13, &[3, 6, 0, 0, 0, 1, 9, 0, 9], Ok(()));
        check(Kind::Map, 13, &[0, 0, 0, 0, 0, 0], Ok(()));
        check(Kind::Set, 14, &[3, 0, 0, 0, 2, 9, 9], Ok(()));
        check(Kind::List, 15, &[0, 0, 0, 0, 0], Ok(()));
        check(Kind::List, 15, &[12, 0, 0, 0, 2, 0, 0], Ok(()));
    }

    #[test]
    fn what_is_wrong_is_named() {
        check(Kind::I64, 10, &[1; 6], Err(TRUNCATED));
        check(Kind::Binary, 11, &[0x7f, 0xff, 0xff, 0xff, 1], Err(TRUNCATED));
        check(Kind::Binary, 11, &[0xff; 4], Err("a length is negative"));
        check(Kind::List, 15, &[12, 0x7f, 0xff, 0xff, 0xff, 0], Err("a list reaches beyond the end"));
        check(Kind::List, 15, &[12, 0x80, 0, 0, 0], Err("a count is negative"));
        check(Kind::Struct, 12, &[1], Err("a value of an unknown type; is it the binary protocol, without a message around it?"));
        check(Kind::I8, 3, &[1, 0], Err("something follows it"));
        let nested = |levels: usize| [[12, 0, 1].repeat(levels), vec![0; levels + 1]].concat();
        check(Kind::Struct, 12, &nested(31), Ok(()));
        check(Kind::Struct, 12, &nested(32), Err("values are nested deeper than 32 levels"));
        check(Kind::List, 15, &[15, 0, 0, 0, 1].repeat(100_000), Err("values are nested deeper than 32 levels"));
    }

    #[test]
    fn a_list_of_lists_of_nothing_costs_no_more_than_it_is_long() {
        let lists = [&[15, 0, 0, 3, 0xe8][..], &[0, 0, 0, 0, 0].repeat(1000)].concat();
        check(Kind::List, 15, &lists, Ok(()));
        // Elements of no type take no byte, so that each of these could announce as many as the message is long.
        check(Kind::List, 15, &[0, 0, 0, 0, 1], Err("a list does not say of what it is"));
        check(Kind::Map, 13, &[3, 0, 0, 0, 0, 1, 9], Err("a list does not say of what it is"));
    }
}
