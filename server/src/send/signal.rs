//! The signal of a request in protobuf. The three kinds of request look alike down to their records.
#![deny(clippy::indexing_slicing)]

use std::ops::Range;

use schemas::Signal;

use super::wire::{Value, fields};

/// By the first record; `None` when there is none.
///
/// ```text
/// request { 1: resource { 2: scope { 2: record } } }
/// Span 1: id, 6: kind, 7 and 8: times      LogRecord 1 and 11: times, 2: severity, 8: flags      Metric 1: name, the rest messages
/// ```
pub(crate) fn signal_in_protobuf(body: &[u8]) -> Option<Signal> {
    let scopes = messages(body, 0..body.len(), 1).flat_map(|resource| messages(body, resource, 2));
    scopes.flat_map(|scope| messages(body, scope, 2)).next().map(|record| signal_of_record(body, record))
}

fn signal_of_record(body: &[u8], record: Range<usize>) -> Signal {
    let mut name_or_id = None;
    for (number, value) in fields(body, record).map_while(Result::ok) {
        match (number, value) {
            (1 | 11, Value::Fixed64(_)) | (2 | 7, Value::Varint(_)) | (8, Value::Fixed32(_)) => return Signal::Logs,
            (7 | 8, Value::Fixed64(_)) | (6 | 10 | 12 | 14, Value::Varint(_)) | (16, Value::Fixed32(_)) => return Signal::Traces,
            (1, Value::Bytes(range)) => name_or_id = body.get(range),
            _ => {}
        }
    }
    match name_or_id {
        Some(name) if std::str::from_utf8(name).is_ok_and(|name| !name.chars().any(char::is_control)) => Signal::Metrics,
        Some(_) => Signal::Traces,
        None => Signal::Logs,
    }
}

/// The fields of this number that look like messages.
fn messages(body: &[u8], range: Range<usize>, wanted: u32) -> impl Iterator<Item = Range<usize>> + '_ {
    fields(body, range).map_while(Result::ok).filter_map(move |field| match field {
        (number, Value::Bytes(range)) if number == wanted => Some(range),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use schemas::otlp::{DecodeLimits, json};

    use super::*;

    #[test]
    fn the_first_record_tells() {
        let check = |signal: Signal, text: &str, expected: Option<Signal>| {
            let body = json::to_protobuf(signal, text.as_bytes(), &DecodeLimits::NONE).expect("OTLP JSON");
            assert_eq!(signal_in_protobuf(&body), expected, "{text}");
        };
        let of = |signal: Signal, record: &str| {
            let text = match signal {
                Signal::Traces => format!(r#"{{"resourceSpans":[{{}},{{"scopeSpans":[{{"scope":{{"name":"x"}},"spans":[{record}]}}]}}]}}"#),
                Signal::Logs => format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{record}]}}]}}]}}"#),
                Signal::Metrics => format!(r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{record}]}}]}}]}}"#),
            };
            check(signal, &text, Some(signal));
        };
        of(
            Signal::Traces,
            r#"{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"a","startTimeUnixNano":"5"}"#,
        );
        of(Signal::Traces, r#"{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"a"}"#);
        of(Signal::Logs, r#"{"timeUnixNano":"5","body":{"stringValue":"a"}}"#);
        of(Signal::Logs, r#"{"severityNumber":9,"body":{"stringValue":"a"}}"#);
        of(Signal::Logs, r#"{"body":{"stringValue":"a"}}"#);
        of(Signal::Metrics, r#"{"name":"pod.cpu","gauge":{"dataPoints":[{"asInt":"1","timeUnixNano":"5"}]}}"#);
        of(Signal::Metrics, r#"{"name":"exactly_16_chars","description":"8 chars!","histogram":{"dataPoints":[{"count":"1"}]}}"#);
        check(Signal::Traces, "{}", None);
        check(Signal::Traces, r#"{"resourceSpans":[{}]}"#, None);
    }
}
