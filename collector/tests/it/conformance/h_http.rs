//! Obligations over HTTP.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Version};
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use schemas::Signal;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tonic::Code;

use crate::{
    gate::GateIo,
    hog::Hog,
    payload,
    rig::Rig,
    wire::{Answer, Call, Outcome, Parts, Wire, http1, http2, never},
};

const HTTP_WIRES: [Wire; 2] = [Wire::Protobuf, Wire::Json];

#[tokio::test]
async fn h1_http_1_and_2_share_the_port() {
    let rig = Rig::start().await;
    for (seed, signal) in (1..).zip(Signal::ALL) {
        for wire in HTTP_WIRES {
            let call = payload::call(signal, wire, seed, 2, 0);
            let by_1 = http1(rig.http, call.request(Full::new(call.body()))).await;
            assert_eq!((by_1.version, by_1.outcome(signal, wire)), (Version::HTTP_11, Outcome::Stored));
            let by_2 = http2(rig.http, call.request(Full::new(call.body()))).await;
            assert_eq!((by_2.version, by_2.outcome(signal, wire)), (Version::HTTP_2, Outcome::Stored));
        }
    }
}

#[tokio::test]
async fn h1_expect_100_continue_is_answered_before_the_body() {
    let rig = Rig::start().await;
    let message = payload::request(Signal::Traces, Wire::Protobuf, 1, 2, 0);
    let mut stream = TcpStream::connect(rig.http).await.expect("connects");
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-protobuf\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\r\n",
        message.len()
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    assert!(read_head(&mut stream).await.starts_with("HTTP/1.1 100 "));
    stream.write_all(&message).await.expect("sent");
    assert!(read_head(&mut stream).await.starts_with("HTTP/1.1 200 "));
    assert_eq!(rig.all_rows(), 2);
}

#[tokio::test]
async fn h1_a_refused_expectation_gets_the_refusal_instead_of_100() {
    let rig = Rig::start().await;
    let mut stream = TcpStream::connect(rig.http).await.expect("connects");
    let head = "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 99999999999\r\nexpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).await.expect("sent");
    assert!(read_head(&mut stream).await.starts_with("HTTP/1.1 413 "));
}

async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("a whole head"));
    }
    String::from_utf8(head).expect("text")
}

#[tokio::test]
async fn h1_chunked_bodies_are_read() {
    let rig = Rig::start().await;
    for wire in HTTP_WIRES {
        let call = payload::call(Signal::Logs, wire, 1, 2, 0);
        let (sender, parts) = Parts::new();
        for byte in call.body().chunks(7) {
            sender.send(Bytes::copy_from_slice(byte)).expect("open");
        }
        drop(sender);
        assert_eq!(http1(rig.http, call.request(parts)).await.outcome(Signal::Logs, wire), Outcome::Stored);
    }
}

#[tokio::test]
async fn h1_one_connection_carries_a_thousand_requests() {
    let rig = Rig::start().await;
    let stream = TcpStream::connect(rig.http).await.expect("connects");
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("handshake");
    tokio::spawn(connection);
    for round in 0..1_000_usize {
        let (signal, wire) = (Signal::ALL[round % 3], HTTP_WIRES[round % 2]);
        let call = payload::call(signal, wire, (round % 200) as u8, 1, 0);
        sender.ready().await.expect("kept alive");
        let response = sender.send_request(call.request(Full::new(call.body()))).await.expect("answered");
        assert_eq!(Answer::read(response).await.outcome(signal, wire), Outcome::Stored, "request {round}");
    }
}

#[tokio::test]
async fn h2_paths_and_methods() {
    let rig = Rig::start().await;
    let check = async |method: &str, path: &str, code: Option<Code>, http: u16, allow: Option<&str>| {
        let request = Request::builder().method(method).uri(format!("http://localhost{path}")).header("host", "localhost");
        let request = request.header("content-type", "application/json").body(Full::new(Bytes::from_static(b"{}"))).expect("valid");
        let answer = http1(rig.http, request).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (http, allow), "{method} {path}");
        let expected = code.map_or(Outcome::Stored, |code| Outcome::Refused { code, http, retry: None });
        assert_eq!(answer.outcome(Signal::Traces, Wire::Json), expected, "{method} {path}");
    };
    for signal in Signal::ALL {
        check("POST", &format!("/v1/{signal}"), None, 200, None).await;
        check("POST", &format!("/v1/{signal}/"), None, 200, None).await;
        check("POST", &format!("/v1/{signal}?query=ignored"), None, 200, None).await;
        for method in ["GET", "PUT", "DELETE", "OPTIONS"] {
            check(method, &format!("/v1/{signal}"), Some(Code::Unimplemented), 405, Some("POST")).await;
        }
    }
    for path in ["/", "/v1", "/v1/trace", "/v1/traces//", "/V1/traces", "/v2/traces", "/v1development/profiles", "/v1/traces/x"] {
        check("POST", path, Some(Code::Unimplemented), 404, None).await;
    }
}

