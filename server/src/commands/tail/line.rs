//! One record as one line for people.
//!
//! ```text
//! 2026-11-06T10:00:00.123Z ERROR pay  lock lost  order.id=17 retry.count=3  trace=4bf92f3577b34da6a3ce929d0e0e4736
//! 2026-11-06T10:00:00.123Z ✕ web  GET /cart  21.40 ms  http.response.status_code=500  trace=4bf9…
//! ```

use serde_json::Value;

use crate::{
    cli::TailTable,
    duration::duration,
    text::{clean, cut, pad},
};

/// Attributes in a line.
const ATTRIBUTES_MAX: usize = 6;
const VALUE_COLUMNS_MAX: usize = 48;
const SEVERITY_WIDTH: usize = 5;

/// Where the record comes from in the code: of no use in a line.
const QUIET_PREFIXES: [&str; 5] = ["code.", "thread.", "log.", "telemetry.", "exception.stacktrace"];

/// Columns that are worth a line beside the attributes.
const KEY_COLUMNS: [&str; 6] =
    ["http_request_method", "http_route", "http_response_status_code", "rpc_method", "exception_type", "error_type"];

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const RED: &str = "\x1b[31m";
const YELLOW: &str = "\x1b[33m";
const GREEN: &str = "\x1b[32m";
const CYAN: &str = "\x1b[36m";
const PLAIN: &str = "\x1b[0m";

/// # Errors
/// When `record` is no JSON object.
pub(super) fn draw(what: TailTable, record: &str, colour: bool) -> Result<String, serde_json::Error> {
    let record: serde_json::Map<String, Value> = serde_json::from_str(record)?;
    let get = |key: &str| record.get(key).unwrap_or(&Value::Null);
    let paint = |code: &str, part: String| if colour && !part.is_empty() { format!("{code}{part}{PLAIN}") } else { part };
    let service = paint(CYAN, clean(get("service_name").as_str().unwrap_or("-")));
    let mut parts = match what {
        TailTable::Logs => {
            let (severity, code) = severity(get("severity_text"), get("severity_number"));
            let first = format!("{} {} {service}", paint(DIM, time(get("time"))), paint(code, pad(&severity, SEVERITY_WIDTH, false)));
            vec![first, clean(&text(get("body")))]
        }
        TailTable::Spans => {
            let failed = get("status_code").as_i64() == Some(2) || get("status_code") == "error";
            let mark = if failed { paint(RED, "✕".to_owned()) } else { " ".to_owned() };
            let first = format!("{} {mark} {service}", paint(DIM, time(get("start_time"))));
            let message = get("status_message").as_str().map(|message| paint(RED, clean(message)));
            let took = get("duration_ns").as_i64().map(duration).unwrap_or_default();
            [first, paint(BOLD, clean(&text(get("name")))), took].into_iter().chain(message).collect()
        }
    };
    parts.push(paint(DIM, attributes(&record)));
    parts.extend(get("trace_id").as_str().map(|id| paint(DIM, format!("trace={}", clean(id)))));
    parts.retain(|part| !part.is_empty());
    Ok(parts.join("  "))
}

/// Milliseconds are enough for eyes; what is no time stays as it is.
fn time(value: &Value) -> String {
    let text = value.as_str().unwrap_or("-");
    let parsed = text.parse::<jiff::Timestamp>();
    parsed.map_or_else(|_| clean(text), |time| format!("{time:.3}"))
}

/// The word for a severity, and its colour. Numbers are those of OpenTelemetry, four to a word.
fn severity(text: &Value, number: &Value) -> (String, &'static str) {
    let number = number.as_i64().unwrap_or(0);
    let (word, colour) = match number {
        1..=4 => ("TRACE", DIM),
        5..=8 => ("DEBUG", DIM),
        9..=12 => ("INFO", GREEN),
        13..=16 => ("WARN", YELLOW),
        17..=20 => ("ERROR", RED),
        21..=24 => ("FATAL", RED),
        _ => ("-", PLAIN),
    };
    (text.as_str().map_or_else(|| word.to_owned(), |text| clean(text).to_uppercase()), colour)
}

fn attributes(record: &serde_json::Map<String, Value>) -> String {
    let columns = KEY_COLUMNS.iter().filter_map(|key| Some((*key, record.get(*key)?)));
    let others = record.get("attributes").and_then(Value::as_object).into_iter().flatten().map(|(key, value)| (key.as_str(), value));
    let loud = columns.chain(others).filter(|(key, _)| !QUIET_PREFIXES.iter().any(|prefix| key.starts_with(prefix)));
    let shown = loud.take(ATTRIBUTES_MAX).map(|(key, value)| format!("{}={}", clean(key), cut(&clean(&text(value)), VALUE_COLUMNS_MAX)));
    shown.collect::<Vec<_>>().join(" ")
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(what: TailTable, record: &str, expected: &str) {
        assert_eq!(draw(what, record, false).expect("an object"), expected);
        let mut coloured = draw(what, record, true).expect("an object");
        for code in [BOLD, DIM, RED, YELLOW, GREEN, CYAN, PLAIN] {
            coloured = coloured.replace(code, "");
        }
        assert_eq!(coloured, expected, "colours change nothing else");
    }

    #[test]
    fn logs() {
        check(
            TailTable::Logs,
            r#"{"time":"2026-11-06T10:00:00.123456789Z","severity_number":17,"service_name":"pay","body":"lock\nlost","trace_id":"4b",
                "attributes":{"thread.id":5,"order.id":17,"why":"库存\u001b[2J"}}"#,
            "2026-11-06T10:00:00.123Z ERROR pay  lock↵lost  order.id=17 why=库存\u{fffd}[2J  trace=4b",
        );
        check(TailTable::Logs, r#"{"time":"T","severity_text":"warning","severity_number":13,"body":{"a":1}}"#, "T WARNING -  {\"a\":1}");
        check(TailTable::Logs, "{}", "- -     -");
        assert!(draw(TailTable::Logs, "[]", false).is_err());
    }

    #[test]
    fn spans() {
        check(
            TailTable::Spans,
            r#"{"start_time":"2026-11-06T10:00:00Z","service_name":"web","name":"GET /","duration_ns":21400000,"status_code":2,
                "status_message":"no stock","http_response_status_code":500}"#,
            "2026-11-06T10:00:00.000Z ✕ web  GET /  21.40 ms  no stock  http_response_status_code=500",
        );
        check(TailTable::Spans, r#"{"start_time":"T","service_name":"web","name":"work","duration_ns":5}"#, "T   web  work  5 ns");
    }
}
