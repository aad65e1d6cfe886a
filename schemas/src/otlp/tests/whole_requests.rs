//! Requests as a whole: limits, counts, damage.

use testkit::captures::OTEL_DEMO_SLICE;

use super::*;

fn nest(number: u8, inner: &[u8]) -> Vec<u8> {
    let mut outer = vec![number << 3 | 2];
    prost::encoding::encode_varint(inner.len() as u64, &mut outer);
    outer.extend_from_slice(inner);
    outer
}

/// A request of each signal that uses most of the format.
fn rich(signal: Signal) -> Vec<u8> {
    let nested =
        Value::KvlistValue(KeyValueList { values: vec![attribute("$k", Value::ArrayValue(ArrayValue { values: vec![any(text("ä"))] }))] });
    let attributes = vec![attribute("k", nested), attribute("http.method", text("GET"))];
    match signal {
        Signal::Traces => {
            let event = span::Event { name: "e".to_owned(), attributes: attributes.clone(), ..Default::default() };
            let link = span::Link { trace_id: vec![1; 16], attributes: attributes.clone(), ..Default::default() };
            traces(vec![Span { attributes, events: vec![event], links: vec![link], status: Some(Status::default()), ..valid_span() }])
        }
        Signal::Logs => logs(vec![LogRecord { attributes, body: Some(any(text("b"))), flags: 1, ..Default::default() }]),
        Signal::Metrics => {
            let exemplar = Exemplar { filtered_attributes: attributes.clone(), ..Default::default() };
            let number = NumberDataPoint { attributes, exemplars: vec![exemplar], flags: 1, ..Default::default() };
            let bounds = HistogramDataPoint { explicit_bounds: vec![1.0], bucket_counts: vec![300, 2], ..Default::default() };
            metrics(vec![
                Data::Gauge(Gauge { data_points: vec![number] }),
                Data::Histogram(Histogram { data_points: vec![bounds], aggregation_temporality: 1 }),
            ])
        }
    }
}

#[test]
fn empty_requests_and_envelopes_have_no_rows() {
    for signal in Signal::ALL {
        for body in [vec![], nest(1, &[]), nest(1, &nest(2, &[]))] {
            let decoded = decoded(signal, &body);
            assert_eq!((decoded.batches.len(), decoded.accepted, decoded.rejected.count), (0, 0, 0), "{signal} {body:?}");
        }
    }
}

#[test]
fn truncated_at_any_byte_a_request_is_an_error_or_shorter_but_no_panic() {
    for signal in Signal::ALL {
        let body = rich(signal);
        assert!(decoded(signal, &body).accepted > 0);
        for end in 1..body.len() {
            let result = decode(signal, Format::Protobuf, &body[..end], RECEIVED_AT, &DecodeLimits::default());
            assert!(matches!(result, Err(DecodeError::Protobuf { .. })), "{signal} cut at {end}: {result:?}");
        }
    }
}

#[test]
fn any_changed_byte_is_survived() {
    for signal in Signal::ALL {
        let body = rich(signal);
        for position in 0..body.len() {
            for value in [0, 1, 2, 7, 0x0a, 0x12, 0x1b, 0x7f, 0x80, 0xff] {
                let mut changed = body.clone();
                changed[position] = value;
                let _ = decode(signal, Format::Protobuf, &changed, RECEIVED_AT, &DecodeLimits::default());
            }
        }
    }
}

#[test]
fn a_resource_may_come_after_its_spans() {
    let resource = Resource { attributes: vec![attribute("service.name", text("late"))], ..Default::default() }.encode_to_vec();
    let scope = InstrumentationScope { name: "late scope".to_owned(), ..Default::default() }.encode_to_vec();
    let scope_spans = [nest(2, &valid_span().encode_to_vec()), nest(1, &scope)].concat();
    let body = nest(1, &[nest(2, &scope_spans), nest(1, &resource)].concat());
    check_row(&batch(Signal::Traces, &body), 0, &[(c::SERVICE_NAME, Some("late")), (c::SCOPE_NAME, Some("late scope"))]);
}

