//! Obligations of the JSON encoding.

use schemas::{Signal, Table};
use tonic::Code;

use crate::{
    rig::Rig,
    wire::{Call, Outcome, Wire, never},
};

/// What happens to one span: stored whole, rejected alone, or refused with its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Stored,
    Rejected,
    Refused,
}
use Fate::{Refused, Rejected, Stored};

const IDS: &str = r#""traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174""#;

async fn check(text: impl AsRef<[u8]>, expected: Fate) {
    let rig = Rig::start().await;
    let text = text.as_ref();
    let outcome = Call::new(Signal::Traces, Wire::Json, text).send(&rig).await.outcome(Signal::Traces, Wire::Json);
    let fate = match &outcome {
        Outcome::Stored => Stored,
        Outcome::Partial { rejected: 1, .. } => Rejected,
        other if *other == never(Code::InvalidArgument, 400)(Wire::Json) => Refused,
        other => panic!("{other:?} for {}", String::from_utf8_lossy(text)),
    };
    assert_eq!(fate, expected, "{}", String::from_utf8_lossy(text));
    assert_eq!(rig.rows(Table::Spans), usize::from(fate == Stored), "{}", String::from_utf8_lossy(text));
}

fn request(span: &str) -> String {
    format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{span}}}]}}]}}]}}"#)
}

/// A span with valid ids and `field`.
async fn span_with(field: &str, expected: Fate) {
    check(request(&format!("{IDS},{field}")), expected).await;
}

#[tokio::test]
async fn j1_ids_are_hex_of_either_case() {
    for (trace_id, expected) in [
        ("5b8efff798038103d269b633813fc60c", Stored),
        ("5B8EFFF798038103D269B633813FC60C", Stored),
        ("5b8EfFf798038103D269b633813Fc60c", Stored),
        ("5b8efff798038103d269b633813fc60", Rejected),
        ("5b8efff798038103d269b633813fc60c1", Rejected),
        ("W47/95gDgQPSabYzgT/GDA==", Rejected),
        ("00000000000000000000000000000000", Rejected),
        ("", Rejected),
    ] {
        check(request(&format!(r#""traceId":"{trace_id}","spanId":"eee19b7ec3c1b174""#)), expected).await;
    }
}

#[tokio::test]
async fn j2_enums_are_numbers_and_names_are_read_leniently() {
    span_with(r#""kind":3,"status":{"code":2}"#, Stored).await;
    span_with(r#""kind":99"#, Stored).await;
    span_with(r#""kind":"SPAN_KIND_SERVER""#, Stored).await;
}

#[tokio::test]
async fn j3_unknown_fields_are_ignored_at_every_level() {
    let junk = format!(r#""future":{{"nested":[1,"two",{{"three":null}}],"text":"{}"}}"#, "x".repeat(1 << 20));
    let text = format!(
        r#"{{{junk},"resourceSpans":[{{{junk},"resource":{{{junk}}},"scopeSpans":[{{{junk},"scope":{{{junk}}},"spans":[{{{IDS},{junk},"status":{{{junk}}},"events":[{{{junk}}}]}}]}}]}}]}}"#
    );
    check(text, Stored).await;
}

#[tokio::test]
async fn j4_snake_case_is_unknown() {
    span_with(r#""dropped_attributes_count":"not even a number""#, Stored).await;
    let rig = Rig::start().await;
    let call = Call::new(Signal::Traces, Wire::Json, r#"{"resource_spans":"ignored"}"#);
    assert_eq!(call.send(&rig).await.outcome(Signal::Traces, Wire::Json), Outcome::Stored);
    assert_eq!(rig.all_rows(), 0);
}

#[tokio::test]
async fn j5_64_bit_integers_are_strings_or_numbers() {
    for (value, expected) in [
        ("\"123\"", Stored),
        ("123", Stored),
        ("1e3", Stored),
        ("\"9007199254740993\"", Stored),
        ("9007199254740993", Stored),
        ("-1", Refused),
        ("\"-1\"", Refused),
        ("1.5", Refused),
        ("\"abc\"", Refused),
        ("18446744073709551616", Refused),
        ("true", Refused),
    ] {
        span_with(&format!(r#""startTimeUnixNano":{value}"#), expected).await;
    }
}

#[tokio::test]
async fn j6_the_rest_is_the_proto3_json_mapping() {
    span_with(r#""name":null,"attributes":null,"status":null,"startTimeUnixNano":null"#, Stored).await;
    for value in [
        r#"{"bytesValue":"aGVsbG8="}"#,
        r#"{"bytesValue":"aGVsbG8"}"#,
        r#"{"bytesValue":"_-8="}"#,
        r#"{"doubleValue":"NaN"}"#,
        r#"{"doubleValue":"-Infinity"}"#,
        r#"{"doubleValue":-0}"#,
        r#"{"intValue":"-9223372036854775808"}"#,
        r#"{"stringValue":"\u00e9\ud83d\ude00"}"#,
        "{}",
        "null",
    ] {
        span_with(&format!(r#""attributes":[{{"key":"k","value":{value}}}]"#), Stored).await;
    }
    span_with(r#""attributes":[{"key":"k","value":{"bytesValue":"!!"}}]"#, Refused).await;
    span_with(r#""name":7"#, Refused).await;
    span_with(r#""name":"first","name":"last""#, Stored).await;
    check([b"\xef\xbb\xbf", request(IDS).as_bytes()].concat(), Refused).await;
    let utf16: Vec<u8> = request(IDS).encode_utf16().flat_map(u16::to_le_bytes).collect();
    check(utf16, Refused).await;
    for text in ["", " ", "[]", "null", "{", "{}}", "{\"resourceSpans\":{}}", "{\"resourceSpans\":[}"] {
        check(text, Refused).await;
    }
}
