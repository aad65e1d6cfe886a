//! The OpenTelemetry Java agent under Spring Boot: stable HTTP and database conventions, thread attributes, stack traces.
//!
//! An instrumentation records the exception of the library it wraps: `ConnectException` on the client's span becomes Spring's
//! `ResourceAccessException` on the server's.

use opentelemetry_proto::tonic::{
    common::v1::KeyValue,
    trace::v1::span::{Event, SpanKind},
};

use super::{CallSpan, Place, PublishSpan, QuerySpan, ServeSpan, Shaped, error, http_method, http_status, link, rpc_parts};
use crate::{
    failure::{Failure, Origin},
    otlp::{Scope, flag, int, text},
    topology::{Protocol, ServiceId},
};

static TOMCAT: Scope = Scope::new("io.opentelemetry.tomcat-10.0", "2.17.0-alpha");
static JDBC: Scope = Scope::new("io.opentelemetry.jdbc", "2.17.0-alpha");
static HTTP_CLIENT: Scope = Scope::new("io.opentelemetry.java-http-client", "2.17.0-alpha");
static GRPC: Scope = Scope::new("io.opentelemetry.grpc-1.6", "2.17.0-alpha");
static KAFKA_CLIENTS: Scope = Scope::new("io.opentelemetry.kafka-clients-0.11", "2.17.0-alpha");
static SPRING_KAFKA: Scope = Scope::new("io.opentelemetry.spring-kafka-2.7", "2.17.0-alpha");

pub(super) fn serve(facts: &ServeSpan<'_>) -> Shaped {
    let route = facts.route;
    let mut attributes = thread("http-nio-8080-exec", facts.request.user);
    attributes.extend([
        text("http.request.method", http_method(route)),
        text("http.route", route.operation),
        text("url.path", route.operation),
        text("url.scheme", "http"),
        text("server.address", facts.me.service.name),
        int("server.port", facts.me.service.port),
        text("network.protocol.version", "1.1"),
        text("user_agent.original", "Go-http-client/1.1"),
        int("http.response.status_code", http_status(facts.failure)),
    ]);
    if let Some(peer) = facts.peer {
        attributes.extend([
            text("network.peer.address", peer.ip),
            int("network.peer.port", peer.client_port()),
            text("client.address", peer.ip),
        ]);
    }
    let mut span = facts.place.span(format!("{} {}", http_method(route), route.operation), SpanKind::Server, attributes);
    if let Some(failure) = facts.failure.filter(|failure| failure.is_server_fault()) {
        span.attributes.push(text("error.type", failure.http.to_string()));
        span.events.push(exception(facts.place, facts.me.service.id, failure));
        span.status = error("");
    }
    (&TOMCAT, span)
}

/// Around the client of the JDK: it sees that one's exceptions, not those of Spring's client above.
pub(super) fn http(facts: &CallSpan<'_>) -> Shaped {
    let to = &facts.to;
    let mut attributes = thread("http-nio-8080-exec", to.request.user);
    attributes.extend([
        text("http.request.method", http_method(to.route)),
        text("url.full", to.url()),
        text("server.address", to.host()),
        int("server.port", to.peer.port),
    ]);
    if facts.attempt > 1 {
        attributes.push(int("http.request.resend_count", facts.attempt - 1));
    }
    let mut span = facts.place.span(http_method(to.route), SpanKind::Client, attributes);
    if let Some(failure) = facts.failure.filter(|failure| failure.origin == Origin::NoAnswer) {
        span.attributes.push(text("error.type", failure.beneath().0));
        span.events.push(beneath(facts.place, failure));
        span.status = error("");
        return (&HTTP_CLIENT, span);
    }
    let status_code = http_status(facts.failure);
    span.attributes.extend([int("http.response.status_code", status_code), text("network.protocol.version", "2")]);
    if facts.failure.is_some() {
        span.attributes.push(text("error.type", status_code.to_string()));
        span.status = error("");
    }
    (&HTTP_CLIENT, span)
}

