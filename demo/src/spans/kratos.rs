//! Kratos v2 and v3: scope `kratos`, the operation as the name, `rpc.status_code` as the HTTP-like code, semantic conventions 1.4.

use opentelemetry_proto::tonic::{
    common::v1::KeyValue,
    trace::v1::{
        Span, Status,
        span::{Event, SpanKind},
        status::StatusCode,
    },
};

use super::{CallSpan, Place, ServeSpan, Shaped, error, http_method, rpc_parts};
use crate::{
    failure::Failure,
    otlp::{Scope, int, text},
    topology::{Protocol, Route},
};

static SCOPE: Scope = Scope::new("kratos", "");

pub(super) fn serve(facts: &ServeSpan<'_>) -> Shaped {
    let mut attributes = request_attributes(facts.route);
    if let Some(peer) = facts.peer {
        attributes.extend(net_peer(peer.ip, peer.client_port()));
    }
    attributes.push(int("recv_msg.size", 24 + facts.request.subject % 90));
    if let Some(peer) = facts.peer {
        attributes.push(text("peer.service", peer.service));
    }
    let answered = facts.failure.is_none().then(|| int("send_msg.size", 80 + facts.request.user % 900));
    finish(facts.place, facts.route, SpanKind::Server, attributes, facts.failure, answered)
}

/// The middleware knows the host of an HTTP request. For gRPC the stats handler adds the address when the first header goes out,
/// so a call that never found a connection has none.
pub(super) fn call(facts: &CallSpan<'_>) -> Shaped {
    let (route, peer) = (facts.to.route, facts.to.peer);
    let mut attributes = request_attributes(route);
    match route.protocol {
        Protocol::Grpc if !facts.connected => {}
        Protocol::Grpc => attributes.extend(net_peer(peer.ip, peer.port)),
        Protocol::Http(_) | Protocol::Kafka(_) => attributes.extend(net_peer(&facts.to.host(), peer.port)),
    }
    attributes.push(int("send_msg.size", 24 + facts.to.request.subject % 90));
    let answered = facts.failure.is_none().then(|| int("recv_msg.size", 80 + facts.to.request.user % 900));
    finish(facts.place, route, SpanKind::Client, attributes, facts.failure, answered)
}

fn finish(
    place: Place,
    route: &Route,
    kind: SpanKind,
    mut attributes: Vec<KeyValue>,
    failure: Option<&Failure>,
    answered: Option<KeyValue>,
) -> Shaped {
    let mut events: Vec<Event> = vec![];
    // Kratos passes "OK" as the description, and the SDK keeps descriptions of errors only.
    let mut status = Some(Status { message: String::new(), code: StatusCode::Ok as i32 });
    if let Some(failure) = failure {
        let message = failure.kratos_text();
        events.push(place.exception(failure.kratos_type(), &message, None));
        attributes.push(int("rpc.status_code", i64::from(failure.http)));
        status = error(message);
    }
    attributes.extend(answered);
    (&SCOPE, Span { events, status, ..place.span(route.operation, kind, attributes) })
}

fn request_attributes(route: &Route) -> Vec<KeyValue> {
    let mut attributes = vec![];
    if let Protocol::Http(_) = route.protocol {
        let path = route.operation;
        attributes.extend([text("http.method", http_method(route)), text("http.route", path), text("http.target", path)]);
    }
    let (service, method) = rpc_parts(route.operation);
    let system = if route.protocol == Protocol::Grpc { "grpc" } else { "http" };
    attributes.extend([text("rpc.system", system), text("rpc.service", service), text("rpc.method", method)]);
    attributes
}

fn net_peer(host: &str, port: u16) -> [KeyValue; 2] {
    [text("net.peer.ip", host), text("net.peer.port", port.to_string())]
}
