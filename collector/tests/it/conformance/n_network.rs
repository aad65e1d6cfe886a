//! What the specification leaves out and senders expect all the same.

use std::time::Duration;

use bytes::Bytes;
use collector::{Collector, Config, Cors};
use http::Request;
use http_body_util::Full;
use hyper_util::rt::{TokioExecutor, TokioIo};
use schemas::Signal;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tonic::Code;

use crate::{
    payload,
    rig::Rig,
    wire::{Answer, Call, Outcome, Parts, Wire, http1, http2},
};

const SHOP: &str = "https://shop.example";

async fn preflight(rig: &Rig, origin: &str) -> Answer {
    let request = Request::builder().method("OPTIONS").uri("http://localhost/v1/traces").header("host", "localhost");
    let request = request.header("origin", origin).header("access-control-request-method", "POST");
    let request = request.header("access-control-request-headers", "content-type").body(Full::<Bytes>::default());
    http1(rig.http, request.expect("valid")).await
}

#[tokio::test]
async fn n1_cors_is_off_by_default() {
    let rig = Rig::start().await;
    let answer = preflight(&rig, SHOP).await;
    assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (405, None));
    let answer = payload::call(Signal::Traces, Wire::Json, 1, 1, 0).header("origin", SHOP).send(&rig).await;
    assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (200, None));
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
        let answer = preflight(&rig, origin).await;
        assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (204, None), "{origin}");
    }
    for (body, status) in [("{}", 200), ("?", 400)] {
        let answer = Call::new(Signal::Traces, Wire::Json, body).header("origin", SHOP).send(&rig).await;
        assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (status, Some(SHOP)));
    }
}

#[tokio::test]
async fn n1_any_origin_with_credentials_is_refused_at_start() {
    let cors = Cors { origins: vec!["*".into()], allow_credentials: true, ..Cors::default() };
    let rig = Rig::start().await;
    let config = Config { cors, otlp_grpc: "127.0.0.1:0".parse().expect("address"), ..Config::default() };
    assert!(Collector::bind(config, rig.store.clone()).await.is_err());
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
    let answer = http2(rig.grpc, call.request(parts)).await;
    let code = answer.grpc_status().code();
    assert!([Code::Cancelled, Code::DeadlineExceeded].contains(&code), "{code:?}");
    assert_eq!(rig.all_rows(), 0);
    drop(sender);
    let in_time = payload::call(Signal::Traces, Wire::Grpc, 1, 3, 0).header("grpc-timeout", "1M");
    assert_eq!(in_time.send(&rig).await.outcome(Signal::Traces, Wire::Grpc), Outcome::Stored);
}
