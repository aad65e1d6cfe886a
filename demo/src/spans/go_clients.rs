//! Go client libraries: otelgrpc, otelhttp, otelpgx, GORM, redisotel, kotel.

use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind};

use super::{CallSpan, PublishSpan, QuerySpan, ServeSpan, Shaped, error, http_method, http_status, rpc_parts};
use crate::{
    failure::{Origin, Stage},
    otlp::{Scope, int, text},
    topology::{Protocol, StoreKind},
};

static OTELGRPC: Scope = Scope::new("go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc", "0.62.0");
static OTELHTTP: Scope = Scope::new("go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp", "0.70.0");
static OTELPGX: Scope = Scope::new("github.com/exaring/otelpgx", "v0.9.3");
static GORM: Scope = Scope::new("gorm.io/plugin/opentelemetry", "");
static REDISOTEL: Scope = Scope::new("github.com/redis/go-redis/extra/redisotel", "semver:9.11.0");
static KOTEL: Scope = Scope::new("github.com/twmb/franz-go/plugin/kotel", "v1.6.0").with_schema("https://opentelemetry.io/schemas/1.18.0");

pub(super) fn grpc(facts: &CallSpan<'_>) -> Shaped {
    let operation = facts.to.route.operation;
    let (service, method) = rpc_parts(operation);
    let mut attributes = vec![text("rpc.method", method), text("rpc.service", service), text("rpc.system", "grpc")];
    if facts.connected {
        // The stats handler reads the address when the first header goes out.
        attributes.extend([text("server.address", facts.to.peer.ip), int("server.port", facts.to.peer.port)]);
    }
    attributes.push(int("rpc.grpc.status_code", facts.failure.map_or(0, |failure| failure.grpc.number())));
    let span = facts.place.span(operation.trim_start_matches('/'), SpanKind::Client, attributes);
    let status = facts.failure.map_or(span.status.clone(), |failure| error(failure.message.as_str()));
    (&OTELGRPC, Span { status, ..span })
}

/// A transport, so it sees what is beneath `http.Client`'s error. It names the type and records no exception.
pub(super) fn http(facts: &CallSpan<'_>) -> Shaped {
    let method = http_method(facts.to.route);
    let mut attributes = vec![
        text("http.request.method", method),
        text("url.full", facts.to.url()),
        text("server.address", facts.to.host()),
        int("server.port", facts.to.peer.port),
        text("network.protocol.version", "1.1"),
    ];
    let mut status = None;
    match facts.failure {
        Some(failure) if failure.origin == Origin::NoAnswer => {
            let (kind, message) = failure.beneath();
            attributes.push(text("error.type", kind));
            status = error(message);
        }
        failure => {
            attributes.push(int("http.response.status_code", http_status(failure)));
            if let Some(failure) = failure {
                attributes.push(text("error.type", failure.http.to_string()));
                status = error("");
            }
        }
    }
    let span = facts.place.span(format!("HTTP {method}"), SpanKind::Client, attributes);
    (&OTELHTTP, Span { status: status.or(span.status.clone()), ..span })
}

pub(super) fn query(facts: &QuerySpan<'_>) -> Shaped {
    match facts.query.store.kind {
        StoreKind::PostgreSql => postgresql(facts),
        StoreKind::MySql => mysql(facts),
        StoreKind::Redis => redis(facts),
    }
}

/// A statement, or the connection it would have needed.
fn postgresql(facts: &QuerySpan<'_>) -> Shaped {
    let query = facts.query;
    let mut attributes = vec![
        text("db.system", "postgresql"),
        text("server.address", query.store.host),
        int("server.port", query.store.port),
        text("user.name", "app"),
        text("db.namespace", query.store.database),
    ];
    if facts.stage != Stage::Statement {
        return (&OTELPGX, with_error(facts, facts.place.span("connect", SpanKind::Client, attributes)));
    }
    attributes.extend([text("db.statement", query.statement), text("db.operation", query.operation)]);
    if facts.failure.is_none() {
        attributes.push(int("pgx.rows_affected", facts.rows));
    }
    let name = format!("query {} {}", query.operation, query.target);
    (&OTELPGX, with_error(facts, facts.place.span(name, SpanKind::Client, attributes)))
}

