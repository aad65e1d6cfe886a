//! Real telemetry in through both doors, and out again.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use opentelemetry_proto::tonic::{collector::trace::v1::ExportTraceServiceRequest, trace::v1::Span};
use prost::Message;
use serde_json::Value;
use testkit::captures;

use crate::process::{Server, fusebox, output, stderr, stdout};

const CAPTURE: &str = "otel-demo/traces.otlp.zst";

/// The spans of the capture by trace id, in hex.
fn sent() -> Option<BTreeMap<String, Vec<Span>>> {
    let mut traces: BTreeMap<String, Vec<Span>> = BTreeMap::new();
    for body in captures::requests(CAPTURE)? {
        let request = ExportTraceServiceRequest::decode(body).expect("the capture is OTLP");
        let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
        for span in scopes.flat_map(|scope| scope.spans) {
            traces.entry(hex(&span.trace_id)).or_default().push(span);
        }
    }
    Some(traces)
}

fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn send(dir: &tempfile::TempDir, arguments: &[&str]) -> Value {
    let sent = output(fusebox(dir.path()).arg("send").args(arguments).arg("--json"));
    assert_eq!(sent.status.code(), Some(0), "{arguments:?}: {}{}", stdout(&sent), stderr(&sent));
    serde_json::from_str(&stdout(&sent)).expect("totals in JSON")
}

fn trace(server: &Server, dir: &tempfile::TempDir, id: &str) -> Value {
    let shown = output(fusebox(dir.path()).args(["trace", id, "--json", "--api", &server.api]));
    assert_eq!(shown.status.code(), Some(0), "{id}: {}", stderr(&shown));
    serde_json::from_str(&stdout(&shown)).expect("a trace in JSON")
}

/// Every field that both sides have, for one trace.
fn assert_whole(answer: &Value, spans: &[Span]) {
    let shown = answer["spans"].as_array().expect("a list");
    let shown_ids: BTreeSet<String> = shown.iter().map(|span| span["span_id"].as_str().unwrap_or_default().to_owned()).collect();
    let sent_ids: BTreeSet<String> = spans.iter().map(|span| hex(&span.span_id)).collect();
    assert_eq!(shown_ids, sent_ids);
    for sent in spans {
        let of_id = |span: &&Value| span["span_id"] == hex(&sent.span_id);
        let span = shown.iter().find(of_id).expect("just compared");
        assert_eq!(span["name"], sent.name);
        assert_eq!(span["parent_span_id"].as_str().unwrap_or_default(), hex(&sent.parent_span_id));
        assert_eq!(span["duration_ns"], sent.end_time_unix_nano as i64 - sent.start_time_unix_nano as i64);
        let attributes = span["attributes"].as_object().expect("an object");
        let keys: BTreeSet<&str> = sent.attributes.iter().map(|attribute| attribute.key.as_str()).collect();
        assert_eq!(attributes.keys().map(String::as_str).collect::<BTreeSet<_>>(), keys);
        assert_eq!(span["events"].as_array().map(Vec::len), Some(sent.events.len()));
        assert_eq!(span["links"].as_array().map(Vec::len), Some(sent.links.len()));
        assert_eq!(span["status_code"], ["unset", "ok", "error"][sent.status.as_ref().map_or(0, |status| status.code) as usize]);
    }
}

#[test]
fn a_capture_comes_back_whole_through_both_doors() {
    let (Some(capture), Some(traces)) = (captures::path(CAPTURE), sent()) else { return };
    let file = capture.display().to_string();
    for (protocol, compression) in [("http", "none"), ("http", "zstd"), ("grpc", "none"), ("grpc", "gzip")] {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let server = Server::start(&dir);
        let endpoint = if protocol == "http" { &server.otlp_http } else { &server.otlp_grpc };
        let totals = send(&dir, &[&file, "--protocol", protocol, "--endpoint", endpoint, "--compression", compression]);
        assert_eq!(totals["accepted"], 4_743, "{protocol} {compression}: {totals}");
        assert_eq!(totals["requests"], 101, "{protocol} {compression}: {totals}");
        assert_eq!(totals["rejected"], 0, "{protocol} {compression}: {totals}");

        assert_eq!(traces.len(), 1_021);
        for (id, spans) in traces.iter().step_by(40) {
            assert_whole(&trace(&server, &dir, id), spans);
        }
    }
}

