//! Logs in the shapes of the loggers, joined to the span they were written in.

mod breakers;
mod calendar;
mod go;
mod others;

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue},
    logs::v1::{LogRecord, SeverityNumber},
};
use schemas::{SpanId, TraceId, UnixNanos};

use crate::{
    business::Coded,
    failure::Failure,
    guard::Change,
    instance::Instance,
    otlp::{Scope, nanos},
    spans::{CallSpan, Place, ServeSpan},
    topology::{Breaker, Call, ServiceId, Stack},
};

/// A log record and the logger that wrote it.
pub(crate) type Shaped = (&'static Scope, LogRecord);

/// What a record says, before a logger has given it a shape.
struct Line<'a> {
    me: &'a Instance,
    trace: TraceId,
    span: SpanId,
    at: UnixNanos,
    level: Level,
    message: &'a str,
    failure: Option<&'a Failure>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Info,
    Warn,
    Error,
}

/// The line a service writes when it has answered, or `None` where nobody logs that.
pub(crate) fn served(facts: &ServeSpan<'_>) -> Option<Shaped> {
    let level = match (facts.failure, facts.me.service.stack) {
        (None, _) => Level::Info,
        (Some(_), Stack::KratosV2 | Stack::KratosV3) => Level::Error,
        (Some(failure), _) if failure.is_server_fault() => Level::Error,
        (Some(_), _) => Level::Warn,
    };
    let body = facts.failure.and_then(|failure| failure.code).map(Coded::to_json);
    let message = match (facts.failure, facts.me.service.stack) {
        (None, _) => facts.route.log,
        // The storefront logs the body it answers with, as a text within its line.
        (Some(_), Stack::Gin) if facts.me.service.id == ServiceId::Storefront && body.is_some() => body.as_deref().unwrap_or_default(),
        // zap's way: a constant message, and what happened in `error`.
        (Some(failure), Stack::Gin) if failure.is_server_fault() => "request failed",
        (Some(_), Stack::Gin) => "request refused",
        (Some(failure), _) => &failure.message,
    };
    let Place { trace, id: span, end: at, .. } = facts.place;
    let line = Line { me: facts.me, trace, span, at, level, message, failure: facts.failure };
    Some(match facts.me.service.stack {
        Stack::Envoy => others::envoy_access(&line, facts),
        Stack::KratosV2 => go::kratos_text(&line, facts),
        Stack::KratosV3 => go::kratos_slog(&line, facts),
        Stack::Gin => gin(&line, "middleware/access.go:58", go::access_fields(facts)),
        Stack::Spring => others::logback(&line, facts.route.operation),
        Stack::Python if facts.failure.is_none() && !facts.request.user.is_multiple_of(4) => return None,
        Stack::Python => others::python(&line),
    })
}

/// A developer's own warning in the middle of a request.
pub(crate) fn warning(me: &Instance, trace: TraceId, span: SpanId, at: UnixNanos, message: &str, failure: &Failure) -> Shaped {
    let line = Line { me, trace, span, at, level: Level::Warn, message, failure: Some(failure) };
    match me.service.stack {
        Stack::Envoy => others::envoy_warning(&line),
        Stack::KratosV2 => go::kratos_helper(&line),
        Stack::KratosV3 => go::slog_warning(&line),
        Stack::Gin => gin(&line, "client/call.go:64", vec![]),
        Stack::Spring => others::logback(&line, ""),
        Stack::Python => others::python(&line),
    }
}

/// The line of Kratos' logging middleware around a client. The shop's loggers let only its errors through.
pub(crate) fn called(me: &Instance, facts: &CallSpan<'_>) -> Option<Shaped> {
    let failure = facts.failure?;
    let Place { trace, id: span, end: at, .. } = facts.place;
    let line = Line { me, trace, span, at, level: Level::Error, message: &failure.message, failure: Some(failure) };
    match me.service.stack {
        Stack::KratosV2 => Some(go::kratos_call_text(&line, facts)),
        Stack::KratosV3 => Some(go::kratos_call_slog(&line, facts)),
        Stack::Envoy | Stack::Gin | Stack::Spring | Stack::Python => None,
    }
}

/// What a team's glue, or the library through the logger it was given, says when a breaker changes. Neither knows a request.
pub(crate) fn breaker_changed(me: &Instance, breaker: &Breaker, change: Change) -> Option<Shaped> {
    breakers::changed(me, breaker, change)
}

pub(crate) fn retry_text(call: &Call, attempt: u32) -> String {
    format!("call {} failed, attempt {attempt} of {}, retrying", call.to.operation, call.attempts)
}

pub(crate) fn without_text(call: &Call) -> String {
    format!("call {} failed, going on without it", call.to.operation)
}

/// One of the shop's Gin services logs JSON lines, the other sends records through the bridge.
fn gin(line: &Line<'_>, caller: &str, fields: Vec<KeyValue>) -> Shaped {
    if line.me.service.id == ServiceId::Storefront { go::zap_json(line, caller, &fields) } else { go::zap_bridge(line, caller, fields) }
}

impl Level {
    fn number(self) -> i32 {
        let number = match self {
            Self::Info => SeverityNumber::Info,
            Self::Warn => SeverityNumber::Warn,
            Self::Error => SeverityNumber::Error,
        };
        number as i32
    }

    fn upper(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }

    fn lower(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

impl Line<'_> {
    /// A record that knows no request.
    fn untraced(&self, severity_text: &str, body: AnyValue, attributes: Vec<KeyValue>) -> LogRecord {
        LogRecord { trace_id: vec![], span_id: vec![], flags: 0, ..self.record(severity_text, body, attributes) }
    }

    fn record(&self, severity_text: &str, body: AnyValue, attributes: Vec<KeyValue>) -> LogRecord {
        LogRecord {
            time_unix_nano: nanos(self.at),
            observed_time_unix_nano: nanos(UnixNanos(self.at.0 + 90_000)),
            severity_number: self.level.number(),
            severity_text: severity_text.to_owned(),
            body: Some(body),
            attributes,
            flags: 1,
            trace_id: self.trace.0.to_vec(),
            span_id: self.span.0.to_vec(),
            ..LogRecord::default()
        }
    }
}

#[cfg(test)]
mod tests;
