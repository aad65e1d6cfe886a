//! An object per line: zap, logrus, slog, bunyan and pino, logstash and ECS layouts of Java, Sentinel's record log.

use super::{
    field::{self, MEANINGS, Scalar},
    record::Record,
    time::LocalOffset,
};
use crate::{
    interop::text::{of_json, value_json},
    otlp::attributes_json::Value,
};

/// Values inside each other that are kept as such; what is deeper is kept as JSON text. Below what a request may nest.
const DEPTH_MAX: usize = 16;

/// `None`: it is no JSON object.
pub(super) fn read<'a>(text: &'a str, local: LocalOffset<'_>) -> Option<Record<'a>> {
    let text = text.trim();
    if !text.starts_with('{') {
        return None;
    }
    let mut fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).ok()?;
    let mut record = Record::default();
    let mut has_message = false;
    for (meaning, names) in MEANINGS {
        for name in names {
            let scalar = match fields.get(*name) {
                Some(serde_json::Value::String(text)) => Scalar::Text(text.clone().into()),
                Some(serde_json::Value::Number(number)) => Scalar::Number(number.to_string()),
                _ => continue,
            };
            if field::take(&mut record, meaning, &scalar, local) {
                fields.remove(*name);
                has_message |= meaning == field::Meaning::Message;
                break;
            }
        }
    }
    if !has_message {
        record.body = text.into();
    }
    for (name, value) in fields {
        let id = match &value {
            serde_json::Value::String(text) => field::take_id(&mut record, &name, text),
            serde_json::Value::Number(number) => field::take_id(&mut record, &name, &number.to_string()),
            _ => false,
        };
        if !id {
            let value = bounded(of_json(value), DEPTH_MAX);
            record.attributes.push((field::key(name.into()), value));
        }
    }
    Some(record)
}

fn bounded(value: Value<'static>, depth: usize) -> Value<'static> {
    match value {
        Value::Array(_) | Value::Map(_) if depth == 0 => Value::String(value_json(&value).into()),
        Value::Array(values) => Value::Array(values.into_iter().map(|value| bounded(value, depth - 1)).collect()),
        Value::Map(fields) => Value::Map(fields.into_iter().map(|(key, value)| (key, bounded(value, depth - 1))).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interop::text::attributes_json;

    #[test]
    fn objects_of_all_libraries() {
        let check = |line: &str, time_ns: Option<u64>, level: Option<(&str, i32)>, body: &str, attributes: &str| {
            let record = read(line, &|_| 0).unwrap_or_else(|| panic!("{line} is JSON"));
            let severity = record.severity.as_ref().map(|(text, number)| (text.as_ref(), *number));
            assert_eq!((record.time_ns, severity, record.body.as_ref()), (time_ns, level, body), "{line}");
            assert_eq!(attributes_json(&record.attributes), attributes, "{line}");
        };
        // zap, production
        check(
            r#"{"level":"warn","ts":1714536000.123456,"caller":"a.go:7","msg":"out","code":5001003,"stacktrace":"main.f\n\t/a.go:7"}"#,
            Some(1_714_536_000_123_456_000),
            Some(("warn", 13)),
            "out",
            r#"{"caller":"a.go:7","code":5001003,"exception.stacktrace":"main.f\n\t/a.go:7"}"#,
        );
        // zap, development as JSON
        check(
            r#"{"L":"ERROR","T":"2024-05-01T12:00:00.000+0800","N":"pay","M":"no"}"#,
            Some(1_714_536_000_000_000_000),
            Some(("ERROR", 17)),
            "no",
            r#"{"N":"pay"}"#,
        );
        // slog
        check(
            r#"{"time":"2024-05-01T04:00:00.5Z","level":"INFO","msg":"in","user":{"id":7,"roles":["a"]}}"#,
            Some(1_714_536_000_500_000_000),
            Some(("INFO", 9)),
            "in",
            r#"{"user":{"id":7,"roles":["a"]}}"#,
        );
        // pino
        check(
            r#"{"level":50,"time":1714536000123,"msg":"x","pid":1}"#,
            Some(1_714_536_000_123_000_000),
            Some(("50", 17)),
            "x",
            r#"{"pid":1}"#,
        );
        // Sentinel's record log
        check(
            r#"{"timestamp":"2024-05-01 04:00:00.010","caller":"a.go:1","logLevel":"WARNING","msg":"rules were loaded"}"#,
            Some(1_714_536_000_010_000_000),
            Some(("WARNING", 13)),
            "rules were loaded",
            r#"{"caller":"a.go:1"}"#,
        );
        // go-zero
        check(
            r#"{"@timestamp":"2024-05-01T04:00:00.010Z","caller":"a.go:25","content":"[http] dropped, /pay","level":"error"}"#,
            Some(1_714_536_000_010_000_000),
            Some(("error", 17)),
            "[http] dropped, /pay",
            r#"{"caller":"a.go:25"}"#,
        );
        // A field that is not what its name says stays what it is.
        check(
            r#"{"time":"soon","level":{"a":1},"message":7}"#,
            None,
            None,
            r#"{"time":"soon","level":{"a":1},"message":7}"#,
            r#"{"level":{"a":1},"message":7,"time":"soon"}"#,
        );
        assert_eq!(read("[1]", &|_| 0), None);
        assert_eq!(read(r#"{"a":1"#, &|_| 0), None);
    }

    #[test]
    fn ids_leave_the_attributes() {
        const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
        const SPAN: &str = "00f067aa0ba902b7";
        let check = |fields: &str, trace: Option<&str>, span: Option<&str>, left: usize| {
            let line = format!("{{{}}}", fields.replace("T#", TRACE).replace("S#", SPAN));
            let record = read(&line, &|_| 0).expect("JSON");
            let ids = (record.trace_id.map(|id| id.to_string()), record.span_id.map(|id| id.to_string()));
            assert_eq!((ids.0.as_deref(), ids.1.as_deref(), record.attributes.len()), (trace, span, left), "{fields}");
        };
        check(r#""trace_id":"T#","span_id":"S#""#, Some(TRACE), Some(SPAN), 0);
        check(r#""traceId":"T#","spanId":"S#""#, Some(TRACE), Some(SPAN), 0);
        check(r#""trace.id":"T#","span.id":"S#""#, Some(TRACE), Some(SPAN), 0);
        check(r#""traceid":"T#""#, Some(TRACE), None, 0);
        check(r#""dd.trace_id":"17","dd.span_id":"18""#, Some("00000000000000000000000000000011"), Some("0000000000000012"), 0);
        check(r#""dd.trace_id":"T#","dd.span_id":18"#, Some(TRACE), Some("0000000000000012"), 0);
        check(r#""traceId":"S#""#, Some("000000000000000000f067aa0ba902b7"), None, 0);
        check(r#""trace":"T#","span":"S#""#, Some(TRACE), Some(SPAN), 0);
        check(r#""trace":"S#","span":"/pay""#, None, None, 2);
        check(r#""trace_id":"none","span_id":"""#, None, None, 2);
    }

    #[test]
    fn depth_has_a_limit() {
        let line = format!("{{\"a\":{}1{}}}", "[".repeat(60), "]".repeat(60));
        let record = read(&line, &|_| 0).expect("JSON");
        let text = attributes_json(&record.attributes);
        assert!(text.contains(r#"["[[[["#), "{text}");
        assert_eq!(read(&format!("{{\"a\":{}1{}}}", "[".repeat(600), "]".repeat(600)), &|_| 0), None);
    }
}
