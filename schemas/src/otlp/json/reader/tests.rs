use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{AnyValue, any_value::Value},
    logs::v1::LogRecord,
    metrics::v1::metric::Data,
    trace::v1::Span,
};
use prost::Message as _;

use super::*;

fn traces(json: &str) -> Result<ExportTraceServiceRequest, DecodeError> {
    let bytes = to_protobuf(Signal::Traces, json.as_bytes(), &DecodeLimits::default())?;
    Ok(ExportTraceServiceRequest::decode(bytes.as_slice()).expect("what the transcoder writes is protobuf"))
}

fn span(fields: &str) -> Result<Span, DecodeError> {
    let request = traces(&format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{fields}}}]}}]}}]}}"#))?;
    Ok(request.resource_spans[0].scope_spans[0].spans[0].clone())
}

fn value(json: &str) -> Result<Option<Value>, DecodeError> {
    let body = format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{"body":{json}}}]}}]}}]}}"#);
    let bytes = to_protobuf(Signal::Logs, body.as_bytes(), &DecodeLimits::default())?;
    let request = ExportLogsServiceRequest::decode(bytes.as_slice()).expect("what the transcoder writes is protobuf");
    Ok(request.resource_logs[0].scope_logs[0].log_records[0].body.clone().and_then(|body| body.value))
}

fn refusal<T: std::fmt::Debug>(result: Result<T, DecodeError>) -> String {
    result.expect_err("refused").to_string()
}

#[test]
fn empty_requests_are_empty() {
    for json in ["{}", " {\n} ", r#"{"resourceSpans":[]}"#, r#"{"resourceSpans":null}"#, r#"{"unknown":[{"a":[1,{"b":null}]}]}"#] {
        assert_eq!(traces(json), Ok(ExportTraceServiceRequest::default()), "{json}");
    }
}