#[tokio::test]
async fn h3_the_answer_has_the_content_type_of_the_request() {
    let rig = Rig::start().await;
    let send = async |content_type: Option<&str>, body: &'static [u8]| {
        let mut request = Request::post("http://localhost/v1/logs").header("host", "localhost");
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        http1(rig.http, request.body(Full::new(Bytes::from_static(body))).expect("valid")).await
    };
    for (sent, wire) in [
        ("application/json", Wire::Json),
        ("application/json; charset=utf-8", Wire::Json),
        ("Application/JSON;charset=UTF-8", Wire::Json),
        ("application/x-protobuf", Wire::Protobuf),
        ("application/x-protobuf ; messageType=x", Wire::Protobuf),
    ] {
        let good: &[u8] = if wire == Wire::Json { b"{}" } else { b"" };
        assert_eq!(send(Some(sent), good).await.outcome(Signal::Logs, wire), Outcome::Stored, "{sent}");
        let bad = send(Some(sent), b"\xff").await.outcome(Signal::Logs, wire);
        assert_eq!(bad, never(Code::InvalidArgument, 400)(wire), "{sent}");
    }
    for sent in [None, Some("text/plain"), Some("application/jsonp"), Some("application/grpc"), Some("")] {
        let answer = send(sent, b"{}").await;
        assert_eq!(answer.outcome(Signal::Logs, Wire::Json), never(Code::Unimplemented, 415)(Wire::Json), "{sent:?}");
    }
}

#[tokio::test]
async fn h4_h9_every_refusal_is_a_status_in_the_words_of_the_request() {
    let rig = Rig::start_with(|config| {
        config.body_bytes_max = 1 << 10;
        config.in_flight_bytes_max = 1 << 10;
        config.in_flight_wait_ms = 100;
    })
    .await;
    let hog = Hog::take_all(&rig, 1 << 10).await;
    for wire in HTTP_WIRES {
        let busy = payload::call(Signal::Traces, wire, 1, 1, 0).send(&rig).await;
        crate::wire::assert_retryable(&busy.outcome(Signal::Traces, wire), wire);
    }
    drop(hog);
    for wire in HTTP_WIRES {
        let post = |path: &str| {
            Request::post(format!("http://localhost{path}")).header("host", "localhost").header("content-type", wire.content_type())
        };
        let body = |bytes: usize| Full::new(Bytes::from(vec![0xff; bytes]));
        let cases = [
            (post("/v1/traces").body(body(10)), Code::InvalidArgument, 400),
            (post("/nowhere").body(body(10)), Code::Unimplemented, 404),
            (post("/v1/traces").method("GET").body(body(0)), Code::Unimplemented, 405),
            (post("/v1/traces").body(body(1_025)), Code::ResourceExhausted, 413),
            (post("/v1/traces").header("content-encoding", "br").body(body(10)), Code::Unimplemented, 415),
        ];
        for (request, code, http) in cases {
            let answer = retried(async |request| http1(rig.http, request).await, request.expect("valid")).await;
            assert_eq!(answer.outcome(Signal::Traces, wire), never(code, http)(wire), "{wire:?} {http}");
        }
    }
}

