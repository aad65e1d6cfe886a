//! Real telemetry in through both doors, and out again.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use opentelemetry_proto::tonic::{collector::trace::v1::ExportTraceServiceRequest, trace::v1::Span};
use prost::Message;
use schemas::{
    Signal,
    otlp::{DecodeLimits, json},
};
use serde_json::Value;
use testkit::captures;

use crate::{
    http::Http,
    meaning::{self, Whole, assert_same},
    process::{FREE_PORTS, Server, fusebox, output, stderr, stdout},
};

const CAPTURE: &str = captures::OTEL_DEMO_SLICE;

/// The spans of a capture by trace id, in hex.
fn sent(capture: &str) -> Option<BTreeMap<String, Vec<Whole>>> {
    let mut traces: BTreeMap<String, Vec<Whole>> = BTreeMap::new();
    for body in captures::requests(capture)? {
        for whole in meaning::spans(ExportTraceServiceRequest::decode(body).expect("the capture is OTLP")) {
            traces.entry(hex(&whole.span.trace_id)).or_default().push(whole);
        }
    }
    Some(traces)
}

fn slice() -> (String, BTreeMap<String, Vec<Whole>>) {
    let path = captures::path(CAPTURE).expect("it is in the repository");
    (path.display().to_string(), sent(CAPTURE).expect("it is in the repository"))
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

/// `?format=otlp` gives back what was sent: every field and value of every span, with its resource and scope.
fn assert_equal_otlp(api: &mut Http, id: &str, sent: &[Whole], way: &str) {
    let (status, answer) = api.get(&format!("/api/v1/traces/{id}?format=otlp"));
    assert_eq!(status, 200, "{way} {id}: {}", String::from_utf8_lossy(&answer));
    let protobuf = json::to_protobuf(Signal::Traces, &answer, &DecodeLimits::NONE).expect("OTLP JSON");
    let request = ExportTraceServiceRequest::decode(protobuf.as_slice()).expect("OTLP");
    assert_same(&meaning::spans(request), sent, &format!("{way} {id}"));
}

/// The tree view: every span, its place, its times, its keys and how much hangs on it.
fn assert_shown(answer: &Value, spans: &[Whole]) {
    let spans: Vec<&Span> = spans.iter().map(|whole| &whole.span).collect();
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
fn a_capture_comes_back_equal_through_both_doors() {
    let (file, traces) = slice();
    for (protocol, compression) in [("http", "none"), ("http", "zstd"), ("grpc", "none"), ("grpc", "gzip")] {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let server = Server::start(&dir);
        let way = format!("{protocol} {compression}");
        let endpoint = if protocol == "http" { &server.otlp_http } else { &server.otlp_grpc };
        let totals = send(&dir, &[&file, "--protocol", protocol, "--endpoint", endpoint, "--compression", compression]);
        assert_eq!((&totals["accepted"], &totals["requests"]), (&805.into(), &20.into()), "{way}: {totals}");
        assert_eq!((&totals["rejected"], &totals["refused"]), (&0.into(), &0.into()), "{way}: {totals}");

        let mut api = Http::connect(&server.api);
        for (id, spans) in &traces {
            assert_equal_otlp(&mut api, id, spans, &way);
        }
        for (id, spans) in traces.iter().step_by(40) {
            assert_shown(&trace(&server, &dir, id), spans);
        }
    }
}

#[test]
fn the_whole_capture_comes_back_equal() {
    const WHOLE: &str = "otel-demo/traces.otlp.zst";
    let (Some(capture), Some(traces)) = (captures::path(WHOLE), sent(WHOLE)) else { return };
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Server::start(&dir);
    let totals = send(&dir, &[&capture.display().to_string(), "--endpoint", &server.otlp_http]);
    assert_eq!((&totals["accepted"], &totals["requests"]), (&4_743.into(), &101.into()), "{totals}");
    assert_eq!(traces.len(), 1_021);
    let mut api = Http::connect(&server.api);
    for (id, spans) in &traces {
        assert_equal_otlp(&mut api, id, spans, "http");
        assert_shown(&api.json(&format!("/api/v1/traces/{id}")), spans);
    }
}

#[test]
fn the_waterfall_names_every_span() {
    let (file, traces) = slice();
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Server::start(&dir);
    send(&dir, &[&file, "--endpoint", &server.otlp_http]);
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
    let (file, _) = slice();
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Server::start(&dir);
    let totals = send(&dir, &[&file, "--loop", "3", "--shift-to-now", "--endpoint", &server.otlp_http]);
    assert_eq!(totals["accepted"], 3 * 805);
    let status = Http::connect(&server.api).json("/api/v1/status");
    assert_eq!(status["received"]["traces"], 3 * 805, "no pass was taken for a retry of another: {status}");
}

#[test]
fn json_examples_go_both_ways() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Server::start(&dir);
    for (protocol, endpoint) in [("http", &server.otlp_http), ("grpc", &server.otlp_grpc)] {
        for (name, records) in [("trace.json", 1), ("logs.json", 1), ("metrics.json", 4), ("events.json", 1)] {
            let file = captures::path(&format!("otlp-examples/{name}")).expect("it is in the repository").display().to_string();
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
    let second = output(fusebox(dir.path()).arg("serve").args(FREE_PORTS));
    assert_eq!(second.status.code(), Some(69), "{}", stderr(&second));
    assert!(stderr(&second).contains("in use by another process"), "{}", stderr(&second));
    drop(server);
}

#[test]
fn acknowledged_spans_are_there_after_a_restart() {
    let (file, traces) = slice();
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Server::start(&dir);
    send(&dir, &[&file, "--endpoint", &server.otlp_http]);
    server.signal("TERM");
    server.wait();
    let mut server = Server::start(&dir);
    server.wait_for_log("replay complete");
    let mut api = Http::connect(&server.api);
    for (id, spans) in &traces {
        assert_equal_otlp(&mut api, id, spans, "after a restart");
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