#[test]
fn ids_are_case_insensitive_hex() {
    let check = |json: &str, expected: &[u8]| assert_eq!(span(&format!(r#""spanId":{json}"#)).expect("a span").span_id, expected, "{json}");
    check(r#""00f067aa0ba902b7""#, &[0, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]);
    check(r#""00F067aA0Ba902B7""#, &[0, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]);
    check(r#""""#, &[]);
    check("null", &[]);
    check(r#""00f067aa0ba902b""#, &[0xff]);
    check(r#""APBnqgupArc=""#, &[0xff]);
    check(r#""00f067aa0ba902""#, &[0, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02]);
}

#[test]
fn enums_are_integers_and_names_are_understood() {
    let check = |json: &str, expected: i32| assert_eq!(span(&format!(r#""kind":{json}"#)).expect("a span").kind, expected, "{json}");
    check("2", 2);
    check(r#""SPAN_KIND_CLIENT""#, 3);
    check(r#""4""#, 4);
    check("1000", 1000);
    check("-7", -7);
    check("null", 0);
    assert!(refusal(span(r#""kind":"CLIENT""#)).contains("an integer from -2147483648 to 2147483647"));
}

#[test]
fn integers_are_strings_or_numbers() {
    let check = |json: &str, expected: Option<u64>| {
        assert_eq!(span(&format!(r#""endTimeUnixNano":{json}"#)).ok().map(|span| span.end_time_unix_nano), expected, "{json}");
    };
    check("123", Some(123));
    check(r#""123""#, Some(123));
    check("1e3", Some(1000));
    check("9007199254740993", Some(9_007_199_254_740_993));
    check(r#""18446744073709551615""#, Some(u64::MAX));
    check("18446744073709551615", Some(u64::MAX));
    check("null", Some(0));
    check("18446744073709551616", None);
    check(r#""18446744073709551616""#, None);
    check("-1", None);
    check("1.5", None);
    check(r#""abc""#, None);
    check("true", None);
    check("{}", None);
    check("[]", None);
}

#[test]
fn any_values_of_every_kind() {
    let check = |json: &str, expected: Option<Value>| assert_eq!(value(json), Ok(expected), "{json}");
    check("{}", None);
    check("null", None);
    check(r#"{"stringValue":"a\u0041\n"}"#, Some(Value::StringValue("aA\n".into())));
    check(r#"{"stringValue":null}"#, None);
    check(r#"{"boolValue":false}"#, Some(Value::BoolValue(false)));
    check(r#"{"intValue":"-9223372036854775808"}"#, Some(Value::IntValue(i64::MIN)));
    check(r#"{"intValue":-9223372036854775808}"#, Some(Value::IntValue(i64::MIN)));
    check(r#"{"intValue":-3}"#, Some(Value::IntValue(-3)));
    check(r#"{"doubleValue":"Infinity"}"#, Some(Value::DoubleValue(f64::INFINITY)));
    check(r#"{"doubleValue":7}"#, Some(Value::DoubleValue(7.0)));
    check(r#"{"doubleValue":0.1}"#, Some(Value::DoubleValue(0.1)));
    check(r#"{"bytesValue":"-_8"}"#, Some(Value::BytesValue(vec![0xfb, 0xff])));
    check(r#"{"arrayValue":{}}"#, Some(Value::ArrayValue(Default::default())));
    check(r#"{"string_value":"snake"}"#, None);
    check(r#"{"stringValue":"first","intValue":"2"}"#, Some(Value::IntValue(2)));
    let Ok(Some(Value::ArrayValue(array))) = value(r#"{"arrayValue":{"values":[{"intValue":1},null,{}]}}"#) else { panic!("an array") };
    assert_eq!(array.values, [AnyValue { value: Some(Value::IntValue(1)) }, AnyValue::default(), AnyValue::default()]);
}

#[test]
fn integers_beyond_64_bits_are_refused_and_never_rounded_into_them() {
    for number in ["-9223372036854775809", "9223372036854775808", "-9.3e18", "-1e19", "1e400"] {
        for json in [format!(r#"{{"intValue":{number}}}"#), format!(r#"{{"intValue":"{number}"}}"#)] {
            assert!(value(&json).is_err(), "{json}");
        }
    }
}

#[test]
fn a_list_is_a_list_and_a_value_is_none() {
    for json in ["7", "7.5", "true", "\"text\"", "{}"] {
        let refused = refusal(span(&format!(r#""attributes":{json}"#)));
        assert!(refused.ends_with(", expected a list"), "{refused}");
        for field in ["bucketCounts", "explicitBounds"] {
            let body = format!(
                r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"histogram":{{"dataPoints":[{{"{field}":{json}}}]}}}}]}}]}}]}}"#
            );
            let refused = refusal(to_protobuf(Signal::Metrics, body.as_bytes(), &DecodeLimits::default()));
            assert!(refused.ends_with(", expected a list"), "{field}: {refused}");
        }
    }
}

#[test]
fn minus_zero_stays_negative() {
    let Ok(Some(Value::DoubleValue(zero))) = value(r#"{"doubleValue":-0.0}"#) else { panic!("a double") };
    assert!(zero.is_sign_negative());
}

#[test]
fn repeated_keys_join_lists_and_the_last_scalar_counts() {
    let span = span(r#""name":"a","attributes":[{"key":"x"}],"name":"b","attributes":[{"key":"y"}]"#).expect("a span");
    assert_eq!(span.name, "b");
    assert_eq!(span.attributes.iter().map(|attribute| attribute.key.as_str()).collect::<Vec<_>>(), ["x", "y"]);
}

#[test]
fn numbers_of_metric_points() {
    let body = r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[
        {"histogram":{"dataPoints":[{"count":"3","sum":1.5,"bucketCounts":["1",2],"explicitBounds":[1,"NaN"],"min":null}]}},
        {"exponentialHistogram":{"dataPoints":[{"scale":-3,"positive":{"offset":-1,"bucketCounts":["1","300"]},"zeroThreshold":0.25}]}},
        {"sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[{"asInt":"-5","flags":1}]}}
    ]}]}]}"#;
    let bytes = to_protobuf(Signal::Metrics, body.as_bytes(), &DecodeLimits::default()).expect("valid");
    let request = ExportMetricsServiceRequest::decode(bytes.as_slice()).expect("protobuf");
    let metrics = &request.resource_metrics[0].scope_metrics[0].metrics;
    let Some(Data::Histogram(histogram)) = &metrics[0].data else { panic!("a histogram") };
    let point = &histogram.data_points[0];
    assert_eq!((point.count, point.sum, point.min, point.bucket_counts.as_slice()), (3, Some(1.5), None, [1, 2].as_slice()));
    assert!(point.explicit_bounds[0] == 1.0 && point.explicit_bounds[1].is_nan());
    let Some(Data::ExponentialHistogram(histogram)) = &metrics[1].data else { panic!("an exponential histogram") };
    let point = &histogram.data_points[0];
    let positive = point.positive.as_ref().expect("buckets");
    assert_eq!(
        (point.scale, point.zero_threshold, positive.offset, positive.bucket_counts.as_slice()),
        (-3, 0.25, -1, [1, 300].as_slice())
    );
    let Some(Data::Sum(sum)) = &metrics[2].data else { panic!("a sum") };
    assert_eq!((sum.aggregation_temporality, sum.is_monotonic, sum.data_points[0].flags), (2, true, 1));
}

#[test]
fn strings_pass_as_they_are_for_the_walker_to_repair() {
    let bytes = to_protobuf(Signal::Logs, br#"{"resourceLogs":[{"schemaUrl":"a\ud800b"}]}"#, &DecodeLimits::default()).expect("valid");
    assert_eq!(bytes, b"\x0a\x07\x1a\x05a\xed\xa0\x80b");
    let bytes = to_protobuf(Signal::Logs, b"{\"resourceLogs\":[{\"schemaUrl\":\"\xff\"}]}", &DecodeLimits::default()).expect("valid");
    assert_eq!(bytes, b"\x0a\x03\x1a\x01\xff");
}

#[test]
fn refusals_name_position_and_field() {
    let check = |json: &str, expected: &str| assert_eq!(refusal(traces(json)), expected, "{json}");
    check("", "malformed OTLP JSON at line 1 column 0: EOF while parsing a value");
    check("[]", "malformed OTLP JSON at line 1 column 2: invalid type: sequence, expected ExportTraceServiceRequest as an object");
    check("{} x", "malformed OTLP JSON at line 1 column 4: trailing characters");
    check(
        "{\"resourceSpans\":[{},\n{\"scopeSpans\":[{\"spans\":[{\"name\":7}]}]}]}",
        "malformed OTLP JSON at line 2 column 34: resourceSpans[1].scopeSpans[0].spans[0].name: invalid type: integer `7`, expected a string",
    );
    check(r#"{"resourceSpans":{}}"#, "malformed OTLP JSON at line 1 column 19: resourceSpans: invalid type: map, expected a list");
    check(
        r#"{"resourceSpans":[{"resource":{"attributes":[{"value":{"bytesValue":"?"}}]}}]}"#,
        "malformed OTLP JSON at line 1 column 71: resourceSpans[0].resource.attributes[0].value.bytesValue: invalid value: string \"?\", expected a base64 string",
    );
}

#[test]
fn an_error_never_quotes_megabytes() {
    let junk = "é".repeat(1_000_000);
    assert!(refusal(span(&format!(r#""kind":"{junk}""#))).len() < 1_000);
}

#[test]
fn other_text_encodings_are_refused_by_name() {
    let check = |body: &[u8], expected: &str| {
        let refused = to_protobuf(Signal::Traces, body, &DecodeLimits::default()).expect_err("refused").to_string();
        assert!(refused.contains(expected), "{refused}");
    };
    check(b"\xef\xbb\xbf{}", "byte order mark");
    check(b"\xff\xfe{\0}\0", "UTF-16");
    check(b"{\0}\0", "UTF-16");
    check(b"\0{\0}", "UTF-16");
}

#[test]
fn depth_is_checked_while_reading() {
    let nested = |depth: usize| {
        let (open, close) = (r#"{"kvlistValue":{"values":[{"value":"#, "}]}}");
        format!("{}{}{}", open.repeat(depth - 1), r#"{"boolValue":true}"#, close.repeat(depth - 1))
    };
    assert!(value(&nested(32)).is_ok());
    assert_eq!(value(&nested(33)), Err(DecodeError::Depth { what: "attribute values", limit: 32 }));
    assert!(value(&nested(100_000)).is_err());
    let ignored = format!(r#"{{"unknown":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(traces(&ignored), Ok(ExportTraceServiceRequest::default()));
}

#[test]
fn elements_are_counted_while_reading() {
    let limits = DecodeLimits { elements_max: 3, ..DecodeLimits::default() };
    let read = |body: &str| to_protobuf(Signal::Traces, body.as_bytes(), &limits);
    assert!(read(r#"{"resourceSpans":[{},{},{}]}"#).is_ok());
    assert_eq!(read(r#"{"resourceSpans":[{},{},{},{}]}"#), Err(DecodeError::Count { what: "elements", actual: 4, limit: 3 }));
}

#[test]
fn every_field_of_a_log_record_arrives() {
    let body = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1","observedTimeUnixNano":2,"severityNumber":9,
        "severityText":"INFO","droppedAttributesCount":3,"flags":4294967295,"traceId":"5b8efff798038103d269b633813fc60c",
        "spanId":"eee19b7ec3c1b174","eventName":"e"}]}]}]}"#;
    let bytes = to_protobuf(Signal::Logs, body.as_bytes(), &DecodeLimits::default()).expect("valid");
    let request = ExportLogsServiceRequest::decode(bytes.as_slice()).expect("protobuf");
    let expected = LogRecord {
        time_unix_nano: 1,
        observed_time_unix_nano: 2,
        severity_number: 9,
        severity_text: "INFO".into(),
        dropped_attributes_count: 3,
        flags: u32::MAX,
        trace_id: vec![0x5b, 0x8e, 0xff, 0xf7, 0x98, 0x03, 0x81, 0x03, 0xd2, 0x69, 0xb6, 0x33, 0x81, 0x3f, 0xc6, 0x0c],
        span_id: vec![0xee, 0xe1, 0x9b, 0x7e, 0xc3, 0xc1, 0xb1, 0x74],
        event_name: "e".into(),
        ..LogRecord::default()
    };
    assert_eq!(request.resource_logs[0].scope_logs[0].log_records, [expected]);
}
