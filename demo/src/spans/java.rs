//! The OpenTelemetry Java agent under Spring Boot: stable HTTP and database conventions, thread attributes, stack traces.

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

pub(super) fn http(facts: &CallSpan<'_>) -> Shaped {
    let mut attributes = thread("http-nio-8080-exec", facts.request.user);
    attributes.extend([
        text("http.request.method", http_method(facts.route)),
        text("url.full", facts.route.operation),
        text("server.address", facts.peer.ip),
        text("network.protocol.version", "2"),
    ]);
    if facts.attempt > 1 {
        attributes.push(int("http.request.resend_count", facts.attempt - 1));
    }
    let mut span = facts.place.span(http_method(facts.route), SpanKind::Client, attributes);
    match facts.failure {
        None => span.attributes.push(int("http.response.status_code", 201)),
        Some(failure) if failure.origin == Origin::Local => {
            span.attributes.extend([int("http.response.status_code", failure.http), text("error.type", failure.http.to_string())]);
            span.status = error("");
        }
        Some(failure) => {
            span.attributes.push(text("error.type", failure.exception));
            span.events.push(exception(facts.place, facts.me.service.id, failure));
            span.status = error("");
        }
    }
    (&HTTP_CLIENT, span)
}

pub(super) fn grpc(facts: &CallSpan<'_>) -> Shaped {
    let (service, method) = rpc_parts(facts.route.operation);
    let mut attributes = thread("org.springframework.kafka.KafkaListenerEndpointContainer#0-0-C", facts.request.user);
    attributes.extend([
        text("rpc.system", "grpc"),
        text("rpc.service", service),
        text("rpc.method", method),
        text("server.address", format!("{}.shop.svc.cluster.local", facts.peer.service)),
        int("server.port", facts.peer.port),
        text("network.type", "ipv4"),
        text("network.peer.address", facts.peer.ip),
        int("network.peer.port", facts.peer.port),
        int("rpc.grpc.status_code", facts.failure.map_or(0, Failure::grpc_code)),
    ]);
    let mut span = facts.place.span(facts.route.operation.trim_start_matches('/'), SpanKind::Client, attributes);
    if let Some(failure) = facts.failure {
        span.events.push(exception(facts.place, facts.me.service.id, failure));
        span.status = error(failure.message.as_str());
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
    place.exception(failure.exception, &failure.message, Some(stack_trace(service, failure)))
}

pub(crate) fn stack_trace(service: ServiceId, failure: &Failure) -> String {
    let Failure { exception, message, .. } = failure;
    let frames = if service == ServiceId::Payment { PAYMENT_FRAMES } else { NOTIFICATION_FRAMES };
    format!("{exception}: {message}\n{frames}\tat java.base/java.lang.Thread.run(Thread.java:1583)\n")
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
