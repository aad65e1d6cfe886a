use opentelemetry_proto::tonic::{
    collector::logs::v1::ExportLogsServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
};
use prost::Message as _;

use super::*;

/// Field 1 or 2 of every level around `records` empty log records.
fn empty_records(records: usize) -> Vec<u8> {
    let mut body = [0x12, 0x00].repeat(records);
    for tag in [0x12, 0x0a] {
        let mut outer = vec![tag];
        prost::encoding::encode_varint(body.len() as u64, &mut outer);
        outer.append(&mut body);
        body = outer;
    }
    body
}

/// A log record with a body of arrays within arrays.
fn nested_body(depth: u32) -> Vec<u8> {
    let mut message = vec![0x18, 1];
    let array_and_value = (1..depth).flat_map(|_| [0x0a, 0x2a]);
    for tag in array_and_value.chain([0x2a, 0x12, 0x12, 0x0a]) {
        let mut outer = vec![tag];
        prost::encoding::encode_varint(message.len() as u64, &mut outer);
        outer.append(&mut message);
        message = outer;
    }
    message
}

#[test]
fn millions_of_empty_records_are_refused_at_the_first_too_many() {
    let body = empty_records(32 << 20);
    let error = scan(Signal::Logs, &body, &DecodeLimits::default()).expect_err("too many");
    assert_eq!(error, DecodeError::Count { what: "log records", actual: 1_000_001, limit: 1_000_000 });
    let elements = DecodeLimits { records_max: u64::MAX, elements_max: 5_000, depth_max: 32 };
    assert_eq!(
        scan(Signal::Logs, &body, &elements).expect_err("too many"),
        DecodeError::Count { what: "elements", actual: 5_001, limit: 5_000 }
    );
}

#[test]
fn the_limits_are_the_last_numbers_that_pass() {
    let limits = DecodeLimits { records_max: 10, elements_max: 12, depth_max: 32 };
    let scanned = scan(Signal::Logs, &empty_records(10), &limits).expect("at the limit");
    assert_eq!((scanned.records, scanned.elements), (10, 12));
    assert!(scan(Signal::Logs, &empty_records(11), &limits).is_err());
    assert!(scan(Signal::Logs, &empty_records(10), &DecodeLimits { elements_max: 11, ..limits }).is_err());
}

#[test]
fn a_message_in_pieces_counts_for_each_piece_but_the_first() {
    let elements = |record: &[u8]| scan(Signal::Logs, &around(record), &DecodeLimits::default()).expect("fine");
    let piece: &[u8] = &[0x2a, 0x02, 0x10, 0x01];
    for (pieces, expected) in [(0, 3), (1, 3), (2, 4), (5, 7)] {
        let scanned = elements(&piece.repeat(pieces));
        assert_eq!((scanned.elements, scanned.split_messages), (expected, pieces > 1), "{pieces}");
    }
}

/// A request whose one log record has `fields`.
fn around(fields: &[u8]) -> Vec<u8> {
    [0x12, 0x12, 0x0a].iter().fold(fields.to_vec(), |inner, tag| {
        let mut outer = vec![*tag];
        prost::encoding::encode_varint(inner.len() as u64, &mut outer);
        [outer, inner].concat()
    })
}

#[test]
fn the_estimate_follows_what_a_request_is_made_of() {
    let estimate = |fields: &[u8]| scan(Signal::Logs, &around(fields), &DecodeLimits::default()).expect("fine").decoded_bytes_estimate;
    let grown = |fields: &[u8]| estimate(fields) - estimate(&[]) - COPIES * (around(fields).len() - around(&[]).len()) as u64;
    // severity_text
    let text = |text: &[u8]| [&[0x1a, text.len() as u8], text].concat();
    assert_eq!(grown(&text(b"plain")), 0);
    assert_eq!(grown(&text(b"two \"\n")), COPIES * GROWTH_BYTES * 2);
    assert_eq!(grown(&text("schön".as_bytes())), 0);
    assert_eq!(grown(&text(b"sch\xf6n")), COPIES * GROWTH_BYTES);
    // attributes
    assert_eq!(grown(&[0x32, 0].repeat(7)), MESSAGE_BYTES * 7);
    // body, as base64
    assert_eq!(grown(&[0x2a, 8, 0x3a, 6, 0, 0, 0, 0, 0, 0]), COPIES * 2);
    // the id is bytes, which no column escapes
    assert_eq!(grown(&[0x4a, 1, 1]), 0);
    // body, in two pieces
    let pieces = [0x2a, 0x00, 0x2a, 0x00];
    assert_eq!(grown(&pieces), MESSAGE_BYTES + around(&pieces).len() as u64);
}