/// Sends until the answer is not "come back later".
async fn retried(send: impl AsyncFn(Request<Full<Bytes>>) -> Answer, request: Request<Full<Bytes>>) -> Answer {
    loop {
        let answer = send(request.clone()).await;
        if answer.status != 503 {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn h5_chunked_bodies_are_refused_once_they_exceed_the_limit() {
    let rig = Rig::start_with(|config| config.body_bytes_max = 1 << 16).await;
    for wire in HTTP_WIRES {
        let (sender, parts) = Parts::new();
        for _ in 0..17 {
            sender.send(Bytes::from(vec![b' '; 4 << 10])).expect("open");
        }
        let answer = http1(rig.http, Call::new(Signal::Metrics, wire, vec![]).request(parts)).await;
        assert_eq!(answer.outcome(Signal::Metrics, wire), never(Code::ResourceExhausted, 413)(wire));
        drop(sender);
    }
}

#[tokio::test]
async fn h5_a_client_that_sends_everything_first_still_sees_413() {
    let rig = Rig::start_with(|config| config.body_bytes_max = 1 << 20).await;
    let mut stream = TcpStream::connect(rig.http).await.expect("connects");
    let body = vec![b' '; 8 << 20];
    let head =
        format!("POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", 1 << 20 | 1);
    stream.write_all(head.as_bytes()).await.expect("sent");
    stream.write_all(&body[..(1 << 20) + 1]).await.expect("sent without a reset");
    assert!(read_head(&mut stream).await.starts_with("HTTP/1.1 413 "));
}

#[tokio::test]
async fn h7_every_success_is_200() {
    let rig = Rig::start().await;
    for signal in Signal::ALL {
        for wire in HTTP_WIRES {
            for (good, bad) in [(0, 0), (1, 0), (1, 1), (0, 1)] {
                let answer = payload::call(signal, wire, 1, good, bad).send(&rig).await;
                assert_eq!(answer.status, 200, "{signal} {wire:?} {good} {bad}");
            }
        }
    }
}

#[tokio::test]
async fn h8_no_body_of_random_bytes_is_anything_but_200_or_400() {
    let rig = Rig::start().await;
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..600_usize {
        let (signal, wire) = (Signal::ALL[round % 3], HTTP_WIRES[round % 2]);
        let mut body = payload::request(signal, wire, 1, 1, 0);
        for _ in 0..3 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let position = (state >> 33) as usize % body.len();
            body[position] = (state >> 24) as u8;
        }
        let answer = Call::new(signal, wire, body.clone()).send(&rig).await;
        let outcome = answer.outcome(signal, wire);
        let fine = answer.status == 200 || outcome == never(Code::InvalidArgument, 400)(wire);
        assert!(fine, "round {round}: {outcome:?} for {:?}", String::from_utf8_lossy(&body));
    }
}

#[tokio::test]
async fn h11_h12_both_encodings_on_one_port_and_small_answers_uncompressed() {
    let rig = Rig::start().await;
    for signal in Signal::ALL {
        for wire in HTTP_WIRES {
            let answer = payload::call(signal, wire, 1, 1, 1).header("accept-encoding", "gzip").send(&rig).await;
            assert!(matches!(answer.outcome(signal, wire), Outcome::Partial { rejected: 1, .. }));
            assert_eq!(answer.header("content-encoding"), None);
        }
    }
}

#[tokio::test]
async fn h13_a_client_that_leaves_between_append_and_answer_loses_nothing_and_its_retry_is_stored_once() {
    let gate = GateIo::default();
    let rig = Rig::start_on(Arc::new(gate.clone()), |_| ()).await;
    for (seed, (signal, wire)) in (1..).zip(crate::wire::everywhere()) {
        let before = rig.rows(payload::table(signal));
        let call = payload::call(signal, wire, seed, 4, 0);
        gate.close();
        let (first, http, grpc) = (call.clone(), rig.http, rig.grpc);
        let first = tokio::spawn(async move {
            match first.wire {
                Wire::Grpc => http2(grpc, first.request(Full::new(first.body()))).await,
                Wire::Protobuf | Wire::Json => http1(http, first.request(Full::new(first.body()))).await,
            }
        });
        gate.somebody_waits().await;
        first.abort();
        assert!(first.await.is_err(), "no answer before the sync");
        // The retry may come while the first attempt still waits, or after it.
        let opens = async {
            if seed % 2 == 0 {
                tokio::task::yield_now().await;
            }
            gate.open();
        };
        let (outcome, ()) = tokio::join!(async { call.send(&rig).await.outcome(signal, wire) }, opens);
        assert_eq!(outcome, Outcome::Stored, "{signal} {wire:?}");
        assert_eq!(rig.rows(payload::table(signal)), before + 4, "{signal} {wire:?}");
    }
}

#[tokio::test]
async fn h13_a_client_that_leaves_between_append_and_answer_needs_no_retry() {
    let gate = GateIo::default();
    let rig = Rig::start_on(Arc::new(gate.clone()), |_| ()).await;
    gate.close();
    let call = payload::call(Signal::Traces, Wire::Protobuf, 1, 4, 0);
    let first = tokio::spawn(http1(rig.http, call.request(Full::new(call.body()))));
    gate.somebody_waits().await;
    first.abort();
    assert!(first.await.is_err());
    gate.open();
    while rig.all_rows() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(rig.all_rows(), 4);
}