/// The status' cause is the only exception it gets to see, and an answer has none.
pub(super) fn grpc(facts: &CallSpan<'_>) -> Shaped {
    let to = &facts.to;
    let (service, method) = rpc_parts(to.route.operation);
    let mut attributes = thread("org.springframework.kafka.KafkaListenerEndpointContainer#0-0-C", to.request.user);
    attributes.extend([
        text("rpc.system", "grpc"),
        text("rpc.service", service),
        text("rpc.method", method),
        text("server.address", to.host()),
        int("server.port", to.peer.port),
        int("rpc.grpc.status_code", facts.failure.map_or(0, |failure| failure.grpc.number())),
    ]);
    if facts.connected {
        attributes.extend([text("network.type", "ipv4"), text("network.peer.address", to.peer.ip), int("network.peer.port", to.peer.port)]);
    }
    let mut span = facts.place.span(to.route.operation.trim_start_matches('/'), SpanKind::Client, attributes);
    if let Some(failure) = facts.failure {
        span.events.extend(failure.cause.is_some().then(|| beneath(facts.place, failure)));
        span.status = error("");
    }
    (&GRPC, span)
}

pub(super) fn query(facts: &QuerySpan<'_>) -> Shaped {
    let query = facts.query;
    let mut attributes = thread("http-nio-8080-exec", facts.request.user);
    attributes.extend([
        text("db.system.name", "postgresql"),
        text("db.namespace", query.store.database),
        text("db.query.text", query.statement),
        text("db.query.summary", format!("{} {}", query.operation, query.target)),
        text("db.operation.name", query.operation),
        text("db.collection.name", query.target),
        text("server.address", query.store.host),
        int("server.port", query.store.port),
    ]);
    let mut span = facts.place.span(format!("{} {}.{}", query.operation, query.store.database, query.target), SpanKind::Client, attributes);
    if let Some(failure) = facts.failure {
        span.attributes.push(text("error.type", failure.exception));
        span.events.push(exception(facts.place, facts.me.service.id, failure));
        span.status = error("");
    }
    (&JDBC, span)
}

pub(super) fn publish(facts: &PublishSpan<'_>) -> Shaped {
    let mut attributes = thread("kafka-producer-network-thread | producer-1", facts.request.user);
    attributes.extend([
        text("messaging.system", "kafka"),
        text("messaging.operation", "publish"),
        text("messaging.destination.name", facts.topic),
        text("messaging.destination.partition.id", (facts.request.user % 12).to_string()),
        text("messaging.client_id", "producer-1"),
        text("messaging.kafka.message.key", facts.request.user.to_string()),
        int("messaging.kafka.message.offset", facts.offset),
    ]);
    (&KAFKA_CLIENTS, facts.place.span(format!("{} publish", facts.topic), SpanKind::Producer, attributes))
}

/// With receive telemetry on: a trace of its own that links to the producer's.
pub(super) fn consume(facts: &ServeSpan<'_>) -> Shaped {
    let Protocol::Kafka(topic) = facts.route.protocol else { unreachable!("only messages are consumed") };
    let mut attributes = thread("org.springframework.kafka.KafkaListenerEndpointContainer#0-0-C", facts.request.user);
    attributes.extend([
        text("messaging.system", "kafka"),
        text("messaging.operation", "process"),
        text("messaging.destination.name", topic),
        text("messaging.destination.partition.id", (facts.request.user % 12).to_string()),
        text("messaging.client_id", format!("consumer-{}-1", facts.me.service.name)),
        text("messaging.kafka.consumer.group", facts.me.service.name),
        text("messaging.kafka.message.key", facts.request.user.to_string()),
        flag("messaging.kafka.message.tombstone", false),
    ]);
    let mut span = facts.place.span(facts.route.operation, SpanKind::Consumer, attributes);
    span.links = facts.link.map(link).into_iter().collect();
    if let Some(failure) = facts.failure {
        span.events.push(exception(facts.place, facts.me.service.id, failure));
        span.status = error("");
    }
    (&SPRING_KAFKA, span)
}

fn thread(name: &str, salt: u32) -> Vec<KeyValue> {
    let number = salt % 10 + 1;
    let name = if name.ends_with("exec") { format!("{name}-{number}") } else { name.to_owned() };
    vec![int("thread.id", 30 + number), text("thread.name", name)]
}

fn exception(place: Place, service: ServiceId, failure: &Failure) -> Event {
    place.exception(&canonical(failure.exception), &failure.message, Some(stack_trace(service, failure)))
}

/// What a client library below the service's own code threw, on its own threads.
fn beneath(place: Place, failure: &Failure) -> Event {
    let (exception, message) = failure.beneath();
    place.exception(&canonical(exception), message, Some(trace_beneath(exception, message)))
}

fn trace_beneath(exception: &str, message: &str) -> String {
    let frames = match exception {
        "java.net.http.HttpTimeoutException" => TIMEOUT_FRAMES,
        "java.net.ConnectException" => CONNECT_FRAMES,
        _ => NETTY_FRAMES,
    };
    format!("{}\n{frames}", printed(exception, message))
}