#[test]
fn elements_are_bounded_whatever_the_limits_say() {
    // ExponentialHistogramDataPoint.positive.bucket_counts, packed: a byte each.
    let body = [0x12, 0x42, 0x0a, 0x52, 0x12, 0x12, 0x0a].iter().fold(vec![1; ELEMENTS_MAX as usize], |inner, tag| {
        let mut outer = vec![*tag];
        prost::encoding::encode_varint(inner.len() as u64, &mut outer);
        [outer, inner].concat()
    });
    let error = scan(Signal::Metrics, &body, &DecodeLimits::NONE).expect_err("and four messages around them");
    assert_eq!(error, DecodeError::Count { what: "elements", actual: ELEMENTS_MAX + 4, limit: ELEMENTS_MAX });
}

#[test]
fn depth_counts_values_within_values() {
    let check = |depth, depth_max, expected: Result<(), u32>| {
        let limits = DecodeLimits { depth_max, ..DecodeLimits::NONE };
        let result = scan(Signal::Logs, &nested_body(depth), &limits).map(|_| ());
        assert_eq!(result, expected.map_err(|limit| DecodeError::Depth { what: "attribute values", limit }), "{depth} of {depth_max}");
    };
    check(1, 1, Ok(()));
    check(2, 1, Err(1));
    check(32, 32, Ok(()));
    check(33, 32, Err(32));
    check(32, 1_000_000, Ok(()));
    check(5_000, 1_000_000, Err(32));
}

#[test]
fn a_known_field_of_another_wire_type_is_an_error_and_an_unknown_field_is_not() {
    let check = |record: &[u8], expected: Result<u64, &str>| {
        let result = scan(Signal::Logs, &around(record), &DecodeLimits::default()).map(|scan| scan.records);
        match (result, expected) {
            (Err(DecodeError::Protobuf { what, .. }), Err(expected)) => assert_eq!(what, expected, "{record:?}"),
            (result, expected) => assert_eq!(result.ok(), expected.ok(), "{record:?}"),
        }
    };
    check(&[0x08, 1], Err(WRONG_WIRE_TYPE));
    check(&[0x0a, 8, 0, 0, 0, 0, 0, 0, 0, 0], Err(WRONG_WIRE_TYPE));
    check(&[0x28, 1], Err(WRONG_WIRE_TYPE));
    check(&[0x09, 0, 0, 0, 0, 0, 0, 0, 0], Ok(1));
    check(&[0xa0, 6, 1, 0xa1, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0xa2, 6, 1, 7, 0xa3, 6, 0xa4, 6, 0xa5, 6, 0, 0, 0, 0], Ok(1));
}

#[test]
fn strindex_fields_are_counted() {
    let key_value =
        KeyValue { key_strindex: 3, value: Some(AnyValue { value: Some(any_value::Value::StringValueStrindex(4)) }), ..Default::default() };
    let record = LogRecord { attributes: vec![key_value], ..Default::default() };
    let logs = ResourceLogs { scope_logs: vec![ScopeLogs { log_records: vec![record], ..Default::default() }], ..Default::default() };
    let body = ExportLogsServiceRequest { resource_logs: vec![logs] }.encode_to_vec();
    assert_eq!(scan(Signal::Logs, &body, &DecodeLimits::default()).expect("fine").ignored_strindex, 2);
}
