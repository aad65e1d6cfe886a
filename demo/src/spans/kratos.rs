//! Kratos v2 and v3: scope `kratos`, the operation as the name, `rpc.status_code` as the HTTP-like code, status Ok "OK".

use opentelemetry_proto::tonic::{
    common::v1::KeyValue,
    trace::v1::{
        Span, Status,
        span::{Event, SpanKind},
        status::StatusCode,
    },
};

use super::{CallSpan, Peer, Place, ServeSpan, Shaped, error, http_method, rpc_parts};
use crate::{
    failure::{Failure, Origin},
    otlp::{Scope, int, text},
    topology::{Protocol, Route, Stack},
};

static SCOPE: Scope = Scope::new("kratos", "");

pub(super) fn serve(facts: &ServeSpan<'_>) -> Shaped {
    let mut attributes = request_attributes(facts.route, facts.me.service.stack, facts.peer.map(|peer| (peer, peer.client_port())));
    attributes.push(int("recv_msg.size", 24 + facts.request.subject % 90));
    if let Some(peer) = facts.peer {
        attributes.push(text("peer.service", peer.service));
    }
    let answered = facts.failure.is_none().then(|| int("send_msg.size", 80 + facts.request.user % 900));
    finish(facts.place, facts.route, SpanKind::Server, attributes, facts.failure, answered)
}

pub(super) fn call(facts: &CallSpan<'_>) -> Shaped {
    let mut attributes = request_attributes(facts.route, facts.me.service.stack, Some((facts.peer, facts.peer.port)));
    attributes.push(int("send_msg.size", 24 + facts.request.subject % 90));
    let answered = facts.failure.is_none().then(|| int("recv_msg.size", 80 + facts.request.user % 900));
    finish(facts.place, facts.route, SpanKind::Client, attributes, facts.failure, answered)
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
    let mut status = Some(Status { message: "OK".to_owned(), code: StatusCode::Ok as i32 });
    if let Some(failure) = failure {
        let message = failure.go_text();
        let kind = if failure.origin == Origin::Grpc { "*status.Error" } else { "*errors.Error" };
        events.push(place.exception(kind, &message, None));
        attributes.push(int("rpc.status_code", i64::from(failure.http)));
        status = error(message);
    }
    attributes.extend(answered);
    (&SCOPE, Span { events, status, ..place.span(route.operation, kind, attributes) })
}

/// Semantic conventions 1.4 in v2, 1.24 in v3.
fn request_attributes(route: &Route, stack: Stack, peer: Option<(Peer<'_>, u16)>) -> Vec<KeyValue> {
    let mut attributes = vec![];
    if let Protocol::Http(_) = route.protocol {
        let path = route.operation;
        if stack == Stack::KratosV2 {
            attributes.extend([text("http.method", http_method(route)), text("http.route", path), text("http.target", path)]);
        } else {
            attributes.extend([text("http.request.method", http_method(route)), text("http.route", path), text("url.path", path)]);
        }
    }
    let (service, method) = rpc_parts(route.operation);
    let system = if route.protocol == Protocol::Grpc { "grpc" } else { "http" };
    attributes.extend([text("rpc.system", system), text("rpc.service", service), text("rpc.method", method)]);
    match (peer, stack) {
        (Some((peer, port)), Stack::KratosV2) => {
            attributes.extend([text("net.peer.ip", peer.ip), text("net.peer.port", port.to_string())]);
        }
        (Some((peer, port)), _) => attributes.extend([text("network.peer.address", peer.ip), int("network.peer.port", port)]),
        (None, _) => {}
    }
    attributes
}
