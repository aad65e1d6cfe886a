use super::*;

fn fields(bytes: &[u8]) -> Result<Vec<(u32, Value<'_>)>, WireError> {
    let mut reader = Reader::new(bytes);
    std::iter::from_fn(|| reader.field().transpose()).collect()
}

#[test]
fn every_wire_type_is_read() {
    let check = |bytes: &[u8], expected: &[(u32, Value<'_>)]| assert_eq!(fields(bytes).as_deref(), Ok(expected), "{bytes:x?}");
    check(&[], &[]);
    check(&[0x08, 0x05], &[(1, Value::Varint(5))]);
    check(&[0x08, 0xac, 0x02, 0x10, 0x00], &[(1, Value::Varint(300)), (2, Value::Varint(0))]);
    check(&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], &[(1, Value::Varint(u64::MAX))]);
    check(&[0x08, 0x80, 0x80, 0x00], &[(1, Value::Varint(0))]);
    check(&[0x09, 1, 0, 0, 0, 0, 0, 0, 0x80], &[(1, Value::Fixed64(0x8000_0000_0000_0001))]);
    check(&[0x12, 2, 7, 8, 0x1a, 0], &[(2, Value::Bytes(&[7, 8])), (3, Value::Bytes(&[]))]);
    check(&[0x0d, 1, 0, 0, 0], &[(1, Value::Fixed32(1))]);
    check(&[0x0b, 0x08, 1, 0x13, 0x12, 1, 9, 0x14, 0x0c, 0x08, 2], &[(1, Value::Group), (1, Value::Varint(2))]);
    check(&[0xf8, 0xff, 0xff, 0xff, 0x0f, 0x01], &[(0x1fff_ffff, Value::Varint(1))]);
}

#[test]
fn what_is_not_protobuf_is_named_with_its_place() {
    let check = |bytes: &[u8], offset: usize, what: &str| {
        let error = fields(bytes).expect_err("malformed");
        assert_eq!((error.offset, error.what), (offset, what), "{bytes:x?}");
    };
    check(&[0x00, 0x01], 1, "field number 0");
    check(&[0x08], 1, TRUNCATED);
    check(&[0x08, 0x80], 1, TRUNCATED);
    check(&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02], 1, "a varint does not fit 64 bits");
    check(&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], 1, "a varint is longer than 10 bytes");
    check(&[0x09, 1, 2, 3], 1, TRUNCATED);
    check(&[0x0d, 1, 2, 3], 1, TRUNCATED);
    check(&[0x12, 3, 1, 2], 2, "a length reaches beyond the message");
    check(&[0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], 11, "a length reaches beyond the message");
    check(&[0x0c], 1, "a group ends that did not begin");
    check(&[0x0b, 0x14], 2, "a group ends that did not begin");
    check(&[0x0b, 0x08, 1], 3, TRUNCATED);
    check(&[0x0e], 1, "unknown wire type");
    check(&[0xff, 0xff, 0xff, 0xff, 0x7f, 1], 5, "the field number does not fit 29 bits");
    check(&[0x0b; 100], 34, "groups are nested too deep");
}

#[test]
fn offsets_of_nested_messages_count_from_the_request() {
    let bytes = [0x08, 0x01, 0x12, 0x03, 0x08, 0x01, 0x00];
    let mut reader = Reader::new(&bytes);
    reader.field().expect("fine");
    let Ok(Some((2, Value::Bytes(inner)))) = reader.field() else { panic!("a message") };
    let mut inner = reader.nested(inner);
    inner.field().expect("fine");
    assert_eq!(inner.field(), Err(WireError { offset: 7, what: "field number 0" }));
}
