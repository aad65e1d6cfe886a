//! Damage on disk is counted where an operator looks, and costs what it touched.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use tempfile::TempDir;
use testkit::captures;

use crate::{
    http::Http,
    process::{Server, fusebox, output, stderr},
};

const EXAMPLE: &str = "5b8efff798038103d269b633813fc60c";

fn send(dir: &TempDir, server: &Server, capture: &str) {
    let file = captures::path(capture).expect("it is in the repository");
    let sent = output(fusebox(dir.path()).arg("send").arg(file).args(["--endpoint", &server.otlp_http]));
    assert_eq!(sent.status.code(), Some(0), "{}", stderr(&sent));
}

/// What `/metrics` says of counter `name`, all labels together; 0 when nothing was counted.
fn counted(server: &Server, name: &str) -> u64 {
    let (_, text) = Http::connect(&server.api).get("/metrics");
    let text = String::from_utf8_lossy(&text).into_owned();
    let of_counter = |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{']));
    text.lines().filter(of_counter).filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}

fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten();
    entries.map(|entry| entry.expect("readable").path()).filter(|path| path.extension().is_some_and(|found| found == extension)).collect()
}

/// The only file of this kind, once there is one.
fn only_file(dir: &Path, extension: &str) -> PathBuf {
    let asked = Instant::now();
    loop {
        match files(dir, extension).as_slice() {
            [file] => return file.clone(),
            several => assert!(several.is_empty() && asked.elapsed() < Duration::from_secs(60), "{several:?}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn of_blocks_and_their_indexes() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Server::start_with(&dir, "[storage]\nflush_interval_ms = 1\ncompaction = false\n");
    send(&dir, &server, "otlp-examples/trace.json");
    let spans = dir.path().join("fusebox-data/data/1/spans");
    let (block, index) = (only_file(&spans, "parquet"), only_file(&spans, "tix"));
    while Http::connect(&server.api).json("/api/v1/status")["storage"]["tables"][0]["memory_rows"] != 0 {
        std::thread::sleep(Duration::from_millis(20));
    }

    fs::write(index, "not an index").expect("written");
    let trace = Http::connect(&server.api).json(&format!("/api/v1/traces/{EXAMPLE}"));
    assert_eq!((&trace["span_count"], &trace["meta"]["partial"]), (&1.into(), &serde_json::json!([])), "{trace}");
    assert_eq!(counted(&server, "fusebox_trace_index_unusable_total"), 1);
    assert_eq!(counted(&server, "fusebox_block_read_failures_total"), 0);

    fs::write(block, "not a block").expect("written");
    let (_, answer) = Http::connect(&server.api).get(&format!("/api/v1/traces/{EXAMPLE}"));
    assert!(String::from_utf8_lossy(&answer).contains("cannot be read"), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(counted(&server, "fusebox_block_read_failures_total"), 1);
}

#[test]
fn of_the_log() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Server::start(&dir);
    send(&dir, &server, captures::OTEL_DEMO_SLICE);
    server.signal("KILL");
    server.wait();
    let log = only_file(&dir.path().join("fusebox-data/wal"), "wal");
    let mut bytes = fs::read(&log).expect("readable");
    // Where the body of the first request is, behind the headers of segment and record.
    bytes[1000] ^= 0xff;
    fs::write(&log, bytes).expect("written");

    let mut server = Server::start(&dir);
    server.wait_for_log("replay complete");
    let damaged = counted(&server, "fusebox_wal_corrupt_records_total") + counted(&server, "fusebox_wal_doubtful_records_total");
    assert_eq!((damaged, counted(&server, "fusebox_replayed_records_total")), (1, 19), "of 20 requests");
    let rows = Http::connect(&server.api).json("/api/v1/status")["storage"]["tables"][0]["rows"].as_u64();
    assert!(rows > Some(500) && rows < Some(805), "{rows:?} of 805 spans");
}
