//! What a supervisor asks a running server: is it ready, and what does it count?

use std::{
    fs,
    process::Output,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use testkit::captures;

use crate::{
    http::Http,
    process::{Server, fusebox, output, stderr},
};

/// So little memory that a few spans fill it: then rows must be written to blocks before anything goes on.
const SMALL: &str = "
[storage]
memtable_bytes_max = 65536
unflushed_bytes_max = 131072
";

fn send(dir: &TempDir, server: &Server, more: &[&str]) -> Output {
    send_to(&server.otlp_http, captures::OTEL_DEMO_SLICE, dir, more)
}

fn send_to(endpoint: &str, capture: &str, dir: &TempDir, more: &[&str]) -> Output {
    let file = captures::path(capture).expect("it is in the repository");
    output(fusebox(dir.path()).arg("send").arg(file).args(["--endpoint", endpoint]).args(more))
}

/// Waits until `/readyz` answers `expected`; the last answer.
fn wait_for(server: &Server, expected: u16) -> String {
    let mut api = Http::connect(&server.api);
    let asked = Instant::now();
    loop {
        let (status, body) = api.get("/readyz");
        let body = String::from_utf8_lossy(&body).into_owned();
        if status == expected {
            return body;
        }
        assert!(asked.elapsed() < Duration::from_secs(60), "{status} {body}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn not_ready_while_new_data_is_refused() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Server::start_with(&dir, SMALL);
    assert_eq!(wait_for(&server, 200), r#"{"ready":true,"reasons":[]}"#);
    // No block can be written where a file is in the way of their directory.
    let in_the_way = dir.path().join("fusebox-data/data");
    fs::write(&in_the_way, b"").expect("the server made the directory around it");
    let refused = send(&dir, &server, &["--retry-for", "0"]);
    assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
    let answer = wait_for(&server, 503);
    assert!(answer.starts_with(r#"{"ready":false,"reasons":["new data is refused: "#), "{answer}");
    assert!(answer.contains("wait to be flushed"), "{answer}");

    fs::remove_file(&in_the_way).expect("still there");
    wait_for(&server, 200);
    let goes_on = send_to(&server.otlp_http, "otlp-examples/trace.json", &dir, &[]);
    assert_eq!(goes_on.status.code(), Some(0), "by itself: {}", stderr(&goes_on));
}

#[test]
fn not_ready_while_the_log_is_replayed() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Server::start(&dir);
    assert_eq!(send(&dir, &server, &[]).status.code(), Some(0));
    server.signal("KILL");
    server.wait();
    // Replay fills the little memory and waits for a flush, which fails.
    let in_the_way = dir.path().join("fusebox-data/data");
    fs::write(&in_the_way, b"").expect("nothing was flushed before");
    let mut server = Server::start_with(&dir, SMALL);
    let answer = wait_for(&server, 503);
    assert!(answer.contains("bytes of the write-ahead log are not replayed yet"), "{answer}");
    assert_eq!(Http::connect(&server.api).get("/healthz").0, 200, "it lives all the same");

    fs::remove_file(&in_the_way).expect("still there");
    server.wait_for_log("replay complete");
    wait_for(&server, 200);
    let status = Http::connect(&server.api).json("/api/v1/status");
    assert_eq!(status["storage"]["tables"][0]["rows"], 805, "{status}");
}

#[test]
fn the_process_counts_what_it_does() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Server::start(&dir);
    assert_eq!(send(&dir, &server, &[]).status.code(), Some(0));
    assert_eq!(send_to(&server.otlp_grpc, captures::OTEL_DEMO_SLICE, &dir, &["--protocol", "grpc"]).status.code(), Some(0));
    let mut api = Http::connect(&server.api);
    assert_eq!(api.get("/api/v1/traces/00000000000000000000000000000001").0, 404);
    let (status, text) = api.get("/metrics");
    let text = String::from_utf8_lossy(&text).into_owned();
    assert_eq!(status, 200, "{text}");
    for line in [
        r#"fusebox_otlp_requests_total{signal="traces",transport="http",outcome="ok"} 20"#,
        r#"fusebox_otlp_requests_total{signal="traces",transport="grpc",outcome="ok"} 20"#,
        r#"fusebox_accepted_records_total{signal="traces"} 805"#,
        r#"fusebox_duplicate_requests_total{signal="traces"} 20"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    let is_counted = |start: &str| text.lines().any(|line| line.starts_with(start) && !line.ends_with(" 0"));
    assert!(is_counted("fusebox_memtable_bytes "), "a gauge of storage: {text}");
    assert!(is_counted("fusebox_api_requests_total{"), "a counter of the API: {text}");
}
