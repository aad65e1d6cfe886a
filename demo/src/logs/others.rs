//! Loggers of Envoy (access log), the Java agent's Logback appender and the Python logging handler.

use super::{Line, Shaped, calendar::rfc3339_millis};
use crate::{
    otlp::{Scope, int, string, text},
    spans::{ServeSpan, envoy_response_flags, http_method, http_status, java_stack_trace},
    topology::ServiceId,
};

static ENVOY: Scope = Scope::new("", "");
static PAYMENT: Scope = Scope::new("com.harborgoods.payment.charge.ChargeService", "");
static NOTIFICATION: Scope = Scope::new("com.harborgoods.notification.mail.MailListener", "");
static PYTHON: Scope = Scope::new("recommendation", "");

/// Envoy's default text format, as its OpenTelemetry access logger sends it.
pub(super) fn envoy_access(line: &Line<'_>, facts: &ServeSpan<'_>) -> Shaped {
    let duration_ms = facts.place.duration_ns() / 1_000_000;
    let flags = envoy_response_flags(facts.failure);
    let details = match flags {
        "UT" => "upstream_response_timeout",
        "UF" => "upstream_reset_before_response_started{remote_connection_failure}",
        _ => "via_upstream",
    };
    let body = format!(
        "[{}] \"{} {} HTTP/2\" {} {} {} - \"-\" {} {} {duration_ms} {} \"{}\" \"{}\" \"www.harborgoods.com\" outbound|8080||storefront.shop.svc.cluster.local\n",
        rfc3339_millis(facts.place.start),
        http_method(facts.route),
        facts.request.path(facts.route.operation),
        http_status(facts.failure),
        flags,
        details,
        if http_method(facts.route) == "GET" { 0 } else { 60 + facts.request.user % 700 },
        140 + facts.request.user % 9_000,
        (duration_ms - 1).max(0),
        facts.request.client_address(),
        facts.request.user_agent,
    );
    (&ENVOY, line.record("", string(body), vec![]))
}

pub(super) fn envoy_warning(line: &Line<'_>) -> Shaped {
    (&ENVOY, line.record("warning", string(line.message), vec![]))
}

pub(super) fn logback(line: &Line<'_>, operation: &str) -> Shaped {
    let scope = if line.me.service.id == ServiceId::Payment { &PAYMENT } else { &NOTIFICATION };
    let mut attributes = vec![
        int("thread.id", 31),
        text(
            "thread.name",
            if operation.starts_with('/') {
                "http-nio-8080-exec-1"
            } else {
                "org.springframework.kafka.KafkaListenerEndpointContainer#0-0-C-1"
            },
        ),
    ];
    if let Some(failure) = line.failure {
        attributes.extend([text("exception.type", failure.exception), text("exception.message", failure.message.as_str())]);
        if failure.is_server_fault() {
            attributes.push(text("exception.stacktrace", java_stack_trace(line.me.service.id, failure)));
        }
    }
    (scope, line.record(line.level.upper(), string(line.message), attributes))
}

pub(super) fn python(line: &Line<'_>) -> Shaped {
    let mut attributes = vec![
        text("code.file.path", "/app/recommendation_server.py"),
        text("code.function.name", "ListRecommendations"),
        int("code.line.number", 74),
    ];
    if let Some(failure) = line.failure {
        attributes.extend([text("exception.type", failure.exception), text("exception.message", failure.message.as_str())]);
    }
    (&PYTHON, line.record(line.level.upper(), string(line.message), attributes))
}
