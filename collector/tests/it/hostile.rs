//! Clients that mean harm, or act like it: what they cost, and that others are served all the same.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures::future::join_all;
use http_body_util::{BodyExt, Full};
use schemas::Signal;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tonic::Code;

use crate::{
    payload,
    rig::Rig,
    wire::{Call, Outcome, Parts, Wire, assert_retryable, everywhere, gzip, http1, http2, http2_connection, never, zstd},
};

const ALONE: &str = "FUSEBOX_TEST_ALONE";

/// Whether this process is the one that runs only the test `name`. If not, starts that process and checks that it succeeds:
/// memory and file descriptors are counted per process.
fn alone(name: &str, shell: &str) -> bool {
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let binary = std::env::current_exe().expect("own path");
    let status = Command::new("sh")
        .args(["-c", &format!("{shell} exec \"$0\" \"$@\"")])
        .arg(binary)
        .args(["--exact", name, "--test-threads=1"])
        .env(ALONE, "1")
        .status()
        .expect("sh runs");
    assert!(status.success(), "{name} in its own process: {status}");
    false
}

/// Bytes of `key` in this process' status: `VmRSS` is now, `VmHWM` the most there ever was.
fn memory(key: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with(key)).expect("the key");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).expect("a number") << 10
}

/// Empty records until the body is 64 MiB long, compressed; two bytes each on the wire. Made of equal gzip members, so that it is made fast.
fn element_bomb(signal: Signal, wire: Wire) -> Vec<u8> {
    const BYTES: usize = 64 << 20;
    const REPEATED: usize = 1 << 20;
    let (head, unit, tail) = match wire {
        Wire::Json => (format!("{{\"{}\":[{{}}", payload::resources_key(signal)).into_bytes(), &b",{}"[..], &b"]}"[..]),
        Wire::Grpc | Wire::Protobuf => {
            let records = (BYTES - 16) / REPEATED * REPEATED;
            let scope_head = head_of(0x12, records);
            let head = [head_of(0x0a, scope_head.len() + records), scope_head].concat();
            (head, &[0x12, 0x00][..], &[][..])
        }
    };
    let member = gzip(&unit.repeat(REPEATED / unit.len()));
    let members = (BYTES - 16) / REPEATED;
    [gzip(&head), member.repeat(members), gzip(tail)].concat()
}

/// A text of 60 MiB within maps as deep as they may be, and messages in pieces around it, which is what makes decoding merge them.
fn split_message_bomb() -> Vec<u8> {
    const TEXT: usize = 60 << 20;
    const MEMBER: usize = 1 << 20;
    let key_value = |value: usize| [head_of(0x0a, 1), b"k".to_vec(), head_of(0x12, value)].concat();
    let mut heads = vec![head_of(0x0a, TEXT)];
    let mut bytes = heads[0].len() + TEXT;
    let mut around = |head: &dyn Fn(usize) -> Vec<u8>| {
        heads.push(head(bytes));
        bytes += heads.last().expect("pushed").len();
    };
    for _depth in 1..32 {
        around(&key_value);
        around(&|bytes| head_of(0x0a, bytes));
        around(&|bytes| head_of(0x32, bytes));
    }
    around(&key_value);
    around(&|bytes| head_of(0x4a, bytes));
    let status_in_pieces = [0x7a, 0, 0x7a, 0];
    around(&|_| [[head_of(0x0a, 16), vec![1; 16], head_of(0x12, 8), vec![1; 8]].concat(), status_in_pieces.to_vec()].concat());
    for tag in [0x12, 0x12, 0x0a] {
        around(&|bytes| head_of(tag, bytes));
    }
    heads.reverse();
    [gzip(&heads.concat()), gzip(&[b'x'; MEMBER]).repeat(TEXT / MEMBER)].concat()
}

#[tokio::test]
async fn a_64_kib_bomb_of_messages_in_pieces_costs_little() {
    if !alone("hostile::a_64_kib_bomb_of_messages_in_pieces_costs_little", "") {
        return;
    }
    let rig = Rig::start().await;
    let call = Call::new(Signal::Traces, Wire::Protobuf, vec![]).encoded("gzip", split_message_bomb());
    assert!(call.message.len() < 128 << 10, "{}", call.message.len());
    let before = memory("VmRSS");
    assert_eq!(call.send(&rig).await.outcome(Signal::Traces, Wire::Protobuf), Outcome::Stored);
    let cost = memory("VmHWM").saturating_sub(before);
    assert_eq!(rig.all_rows(), 1);
    // The body, the body merged, the JSON, and its column; buffers that grow may double one of them. A copy per level would be 4 GiB.
    assert!(cost < 400 << 20, "{} MiB", cost >> 20);
}

