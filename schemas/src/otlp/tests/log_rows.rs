//! Log records as rows.

use super::*;

#[test]
fn every_field_of_a_log_record_has_its_column() {
    let record = LogRecord {
        time_unix_nano: 1,
        observed_time_unix_nano: 2,
        severity_number: 17,
        severity_text: "ERROR".to_owned(),
        body: Some(any(text("it broke"))),
        attributes: vec![attribute("exception.type", text("E")), attribute("x", Value::IntValue(1))],
        dropped_attributes_count: 3,
        flags: 0xffff_ffff,
        trace_id: vec![4; 16],
        span_id: vec![5; 8],
        event_name: "crash".to_owned(),
    };
    let batch = batch(Signal::Logs, &logs(vec![record]));
    check_row(
        &batch,
        0,
        &[
            (c::TIME, Some("1")),
            (c::OBSERVED_TIME, Some("2")),
            (c::TIME_SOURCE, Some("0")),
            (c::TRACE_ID, Some("04040404040404040404040404040404")),
            (c::SPAN_ID, Some("0505050505050505")),
            (c::FLAGS, Some("4294967295")),
            (c::SEVERITY_NUMBER, Some("17")),
            (c::SEVERITY_TEXT, Some("ERROR")),
            (c::BODY, Some("it broke")),
            (c::BODY_TYPE, Some("1")),
            (c::EVENT_NAME, Some("crash")),
            (c::ATTRIBUTES, Some(r#"{"x":1}"#)),
            (c::EXCEPTION_TYPE, Some("E")),
            (c::DROPPED_ATTRIBUTES_COUNT, Some("3")),
        ],
    );
}

#[test]
fn a_record_without_time_has_the_next_best() {
    let check = |time, observed, expected: [Option<&str>; 3]| {
        let record = LogRecord { time_unix_nano: time, observed_time_unix_nano: observed, ..Default::default() };
        let columns = [c::TIME, c::OBSERVED_TIME, c::TIME_SOURCE];
        check_row(&batch(Signal::Logs, &logs(vec![record])), 0, &[0, 1, 2].map(|i| (columns[i], expected[i])));
    };
    check(1, 0, [Some("1"), None, Some("0")]);
    check(0, 2, [Some("2"), Some("2"), Some("1")]);
    check(0, 0, [Some("1700000000000000000"), None, Some("2")]);
}

#[test]
fn bodies_of_every_type_are_kept() {
    let check = |body: Option<Value>, kind: &str, expected: Option<&str>| {
        let record = LogRecord { body: body.map(any), ..Default::default() };
        check_row(&batch(Signal::Logs, &logs(vec![record])), 0, &[(c::BODY_TYPE, Some(kind)), (c::BODY, expected)]);
    };
    check(None, "0", None);
    check(Some(text("")), "1", Some(""));
    check(Some(text("{\"a\":1}")), "1", Some("{\"a\":1}"));
    check(Some(Value::BoolValue(true)), "2", Some("true"));
    check(Some(Value::IntValue(-1)), "3", Some("-1"));
    check(Some(Value::DoubleValue(2.0)), "4", Some("2.0"));
    check(Some(Value::ArrayValue(ArrayValue { values: vec![any(text("a"))] })), "5", Some(r#"["a"]"#));
    check(Some(Value::KvlistValue(KeyValueList { values: vec![attribute("$k", text("v"))] })), "6", Some(r#"{"$map":{"$k":"v"}}"#));
    check(Some(Value::BytesValue(vec![1])), "7", Some(r#"{"$bytes":"AQ=="}"#));
}

#[test]
fn invalid_ids_are_no_ids_and_times_out_of_range_are_refused() {
    for (trace_id, span_id) in [(vec![0; 16], vec![0; 8]), (vec![1; 15], vec![1; 9]), (vec![], vec![])] {
        let record = LogRecord { trace_id, span_id, ..Default::default() };
        check_row(&batch(Signal::Logs, &logs(vec![record])), 0, &[(c::TRACE_ID, None), (c::SPAN_ID, None)]);
    }
    let late = LogRecord { time_unix_nano: u64::MAX, ..Default::default() };
    let observed_late = LogRecord { observed_time_unix_nano: 1 << 63, ..Default::default() };
    check_rejected(
        Signal::Logs,
        &logs(vec![late, LogRecord::default(), observed_late]),
        1,
        &[(reject::TIME, 1), (reject::OBSERVED_TIME, 1)],
    );
}
