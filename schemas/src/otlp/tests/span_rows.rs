//! Spans as rows.

use super::*;

#[test]
fn every_field_of_a_span_has_its_column() {
    let span = Span {
        trace_id: (0..16).collect(),
        span_id: (16..24).collect(),
        parent_span_id: vec![3; 8],
        trace_state: "a=1".to_owned(),
        flags: 0xffff_ffff,
        name: "GET /".to_owned(),
        kind: 99,
        start_time_unix_nano: 30,
        end_time_unix_nano: 10,
        attributes: vec![attribute("k", Value::IntValue(1))],
        dropped_attributes_count: 4,
        events: vec![
            span::Event {
                time_unix_nano: 5,
                name: "e".to_owned(),
                attributes: vec![attribute("x", Value::BoolValue(true))],
                dropped_attributes_count: 6,
            },
            span::Event::default(),
        ],
        dropped_events_count: 7,
        links: vec![
            span::Link {
                trace_id: vec![8; 16],
                span_id: vec![9; 8],
                trace_state: "b=2".to_owned(),
                attributes: vec![attribute("y", text("z"))],
                dropped_attributes_count: 10,
                flags: 11,
            },
            span::Link { trace_id: vec![8; 15], ..Default::default() },
        ],
        dropped_links_count: 12,
        status: Some(Status { code: 2, message: "bad".to_owned() }),
    };
    let batch = batch(Signal::Traces, &traces(vec![valid_span(), span]));
    check_row(
        &batch,
        1,
        &[
            (c::TRACE_ID, Some("000102030405060708090a0b0c0d0e0f")),
            (c::SPAN_ID, Some("1011121314151617")),
            (c::PARENT_SPAN_ID, Some("0303030303030303")),
            (c::TRACE_STATE, Some("a=1")),
            (c::FLAGS, Some("4294967295")),
            (c::NAME, Some("GET /")),
            (c::KIND, Some("99")),
            (c::START_TIME, Some("30")),
            (c::DURATION_NS, Some("-20")),
            (c::STATUS_CODE, Some("2")),
            (c::STATUS_MESSAGE, Some("bad")),
            (c::DROPPED_EVENTS_COUNT, Some("7")),
            (c::DROPPED_LINKS_COUNT, Some("12")),
            (c::ATTRIBUTES, Some(r#"{"k":1}"#)),
            (c::DROPPED_ATTRIBUTES_COUNT, Some("4")),
            (c::RECEIVED_AT, Some("1700000000000000000")),
            (
                c::EVENTS,
                Some(
                    "[{time: 5, name: e, attributes: {\"x\":true}, dropped_attributes_count: 6}, \
                     {time: 0, name: , attributes: , dropped_attributes_count: }]",
                ),
            ),
            (
                c::LINKS,
                Some(
                    "[{trace_id: 08080808080808080808080808080808, span_id: 0909090909090909, trace_state: b=2, flags: 11, attributes: {\"y\":\"z\"}, dropped_attributes_count: 10}, \
                     {trace_id: , span_id: , trace_state: , flags: 0, attributes: , dropped_attributes_count: }]",
                ),
            ),
        ],
    );
    let absent = [
        c::PARENT_SPAN_ID,
        c::TRACE_STATE,
        c::STATUS_MESSAGE,
        c::EVENTS,
        c::LINKS,
        c::ATTRIBUTES,
        c::DROPPED_EVENTS_COUNT,
        c::SERVICE_NAME,
    ];
    check_row(&batch, 0, &absent.map(|column| (column, None)));
    check_row(
        &batch,
        0,
        &[(c::NAME, Some("")), (c::FLAGS, Some("0")), (c::KIND, Some("0")), (c::STATUS_CODE, Some("0")), (c::DURATION_NS, Some("20"))],
    );
}

#[test]
fn a_bad_span_is_refused_alone_and_named() {
    let check = |span: Span, reason| check_rejected(Signal::Traces, &traces(vec![valid_span(), span, valid_span()]), 2, &[(reason, 1)]);
    check(Span { trace_id: vec![], ..valid_span() }, reject::TRACE_ID_LENGTH);
    check(Span { trace_id: vec![1; 17], ..valid_span() }, reject::TRACE_ID_LENGTH);
    check(Span { trace_id: vec![0; 16], ..valid_span() }, reject::TRACE_ID_ZERO);
    check(Span { span_id: vec![1; 7], ..valid_span() }, reject::SPAN_ID_LENGTH);
    check(Span { span_id: vec![0; 8], ..valid_span() }, reject::SPAN_ID_ZERO);
    check(Span { parent_span_id: vec![1; 16], ..valid_span() }, reject::PARENT_SPAN_ID_LENGTH);
    check(Span { start_time_unix_nano: i64::MAX as u64 + 1, ..valid_span() }, reject::START_TIME);
    check(Span { end_time_unix_nano: u64::MAX, ..valid_span() }, reject::END_TIME);
    let event = span::Event { time_unix_nano: u64::MAX, ..Default::default() };
    check(Span { events: vec![event], ..valid_span() }, reject::EVENT_TIME);
}

#[test]
fn extreme_but_valid_spans_are_kept() {
    let zero_parent = Span { parent_span_id: vec![0; 8], ..valid_span() };
    let long = Span { start_time_unix_nano: 0, end_time_unix_nano: i64::MAX as u64, ..valid_span() };
    let backwards = Span { start_time_unix_nano: i64::MAX as u64, end_time_unix_nano: 0, ..valid_span() };
    let batch = batch(Signal::Traces, &traces(vec![zero_parent, long, backwards]));
    check_row(&batch, 0, &[(c::PARENT_SPAN_ID, None)]);
    let durations = batch[c::DURATION_NS].as_primitive::<Int64Type>();
    assert_eq!(durations.values().as_ref(), [20, i64::MAX, -i64::MAX]);
}
