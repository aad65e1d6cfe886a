//! What the specification leaves out and senders expect all the same.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use collector::{BindError, Collector, Config, ConfigError, Cors};
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use schemas::Signal;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
};
use tonic::Code;

use crate::{
    payload,
    rig::Rig,
    wire::{self, Answer, Call, Outcome, Parts, Wire, frame, http1},
};

const SHOP: &str = "https://shop.example";

async fn preflight(rig: &Rig, origin: &str) -> Answer {
    let request = Request::builder().method("OPTIONS").uri("http://localhost/v1/traces").header("host", "localhost");
    let request = request.header("origin", origin).header("access-control-request-method", "POST");
    let request = request.header("access-control-request-headers", "content-type").body(Full::<Bytes>::default());
    http1(rig.http, request.expect("valid")).await
}

#[tokio::test]
async fn n1_no_web_page_sends_by_default() {
    let rig = Rig::start().await;
    // The last one is a page whose own name points at this port: to the browser it is of the same origin.
    for origin in [SHOP, "null", "http://localhost:3000", "http://rebound.example:4318"] {
        let answer = preflight(&rig, origin).await;
        assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (403, None), "{origin}");
        for wire in [Wire::Json, Wire::Protobuf] {
            let call = payload::call(Signal::Traces, wire, 1, 1, 0).header("origin", origin);
            let answer = call.send(&rig).await;
            assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (403, None), "{origin}");
        }
    }
    assert_eq!(rig.all_rows(), 0);
    assert_eq!(payload::call(Signal::Traces, Wire::Json, 1, 1, 0).send(&rig).await.status, 200, "programs say no origin");
}

#[tokio::test]
async fn n1_cors_answers_listed_origins_only() {
    let cors = Cors { origins: vec![SHOP.into()], allow_credentials: true, ..Cors::default() };
    let rig = Rig::start_with(|config| config.cors = cors).await;
    let answer = preflight(&rig, SHOP).await;
    assert_eq!(answer.status, 204);
    for (name, value) in [
        ("access-control-allow-origin", SHOP),
        ("access-control-allow-methods", "POST"),
        ("access-control-allow-headers", "content-type"),
        ("access-control-allow-credentials", "true"),
        ("access-control-max-age", "5"),
        ("vary", "origin"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    for origin in ["https://shop.example.evil", "http://shop.example", "null", "https://evil.example"] {
        for answer in
            [preflight(&rig, origin).await, payload::call(Signal::Traces, Wire::Json, 1, 1, 0).header("origin", origin).send(&rig).await]
        {
            assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (403, None), "{origin}");
        }
    }
    let two = payload::call(Signal::Traces, Wire::Json, 1, 1, 0).header("origin", SHOP).header("origin", "https://evil.example");
    assert_eq!(two.send(&rig).await.status, 403);
    assert_eq!(rig.all_rows(), 0);
    for (body, status) in [("{}", 200), ("?", 400)] {
        let answer = Call::new(Signal::Traces, Wire::Json, body).header("origin", SHOP).send(&rig).await;
        assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (status, Some(SHOP)));
    }
}

#[tokio::test]
async fn n1_any_origin_with_credentials_is_refused_at_start() {
    let cors = Cors { origins: vec!["*".into()], allow_credentials: true, ..Cors::default() };
    let rig = Rig::start().await;
    let any_port = "127.0.0.1:0".parse().expect("address");
    let config = Config { cors, otlp_grpc: any_port, otlp_http: any_port, ..Config::default() };
    let refused = Collector::bind(config, rig.store.clone(), Default::default()).await.err();
    assert!(matches!(refused, Some(BindError::Config(ConfigError::AnyOriginWithCredentials))), "{refused:?}");
}

#[tokio::test]
async fn n2_a_dead_peer_is_pinged_and_closed() {
    let rig = Rig::start_with(|config| {
        config.keepalive_interval_ms = 50;
        config.keepalive_timeout_ms = 50;
    })
    .await;
    for address in [rig.grpc, rig.http] {
        let mut stream = TcpStream::connect(address).await.expect("connects");
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.expect("preface and settings");
        let mut heard = Vec::new();
        // Ends only when the server closes: this peer answers nothing.
        let _ = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut heard)).await.expect("closed by the server");
        assert!(!heard.is_empty());
    }
}

/// An HTTP/2 connection that answers pings, and the task that ends when it is closed.
async fn ponging<B>(address: SocketAddr) -> (http2::SendRequest<B>, JoinHandle<hyper::Result<()>>)
where
    B: hyper::body::Body + Send + Unpin + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let stream = TcpStream::connect(address).await.expect("connects");
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("handshake");
    (sender, tokio::spawn(connection))
}

