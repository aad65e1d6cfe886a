//! Envoy's own tracer: every value is a string, `response_flags` tells what went wrong, no instrumentation scope.

use opentelemetry_proto::tonic::trace::v1::{Span, Status, span::SpanKind, status::StatusCode};

use super::{CallSpan, ServeSpan, Shaped, http_method, http_status};
use crate::{
    failure::{Failure, Origin},
    otlp::{Scope, text},
    topology::ServiceId,
};

static SCOPE: Scope = Scope::new("", "");

pub(super) fn ingress(facts: &ServeSpan<'_>) -> Shaped {
    let (route, request) = (facts.route, facts.request);
    let attributes = vec![
        text("node_id", facts.me.pod.as_str()),
        text("zone", "eu-central-1a"),
        text("guid:x-request-id", request_id(facts)),
        text("http.url", format!("https://www.harborgoods.com{}", request.path(route.operation))),
        text("http.method", http_method(route)),
        text("downstream_cluster", "-"),
        text("user_agent", request.user_agent),
        text("http.protocol", "HTTP/2"),
        text("peer.address", request.client_address()),
        text("request_size", if http_method(route) == "GET" { "0".to_owned() } else { (60 + request.user % 700).to_string() }),
        text("response_size", (140 + request.user % 9_000).to_string()),
        text("component", "proxy"),
        text("upstream_cluster", "storefront"),
        text("upstream_cluster.name", "storefront"),
    ];
    finish(facts.place.span("ingress", SpanKind::Server, attributes), facts.failure)
}

pub(super) fn egress(facts: &CallSpan<'_>) -> Shaped {
    let peer = facts.to.peer;
    let address = peer.address();
    let attributes = vec![
        text("http.protocol", "HTTP/1.1"),
        text("upstream_address", address.as_str()),
        text("peer.address", address.as_str()),
        text("component", "proxy"),
        text("upstream_cluster", peer.service),
        text("upstream_cluster.name", peer.service),
    ];
    finish(facts.place.span(format!("router {} egress", peer.service), SpanKind::Client, attributes), facts.failure)
}

fn finish(mut span: Span, failure: Option<&Failure>) -> Shaped {
    span.flags = 0;
    span.attributes.push(text("http.status_code", http_status(failure).to_string()));
    span.attributes.push(text("response_flags", response_flags(failure)));
    if failure.is_some_and(Failure::is_server_fault) {
        span.attributes.push(text("error", "true"));
        span.status = Some(Status { code: StatusCode::Error as i32, ..Status::default() });
    }
    (&SCOPE, span)
}

/// What the access log and the spans name: only trouble between Envoy and its upstream, not the upstream's own 5xx.
pub(crate) fn response_flags(failure: Option<&Failure>) -> &'static str {
    match failure.filter(|failure| failure.origin == Origin::NoAnswer) {
        Some(failure) if failure.http == 504 => "UT",
        Some(_) => "UF",
        None => "-",
    }
}

pub(crate) fn request_id(facts: &ServeSpan<'_>) -> String {
    let id = u128::from_be_bytes(facts.place.trace.0);
    let gateway = ServiceId::EdgeGateway as u128;
    let id = id ^ gateway;
    format!(
        "{:08x}-{:04x}-9{:03x}-{:04x}-{:012x}",
        id >> 96,
        id >> 80 & 0xffff,
        id >> 68 & 0xfff,
        id >> 48 & 0x3fff | 0x8000,
        id & 0xffff_ffff_ffff
    )
}
