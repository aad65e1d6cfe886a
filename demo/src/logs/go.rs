//! Loggers of the Go services: zap as JSON lines, zap through the OpenTelemetry bridge, Kratos v2's text, Kratos v3's slog.

use std::fmt::Write;

use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};

use super::{Line, Shaped, calendar::rfc3339_millis};
use crate::{
    failure::Failure,
    otlp::{Scope, float, int, string, text},
    spans::{CallSpan, Place, ServeSpan, http_method, http_status},
    topology::{Protocol, Route},
    traffic::Request,
};

/// The collector's file log receiver names no scope.
static FILELOG: Scope = Scope::new("", "");
static OTELZAP: Scope = Scope::new("harborgoods.com/catalog/internal/server", "0.13.0");
static OTELSLOG: Scope = Scope::new("kratos", "v3.0.0");

/// What the access log of a Gin service says.
pub(super) fn access_fields(facts: &ServeSpan<'_>) -> Vec<KeyValue> {
    vec![
        int("status", http_status(facts.failure)),
        text("method", http_method(facts.route)),
        text("path", facts.request.path(facts.route.operation)),
        text("ip", facts.request.client_address()),
        text("user-agent", facts.request.user_agent),
        float("latency", seconds(facts.place)),
    ]
}

/// A production zap line as the collector read it from the container's stdout.
pub(super) fn zap_json(line: &Line<'_>, caller: &str, fields: &[KeyValue]) -> Shaped {
    let mut json = format!(
        r#"{{"level":"{}","ts":{:.6},"logger":"http","caller":"{caller}","msg":{},"trace_id":"{}","span_id":"{}""#,
        line.level.lower(),
        line.at.0 as f64 / 1e9,
        quoted(line.message),
        line.trace,
        line.span,
    );
    for KeyValue { key, value, .. } in fields {
        match value.as_ref().and_then(|value| value.value.as_ref()) {
            Some(Value::StringValue(value)) => push(&mut json, format_args!(r#","{key}":{}"#, quoted(value))),
            Some(Value::IntValue(value)) => push(&mut json, format_args!(r#","{key}":{value}"#)),
            Some(Value::DoubleValue(value)) => push(&mut json, format_args!(r#","{key}":{value:.6}"#)),
            _ => {}
        }
    }
    if let Some(error) = line.failure.map(Failure::go_text).filter(|error| !error.is_empty()) {
        push(&mut json, format_args!(r#","error":{}"#, quoted(&error)));
    }
    json.push('}');
    (&FILELOG, line.record(line.level.lower(), string(json), container_log(line)))
}

/// A zap line that was written outside of any request.
pub(super) fn zap_json_untraced(line: &Line<'_>, (logger, caller): (&str, &str), fields: &[(&str, &str)]) -> Shaped {
    let mut json = format!(
        r#"{{"level":"{}","ts":{:.6},"logger":"{logger}","caller":"{caller}","msg":{}"#,
        line.level.lower(),
        line.at.0 as f64 / 1e9,
        quoted(line.message),
    );
    for (key, value) in fields {
        push(&mut json, format_args!(r#","{key}":{}"#, quoted(value)));
    }
    json.push('}');
    (&FILELOG, line.untraced(line.level.lower(), string(json), container_log(line)))
}

/// `log.Helper.Warnw` of Kratos v2, outside of any request: the ids are empty.
pub(super) fn kratos_helper_untraced(line: &Line<'_>, fields: &[(&str, &str)]) -> Shaped {
    let service = line.me.service;
    let mut body = format!(
        "{} ts={} caller=data/payment.go:47 service.id={} service.name={} service.version={} trace.id= span.id= msg={}",
        line.level.upper(),
        rfc3339_millis(line.at),
        line.me.pod,
        service.name,
        line.me.version,
        line.message
    );
    for (key, value) in fields {
        push(&mut body, format_args!(" {key}={value}"));
    }
    (&FILELOG, line.untraced(line.level.upper(), string(body), container_log(line)))
}

/// The same line through `otelzap` 0.13.
pub(super) fn zap_bridge(line: &Line<'_>, caller: &str, fields: Vec<KeyValue>) -> Shaped {
    let (file, number) = caller.rsplit_once(':').unwrap_or((caller, "0"));
    let mut attributes = fields;
    attributes.extend([text("code.file.path", file), int("code.line.number", number.parse::<i64>().unwrap_or(0))]);
    attributes.extend(line.failure.map(|failure| text("error", failure.go_text())));
    if let Some(code) = line.failure.and_then(|failure| failure.code) {
        attributes.extend([
            int("error.code", i64::from(code.number)),
            text("error.message", code.message),
            text("error.solution", code.solution),
        ]);
    }
    (&OTELZAP, line.record(line.level.lower(), string(line.message), attributes))
}

/// `logging.Server` of Kratos v2 over its standard logger: no message, everything is a pair.
pub(super) fn kratos_text(line: &Line<'_>, facts: &ServeSpan<'_>) -> Shaped {
    let component = if facts.route.protocol == Protocol::Grpc { "grpc" } else { "kafka" };
    kratos_pairs(line, ("server", component), facts.route, facts.request, seconds(facts.place))
}

/// `logging.Client` of Kratos v2.
pub(super) fn kratos_call_text(line: &Line<'_>, facts: &CallSpan<'_>) -> Shaped {
    let component = if facts.to.route.protocol == Protocol::Grpc { "grpc" } else { "http" };
    kratos_pairs(line, ("client", component), facts.to.route, facts.to.request, seconds(facts.place))
}

fn kratos_pairs(line: &Line<'_>, (kind, component): (&str, &str), route: &Route, request: &Request, latency: f64) -> Shaped {
    let mut body = kratos_head(line, "logging/logging.go:76");
    push(&mut body, format_args!(" kind={kind} component={component} operation={}", route.operation));
    push(&mut body, format_args!(" args=user_id:{} id:{}", request.user, request.subject));
    match line.failure {
        Some(failure) => {
            push(&mut body, format_args!(" code={} reason={} stack={}", failure.http, failure.reason, failure.kratos_text()));
        }
        None => body.push_str(" code=200 reason= stack="),
    }
    push(&mut body, format_args!(" latency={latency:.6}"));
    (&FILELOG, line.record(line.level.upper(), string(body), container_log(line)))
}

/// `log.Helper.Warnf` of Kratos v2.
pub(super) fn kratos_helper(line: &Line<'_>) -> Shaped {
    let mut body = kratos_head(line, "data/data.go:112");
    push(&mut body, format_args!(" msg={}", line.message));
    if let Some(failure) = line.failure {
        push(&mut body, format_args!(": {}", failure.kratos_text()));
    }
    (&FILELOG, line.record(line.level.upper(), string(body), container_log(line)))
}

/// `logging.Server` of Kratos v3: slog records with the same keys.
pub(super) fn kratos_slog(line: &Line<'_>, facts: &ServeSpan<'_>) -> Shaped {
    slog_request(line, "server", facts.route, facts.request, seconds(facts.place))
}

/// `logging.Client` of Kratos v3.
pub(super) fn kratos_call_slog(line: &Line<'_>, facts: &CallSpan<'_>) -> Shaped {
    slog_request(line, "client", facts.to.route, facts.to.request, seconds(facts.place))
}

fn slog_request(line: &Line<'_>, kind: &str, route: &Route, request: &Request, latency: f64) -> Shaped {
    let mut attributes = vec![
        text("kind", kind),
        text("component", "grpc"),
        text("operation", route.operation),
        text("args", format!("user_id:{} id:{}", request.user, request.subject)),
        int("code", http_status(line.failure)),
        text("reason", line.failure.map_or("", |failure| failure.reason)),
        float("latency", latency),
    ];
    if let Some(failure) = line.failure {
        let error = failure.kratos_text();
        attributes.extend([text("error", error.as_str()), text("stack", error)]);
    }
    (&OTELSLOG, line.record(line.level.upper(), string(format!("{kind} request")), attributes))
}

pub(super) fn slog_warning(line: &Line<'_>) -> Shaped {
    let attributes = line.failure.map(|failure| text("error", failure.kratos_text())).into_iter().collect();
    (&OTELSLOG, line.record(line.level.upper(), string(line.message), attributes))
}

fn kratos_head(line: &Line<'_>, caller: &str) -> String {
    let service = line.me.service;
    format!(
        "{} ts={} caller={caller} service.id={} service.name={} service.version={} trace.id={} span.id={}",
        line.level.upper(),
        rfc3339_millis(line.at),
        line.me.pod,
        service.name,
        line.me.version,
        line.trace,
        line.span
    )
}

fn container_log(line: &Line<'_>) -> Vec<KeyValue> {
    let (pod, name) = (&line.me.pod, line.me.service.name);
    vec![text("log.file.path", format!("/var/log/pods/shop_{pod}/{name}/0.log")), text("log.iostream", "stdout")]
}

fn seconds(place: Place) -> f64 {
    place.duration_ns() as f64 / 1e9
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("writing to a String cannot fail");
}