#[tokio::test]
async fn n2_answered_pings_alone_keep_no_connection() {
    let rig = Rig::start_with(|config| {
        config.keepalive_interval_ms = 20;
        config.idle_timeout_ms = 300;
    })
    .await;
    for (address, wire) in [(rig.grpc, Wire::Grpc), (rig.http, Wire::Protobuf)] {
        let (unused, connection) = ponging::<Full<Bytes>>(address).await;
        let _ = tokio::time::timeout(Duration::from_secs(20), connection).await.expect("closed without a request");
        drop(unused);
        let (mut sender, connection) = ponging(address).await;
        let call = payload::call(Signal::Traces, wire, 1, 1, 0);
        let answer = Answer::read(sender.send_request(call.request(Full::new(call.body()))).await.expect("answered")).await;
        assert_eq!(answer.outcome(Signal::Traces, wire), Outcome::Stored, "{wire:?}");
        let _ = tokio::time::timeout(Duration::from_secs(20), connection).await.expect("closed after its request");
    }
}

#[tokio::test]
async fn n2_an_open_request_keeps_its_connection() {
    const IDLE: Duration = Duration::from_millis(200);
    let rig = Rig::start_with(|config| {
        config.keepalive_interval_ms = 20;
        config.idle_timeout_ms = IDLE.as_millis() as u64;
    })
    .await;
    for (address, wire) in [(rig.grpc, Wire::Grpc), (rig.http, Wire::Protobuf)] {
        let (mut sender, _connection) = ponging(address).await;
        let call = payload::call(Signal::Traces, wire, 1, 1, 0);
        let (parts, body) = Parts::new();
        let answer = tokio::spawn(sender.send_request(call.request(body)));
        tokio::time::sleep(4 * IDLE).await;
        parts.send(call.body()).expect("still read");
        drop(parts);
        let answer = Answer::read(answer.await.expect("no panic").expect("answered")).await;
        assert_eq!(answer.outcome(Signal::Traces, wire), Outcome::Stored, "{wire:?}");
    }
    // An answer that goes on for ever: a watch of the server's health.
    let (mut sender, connection) = ponging(rig.grpc).await;
    let watch = Request::post("http://localhost/grpc.health.v1.Health/Watch").header("content-type", "application/grpc");
    let watch = watch.header("te", "trailers").body(Full::new(frame(false, b""))).expect("valid");
    let mut watched = sender.send_request(watch).await.expect("answered").into_body();
    assert!(watched.frame().await.expect("a first answer").is_ok());
    tokio::time::sleep(4 * IDLE).await;
    assert!(!connection.is_finished());
    drop(watched);
    let _ = tokio::time::timeout(Duration::from_secs(20), connection).await.expect("closed when nobody watches");
}

#[tokio::test]
async fn n2_an_old_connection_is_asked_to_leave_after_its_requests() {
    let rig = Rig::start_with(|config| config.connection_age_max_ms = Some(200)).await;
    for (address, wire) in [(rig.grpc, Wire::Grpc), (rig.http, Wire::Protobuf)] {
        let stream = TcpStream::connect(address).await.expect("connects");
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("handshake");
        let connection = tokio::spawn(connection);
        let call = payload::call(Signal::Traces, wire, 1, 1, 0);
        let (parts, body) = Parts::new();
        let answer = tokio::spawn(async move { sender.send_request(call.request(body)).await });
        tokio::time::sleep(Duration::from_millis(400)).await;
        parts.send(payload::call(Signal::Traces, wire, 1, 1, 0).body()).expect("still read");
        drop(parts);
        let answer = Answer::read(answer.await.expect("no panic").expect("answered")).await;
        assert_eq!(answer.outcome(Signal::Traces, wire), Outcome::Stored, "{wire:?}");
        let closed = tokio::time::timeout(Duration::from_secs(20), connection).await.expect("closed by the server");
        assert!(closed.expect("no panic").is_ok(), "{wire:?}: closed in order");
    }
}

#[tokio::test]
async fn n5_the_client_deadline_ends_a_call_and_stores_nothing() {
    let rig = Rig::start().await;
    let call = payload::call(Signal::Traces, Wire::Grpc, 1, 3, 0).header("grpc-timeout", "100m").header("user-agent", "test/1.0");
    let (sender, parts) = Parts::new();
    let body = call.body();
    sender.send(body.slice(..body.len() - 1)).expect("open");
    let answer = wire::http2(rig.grpc, call.request(parts)).await;
    let code = answer.grpc_status().code();
    assert!([Code::Cancelled, Code::DeadlineExceeded].contains(&code), "{code:?}");
    assert_eq!(rig.all_rows(), 0);
    drop(sender);
    let in_time = payload::call(Signal::Traces, Wire::Grpc, 1, 3, 0).header("grpc-timeout", "1M");
    assert_eq!(in_time.send(&rig).await.outcome(Signal::Traces, Wire::Grpc), Outcome::Stored);
}
