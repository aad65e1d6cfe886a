//! Fields that mean more than an attribute, under the names by which libraries write them.

use std::borrow::Cow;

use super::{
    record::Record,
    time::{self, LocalOffset},
};
use crate::{
    SpanId, TraceId,
    interop::{ids, severity, trace},
    otlp::attributes_json::Value,
};

/// zap, logrus and slog; bunyan and pino; logstash, ECS; Sentinel; go-zero.
const TIMES: [&str; 9] = ["ts", "time", "timestamp", "@timestamp", "T", "datetime", "Timestamp", "asctime", "@t"];
const LEVELS: [&str; 11] =
    ["level", "severity", "log.level", "logLevel", "lvl", "severity_text", "severityText", "levelname", "loglevel", "L", "@l"];
const MESSAGES: [&str; 8] = ["msg", "message", "M", "@m", "body", "short_message", "log", "content"];
const STACKS: [&str; 4] = ["stacktrace", "stack_trace", "error.stack_trace", "S"];

/// What several fields may say is said by the first of the list that is there and can be read; the others stay attributes.
pub(super) const MEANINGS: [(Meaning, &[&str]); 3] = [(Meaning::Time, &TIMES), (Meaning::Level, &LEVELS), (Meaning::Message, &MESSAGES)];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Time,
    Level,
    Message,
}

/// A field's scalar, on its way into a record.
#[derive(Debug, Clone)]
pub(super) enum Scalar<'a> {
    Text(Cow<'a, str>),
    /// As it is written.
    Number(String),
}

/// Whether the field says what it is named for; then it is in `record`.
pub(super) fn take<'a>(record: &mut Record<'a>, meaning: Meaning, value: &Scalar<'a>, local: LocalOffset<'_>) -> bool {
    match (meaning, value) {
        (Meaning::Time, Scalar::Text(text)) => record.time_ns = time::whole(text, local),
        (Meaning::Time, Scalar::Number(number)) => record.time_ns = time::number(number),
        (Meaning::Level, Scalar::Text(text)) => record.severity = Some((text.clone(), severity::number(text))).filter(|_| !text.is_empty()),
        (Meaning::Level, Scalar::Number(number)) => {
            let level = number.parse().map_or(0, severity::of_number);
            record.severity = (level > 0).then(|| (number.clone().into(), level));
        }
        (Meaning::Message, Scalar::Text(text)) => {
            record.body = text.clone();
            return true;
        }
        (Meaning::Message, Scalar::Number(_)) => return false,
    }
    match meaning {
        Meaning::Time => record.time_ns.is_some(),
        _ => record.severity.is_some(),
    }
}

/// The id in a field of this name; false: it is an attribute like others.
pub(super) fn take_id(record: &mut Record<'_>, key: &str, value: &str) -> bool {
    let (name, of_datadog) = key.strip_prefix("dd.").map_or((key, false), |name| (name, true));
    // go-zero's `trace` and `span`: other libraries mean other things by these words, so the value has to be a whole id.
    let (whole_trace, whole_span) = (name == "trace" && value.len() == 32, name == "span" && value.len() == 16);
    if record.trace_id.is_none() && (whole_trace || trace::is_trace_id(name)) {
        record.trace_id = if of_datadog { decimal_trace_id(value).or_else(|| trace_id(value)) } else { trace_id(value) };
        return record.trace_id.is_some();
    }
    if record.span_id.is_none() && (whole_span || trace::is_span_id(name)) {
        record.span_id = if of_datadog { decimal_span_id(value).or_else(|| span_id(value)) } else { span_id(value) };
        return record.span_id.is_some();
    }
    false
}

/// The attribute's key under which a field is kept.
pub(super) fn key<'a>(name: Cow<'a, str>) -> Cow<'a, str> {
    if STACKS.contains(&name.as_ref()) { "exception.stacktrace".into() } else { name }
}

/// 32 digits, or the 16 of older libraries.
pub(super) fn trace_id(text: &str) -> Option<TraceId> {
    matches!(text.len(), 16 | 32).then(|| ids::trace_id(text).ok()).flatten()
}

pub(super) fn span_id(text: &str) -> Option<SpanId> {
    (text.len() == 16).then(|| ids::span_id(text).ok()).flatten()
}

/// Datadog's libraries write the lower half, as a decimal number.
fn decimal_trace_id(text: &str) -> Option<TraceId> {
    let low: u64 = text.parse().ok()?;
    TraceId::from_slice(&u128::from(low).to_be_bytes())
}

fn decimal_span_id(text: &str) -> Option<SpanId> {
    SpanId::from_slice(&text.parse::<u64>().ok()?.to_be_bytes())
}

pub(super) fn text_value<'a>(text: impl Into<Cow<'a, str>>) -> Value<'a> {
    Value::String(text.into())
}
