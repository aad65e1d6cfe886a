//! Spans in the shapes of the libraries: which scope, name, attributes, events and status each writes for the same facts.

mod envoy;
mod gin;
mod go_clients;
mod java;
mod kratos;
mod python;

pub(crate) use envoy::response_flags as envoy_response_flags;
pub(crate) use java::stack_trace as java_stack_trace;

use opentelemetry_proto::tonic::{
    common::v1::KeyValue,
    trace::v1::{
        Span, Status,
        span::{Event, Link, SpanKind},
        status::StatusCode,
    },
};
use schemas::{SpanId, TraceId, UnixNanos};

use crate::{
    failure::{Failure, Stage},
    instance::Instance,
    otlp::{Scope, nanos, text},
    topology::{Protocol, Query, Route, Stack},
    traffic::Request,
};

/// A span and the library that made it.
pub(crate) type Shaped = (&'static Scope, Span);

/// Where a span stands in its trace and in time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) trace: TraceId,
    pub(crate) id: SpanId,
    pub(crate) parent: Option<SpanId>,
    pub(crate) start: UnixNanos,
    pub(crate) end: UnixNanos,
}

/// The other end of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer<'a> {
    pub(crate) service: &'a str,
    pub(crate) ip: &'a str,
    pub(crate) port: u16,
}

/// A service works on a request or a message.
pub(crate) struct ServeSpan<'a> {
    pub(crate) place: Place,
    pub(crate) route: &'static Route,
    pub(crate) me: &'a Instance,
    /// `None`: a customer.
    pub(crate) peer: Option<Peer<'a>>,
    pub(crate) request: &'a Request,
    pub(crate) failure: Option<&'a Failure>,
    pub(crate) link: Option<(TraceId, SpanId)>,
}

/// What a service calls, as its client libraries name it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Callee<'a> {
    /// What the caller is written with.
    pub(crate) client: Stack,
    pub(crate) route: &'static Route,
    pub(crate) peer: Peer<'a>,
    pub(crate) request: &'a Request,
}

/// A service calls another.
pub(crate) struct CallSpan<'a> {
    pub(crate) place: Place,
    pub(crate) to: Callee<'a>,
    pub(crate) failure: Option<&'a Failure>,
    /// From 1.
    pub(crate) attempt: u32,
    /// There was a connection, and the request went out on it.
    pub(crate) connected: bool,
}

/// A service asks a store.
pub(crate) struct QuerySpan<'a> {
    pub(crate) place: Place,
    pub(crate) query: &'static Query,
    pub(crate) me: &'a Instance,
    pub(crate) request: &'a Request,
    pub(crate) failure: Option<&'a Failure>,
    /// How far the client got.
    pub(crate) stage: Stage,
    pub(crate) rows: i64,
}

/// A service writes a message.
pub(crate) struct PublishSpan<'a> {
    pub(crate) place: Place,
    pub(crate) topic: &'static str,
    pub(crate) me: &'a Instance,
    pub(crate) request: &'a Request,
    pub(crate) offset: i64,
}

pub(crate) fn serve(facts: &ServeSpan<'_>) -> Shaped {
    match (facts.me.service.stack, facts.route.protocol) {
        (Stack::Envoy, _) => envoy::ingress(facts),
        (Stack::Gin, _) => gin::serve(facts),
        (Stack::KratosV2 | Stack::KratosV3, Protocol::Kafka(_)) => go_clients::consume(facts),
        (Stack::KratosV2 | Stack::KratosV3, _) => kratos::serve(facts),
        (Stack::Spring, Protocol::Kafka(_)) => java::consume(facts),
        (Stack::Spring, _) => java::serve(facts),
        (Stack::Python, _) => python::serve(facts),
    }
}

pub(crate) fn call(facts: &CallSpan<'_>) -> Shaped {
    match (facts.to.client, facts.to.route.protocol) {
        (Stack::Envoy, _) => envoy::egress(facts),
        (Stack::Gin, Protocol::Grpc) => go_clients::grpc(facts),
        (Stack::Gin, _) => go_clients::http(facts),
        (Stack::KratosV2 | Stack::KratosV3, _) => kratos::call(facts),
        (Stack::Spring, Protocol::Grpc) => java::grpc(facts),
        (Stack::Spring, _) => java::http(facts),
        (Stack::Python, _) => python::call(facts),
    }
}

/// `None`: the client failed before anything that is traced.
pub(crate) fn query(facts: &QuerySpan<'_>) -> Option<Shaped> {
    match facts.me.service.stack {
        Stack::Spring if facts.stage != Stage::Statement => None,
        Stack::Spring => Some(java::query(facts)),
        Stack::Python => Some(python::query(facts)),
        Stack::Envoy | Stack::Gin | Stack::KratosV2 | Stack::KratosV3 => Some(go_clients::query(facts)),
    }
}

