//! Writes protobuf bytes field by field, without building messages first.
//!
//! The length of a nested message is known only when it ends, so one byte is kept free for it and filled in then;
//! a message of 128 bytes or more moves up by the bytes its length needs beyond one.

/// Wire types of the protobuf encoding.
const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const LENGTH_DELIMITED: u32 = 2;
const FIXED32: u32 = 5;

/// Where an open message's content begins.
#[derive(Debug)]
#[must_use = "an opened message must be closed"]
pub(crate) struct Open(usize);

#[derive(Debug, Default)]
pub(crate) struct Encoder {
    bytes: Vec<u8>,
}

impl Encoder {
    pub fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes) }
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Bytes written so far.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Starts a nested message, or a packed list of numbers.
    pub fn open(&mut self, number: u32) -> Open {
        self.tag(number, LENGTH_DELIMITED);
        self.bytes.push(0);
        Open(self.bytes.len())
    }

    pub fn close(&mut self, Open(start): Open) {
        let end = self.bytes.len();
        let (length, width) = varint((end - start) as u64);
        self.bytes.resize(end + width - 1, 0);
        self.bytes.copy_within(start..end, start + width - 1);
        self.bytes[start - 1..start - 1 + width].copy_from_slice(&length[..width]);
    }

    /// Undoes [`Self::open`] when nothing was written since, as if the message had never begun.
    pub fn close_unless_empty(&mut self, number: u32, open: Open) {
        if self.bytes.len() > open.0 {
            self.close(open);
        } else {
            let (_, width) = varint(u64::from(number) << 3);
            self.bytes.truncate(open.0 - 1 - width);
        }
    }

    pub fn bytes(&mut self, number: u32, value: &[u8]) {
        self.tag(number, LENGTH_DELIMITED);
        self.packed_varint(value.len() as u64);
        self.bytes.extend_from_slice(value);
    }

    pub fn string(&mut self, number: u32, value: &str) {
        self.bytes(number, value.as_bytes());
    }

    pub fn uint64(&mut self, number: u32, value: u64) {
        self.tag(number, VARINT);
        self.packed_varint(value);
    }

    /// `int32`, `int64` and enums: negative numbers take ten bytes.
    pub fn int64(&mut self, number: u32, value: i64) {
        self.uint64(number, value.cast_unsigned());
    }

    /// Zigzag: small negative numbers stay short.
    pub fn sint32(&mut self, number: u32, value: i32) {
        self.uint64(number, u64::from(((value << 1) ^ (value >> 31)).cast_unsigned()));
    }

    pub fn bool(&mut self, number: u32, value: bool) {
        self.uint64(number, u64::from(value));
    }

    pub fn fixed32(&mut self, number: u32, value: u32) {
        self.tag(number, FIXED32);
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub fn fixed64(&mut self, number: u32, value: u64) {
        self.tag(number, FIXED64);
        self.packed_fixed64(value);
    }

    pub fn double(&mut self, number: u32, value: f64) {
        self.fixed64(number, value.to_bits());
    }

    pub fn optional_bytes(&mut self, number: u32, value: Option<&[u8]>) {
        if let Some(value) = value {
            self.bytes(number, value);
        }
    }

    pub fn optional_string(&mut self, number: u32, value: Option<&str>) {
        self.optional_bytes(number, value.map(str::as_bytes));
    }

    pub fn optional_uint32(&mut self, number: u32, value: Option<u32>) {
        if let Some(value) = value {
            self.uint64(number, value.into());
        }
    }

    pub fn optional_sint32(&mut self, number: u32, value: Option<i32>) {
        if let Some(value) = value {
            self.sint32(number, value);
        }
    }

    pub fn optional_fixed64(&mut self, number: u32, value: Option<u64>) {
        if let Some(value) = value {
            self.fixed64(number, value);
        }
    }

    pub fn optional_double(&mut self, number: u32, value: Option<f64>) {
        self.optional_fixed64(number, value.map(f64::to_bits));
    }

    pub fn non_zero_int32(&mut self, number: u32, value: i32) {
        if value != 0 {
            self.int64(number, value.into());
        }
    }

    pub fn non_zero_fixed32(&mut self, number: u32, value: u32) {
        if value != 0 {
            self.fixed32(number, value);
        }
    }

    /// Fields that another encoder wrote.
    pub fn append(&mut self, fields: &[u8]) {
        self.bytes.extend_from_slice(fields);
    }

    /// A number of an open packed list.
    pub fn packed_varint(&mut self, value: u64) {
        let (bytes, width) = varint(value);
        self.bytes.extend_from_slice(&bytes[..width]);
    }

    /// A number of an open packed list.
    pub fn packed_fixed64(&mut self, value: u64) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    fn tag(&mut self, number: u32, wire_type: u32) {
        self.packed_varint(u64::from(number << 3 | wire_type));
    }
}

/// `value` in base 128, lowest digits first, and how many bytes that takes.
fn varint(mut value: u64) -> ([u8; 10], usize) {
    let mut bytes = [0; 10];
    let mut width = 0;
    loop {
        let digit = (value & 0x7f) as u8;
        value >>= 7;
        let more = value > 0;
        bytes[width] = digit | u8::from(more) << 7;
        width += 1;
        if !more {
            return (bytes, width);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_every_width_are_filled_in() {
        for length in [0, 1, 127, 128, 16_383, 16_384, 100_000] {
            let mut encoder = Encoder::default();
            let outer = encoder.open(1);
            encoder.bytes(2, &vec![7; length]);
            encoder.close(outer);
            let bytes = encoder.into_bytes();
            let mut rest = bytes.as_slice();
            assert_eq!(prost::encoding::decode_varint(&mut rest).expect("tag"), 1 << 3 | 2);
            let outer_length = prost::encoding::decode_varint(&mut rest).expect("length");
            assert_eq!(outer_length as usize, rest.len());
            assert_eq!(prost::encoding::decode_varint(&mut rest).expect("tag"), 2 << 3 | 2);
            assert_eq!(prost::encoding::decode_varint(&mut rest).expect("length") as usize, length);
            assert_eq!(rest, vec![7; length]);
        }
    }

    #[test]
    fn an_empty_message_can_be_taken_back() {
        let mut encoder = Encoder::default();
        encoder.bool(1, true);
        let open = encoder.open(1000);
        encoder.close_unless_empty(1000, open);
        assert_eq!(encoder.into_bytes(), [8, 1]);
    }

    #[test]
    fn numbers_are_written_as_protobuf_wants_them() {
        let check = |write: fn(&mut Encoder), expected: &[u8]| {
            let mut encoder = Encoder::default();
            write(&mut encoder);
            assert_eq!(encoder.into_bytes(), expected);
        };
        check(|e| e.int64(1, -1), &[8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]);
        check(|e| e.sint32(1, -1), &[8, 1]);
        check(|e| e.sint32(1, i32::MIN), &[8, 255, 255, 255, 255, 15]);
        check(|e| e.uint64(16, 300), &[128, 1, 172, 2]);
        check(|e| e.fixed32(1, 1), &[13, 1, 0, 0, 0]);
    }
}