#[tokio::test]
async fn errors_that_quote_a_large_string_cost_little() {
    if !alone("hostile::errors_that_quote_a_large_string_cost_little", "") {
        return;
    }
    const MEMBER: usize = 1 << 20;
    let rig = Rig::start().await;
    // Allowed in JSON as it is, and six bytes where Rust quotes it.
    let text = gzip(&[0x7f; MEMBER]).repeat(40);
    let before = memory("VmRSS");
    for (head, tail) in [
        (r#"""#, r#"""#),
        (r#"{"resourceLogs":""#, r#""}"#),
        (r#"{"resourceLogs":[""#, r#""]}"#),
        (r#"{"resourceLogs":[{"resource":""#, r#""}]}"#),
        (r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":""#, r#""}]}]}]}"#),
        (r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"bytesValue":""#, r#""}}]}]}]}"#),
        (r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"doubleValue":""#, r#""}}]}]}]}"#),
    ] {
        let body = [gzip(head.as_bytes()), text.clone(), gzip(tail.as_bytes())].concat();
        let answer = Call::new(Signal::Logs, Wire::Json, vec![]).encoded("gzip", body).send(&rig).await;
        assert_eq!(answer.outcome(Signal::Logs, Wire::Json), never(Code::InvalidArgument, 400)(Wire::Json), "{head}");
        assert!(answer.body.len() < 4 << 10, "{head}");
    }
    let cost = memory("VmHWM").saturating_sub(before);
    // The body; base64 that is none is copied once more. Quoted as a whole it would be 240 MiB in each of several copies.
    assert!(cost < 160 << 20, "{} MiB", cost >> 20);
}

/// Tag and length of a message of `bytes` bytes.
fn head_of(tag: u8, bytes: usize) -> Vec<u8> {
    let mut out = vec![tag];
    prost::encode_length_delimiter(bytes, &mut out).expect("grows");
    out
}

#[tokio::test]
async fn a_64_kib_element_bomb_is_refused_and_costs_little() {
    if !alone("hostile::a_64_kib_element_bomb_is_refused_and_costs_little", "") {
        return;
    }
    let rig = Rig::start().await;
    let calls: Vec<_> =
        everywhere().map(|(signal, wire)| Call::new(signal, wire, vec![]).encoded("gzip", element_bomb(signal, wire))).collect();
    assert!(calls.iter().all(|call| call.message.len() < 300 << 10));
    let before = memory("VmRSS");
    let outcomes = join_all(calls.iter().map(async |call| call.send(&rig).await.outcome(call.signal, call.wire))).await;
    let cost = memory("VmHWM").saturating_sub(before);
    for (call, mut outcome) in calls.iter().zip(outcomes) {
        if outcome != never(Code::InvalidArgument, 400)(call.wire) {
            assert_retryable(&outcome, call.wire);
            outcome = call.send(&rig).await.outcome(call.signal, call.wire);
        }
        assert_eq!(outcome, never(Code::InvalidArgument, 400)(call.wire), "{} {:?}", call.signal, call.wire);
    }
    // Decoding one of them to structs takes 5.9 GiB; the budget for all together is 256 MiB, growing buffers double it at worst.
    assert!(cost < 640 << 20, "{} MiB", cost >> 20);
    assert_eq!(rig.all_rows(), 0);
}

#[tokio::test]
async fn decompression_bombs_stop_at_the_limit() {
    if !alone("hostile::decompression_bombs_stop_at_the_limit", "") {
        return;
    }
    let rig = Rig::start_with(|config| config.body_bytes_max = 8 << 20).await;
    let zeros = vec![0; 1 << 20];
    let bombs = [("gzip", gzip(&zeros).repeat(1_000)), ("zstd", zstd(&zeros).repeat(1_000))];
    let before = memory("VmRSS");
    for (encoding, bomb) in bombs {
        for wire in Wire::ALL {
            let call = Call::new(Signal::Logs, wire, vec![]).encoded(encoding, bomb.clone());
            assert_eq!(call.send(&rig).await.outcome(Signal::Logs, wire), never(Code::ResourceExhausted, 413)(wire), "{encoding} {wire:?}");
        }
    }
    let cost = memory("VmHWM").saturating_sub(before);
    assert!(cost < 64 << 20, "{} MiB", cost >> 20);
}

#[tokio::test]
async fn ten_thousand_streams_that_announce_64_mib_and_send_nothing_cost_little() {
    if !alone("hostile::ten_thousand_streams_that_announce_64_mib_and_send_nothing_cost_little", "ulimit -n 4096;") {
        return;
    }
    let rig = Rig::start_with(|config| {
        config.body_grace_ms = 300_000;
        config.body_timeout_ms = 300_000;
    })
    .await;
    let before = memory("VmRSS");
    let call = Call::new(Signal::Traces, Wire::Grpc, vec![]);
    let mut held = Vec::new();
    for _ in 0..50 {
        let sender = http2_connection::<Parts>(rig.grpc).await;
        for _ in 0..200 {
            let (parts, body) = Parts::new();
            parts.send(Bytes::from_static(&[0, 4, 0, 0, 0])).expect("open");
            let mut sender = sender.clone();
            let request = call.request(body);
            held.push((parts, tokio::spawn(async move { sender.send_request(request).await })));
        }
        // A good client between them is served.
        let outcome = payload::call(Signal::Logs, Wire::Grpc, 1, 1, 0).send(&rig).await.outcome(Signal::Logs, Wire::Grpc);
        assert_eq!(outcome, Outcome::Stored);
    }
    let cost = memory("VmHWM").saturating_sub(before);
    assert!(cost < 300 << 20, "{} MiB for both ends", cost >> 20);
    for (_, call) in &held {
        call.abort();
    }
}

#[tokio::test]
async fn requests_over_http_that_announce_64_mib_and_trickle_leave_room_for_others() {
    let rig = Rig::start_with(|config| {
        config.body_grace_ms = 300_000;
        config.body_timeout_ms = 300_000;
    })
    .await;
    let mut held = Vec::new();
    for _ in 0..5 {
        let sender = http2_connection::<Parts>(rig.http).await;
        for _ in 0..100 {
            let (parts, body) = Parts::new();
            parts.send(Bytes::from_static(&[0; 100])).expect("open");
            let call = Call::new(Signal::Traces, Wire::Protobuf, vec![]).header("content-length", (64 << 20).to_string());
            let (mut sender, request) = (sender.clone(), call.request(body));
            held.push((parts, tokio::spawn(async move { sender.send_request(request).await })));
        }
        let outcome = payload::call(Signal::Logs, Wire::Json, 1, 1, 0).send(&rig).await.outcome(Signal::Logs, Wire::Json);
        assert_eq!(outcome, Outcome::Stored, "a good client between {} of them", held.len());
    }
    for (_, call) in &held {
        assert!(!call.is_finished(), "taken, and waited for");
        call.abort();
    }
}

#[tokio::test]
async fn the_limit_of_open_files_is_raised() {
    if !alone("hostile::the_limit_of_open_files_is_raised", "ulimit -Sn 128;") {
        return;
    }
    let rig = Rig::start().await;
    let mut idle = Vec::new();
    for _ in 0..300 {
        idle.push(TcpStream::connect(rig.http).await.expect("a file descriptor is left"));
    }
    for wire in Wire::ALL {
        let outcome = payload::call(Signal::Traces, wire, 1, 1, 0).send(&rig).await.outcome(Signal::Traces, wire);
        assert_eq!(outcome, Outcome::Stored, "{wire:?}");
    }
}

#[tokio::test]
async fn a_slow_body_is_asked_to_come_back() {
    let rig = Rig::start_with(|config| config.body_grace_ms = 100).await;
    for (signal, wire) in everywhere() {
        let call = payload::call(signal, wire, 1, 1, 0);
        let (sender, parts) = Parts::new();
        sender.send(call.body().slice(..10)).expect("open");
        let answer = match wire {
            Wire::Grpc => http2(rig.grpc, call.request(parts)).await,
            Wire::Protobuf | Wire::Json => http1(rig.http, call.request(parts)).await,
        };
        assert_retryable(&answer.outcome(signal, wire), wire);
        drop(sender);
    }
}

#[tokio::test]
async fn slow_and_silent_connections_are_closed() {
    let rig = Rig::start_with(|config| {
        config.header_timeout_ms = 200;
        config.idle_timeout_ms = 300;
        config.keepalive_interval_ms = 60_000;
    })
    .await;
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let request = b"POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    for (address, sent, what) in [
        (rig.http, &b""[..], "no first byte over HTTP"),
        (rig.grpc, b"", "no first byte over gRPC"),
        (rig.http, b"POST /v1/traces HTTP/1.1\r\nhost: x\r\nslow", "half a head"),
        (rig.http, b"PRI * HTTP", "half an HTTP/2 preface"),
        (rig.grpc, preface, "an idle gRPC connection"),
        (rig.http, preface, "an idle HTTP/2 connection"),
        (rig.http, request, "an idle kept-alive connection"),
    ] {
        let mut stream = TcpStream::connect(address).await.expect("connects");
        stream.write_all(sent).await.expect("sent");
        let mut heard = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut heard)).await;
        assert!(closed.is_ok(), "{what} stays open");
        assert_eq!(heard.starts_with(b"HTTP/1.1 200"), sent == request, "{what}");
    }
}

#[tokio::test]
async fn a_head_sent_byte_by_byte_does_not_last() {
    let rig = Rig::start_with(|config| config.header_timeout_ms = 300).await;
    let mut stream = TcpStream::connect(rig.http).await.expect("connects");
    let started = Instant::now();
    let endless = b"POST /v1/traces HTTP/1.1\r\nx: ".iter().copied().chain(std::iter::repeat(b'y'));
    for byte in endless {
        if stream.write_all(&[byte]).await.is_err() {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "still open");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn connections_over_the_limit_wait_for_a_free_place() {
    let rig = Rig::start_with(|config| {
        config.connections_max = 2;
        config.header_timeout_ms = 500;
    })
    .await;
    let idle = [TcpStream::connect(rig.http).await.expect("connects"), TcpStream::connect(rig.http).await.expect("connects")];
    let outcome = payload::call(Signal::Traces, Wire::Json, 1, 1, 0).send(&rig).await.outcome(Signal::Traces, Wire::Json);
    assert_eq!(outcome, Outcome::Stored, "served once the silent ones were closed");
    drop(idle);
}

#[tokio::test]
async fn the_listeners_survive_running_out_of_file_descriptors() {
    if !alone("hostile::the_listeners_survive_running_out_of_file_descriptors", "ulimit -n 64;") {
        return;
    }
    let rig = Rig::start().await;
    let mut storm = Vec::new();
    while let Ok(stream) = TcpStream::connect(if storm.len() % 2 == 0 { rig.http } else { rig.grpc }).await {
        storm.push(stream);
    }
    assert!(storm.len() > 10);
    tokio::time::sleep(Duration::from_millis(200)).await;
    drop(storm);
    for wire in Wire::ALL {
        let outcome = payload::call(Signal::Traces, wire, 1, 1, 0).send(&rig).await.outcome(Signal::Traces, wire);
        assert_eq!(outcome, Outcome::Stored, "{wire:?}");
    }
}

#[tokio::test]
async fn a_client_that_leaves_early_gives_its_bytes_back() {
    let rig = Rig::start_with(|config| {
        config.body_bytes_max = 1 << 20;
        config.in_flight_bytes_max = 1 << 20;
        config.in_flight_wait_ms = 5_000;
    })
    .await;
    for round in 0..20 {
        let (hold, parts) = Parts::new();
        hold.send(Bytes::from(vec![0; (1 << 20) - 1])).expect("open");
        let hog = Call::new(Signal::Metrics, Wire::Protobuf, vec![]).header("content-length", (1 << 20).to_string());
        let mut sender = {
            let stream = TcpStream::connect(rig.http).await.expect("connects");
            let (sender, connection) =
                hyper::client::conn::http1::handshake(hyper_util::rt::TokioIo::new(stream)).await.expect("handshake");
            tokio::spawn(connection);
            sender
        };
        let hogging = tokio::spawn(async move { sender.send_request(hog.request(parts.boxed())).await });
        tokio::time::sleep(Duration::from_millis(5)).await;
        hogging.abort();
        drop(hold);
        let call = payload::call(Signal::Logs, Wire::Json, round, 1, 0);
        let request = call.request(Full::new(call.body()));
        assert_eq!(http1(rig.http, request).await.outcome(Signal::Logs, Wire::Json), Outcome::Stored, "round {round}");
    }
}
