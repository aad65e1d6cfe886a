//! How long a refusal tells its caller to wait: headers, details of gRPC, and fields that people write.

use jiff::{Timestamp, fmt::rfc2822};
use schemas::{UnixNanos, attribute::for_each_attribute};

const SECOND: f64 = 1e9;
/// Who is told to wait longer is told something else.
const WAIT_MAX_NS: i64 = 24 * 3_600_000_000_000;
/// Keys end with one of these, and the number is in this unit, where none is written: `http.response.header.retry-after`, its older form,
/// metadata of gRPC, fields of logs.
const KEYS: [(&str, f64); 8] = [
    ("retry-after-ms", 1e6),
    ("retry_after_ms", 1e6),
    ("retry-pushback-ms", 1e6),
    ("retry-after", SECOND),
    ("retry_after", SECOND),
    ("retry_after_s", SECOND),
    ("retryafter", SECOND),
    ("retrydelay", SECOND),
];
/// What texts of errors write of RetryInfo, in lowercase and without spaces: Go, Python, JSON; and of the header.
const IN_TEXT: [&str; 4] = ["retry_delay:{seconds:", "retry_delay{seconds:", "\"retrydelay\":\"", "retry-after:"];

/// In nanoseconds; `None`: nothing says it. `at`: when it was said, as dates are told against.
pub(super) fn retry_after(attributes: &str, text: &str, at: UnixNanos) -> Option<i64> {
    let mut told = None;
    for_each_attribute(attributes, |key, value| {
        let key = key.to_ascii_lowercase();
        let unit = KEYS.iter().find(|(end, _)| key.ends_with(end)).map(|(_, unit)| *unit);
        if let (Some(unit), None, Some(value)) = (unit, told, value.text()) {
            told = wait(&value, unit, at);
        }
    });
    told.or_else(|| of_text(text, at))
}

fn of_text(text: &str, at: UnixNanos) -> Option<i64> {
    if text.is_empty() {
        return None;
    }
    let spaceless: String = text.chars().filter(|sign| !sign.is_whitespace()).map(|sign| sign.to_ascii_lowercase()).collect();
    IN_TEXT.iter().find_map(|begin| {
        let (_, rest) = spaceless.split_once(begin)?;
        let end = rest.find(|sign: char| !(sign.is_ascii_alphanumeric() || sign == '.')).unwrap_or(rest.len());
        wait(&rest[..end], SECOND, at)
    })
}

/// A number with or without a unit, a date of HTTP, or a list of one of these.
fn wait(value: &str, unit: f64, at: UnixNanos) -> Option<i64> {
    let value = value.trim().trim_start_matches('[').trim_end_matches(']').trim().trim_matches('"').trim();
    let units = [("ms", 1e6), ("s", SECOND), ("m", 60.0 * SECOND)];
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
    let with_unit = || units.iter().find_map(|(name, unit)| Some(number(value.strip_suffix(name)?)? * unit));
    let date = || {
        let date: Timestamp = rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
        Some((date.as_nanosecond() - i128::from(at.0)).max(0) as f64)
    };
    let ns = number(value).map(|number| number * unit).or_else(with_unit).or_else(date)?;
    Some((ns as i64).min(WAIT_MAX_NS))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-09-21T14:13:20Z.
    const AT: UnixNanos = UnixNanos(1_790_000_000_000_000_000);

    #[test]
    fn how_long_to_wait() {
        let check = |attributes: &str, text: &str, expected_ms: Option<i64>| {
            let told = retry_after(attributes, text, AT);
            assert_eq!(told.map(|ns| ns / 1_000_000), expected_ms, "{attributes} {text}");
        };
        check(r#"{"http.response.header.retry-after":["120"]}"#, "", Some(120_000));
        check(r#"{"a":1,"http.response.header.retry_after":"3"}"#, "", Some(3_000));
        check(r#"{"http.response.header.Retry-After":["Mon, 21 Sep 2026 14:13:50 GMT"]}"#, "", Some(30_000));
        check(r#"{"http.response.header.retry-after":["Mon, 21 Sep 2026 14:00:00 GMT"]}"#, "", Some(0));
        check(r#"{"rpc.response.metadata.grpc-retry-pushback-ms":["250"]}"#, "", Some(250));
        check(r#"{"retry_after_ms":1500}"#, "", Some(1_500));
        check(r#"{"retryAfter":1.5}"#, "", Some(1_500));
        check(r#"{"retry_after":"2m"}"#, "", Some(120_000));
        check(r#"{"retry_after":"soon"}"#, "", None);
        check(r#"{"retry_after":-1}"#, "", None);
        check(r#"{"http.request.header.retry-after-all":"1"}"#, "", None);
        check("{}", r#"rate limited: {"@type":"google.rpc.RetryInfo","retryDelay":"5s"}"#, Some(5_000));
        check("{}", "429 Resource exhausted [retry_delay {\n  seconds: 17\n}]", Some(17_000));
        check("{}", "rpc error: details = [retry_delay:{seconds:2}]", Some(2_000));
        check("", "Too Many Requests, Retry-After: 7", Some(7_000));
        check("", "retry after lunch", None);
        check("", "", None);
    }
}
