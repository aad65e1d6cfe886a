//! Spring Boot's default layout, of Logback and Log4j alike:
//!
//! ```text
//! 2024-05-01T12:00:00.123+08:00  INFO 4711 --- [shop] [nio-8080-exec-1] [<trace id>-<span id>] c.e.shop.OrderController  : order 7 taken
//! 2024-05-01 12:00:00.123  WARN [shop,<trace id>,<span id>] 4711 --- [           main] c.e.shop.Orders  : slow
//! ```

#![deny(clippy::indexing_slicing)]

use super::{
    field::{self, text_value},
    record::Record,
    time::{self, LocalOffset},
};
use crate::{interop::severity, otlp::attributes_json::Value};

/// `None`: it is something else.
pub(super) fn read<'a>(text: &'a str, local: LocalOffset<'_>) -> Option<Record<'a>> {
    let (time_ns, rest) = time::leading(text, local)?;
    let (level, mut rest) = word(rest)?;
    let number = severity::number(level);
    if number == 0 {
        return None;
    }
    let mut record = Record { time_ns: Some(time_ns), severity: Some((level.into(), number)), ..Record::default() };
    if let Some((inside, after)) = bracket(rest) {
        sleuth(&mut record, inside);
        rest = after;
    }
    let (pid, rest) = word(rest)?;
    let pid: i64 = pid.parse().ok()?;
    let mut rest = rest.trim_start().strip_prefix("---")?;
    record.attributes.push(("process.pid".into(), Value::Int(pid)));
    let mut names = Vec::new();
    while let Some((inside, after)) = bracket(rest) {
        if !correlation(&mut record, inside) {
            names.push(inside);
        }
        rest = after;
    }
    // The last is the thread; the application's name before it is the service's.
    if let Some(thread) = names.last().filter(|name| !name.is_empty()) {
        record.attributes.push(("thread.name".into(), text_value(*thread)));
    }
    let (logger, message) =
        rest.trim_start().split_once(": ").or_else(|| rest.trim_start().strip_suffix(':').map(|logger| (logger, "")))?;
    if logger.contains('\n') {
        return None;
    }
    record.attributes.push(("logger".into(), text_value(logger.trim_end())));
    record.body = message.into();
    Some(record)
}

fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start_matches(' ');
    text.split_once(' ').filter(|(word, _)| !word.is_empty())
}

/// What is between brackets at the start, and what comes behind them.
fn bracket(text: &str) -> Option<(&str, &str)> {
    let (inside, rest) = text.trim_start_matches(' ').strip_prefix('[')?.split_once(']')?;
    Some((inside.trim(), rest))
}

/// `trace-span`, as Micrometer writes it; empty outside a trace.
fn correlation(record: &mut Record<'_>, inside: &str) -> bool {
    let Some((trace, span)) = inside.split_once('-') else { return false };
    let empty = |id: &str| id.chars().all(|character| character == ' ');
    match (field::trace_id(trace), field::span_id(span)) {
        (Some(trace), Some(span)) => (record.trace_id, record.span_id) = (Some(trace), Some(span)),
        _ if empty(trace) && empty(span) => {}
        _ => return false,
    }
    true
}

/// `application,trace,span` and, of older ones, `,exported`.
fn sleuth(record: &mut Record<'_>, inside: &str) {
    let mut parts = inside.split(',').skip(1).map(str::trim);
    record.trace_id = parts.next().and_then(field::trace_id);
    record.span_id = parts.next().and_then(field::span_id);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interop::text::attributes_json;

    #[test]
    fn layouts_of_all_versions() {
        const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
        const SPAN: &str = "00f067aa0ba902b7";
        let check = |line: &str, level: &str, body: &str, in_trace: bool, attributes: &str| {
            let line = line.replace("T#", TRACE).replace("S#", SPAN);
            let record = read(&line, &|_| 0).unwrap_or_else(|| panic!("{line} is Spring's"));
            assert_eq!(record.time_ns, Some(1_714_536_000_123_000_000), "{line}");
            assert_eq!(record.severity.as_ref().map(|(text, _)| text.as_ref()), Some(level), "{line}");
            assert_eq!(record.body, body, "{line}");
            assert_eq!(record.trace_id.map(|id| id.to_string()).as_deref(), in_trace.then_some(TRACE), "{line}");
            assert_eq!(record.span_id.map(|id| id.to_string()).as_deref(), in_trace.then_some(SPAN), "{line}");
            assert_eq!(attributes_json(&record.attributes), attributes, "{line}");
        };
        let attributes = r#"{"process.pid":4711,"thread.name":"main","logger":"c.e.shop.Orders"}"#;
        check("2024-05-01T12:00:00.123+08:00  INFO 4711 --- [main] c.e.shop.Orders   : order: 7", "INFO", "order: 7", false, attributes);
        check(
            "2024-05-01T04:00:00.123Z ERROR 4711 --- [shop] [           main] c.e.shop.Orders : x\n\tat a",
            "ERROR",
            "x\n\tat a",
            false,
            attributes,
        );
        check("2024-05-01T04:00:00.123Z  WARN 4711 --- [shop] [main] [T#-S#] c.e.shop.Orders : slow", "WARN", "slow", true, attributes);
        check(
            "2024-05-01T04:00:00.123Z  WARN 4711 --- [shop] [main] [                                                 ] c.e.shop.Orders : ",
            "WARN",
            "",
            false,
            r#"{"process.pid":4711,"logger":"c.e.shop.Orders"}"#,
        );
        check("2024-05-01 04:00:00.123  INFO [shop,T#,S#] 4711 --- [   main] c.e.shop.Orders  : in", "INFO", "in", true, attributes);
        check("2024-05-01 04:00:00.123  INFO [shop,,] 4711 --- [main] c.e.shop.Orders  :", "INFO", "", false, attributes);
        let none = |line: &str| assert_eq!(read(line, &|_| 0), None, "{line}");
        none("2024-05-01 04:00:00.123  INFO main c.e.shop.Orders : x");
        none("2024-05-01 04:00:00.123 x 4711 --- [main] a : x");
        none("INFO 4711 --- [main] a : x");
    }
}
