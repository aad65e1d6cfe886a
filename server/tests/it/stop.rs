//! How the process ends.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use testkit::captures;

use crate::{
    http::Http,
    process::{Server, fusebox, output, stderr},
};

#[test]
fn sigterm_and_sigint_drain_and_exit_with_0() {
    for signal in ["TERM", "INT"] {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let server = Server::start(&dir);
        server.signal(signal);
        let (status, log) = server.wait();
        assert_eq!(status.code(), Some(0), "{log}");
        let steps = ["receivers refuse and drain", "write-ahead log synced", "api ends", "stopped"];
        let places: Vec<_> = steps.iter().map(|step| log.find(step)).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?} in {log}");
    }
}

#[test]
fn a_request_half_sent_and_an_open_connection_do_not_keep_it() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Server::start(&dir);
    let mut half = TcpStream::connect(server.otlp_http.trim_start_matches("http://")).expect("the receiver listens");
    let head = "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\ncontent-length: 1000\r\n\r\n";
    half.write_all(format!("{head}and so on").as_bytes()).expect("sent");
    let mut api = Http::connect(&server.api);
    assert_eq!(api.get("/healthz").0, 200);

    server.signal("TERM");
    let mut answer = Vec::new();
    // It is refused or cut off, whichever comes first, and never acknowledged.
    let _ = half.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 503 "), "{answer}");
    let (status, log) = server.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(!log.contains("takes too long"), "{log}");
    drop(api);
}

#[test]
fn a_flush_that_hangs_is_cut_off_and_nothing_is_lost() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Server::start_with(&dir, "[storage]\nflush_interval_ms = 1\n");
    // A stranger writes to the catalog and does not finish: a commit waits for it longer than a stop may take.
    let stranger = rusqlite::Connection::open(dir.path().join("fusebox-data/catalog.sqlite")).expect("the server made it");
    stranger.execute_batch("BEGIN IMMEDIATE").expect("nobody else writes");
    let file = captures::path("otlp-examples/trace.json").expect("it is in the repository");
    let sent = output(fusebox(dir.path()).arg("send").arg(file).args(["--endpoint", &server.otlp_http]));
    assert_eq!(sent.status.code(), Some(0), "{}", stderr(&sent));
    server.signal("TERM");
    let (status, log) = server.wait();
    assert_eq!(status.code(), Some(0), "{log}");

    drop(stranger);
    let mut server = Server::start(&dir);
    server.wait_for_log("replay complete");
    let trace = Http::connect(&server.api).json("/api/v1/traces/5b8efff798038103d269b633813fc60c");
    assert_eq!(trace["span_count"], 1, "{trace}");
}

#[test]
fn an_empty_directory_without_configuration_is_enough() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Server::start(&dir);
    server.signal("TERM");
    let (_, log) = server.wait();
    assert!(log.contains("durability=\"fsync\""), "the durability mode is in the log: {log}");
}

#[test]
fn a_port_in_use_is_unavailable() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("bound").to_string();
    let refused =
        output(fusebox(dir.path()).args(["serve", "--api", &address, "--otlp-grpc", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0"]));
    assert_eq!(refused.status.code(), Some(69));
    assert!(stderr(&refused).contains(&address), "{}", stderr(&refused));
}