/// Protobuf merges the pieces of a message that is not repeated; prost is the judge.
#[test]
fn messages_in_pieces_are_merged_as_prost_does() {
    let status = |status: Status| nest(15, &status.encode_to_vec());
    let key_value = |values: &[Value]| {
        let values: Vec<u8> = values.iter().flat_map(|value| nest(2, &any(value.clone()).encode_to_vec())).collect();
        nest(9, &[nest(1, b"k"), values].concat())
    };
    let array = |value: i64| Value::ArrayValue(ArrayValue { values: vec![any(Value::IntValue(value))] });
    let map = |key: &str| Value::KvlistValue(KeyValueList { values: vec![attribute(key, Value::IntValue(1))] });
    let check = |fields: &[Vec<u8>]| {
        let span = [valid_span().encode_to_vec(), fields.concat()].concat();
        let body = nest(1, &nest(2, &nest(2, &span)));
        let merged = ExportTraceServiceRequest::decode(body.as_slice()).expect("valid").encode_to_vec();
        assert_eq!(batch(Signal::Traces, &body), batch(Signal::Traces, &merged), "{fields:x?}");
    };
    check(&[status(Status { code: 2, message: String::new() }), status(Status { code: 0, message: "m".to_owned() })]);
    check(&[key_value(&[array(1), array(2)])]);
    check(&[key_value(&[map("a"), map("b")])]);
    check(&[key_value(&[array(1), text("s"), array(2)])]);
    check(&[key_value(&[array(1), text("s")])]);
    check(&[key_value(&[array(1), map("a"), map("b")])]);
    check(&[nest(5, b"first name"), nest(5, b"second name")]);

    let piece = |key: &str| nest(1, &Resource { attributes: vec![attribute(key, text("v"))], ..Default::default() }.encode_to_vec());
    let body = nest(1, &[piece("a"), nest(2, &nest(2, &valid_span().encode_to_vec())), piece("b")].concat());
    check_row(&batch(Signal::Traces, &body), 0, &[(c::RESOURCE_ATTRIBUTES, Some(r#"{"a":"v","b":"v"}"#))]);
}

#[test]
fn a_metric_in_pieces_is_merged() {
    let gauge = |value: i64| {
        let point = NumberDataPoint { value: Some(number_data_point::Value::AsInt(value)), ..Default::default() };
        nest(5, &Gauge { data_points: vec![point] }.encode_to_vec())
    };
    let body = nest(1, &nest(2, &nest(2, &[gauge(1), gauge(2)].concat())));
    assert_eq!(batch(Signal::Metrics, &body)[c::VALUE_INT].as_primitive::<Int64Type>().values().as_ref(), [1, 2]);
}

/// Pieces within pieces, and one that a scalar between them cuts off, at once.
#[test]
fn pieces_are_merged_at_every_depth_in_their_order() {
    let list = |text_of_item: &str| nest(5, &nest(1, &any(text(text_of_item)).encode_to_vec()));
    let value = |pieces: &[Vec<u8>]| nest(2, &pieces.concat());
    let deep = [nest(1, b"k"), value(&[list("lost"), nest(1, b"scalar"), list("a")]), value(&[list("b"), list("c")])].concat();
    let map = nest(6, &nest(1, &deep));
    let attribute = [nest(1, b"outer"), value(&[map]).repeat(2)].concat();
    let body = nest(1, &nest(2, &nest(2, &[valid_span().encode_to_vec(), nest(9, &attribute)].concat())));
    let expected = r#"{"outer":{"k":["a","b","c"],"k":["a","b","c"]}}"#;
    check_row(&batch(Signal::Traces, &body), 0, &[(c::ATTRIBUTES, Some(expected))]);
}

/// Only profiles have string indexes; elsewhere they are as good as absent, also behind a value and in a message in pieces.
#[test]
fn a_string_index_takes_no_value_away() {
    let (double, index) = ([&[33][..], &1.5f64.to_le_bytes()].concat(), vec![64, 7]);
    for body in [[double.clone(), index.clone()], [index, double]] {
        for pieces in [nest(5, &body.concat()), [nest(5, &body[0]), nest(5, &body[1])].concat()] {
            let request = nest(1, &nest(2, &nest(2, &pieces)));
            assert_eq!(decoded(Signal::Logs, &request).ignored_strindex, 1);
            check_row(&batch(Signal::Logs, &request), 0, &[(c::BODY, Some("1.5")), (c::BODY_TYPE, Some("4"))]);
        }
    }
}

#[test]
fn json_that_is_longer_as_protobuf_pays_for_the_difference() {
    let numbers = "1,".repeat(1_000);
    let json = format!(
        r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"histogram":{{"dataPoints":[{{"explicitBounds":[{numbers}1]}}]}}}}]}}]}}]}}"#
    );
    let limits = DecodeLimits::default();
    let protobuf = json::to_protobuf(Signal::Metrics, json.as_bytes(), &limits).expect("valid");
    let estimate =
        |format, body: &[u8]| Request::read(Signal::Metrics, format, body, &limits).expect("valid").scan().decoded_bytes_estimate;
    let difference = (protobuf.len() - json.len()) as u64;
    assert!(difference > 6_000);
    assert_eq!(estimate(Format::Json, json.as_bytes()), estimate(Format::Protobuf, &protobuf) + difference);
    assert_eq!(estimate(Format::Json, br#"{"unknown":"x"}"#), estimate(Format::Protobuf, &[]));
}

#[test]
fn the_hash_of_a_request_tells_tenants_signals_and_bodies_apart() {
    let hash = request_hash(TenantId::DEFAULT, Signal::Traces, b"body");
    assert_eq!(hash, request_hash(TenantId(1), Signal::Traces, b"body"));
    assert_ne!(hash, request_hash(TenantId(2), Signal::Traces, b"body"));
    assert_ne!(hash, request_hash(TenantId::DEFAULT, Signal::Logs, b"body"));
    assert_ne!(hash, request_hash(TenantId::DEFAULT, Signal::Traces, b"bodY"));
    assert_eq!(hash.0, 41_416_953_736_171_000_549_488_328_461_860_651_421, "it is in the WAL: it must never change");
}

/// The rows of a capture, with everything decoded; `None` when the capture is not there.
fn capture(name: &str, signal: Signal) -> Option<Decoded> {
    let mut all = Decoded { batches: vec![], accepted: 0, rejected: Rejected::default(), repaired_strings: 0, ignored_strindex: 0 };
    for body in testkit::captures::requests(name)? {
        let mut one = decoded(signal, &body);
        all.batches.append(&mut one.batches);
        all.accepted += one.accepted;
        all.rejected.count += one.rejected.count;
        all.repaired_strings += one.repaired_strings;
    }
    Some(all)
}

#[test]
fn every_record_of_the_real_captures_becomes_a_row() {
    let check = |name, signal, expected| {
        if let Some(all) = capture(name, signal) {
            let rows: usize = all.batches.iter().map(|batch| batch.batch.num_rows()).sum();
            assert_eq!((all.accepted, rows as u64, all.rejected.count, all.repaired_strings), (expected, expected, 0, 0), "{name}");
        }
    };
    check(OTEL_DEMO_SLICE, Signal::Traces, 805);
    check("otel-demo/traces.otlp.zst", Signal::Traces, 4_743);
    check("train-ticket/traces.otlp.zst", Signal::Traces, 179_170);
    check("train-ticket/logs.otlp.zst", Signal::Logs, 48_078);
    check("train-ticket/metrics.otlp.zst", Signal::Metrics, 647_634);
}

#[test]
fn what_the_real_captures_are_known_to_hold_is_found_in_the_columns() {
    let check = |name: &str, response_flags: usize, status_codes: usize, spans: usize, events: usize| {
        let Some(Decoded { batches, .. }) = capture(name, Signal::Traces) else { return };
        let count = |column: &str| batches.iter().map(|batch| batch.batch[column].len() - batch.batch[column].null_count()).sum::<usize>();
        assert_eq!(count(c::RESPONSE_FLAGS), response_flags, "{name}");
        assert_eq!(count(c::HTTP_RESPONSE_STATUS_CODE), status_codes, "{name}");
        assert_eq!(count(c::SERVICE_NAME), spans, "{name}");
        let in_column: usize = batches.iter().map(|batch| batch.batch[c::EVENTS].as_list::<i32>().values().len()).sum();
        assert_eq!(in_column, events, "{name}");
    };
    check(OTEL_DEMO_SLICE, 205, 272 + 42, 805, 427);
    check("otel-demo/traces.otlp.zst", 1_940, 1_386 + 88, 4_743, 1_220);

    let Some(logs) = capture("train-ticket/logs.otlp.zst", Signal::Logs) else { return };
    let without_time =
        |batch: &RecordBatch| batch[c::TIME_SOURCE].as_primitive::<Int32Type>().values().iter().filter(|source| **source != 0).count();
    assert_eq!(logs.batches.iter().map(|batch| without_time(&batch.batch)).sum::<usize>(), 23);
}
