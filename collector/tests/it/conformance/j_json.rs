//! Obligations of the JSON encoding.

use schemas::Signal;
use tonic::Code;

use crate::{
    payload,
    rig::Rig,
    wire::{Call, Outcome, Wire, never},
};

/// What happens to one record: stored whole, rejected alone, or refused with its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Stored,
    Rejected,
    Refused,
}
use Fate::{Refused, Rejected, Stored};

const IDS: &str = r#""traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174""#;

/// What a record cannot do without.
fn least(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => IDS,
        Signal::Logs => r#""timeUnixNano":"1""#,
        Signal::Metrics => r#""asInt":"1""#,
    }
}

/// A request with one record of `fields`, and `junk` in every object around it.
fn request_around(signal: Signal, fields: &str, junk: &str) -> String {
    let (resources, scopes, records) = match signal {
        Signal::Traces => ("resourceSpans", "scopeSpans", "spans"),
        Signal::Logs => ("resourceLogs", "scopeLogs", "logRecords"),
        Signal::Metrics => ("resourceMetrics", "scopeMetrics", "metrics"),
    };
    let record = match signal {
        Signal::Metrics => format!(r#"{junk}"gauge":{{{junk}"dataPoints":[{{{fields}}}]}}"#),
        Signal::Traces | Signal::Logs => fields.to_owned(),
    };
    let (resource, scope) = (format!(r#""resource":{{{junk}"attributes":[]}}"#), format!(r#""scope":{{{junk}"name":"s"}}"#));
    format!(r#"{{{junk}"{resources}":[{{{junk}{resource},"{scopes}":[{{{junk}{scope},"{records}":[{{{record}}}]}}]}}]}}"#)
}

fn request(signal: Signal, fields: &str) -> String {
    request_around(signal, fields, "")
}

async fn check(signal: Signal, text: impl AsRef<[u8]>, expected: Fate) {
    let rig = Rig::start().await;
    let text = text.as_ref();
    let shown = String::from_utf8_lossy(&text[..text.len().min(1_000)]);
    let outcome = Call::new(signal, Wire::Json, text).send(&rig).await.outcome(signal, Wire::Json);
    let fate = match &outcome {
        Outcome::Stored => Stored,
        Outcome::Partial { rejected: 1, .. } => Rejected,
        other if *other == never(Code::InvalidArgument, 400)(Wire::Json) => Refused,
        other => panic!("{other:?} for {shown}"),
    };
    assert_eq!(fate, expected, "{shown}");
    assert_eq!(rig.rows(payload::table(signal)), usize::from(fate == Stored), "{shown}");
}

/// A record of each signal that is valid but for `field`.
async fn record_with(field: &str, expected: Fate) {
    for signal in Signal::ALL {
        check(signal, request(signal, &format!("{},{field}", least(signal))), expected).await;
    }
}

#[tokio::test]
async fn j1_ids_are_hex_of_either_case() {
    for (trace_id, expected) in [
        ("5b8efff798038103d269b633813fc60c", Stored),
        ("5B8EFFF798038103D269B633813FC60C", Stored),
        ("5b8EfFf798038103d269b633813Fc60c", Stored),
        ("5b8efff798038103d269b633813fc60", Rejected),
        ("5b8efff798038103d269b633813fc60c1", Rejected),
        ("W47/95gDgQPSabYzgT/GDA==", Rejected),
        ("00000000000000000000000000000000", Rejected),
        ("", Rejected),
    ] {
        let ids = format!(r#""traceId":"{trace_id}","spanId":"eee19b7ec3c1b174""#);
        check(Signal::Traces, request(Signal::Traces, &ids), expected).await;
        // Without a valid id these are records all the same.
        check(Signal::Logs, request(Signal::Logs, &format!(r#""timeUnixNano":"1",{ids}"#)), Stored).await;
        check(Signal::Metrics, request(Signal::Metrics, &format!(r#""asInt":"1","exemplars":[{{{ids},"asInt":"1"}}]"#)), Stored).await;
    }
}

#[tokio::test]
async fn j2_enums_are_numbers_and_names_are_read_leniently() {
    for field in [r#""kind":3,"status":{"code":2}"#, r#""kind":99"#, r#""kind":"SPAN_KIND_SERVER""#] {
        check(Signal::Traces, request(Signal::Traces, &format!("{IDS},{field}")), Stored).await;
    }
    for number in ["9", "99", r#""SEVERITY_NUMBER_INFO""#] {
        check(Signal::Logs, request(Signal::Logs, &format!(r#""timeUnixNano":"1","severityNumber":{number}"#)), Stored).await;
    }
    for (temporality, expected) in [("2", Stored), (r#""AGGREGATION_TEMPORALITY_DELTA""#, Stored), ("0", Rejected), (r#""DELTA""#, Refused)]
    {
        let sum = format!(r#"{{"aggregationTemporality":{temporality},"dataPoints":[{{"asInt":"1"}}]}}"#);
        let text = format!(r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"sum":{sum}}}]}}]}}]}}"#);
        check(Signal::Metrics, text, expected).await;
    }
}

#[tokio::test]
async fn j3_unknown_fields_are_ignored_at_every_level() {
    let junk = format!(r#""future":{{"nested":[1,"two",{{"three":null}}],"text":"{}"}}"#, "x".repeat(1 << 20));
    for signal in Signal::ALL {
        check(signal, request_around(signal, &format!("{},{junk}", least(signal)), &format!("{junk},")), Stored).await;
    }
    for within in [r#""status":{JUNK}"#, r#""events":[{JUNK}]"#, r#""links":[{JUNK}]"#, r#""attributes":[{"key":"k","value":{JUNK}}]"#] {
        let field = within.replace("JUNK", &junk);
        check(Signal::Traces, request(Signal::Traces, &format!("{IDS},{field}")), Stored).await;
    }
}

#[tokio::test]
async fn j4_snake_case_is_unknown() {
    record_with(r#""dropped_attributes_count":"not even a number","time_unix_nano":{}"#, Stored).await;
    let rig = Rig::start().await;
    for (signal, key) in Signal::ALL.into_iter().zip(["resource_spans", "resource_logs", "resource_metrics"]) {
        let call = Call::new(signal, Wire::Json, format!(r#"{{"{key}":"ignored"}}"#));
        assert_eq!(call.send(&rig).await.outcome(signal, Wire::Json), Outcome::Stored);
    }
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
        for signal in Signal::ALL {
            let field = if signal == Signal::Logs { "observedTimeUnixNano" } else { "startTimeUnixNano" };
            check(signal, request(signal, &format!(r#"{},"{field}":{value}"#, least(signal))), expected).await;
        }
    }
    for (value, expected) in [
        ("-9223372036854775808", Stored),
        ("\"9223372036854775807\"", Stored),
        ("-9223372036854775809", Refused),
        ("9223372036854775808", Refused),
        ("\"-9223372036854775809\"", Refused),
    ] {
        record_with(&format!(r#""attributes":[{{"key":"k","value":{{"intValue":{value}}}}}]"#), expected).await;
        check(Signal::Metrics, request(Signal::Metrics, &format!(r#""asInt":{value}"#)), expected).await;
    }
}

#[tokio::test]
async fn j6_the_rest_is_the_proto3_json_mapping() {
    record_with(r#""attributes":null,"flags":null,"startTimeUnixNano":null,"observedTimeUnixNano":null,"name":null,"status":null"#, Stored)
        .await;
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
        record_with(&format!(r#""attributes":[{{"key":"k","value":{value}}}]"#), Stored).await;
    }
    record_with(r#""attributes":[{"key":"k","value":{"bytesValue":"!!"}}]"#, Refused).await;
    record_with(r#""attributes":{}"#, Refused).await;
    record_with(r#""flags":"first""#, Refused).await;
    record_with(r#""flags":1,"flags":2"#, Stored).await;
    for signal in Signal::ALL {
        let text = request(signal, least(signal));
        check(signal, [b"\xef\xbb\xbf", text.as_bytes()].concat(), Refused).await;
        check(signal, text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>(), Refused).await;
        let key = payload::resources_key(signal);
        for text in ["", " ", "[]", "null", "{", "{}}", &format!("{{\"{key}\":{{}}}}"), &format!("{{\"{key}\":[}}")] {
            check(signal, text, Refused).await;
        }
    }
}
