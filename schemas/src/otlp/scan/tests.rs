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
        let mut body = record.to_vec();
        for tag in [0x12, 0x12, 0x0a] {
            body.insert(0, body.len() as u8);
            body.insert(0, tag);
        }
        let result = scan(Signal::Logs, &body, &DecodeLimits::default()).map(|scan| scan.records);
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