pub(crate) fn stack_trace(service: ServiceId, failure: &Failure) -> String {
    let Failure { exception, message, cause, .. } = failure;
    let frames = if service == ServiceId::Payment { PAYMENT_FRAMES } else { NOTIFICATION_FRAMES };
    let cause = cause.as_ref().map(|cause| format!("Caused by: {}", trace_beneath(cause.exception, &cause.message)));
    let head = printed(exception, message);
    format!("{head}\n{frames}\tat java.base/java.lang.Thread.run(Thread.java:1583)\n{}", cause.unwrap_or_default())
}

/// `Throwable.toString()`.
fn printed(exception: &str, message: &str) -> String {
    if message.is_empty() { exception.to_owned() } else { format!("{exception}: {message}") }
}

/// The SDK writes `getCanonicalName()`, where nested classes have a dot.
fn canonical(exception: &str) -> String {
    exception.replace('$', ".")
}

const PAYMENT_FRAMES: &str = "\
\tat com.harborgoods.payment.acquirer.AcquirerClient.authorize(AcquirerClient.java:87)
\tat com.harborgoods.payment.charge.ChargeService.charge(ChargeService.java:142)
\tat com.harborgoods.payment.charge.ChargeController.create(ChargeController.java:58)
\tat java.base/jdk.internal.reflect.DirectMethodHandleAccessor.invoke(DirectMethodHandleAccessor.java:103)
\tat org.springframework.web.method.support.InvocableHandlerMethod.doInvoke(InvocableHandlerMethod.java:258)
\tat org.springframework.web.servlet.DispatcherServlet.doDispatch(DispatcherServlet.java:1089)
\tat org.apache.catalina.core.ApplicationFilterChain.doFilter(ApplicationFilterChain.java:138)
\tat org.apache.tomcat.util.net.NioEndpoint$SocketProcessor.doRun(NioEndpoint.java:1769)
";
const NOTIFICATION_FRAMES: &str = "\
\tat com.harborgoods.notification.mail.Recipients.load(Recipients.java:41)
\tat com.harborgoods.notification.mail.MailListener.onMessage(MailListener.java:63)
\tat org.springframework.kafka.listener.adapter.HandlerAdapter.invoke(HandlerAdapter.java:78)
\tat org.springframework.kafka.listener.KafkaMessageListenerContainer$ListenerConsumer.doInvokeRecordListener(KafkaMessageListenerContainer.java:2876)
\tat java.base/java.util.concurrent.FutureTask.run(FutureTask.java:317)
";
const TIMEOUT_FRAMES: &str = "\
\tat java.net.http/jdk.internal.net.http.ResponseTimerEvent.handle(ResponseTimerEvent.java:63)
\tat java.net.http/jdk.internal.net.http.HttpClientImpl.purgeTimeoutsAndReturnNextDeadline(HttpClientImpl.java:1778)
\tat java.net.http/jdk.internal.net.http.HttpClientImpl$SelectorManager.run(HttpClientImpl.java:1335)
";
const CONNECT_FRAMES: &str = "\
\tat java.net.http/jdk.internal.net.http.common.Utils.toConnectException(Utils.java:1041)
\tat java.net.http/jdk.internal.net.http.PlainHttpConnection.connectAsync(PlainHttpConnection.java:227)
\tat java.net.http/jdk.internal.net.http.AsyncSSLConnection.connectAsync(AsyncSSLConnection.java:56)
\tat java.net.http/jdk.internal.net.http.Http2Connection.createAsync(Http2Connection.java:527)
\tat java.net.http/jdk.internal.net.http.Http2ClientImpl.getConnectionFor(Http2ClientImpl.java:138)
\tat java.net.http/jdk.internal.net.http.ExchangeImpl.get(ExchangeImpl.java:94)
\tat java.net.http/jdk.internal.net.http.Exchange.establishExchange(Exchange.java:391)
";
const NETTY_FRAMES: &str = "\
Caused by: java.net.ConnectException: finishConnect(..) failed: Connection refused
\tat io.grpc.netty.shaded.io.netty.channel.unix.Errors.newConnectException0(Errors.java:166)
\tat io.grpc.netty.shaded.io.netty.channel.unix.Errors.handleConnectErrno(Errors.java:131)
\tat io.grpc.netty.shaded.io.netty.channel.unix.Socket.finishConnect(Socket.java:359)
";
