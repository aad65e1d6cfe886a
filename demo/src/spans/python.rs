//! The OpenTelemetry Python instrumentations of gRPC, requests and Redis.

use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind};

use super::{CallSpan, QuerySpan, ServeSpan, Shaped, error, http_method, rpc_parts};
use crate::{
    failure::{Failure, Origin},
    otlp::{Scope, int, text},
};

static GRPC: Scope = Scope::new("opentelemetry.instrumentation.grpc", "0.57b0").with_schema("https://opentelemetry.io/schemas/1.11.0");
static REQUESTS: Scope =
    Scope::new("opentelemetry.instrumentation.requests", "0.57b0").with_schema("https://opentelemetry.io/schemas/1.11.0");
static REDIS: Scope = Scope::new("opentelemetry.instrumentation.redis", "0.57b0").with_schema("https://opentelemetry.io/schemas/1.11.0");

pub(super) fn serve(facts: &ServeSpan<'_>) -> Shaped {
    let (service, method) = rpc_parts(facts.route.operation);
    let mut attributes = vec![
        text("rpc.system", "grpc"),
        int("rpc.grpc.status_code", facts.failure.map_or(0, |failure| failure.grpc.number())),
        text("rpc.method", method),
        text("rpc.service", service),
        text("rpc.user_agent", "grpc-go/1.73.0"),
        int("app.products_recommended.count", 5),
    ];
    if let Some(peer) = facts.peer {
        attributes.extend([text("net.peer.ip", peer.ip), text("net.peer.port", peer.client_port().to_string())]);
    }
    let mut span = facts.place.span(facts.route.operation, SpanKind::Server, attributes);
    if let Some(failure) = facts.failure {
        let details = match failure.origin {
            Origin::Local => format!("Exception calling application: {}", failure.message),
            Origin::Grpc | Origin::Refused | Origin::Answer | Origin::NoAnswer => failure.message.clone(),
        };
        span.events.push(facts.place.exception(failure.exception, &failure.message, Some(traceback(failure))));
        span.status = error(format!("{}: {details}", failure.exception));
    }
    (&GRPC, span)
}

pub(super) fn call(facts: &CallSpan<'_>) -> Shaped {
    let method = http_method(facts.to.route);
    let attributes = vec![text("http.method", method), text("http.url", facts.to.url())];
    let mut span = facts.place.span(method, SpanKind::Client, attributes);
    match facts.failure {
        None => span.attributes.push(int("http.status_code", 200)),
        Some(failure) if failure.origin == Origin::Answer => {
            span.attributes.push(int("http.status_code", failure.http));
            span.status = error("");
        }
        Some(failure) => fail(facts.place, &mut span, failure),
    }
    (&REQUESTS, span)
}

pub(super) fn query(facts: &QuerySpan<'_>) -> Shaped {
    let query = facts.query;
    let words = 1 + query.target.split(':').count() as i64;
    let attributes = vec![
        text("db.statement", format!("{} ? ? ?", query.operation)),
        text("db.system", "redis"),
        int("db.redis.database_index", 0),
        text("net.peer.name", query.store.host),
        int("net.peer.port", query.store.port),
        text("net.transport", "ip_tcp"),
        int("db.redis.args_length", words),
    ];
    let mut span = facts.place.span(query.operation, SpanKind::Client, attributes);
    if let Some(failure) = facts.failure {
        fail(facts.place, &mut span, failure);
    }
    (&REDIS, span)
}

/// The status names the class without its module.
fn fail(place: super::Place, span: &mut Span, failure: &Failure) {
    let class = failure.exception.rsplit('.').next().unwrap_or_default();
    span.events.push(place.exception(failure.exception, &failure.message, Some(traceback(failure))));
    span.status = error(format!("{class}: {}", failure.message));
}

fn traceback(failure: &Failure) -> String {
    format!(
        "Traceback (most recent call last):\n  \
         File \"/usr/local/lib/python3.12/site-packages/opentelemetry/trace/__init__.py\", line 589, in use_span\n    yield span\n  \
         File \"/app/recommendation_server.py\", line 71, in ListRecommendations\n    prod_list = get_product_list(request.product_ids)\n\
         {}: {}\n",
        failure.exception, failure.message
    )
}