fn mysql(facts: &QuerySpan<'_>) -> Shaped {
    let query = facts.query;
    let attributes = vec![
        text("db.system", "mysql"),
        text("server.address", format!("{}:{}", query.store.host, query.store.port)),
        text("db.query.text", query.statement),
        text("db.operation.name", query.operation.to_lowercase()),
        text("db.collection.name", query.target),
        int("db.rows_affected", facts.rows),
    ];
    let name = match query.operation {
        "SELECT" => format!("select {}", query.target),
        "INSERT" => format!("insert {}", query.target),
        _ => format!("update {}", query.target),
    };
    (&GORM, with_error(facts, facts.place.span(name, SpanKind::Client, attributes)))
}

fn redis(facts: &QuerySpan<'_>) -> Shaped {
    let query = facts.query;
    let command = query.operation.to_lowercase();
    let key = query.target.replace("{id}", &facts.request.subject.to_string()).replace("{user}", &facts.request.user.to_string());
    let attributes = vec![
        text("server.address", query.store.host),
        int("server.port", query.store.port),
        text("db.system", "redis"),
        text("db.connection_string", format!("redis://{}:{}", query.store.host, query.store.port)),
        text("code.function", "github.com/redis/go-redis/v9.(*Client).Process"),
        text("code.filepath", "/go/pkg/mod/github.com/redis/go-redis/v9@v9.11.0/redis.go"),
        int("code.lineno", 487),
        text("db.statement", format!("{command} {key}")),
    ];
    (&REDISOTEL, with_error(facts, facts.place.span(command, SpanKind::Client, attributes)))
}

fn with_error(facts: &QuerySpan<'_>, span: Span) -> Span {
    let Some(failure) = facts.failure else { return span };
    let events = vec![facts.place.exception(failure.exception, &failure.message, None)];
    Span { events, status: error(failure.message.as_str()), ..span }
}

pub(super) fn publish(facts: &PublishSpan<'_>) -> Shaped {
    let attributes = vec![
        text("messaging.system", "kafka"),
        text("messaging.destination.kind", "topic"),
        text("messaging.destination.name", facts.topic),
        text("messaging.operation", "publish"),
        text("messaging.client_id", facts.me.pod.as_str()),
        text("messaging.kafka.message.key", facts.request.user.to_string()),
        int("messaging.kafka.destination.partition", facts.request.user % 12),
        int("messaging.kafka.message.offset", facts.offset),
        int("messaging.message.body.size", 310 + facts.request.subject % 400),
    ];
    (&KOTEL, facts.place.span(format!("{} publish", facts.topic), SpanKind::Producer, attributes))
}

pub(super) fn consume(facts: &ServeSpan<'_>) -> Shaped {
    let Protocol::Kafka(topic) = facts.route.protocol else { unreachable!("only messages are consumed") };
    let attributes = vec![
        text("messaging.system", "kafka"),
        text("messaging.source.kind", "topic"),
        text("messaging.source.name", topic),
        text("messaging.operation", "process"),
        text("messaging.consumer.id", facts.me.pod.as_str()),
        text("messaging.kafka.consumer.group", facts.me.service.name),
        text("messaging.kafka.message.key", facts.request.user.to_string()),
        int("messaging.kafka.source.partition", facts.request.user % 12),
    ];
    let span = facts.place.span(facts.route.operation, SpanKind::Consumer, attributes);
    let Some(failure) = facts.failure else { return (&KOTEL, span) };
    let message = failure.kratos_text();
    (&KOTEL, Span { events: vec![facts.place.exception(failure.kratos_type(), &message, None)], status: error(message), ..span })
}