pub(crate) fn publish(facts: &PublishSpan<'_>) -> Shaped {
    match facts.me.service.stack {
        Stack::Spring => java::publish(facts),
        _ => go_clients::publish(facts),
    }
}

pub(crate) fn is_error(span: &Span) -> bool {
    span.status.as_ref().is_some_and(|status| status.code == StatusCode::Error as i32)
}

impl Place {
    pub(crate) fn duration_ns(&self) -> i64 {
        self.end.0 - self.start.0
    }

    /// The span without what the library adds. `flags` as the SDK writes them: sampled, and whether the parent was remote.
    fn span(&self, name: impl Into<String>, kind: SpanKind, attributes: Vec<KeyValue>) -> Span {
        let remote = matches!(kind, SpanKind::Server | SpanKind::Consumer) && self.parent.is_some();
        Span {
            trace_id: self.trace.0.to_vec(),
            span_id: self.id.0.to_vec(),
            parent_span_id: self.parent.map(|parent| parent.0.to_vec()).unwrap_or_default(),
            flags: if remote { 0x301 } else { 0x101 },
            name: name.into(),
            kind: kind as i32,
            start_time_unix_nano: nanos(self.start),
            end_time_unix_nano: nanos(self.end),
            attributes,
            status: Some(Status::default()),
            ..Span::default()
        }
    }

    /// `exception` as SDKs record it, just before the span ends. They leave out a message that is not there.
    fn exception(&self, kind: &str, message: &str, stack: Option<String>) -> Event {
        let mut attributes = vec![text("exception.type", kind)];
        attributes.extend((!message.is_empty()).then(|| text("exception.message", message)));
        attributes.extend(stack.map(|stack| text("exception.stacktrace", stack)));
        let time_unix_nano = nanos(UnixNanos(self.end.0 - 4_000.min(self.duration_ns())));
        Event { time_unix_nano, name: "exception".to_owned(), attributes, ..Event::default() }
    }
}

impl<'a> Peer<'a> {
    pub(crate) fn of(instance: &'a Instance) -> Self {
        Self { service: instance.service.name, ip: &instance.ip, port: instance.service.port }
    }

    /// The acquirer's API, which is not ours.
    pub(crate) fn outside() -> Self {
        Self { service: "acquirer-gateway", ip: "api.acquirer-gateway.com", port: 443 }
    }

    pub(crate) fn address(&self) -> String {
        format!("{}:{}", self.ip, self.port)
    }

    /// The port a client got from its kernel: the same for a connection's life.
    pub(crate) fn client_port(&self) -> u16 {
        32_768 + self.ip.bytes().fold(u16::from(self.port as u8), |port, byte| port.wrapping_mul(31).wrapping_add(u16::from(byte))) % 28_000
    }
}

impl Callee<'_> {
    /// The name the client resolves.
    pub(crate) fn host(&self) -> String {
        match self.client {
            _ if self.route.is_outside() => self.peer.ip.to_owned(),
            Stack::Python => self.peer.service.to_owned(),
            _ => service_host(self.peer.service),
        }
    }

    pub(crate) fn url(&self) -> String {
        if self.route.is_outside() {
            return self.route.operation.to_owned();
        }
        format!("http://{}:{}{}", self.host(), self.peer.port, self.request.path(self.route.operation))
    }
}

/// What Kubernetes calls a service.
pub(crate) fn service_host(service: &str) -> String {
    format!("{service}.shop.svc.cluster.local")
}

impl Request {
    /// A third of the customers.
    pub(crate) fn reads_chinese(&self) -> bool {
        self.user.is_multiple_of(3)
    }

    pub(crate) fn client_address(&self) -> String {
        let [_, b, c, d] = self.client_ip;
        format!("84.{b}.{c}.{d}")
    }

    /// The route's template with the ids filled in.
    pub(crate) fn path(&self, template: &str) -> String {
        template.replace(":id", &self.subject.to_string())
    }
}

/// `pkg.Service` and `Method` of `/pkg.Service/Method`.
pub(crate) fn rpc_parts(operation: &str) -> (&str, &str) {
    operation.trim_start_matches('/').split_once('/').unwrap_or((operation, ""))
}

/// The HTTP method of a route, or POST as gRPC does.
pub(crate) fn http_method(route: &Route) -> &'static str {
    match route.protocol {
        Protocol::Http(method) => method,
        Protocol::Grpc | Protocol::Kafka(_) => "POST",
    }
}

pub(crate) fn http_status(failure: Option<&Failure>) -> u16 {
    failure.map_or(200, |failure| failure.http)
}

fn error(message: impl Into<String>) -> Option<Status> {
    Some(Status { message: message.into(), code: StatusCode::Error as i32 })
}

fn link((trace, span): (TraceId, SpanId)) -> Link {
    Link { trace_id: trace.0.to_vec(), span_id: span.0.to_vec(), flags: 0x301, ..Link::default() }
}

#[cfg(test)]
pub(crate) mod tests;