#[test]
fn the_waterfall_names_every_span() {
    let (Some(capture), Some(traces)) = (captures::path(CAPTURE), sent()) else { return };
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Server::start(&dir);
    send(&dir, &[&capture.display().to_string(), "--endpoint", &server.otlp_http]);
    let (id, spans) = traces.iter().max_by_key(|(_, spans)| spans.len()).expect("there are traces");
    let drawn = output(fusebox(dir.path()).args(["trace", id, "--api", &server.api]));
    let text = stdout(&drawn);
    assert_eq!(drawn.status.code(), Some(0), "{}", stderr(&drawn));
    assert!(!text.contains('\x1b'), "no colours where no terminal is");
    assert!(text.starts_with(&format!("{id}  {} spans", spans.len())), "{text}");

    let unknown = output(fusebox(dir.path()).args(["trace", "00000000000000000000000000000001", "--api", &server.api]));
    assert_eq!(unknown.status.code(), Some(1));
    assert!(stderr(&unknown).contains("hint: "), "{}", stderr(&unknown));
}

#[test]
fn loops_are_fresh_traces() {
    let Some(capture) = captures::path(CAPTURE) else { return };
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Server::start(&dir);
    let file = capture.display().to_string();
    let totals = send(&dir, &[&file, "--loop", "3", "--shift-to-now", "--endpoint", &server.otlp_http]);
    assert_eq!(totals["accepted"], 3 * 4_743);
    let status = status(&server);
    assert_eq!(status["received"]["traces"], 3 * 4_743, "no pass was taken for a retry of another: {status}");
}

#[test]
fn json_examples_go_both_ways() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Server::start(&dir);
    for (protocol, endpoint) in [("http", &server.otlp_http), ("grpc", &server.otlp_grpc)] {
        for (name, records) in [("trace.json", 1), ("logs.json", 1), ("metrics.json", 4), ("events.json", 1)] {
            let Some(path) = captures::path(&format!("otlp-examples/{name}")) else { return };
            let file = path.display().to_string();
            let totals = send(&dir, &[&file, "--protocol", protocol, "--endpoint", endpoint]);
            assert_eq!(totals["accepted"], records, "{name} over {protocol}: {totals}");
        }
    }
    let answer = trace(&server, &dir, "5b8efff798038103d269b633813fc60c");
    assert_eq!(answer["spans"][0]["name"], "I'm a server span");
    assert_eq!(answer["spans"][0]["kind"], "server");
}

#[test]
fn a_second_process_on_the_same_directory_is_refused() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Server::start(&dir);
    let second =
        output(fusebox(dir.path()).args(["serve", "--otlp-grpc", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0", "--api", "127.0.0.1:0"]));
    assert_eq!(second.status.code(), Some(69), "{}", stderr(&second));
    assert!(stderr(&second).contains("in use by another process"), "{}", stderr(&second));
    drop(server);
}

#[test]
fn acknowledged_spans_are_there_after_a_restart() {
    let (Some(capture), Some(traces)) = (captures::path(CAPTURE), sent()) else { return };
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Server::start(&dir);
    send(&dir, &[&capture.display().to_string(), "--endpoint", &server.otlp_http]);
    server.signal("TERM");
    server.wait();
    let mut server = Server::start(&dir);
    server.wait_for_log("replay complete");
    for (id, spans) in traces.iter().step_by(100) {
        assert_whole(&trace(&server, &dir, id), spans);
    }
}

#[test]
fn refused_records_make_send_fail() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Server::start(&dir);
    let span = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"00000000000000000000000000000000","spanId":"eee19b7ec3c1b174","name":"x"}]}]}]}"#;
    fs::write(dir.path().join("bad.json"), span).expect("written");
    let refused = output(fusebox(dir.path()).args(["send", "bad.json", "--endpoint", &server.otlp_http]));
    assert_eq!(refused.status.code(), Some(1), "{}{}", stdout(&refused), stderr(&refused));
    assert!(stdout(&refused).contains("rejected  1 records"), "{}", stdout(&refused));
}

fn status(server: &Server) -> Value {
    use std::io::{Read, Write};
    let address = server.api.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(address).expect("the API listens");
    write!(stream, "GET /api/v1/status HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    serde_json::from_str(answer.split_once("\r\n\r\n").expect("a body").1).expect("JSON")
}
