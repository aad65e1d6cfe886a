//! What an OTLP answer means: stored, come back later, or never.
#![deny(clippy::indexing_slicing)]

use std::time::Duration;

use base64::Engine;
use http::{HeaderMap, StatusCode, header};
use schemas::otlp::Format;

use super::wire::{self, Value};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Durable, except `rejected` records, for the reason `message`.
    Stored { rejected: u64, message: Option<String> },
    /// Nothing was stored; the same request can succeed later.
    Retry { after: Option<Duration>, reason: String },
    /// Nothing was stored, and a retry would not help.
    Refused { reason: String },
}

/// OTLP/HTTP: 429, 502, 503 and 504 may be retried, nothing else.
pub(crate) fn of_http(status: StatusCode, headers: &HeaderMap, format: Format, body: &[u8]) -> Outcome {
    if status.is_success() {
        return match format {
            Format::Protobuf => stored(body),
            Format::Json => stored_json(body),
        };
    }
    let reason = format!("HTTP {status}: {}", error_text(headers, body).trim()).trim_end_matches([' ', ':']).to_owned();
    match status.as_u16() {
        429 | 502..=504 => {
            let after = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(|text| retry_after(text.trim()));
            Outcome::Retry { after, reason }
        }
        _ => Outcome::Refused { reason },
    }
}

