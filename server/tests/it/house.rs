//! `inspect`, `compact`, `retain`, `backup`, `restore` and `config show`, as a user types them.

use serde_json::Value;
use testkit::captures;

use crate::process::{Server, fusebox, output, stderr, stdout};

fn run(dir: &tempfile::TempDir, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = output(fusebox(dir.path()).args(arguments));
    (output.status.code(), stdout(&output), stderr(&output))
}

fn json(dir: &tempfile::TempDir, arguments: &[&str]) -> Value {
    let (code, out, err) = run(dir, arguments);
    assert_eq!(code, Some(0), "{arguments:?}: {out}{err}");
    serde_json::from_str(&out).unwrap_or_else(|_| panic!("{arguments:?}: {out}{err}"))
}

#[test]
fn keeping_house_beside_a_server() {
    let dir = tempfile::tempdir().unwrap();
    let (code, _, err) = run(&dir, &["backup", "nowhere"]);
    assert_eq!(code, Some(69), "{err}");
    let server = Server::start_with(&dir, "[storage]\nflush_interval_ms = 1\n[retention]\nenabled = false\n");
    let capture = captures::path(captures::OTEL_DEMO_SLICE).expect("it is in the repository").display().to_string();
    let sent = json(&dir, &["send", &capture, "--endpoint", &server.otlp_http, "--json", "--no-progress"]);

    let compacted = json(&dir, &["compact", "--now", "--json", "--no-progress", "--api", &server.api]);
    assert!(compacted["blocks"].as_u64().is_some(), "{compacted}");
    let preview = json(&dir, &["retain", "--dry-run", "--json", "--api", &server.api]);
    assert!(preview["tables"].as_array().is_some_and(|tables| tables.len() >= 3), "{preview}");
    let (code, out, err) = run(&dir, &["retain", "--dry-run", "--api", &server.api]);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("would go"), "{out}");

    let backup = json(&dir, &["backup", "copy", "--json", "--no-progress"]);
    assert_eq!(backup["verified"], Value::Bool(true), "{backup}");
    for what in ["wal", "block", "catalog", "index"] {
        for place in ["fusebox-data", "copy"] {
            assert!(json(&dir, &["inspect", what, place, "-o", "json"]).is_object());
        }
        let (code, out, err) = run(&dir, &["inspect", what]);
        assert_eq!((code, out.is_empty()), (Some(0), false), "{what}: {err}");
    }
    server.signal("TERM");
    server.wait();

    let (code, _, err) = run(&dir, &["restore", "copy"]);
    assert_eq!(code, Some(69), "{err}");
    assert!(err.contains("is not empty"), "{err}");
    json(&dir, &["restore", "copy", "--data-dir", "again", "--json", "--no-progress"]);
    let server = Server::start_with(&dir, "data_dir = 'again'\n[retention]\nenabled = false\n");
    let asked = || json(&dir, &["query", "SELECT count(*) AS rows FROM spans", "-o", "json", "--api", &server.api]);
    // What the log has is read after the start; answers say so until that is done.
    let whole = |rows: &Value| rows["meta"]["partial"].as_array().is_some_and(Vec::is_empty);
    let rows = (0..100).map(|_| asked()).find(whole).unwrap();
    assert_eq!(rows["rows"][0][0], sent["accepted"], "{rows}");
}

#[test]
fn stored_rows_are_classified_again() {
    const SPAN: &str = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"order"}}]},"scopeSpans":[{"spans":[
        {"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"GET /a","kind":3,"startTimeUnixNano":"1764400000000000000",
        "endTimeUnixNano":"1764400000000001000","status":{"code":2,"message":"hystrix: circuit open"}}]}]}]}"#;
    let dir = tempfile::tempdir().unwrap();
    let rules = dir.path().join("mine.toml");
    std::fs::write(&rules, "[[rule]]\nid = \"hystrix-go.text\"\non = [\"span\"]\nenabled = false\n").unwrap();
    let mut server = Server::start_with(&dir, "[governance]\nrules = ['mine.toml']\n");
    std::fs::write(dir.path().join("span.json"), SPAN.replace('\n', "")).unwrap();
    json(&dir, &["send", "span.json", "--endpoint", &server.otlp_http, "--json", "--no-progress"]);
    let refused = |server: &Server| {
        let sql = "SELECT (SELECT count(*) FROM rejections) AS facts, (SELECT count(*) FROM spans WHERE rejection_kind = 'breaker_open') AS spans";
        json(&dir, &["query", sql, "-o", "json", "--api", &server.api])["rows"][0].clone()
    };
    assert_eq!(refused(&server), serde_json::json!([0, 0]), "the rule is switched off");

    std::fs::write(&rules, "").unwrap();
    server.signal("HUP");
    server.wait_for_log("rules reloaded");
    assert_eq!(refused(&server), serde_json::json!([0, 0]), "what is stored stays");
    for again in [false, true] {
        let done = json(&dir, &["reclassify", "--from", "now-1h", "--json", "--no-progress", "--api", &server.api]);
        assert_eq!(done["derived"]["rejections"], serde_json::json!({ "rows_before": u8::from(again), "rows": 1 }), "{done}");
        assert_eq!(refused(&server), serde_json::json!([1, 1]));
    }
    let (code, out, err) = run(&dir, &["reclassify", "--from", "now-1h", "--to", "now-2h", "--api", &server.api]);
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(err.contains("not after `start`"), "{err}");
}

#[test]
fn settings_say_where_they_come_from() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("f.toml"), "log = 'warn'\n").unwrap();
    let shown = json(&dir, &["config", "show", "--origin", "--json", "--config", "f.toml", "--api", "127.0.0.1:9"]);
    let origin = |key: &str| {
        let settings = shown["settings"].as_array().unwrap();
        settings.iter().find(|setting| setting["key"] == key).unwrap()["origin"].clone()
    };
    assert_eq!((origin("log"), origin("api.listen"), origin("data_dir")), ("file".into(), "flag".into(), "default".into()));
    let (code, out, _) = run(&dir, &["config", "show", "--origin"]);
    assert_eq!(code, Some(0));
    assert!(out.lines().any(|line| line.starts_with("log = \"info\"") && line.ends_with("# default")), "{out}");
}
