//! Gin with otelgin: `GET /route`, stable HTTP conventions, Error from 500 on with the text of `c.Errors`.

use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind};

use super::{ServeSpan, Shaped, error, http_method, http_status};
use crate::otlp::{Scope, int, text};

static SCOPE: Scope = Scope::new("go.opentelemetry.io/contrib/instrumentation/github.com/gin-gonic/gin/otelgin", "0.70.0");

pub(super) fn serve(facts: &ServeSpan<'_>) -> Shaped {
    let (route, status_code) = (facts.route, http_status(facts.failure));
    let path = facts.request.path(route.operation);
    let mut attributes = vec![
        text("server.address", facts.me.service.name),
        int("server.port", facts.me.service.port),
        text("http.request.method", http_method(route)),
        text("url.scheme", "http"),
        text("url.path", path),
        text("network.protocol.version", "1.1"),
        text("user_agent.original", facts.request.user_agent),
        text("client.address", facts.request.client_address()),
        text("http.route", route.operation),
        int("http.response.status_code", status_code),
        int("http.response.body.size", 180 + i64::from(facts.request.user % 6_000)),
    ];
    if let Some(code) = facts.failure.and_then(|failure| failure.code) {
        attributes.extend([
            int("error.code", i64::from(code.number)),
            text("error.message", code.message),
            text("error.solution", code.solution),
        ]);
    }
    if let Some(peer) = facts.peer {
        attributes.extend([text("network.peer.address", peer.ip), int("network.peer.port", peer.client_port())]);
    }
    let mut status = None;
    if let Some(failure) = facts.failure.filter(|failure| failure.is_server_fault()) {
        attributes.push(text("error.type", failure.exception));
        status = error(format!("Error #01: {}\n", failure.go_text()));
    }
    let span = facts.place.span(format!("{} {}", http_method(route), route.operation), SpanKind::Server, attributes);
    (&SCOPE, Span { status: status.or(span.status.clone()), ..span })
}