/// Seconds, or the date at which to come back, as HTTP writes it.
fn retry_after(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    let seconds = date.as_second() - jiff::Timestamp::now().as_second();
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

/// OTLP/gRPC: the codes below may be retried; RESOURCE_EXHAUSTED only when the server says when.
pub(crate) fn of_grpc(trailers: &HeaderMap, message: &[u8]) -> Outcome {
    let text = |name| trailers.get(name).and_then(|value| value.to_str().ok());
    let Some(code) = text("grpc-status").and_then(|code| code.parse::<u32>().ok()) else {
        return Outcome::Retry { after: None, reason: "the answer has no grpc-status".to_owned() };
    };
    if code == 0 {
        return stored(message);
    }
    let after = text("grpc-status-details-bin").and_then(retry_delay);
    let reason = format!("gRPC code {code}: {}", text("grpc-message").unwrap_or_default());
    const CANCELLED: u32 = 1;
    const DEADLINE_EXCEEDED: u32 = 4;
    const RESOURCE_EXHAUSTED: u32 = 8;
    const ABORTED: u32 = 10;
    const OUT_OF_RANGE: u32 = 11;
    const UNAVAILABLE: u32 = 14;
    const DATA_LOSS: u32 = 15;
    match code {
        CANCELLED | DEADLINE_EXCEEDED | ABORTED | OUT_OF_RANGE | UNAVAILABLE | DATA_LOSS => Outcome::Retry { after, reason },
        RESOURCE_EXHAUSTED if after.is_some() => Outcome::Retry { after, reason },
        _ => Outcome::Refused { reason },
    }
}

/// `Export…ServiceResponse { partial_success = 1 { rejected = 1; error_message = 2 } }`, the same for all signals.
fn stored(response: &[u8]) -> Outcome {
    let mut rejected = 0;
    let mut message = None;
    for (number, value) in wire::fields(response, 0..response.len()).flatten() {
        let (1, Value::Bytes(partial)) = (number, value) else { continue };
        for (number, value) in wire::fields(response, partial).flatten() {
            match (number, value) {
                (1, Value::Varint(count)) => rejected = count,
                (2, Value::Bytes(range)) => message = text(response, range),
                _ => {}
            }
        }
    }
    Outcome::Stored { rejected, message }
}

/// The same answer in JSON, where a count is a number or, as 64-bit integers are in OTLP JSON, a string.
fn stored_json(body: &[u8]) -> Outcome {
    let answer: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let partial = |key: &str| answer.get("partialSuccess")?.get(key);
    let count = |key| partial(key).and_then(|count| count.as_u64().or_else(|| count.as_str()?.parse().ok()));
    let rejected = ["rejectedSpans", "rejectedLogRecords", "rejectedDataPoints"].into_iter().find_map(count).unwrap_or(0);
    let message = partial("errorMessage").and_then(|message| message.as_str()).filter(|message| !message.is_empty());
    Outcome::Stored { rejected, message: message.map(str::to_owned) }
}

/// OTLP servers answer errors with a `google.rpc.Status` in the format of the request; anything else in between with text.
fn error_text(headers: &HeaderMap, body: &[u8]) -> String {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if content_type.contains("protobuf") {
        return status_message(body).unwrap_or_default();
    }
    let message =
        serde_json::from_slice::<serde_json::Value>(body).ok().and_then(|status| Some(status.get("message")?.as_str()?.to_owned()));
    message.unwrap_or_else(|| String::from_utf8_lossy(body.get(..ERROR_TEXT_BYTES_MAX).unwrap_or(body)).into_owned())
}

const ERROR_TEXT_BYTES_MAX: usize = 300;

/// The message of a `google.rpc.Status { code = 1; message = 2; details = 3 }`.
fn status_message(status: &[u8]) -> Option<String> {
    wire::fields(status, 0..status.len()).flatten().find_map(|field| match field {
        (2, Value::Bytes(range)) => text(status, range),
        _ => None,
    })
}

/// `RetryInfo { retry_delay = 1 { seconds = 1; nanos = 2 } }` among the details of a `google.rpc.Status`.
fn retry_delay(details_base64: &str) -> Option<Duration> {
    let status = base64::engine::general_purpose::STANDARD_NO_PAD.decode(details_base64.trim_end_matches('=')).ok()?;
    let bytes_of = |range, wanted| {
        wire::fields(&status, range).flatten().filter_map(move |field| match field {
            (number, Value::Bytes(range)) if number == wanted => Some(range),
            _ => None,
        })
    };
    for any in bytes_of(0..status.len(), 3) {
        let type_url = bytes_of(any.clone(), 1).next().and_then(|range| text(&status, range)).unwrap_or_default();
        if !type_url.ends_with("/google.rpc.RetryInfo") {
            continue;
        }
        let delay = bytes_of(any, 2).next().and_then(|info| bytes_of(info, 1).next())?;
        let mut after = Duration::ZERO;
        for field in wire::fields(&status, delay).flatten() {
            match field {
                (1, Value::Varint(seconds)) => after += Duration::from_secs(seconds.min(86_400)),
                (2, Value::Varint(nanos)) => after += Duration::from_nanos(nanos.min(999_999_999)),
                _ => {}
            }
        }
        return Some(after);
    }
    None
}

fn text(message: &[u8], range: std::ops::Range<usize>) -> Option<String> {
    message.get(range).map(|bytes| String::from_utf8_lossy(bytes).into_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http(status: u16, headers: &[(&'static str, &'static str)], format: Format, body: &[u8]) -> Outcome {
        let headers = headers.iter().map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value"))).collect();
        of_http(StatusCode::from_u16(status).expect("a status"), &headers, format, body)
    }

    fn grpc(trailers: &[(&'static str, &str)]) -> Outcome {
        let trailers = trailers.iter().map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value"))).collect();
        of_grpc(&trailers, &[])
    }

    fn stored(rejected: u64, message: Option<&str>) -> Outcome {
        Outcome::Stored { rejected, message: message.map(str::to_owned) }
    }

    #[test]
    fn http_success_tells_what_was_rejected() {
        let partial = [0x0a, 6, 0x08, 3, 0x12, 2, b'n', b'o'];
        assert_eq!(http(200, &[], Format::Protobuf, &[]), stored(0, None));
        assert_eq!(http(200, &[], Format::Protobuf, &partial), stored(3, Some("no")));
        assert_eq!(http(200, &[], Format::Json, b"{}"), stored(0, None));
        let json = br#"{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"no"}}"#;
        assert_eq!(http(200, &[], Format::Json, json), stored(2, Some("no")));
    }

    #[test]
    fn only_four_http_statuses_are_tried_again() {
        for status in 300..600 {
            let retried = matches!(http(status, &[], Format::Protobuf, b""), Outcome::Retry { .. });
            assert_eq!(retried, [429, 502, 503, 504].contains(&status), "{status}");
        }
        let reason = |content_type, body| http(400, &[("content-type", content_type)], Format::Protobuf, body);
        let refused = Outcome::Refused { reason: "HTTP 400 Bad Request: no".to_owned() };
        assert_eq!(reason("application/x-protobuf", &[0x08, 3, 0x12, 2, b'n', b'o']), refused);
        assert_eq!(reason("application/json", br#"{"code":3,"message":"no"}"#), refused);
        assert_eq!(reason("text/plain", b"no\n"), refused);
        let past = http(503, &[("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT")], Format::Protobuf, b"");
        assert!(matches!(past, Outcome::Retry { after: Some(after), .. } if after.is_zero()), "{past:?}");
        let busy = http(503, &[("retry-after", "7")], Format::Protobuf, b"");
        assert!(matches!(busy, Outcome::Retry { after: Some(after), .. } if after.as_secs() == 7), "{busy:?}");
    }

    #[test]
    fn grpc_codes_follow_the_table_of_otlp() {
        for code in 1..=16u32 {
            let retried = matches!(grpc(&[("grpc-status", &code.to_string())]), Outcome::Retry { .. });
            assert_eq!(retried, [1, 4, 10, 11, 14, 15].contains(&code), "{code}");
        }
        assert_eq!(grpc(&[("grpc-status", "0")]), stored(0, None));
        assert!(matches!(grpc(&[]), Outcome::Retry { .. }));
    }

    #[test]
    fn resource_exhausted_is_tried_again_when_the_server_says_when() {
        let type_url = b"type.googleapis.com/google.rpc.RetryInfo";
        let info = [0x0a, 4, 0x08, 2, 0x10, 5];
        let mut any = vec![0x0a, type_url.len() as u8];
        any.extend(type_url);
        any.extend([0x12, info.len() as u8]);
        any.extend(info);
        let mut status = vec![0x08, 8, 0x1a, any.len() as u8];
        status.extend(any);
        for engine in [base64::engine::general_purpose::STANDARD, base64::engine::general_purpose::STANDARD_NO_PAD] {
            let details = engine.encode(&status);
            let outcome = grpc(&[("grpc-status", "8"), ("grpc-status-details-bin", &details)]);
            assert!(matches!(outcome, Outcome::Retry { after: Some(after), .. } if after == Duration::new(2, 5)), "{outcome:?}");
        }
        assert!(matches!(grpc(&[("grpc-status", "8"), ("grpc-status-details-bin", "!")]), Outcome::Refused { .. }));
    }
}
