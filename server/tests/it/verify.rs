//! `fusebox verify` beside a server, and on what it left.

use std::path::PathBuf;

use serde_json::Value;
use testkit::captures;

use crate::process::{Server, fusebox, output, stderr, stdout};

fn verify(dir: &tempfile::TempDir, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = output(fusebox(dir.path()).arg("verify").args(arguments));
    (output.status.code(), stdout(&output), stderr(&output))
}

fn report(dir: &tempfile::TempDir) -> (Option<i32>, Value) {
    let (code, out, err) = verify(dir, &["--json"]);
    (code, serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}")))
}

#[test]
fn what_is_whole_and_what_is_damaged() {
    let dir = tempfile::tempdir().unwrap();
    let (code, _, err) = verify(&dir, &[]);
    assert_eq!(code, Some(69), "{err}");
    assert!(err.contains("not a data directory"), "{err}");

    let server = Server::start_with(&dir, "[storage]\nflush_interval_ms = 1\n");
    let capture = captures::path(captures::OTEL_DEMO_SLICE).expect("it is in the repository").display().to_string();
    let sent = output(fusebox(dir.path()).args(["send", &capture, "--endpoint", &server.otlp_http, "--json"]));
    let sent: Value = serde_json::from_str(&stdout(&sent)).unwrap();
    let (code, found) = loop {
        let (code, found) = report(&dir);
        assert_eq!((code, &found["findings"]), (Some(0), &Value::Array(vec![])), "beside the server: {found}");
        // Derived rows come on top of what was sent.
        if found["rows"].as_u64() >= sent["accepted"].as_u64() {
            break (code, found);
        }
    };
    assert_eq!(code, Some(0), "{found}");
    let (_, out, _) = verify(&dir, &[]);
    assert!(out.ends_with("all is well\n"), "{out}");
    server.signal("TERM");
    server.wait();

    let spans = dir.path().join("fusebox-data/data/1/spans");
    let block: PathBuf = std::fs::read_dir(&spans)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "parquet"))
        .unwrap();
    let mut bytes = std::fs::read(&block).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&block, bytes).unwrap();
    let (code, out, err) = verify(&dir, &[]);
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(out.contains("damaged") && out.contains(block.file_name().unwrap().to_str().unwrap()), "{out}");
    assert!(err.contains("1 findings"), "{err}");
}
