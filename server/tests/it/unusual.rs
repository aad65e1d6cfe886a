//! Telemetry at the edges of what OTLP allows: taken as it is, answered within bounds.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value::Value as Any},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use prost::Message;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    http::Http,
    process::{Server, fusebox, output_within, stderr},
};

const SEND_LIMIT: Duration = Duration::from_secs(300);

fn text(key: impl Into<String>, value: &str) -> KeyValue {
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(Any::StringValue(value.to_owned())) }), ..KeyValue::default() }
}

fn request(spans: Vec<Span>) -> ExportTraceServiceRequest {
    let resource = Resource { attributes: vec![text("service.name", "shop")], ..Resource::default() };
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    ExportTraceServiceRequest { resource_spans: vec![ResourceSpans { resource: Some(resource), scope_spans, ..ResourceSpans::default() }] }
}

fn span(trace: u8, id: u64, start: u64, end: u64) -> Span {
    let trace_id = [trace; 16].to_vec();
    Span {
        trace_id,
        span_id: id.to_be_bytes().to_vec(),
        name: "work".to_owned(),
        start_time_unix_nano: start,
        end_time_unix_nano: end,
        ..Span::default()
    }
}

/// A file of requests, each after its length.
fn write(dir: &Path, requests: impl Iterator<Item = ExportTraceServiceRequest>) -> PathBuf {
    let path = dir.join("spans.otlp");
    let mut file = std::io::BufWriter::new(fs::File::create(&path).expect("a file"));
    for request in requests {
        let body = request.encode_to_vec();
        file.write_all(&u32::try_from(body.len()).expect("a small request").to_be_bytes()).expect("written");
        file.write_all(&body).expect("written");
    }
    file.flush().expect("written");
    path
}

fn send(dir: &TempDir, server: &Server, requests: impl Iterator<Item = ExportTraceServiceRequest>) {
    let file = write(dir.path(), requests);
    let sent = output_within(fusebox(dir.path()).arg("send").arg(file).args(["--endpoint", &server.otlp_http]), SEND_LIMIT);
    assert_eq!(sent.status.code(), Some(0), "{}", stderr(&sent));
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    u64::try_from(since.as_nanos()).expect("before 2554")
}

fn ids(answer: &Value) -> Vec<u64> {
    let spans = answer["spans"].as_array().expect("a list");
    spans.iter().map(|span| u64::from_str_radix(span["span_id"].as_str().expect("an id"), 16).expect("hex")).collect()
}

#[test]
fn durations_of_nothing_and_less() {
    let dir = tempfile::tempdir().expect("a directory");
    let server = Server::start(&dir);
    let start = now();
    let spans = vec![span(1, 1, start, start), span(1, 2, start, start - 5_000_000), span(1, 3, start, start + 7), span(1, 4, start, 0)];
    send(&dir, &server, [request(spans)].into_iter());
    let mut api = Http::connect(&server.api);
    let trace = api.json(&format!("/api/v1/traces/{}", "01".repeat(16)));
    let mut durations: Vec<i64> =
        trace["spans"].as_array().expect("a list").iter().map(|span| span["duration_ns"].as_i64().expect("an integer")).collect();
    durations.sort_unstable();
    assert_eq!(durations[1..], [-5_000_000, 0, 7], "as sent");
    assert!(durations[0] < -1_000_000_000_000_000_000, "an end of 0 is an end");
    assert_eq!(ids(&api.json("/api/v1/spans?q=duration%3C-1ms&sort=newest&range=1h")).len(), 2);
    assert_eq!(ids(&api.json("/api/v1/spans?q=duration:0&range=1h")), [1]);
    let traces = api.json("/api/v1/traces?q=service:shop&range=1h");
    assert_eq!(traces["traces"][0]["spans"], 4, "{traces}");
}

#[test]
fn times_of_another_age_are_stored_as_sent_and_counted() {
    const YEAR: u64 = 365 * 86_400 * 1_000_000_000;
    let dir = tempfile::tempdir().expect("a directory");
    let server = Server::start(&dir);
    let start = now();
    let times = [YEAR, start - 5 * 3_600_000_000_000, start, start + 2 * 86_400_000_000_000, start + 70 * YEAR];
    let spans = times.iter().zip(1..).map(|(time, id)| span(2, id, *time, time + 10)).collect();
    send(&dir, &server, [request(spans)].into_iter());
    let mut api = Http::connect(&server.api);
    let check = |api: &mut Http, when: &str| {
        let trace = api.json(&format!("/api/v1/traces/{}", "02".repeat(16)));
        assert_eq!(ids(&trace), [1, 2, 3, 4, 5], "{when}");
        let found = |api: &mut Http, range: &str| {
            let mut ids = ids(&api.json(&format!("/api/v1/spans?{range}")));
            ids.sort_unstable();
            ids
        };
        assert_eq!(found(api, "start=now-10m&end=now"), [3], "{when}");
        assert_eq!(found(api, "range=10m"), [3, 4, 5], "{when}: without an end there is none");
        assert_eq!(found(api, "start=now-6h&end=now-1h"), [2], "{when}");
        assert_eq!(found(api, "start=1970-12-31T00:00:00Z&end=1971-01-02T00:00:00Z"), [1], "{when}");
        let (from, to) = (start + 3_600_000_000_000, start + 71 * YEAR);
        assert_eq!(found(api, &format!("start={from}&end={to}")), [4, 5], "{when}");
    };
    check(&mut api, "in memory");
    api.flush();
    check(&mut api, "in blocks");
    let (_, metrics) = api.get("/metrics");
    let metrics = String::from_utf8_lossy(&metrics);
    let future = metrics.lines().find(|line| line.starts_with("fusebox_future_rows_total")).expect("it is counted");
    assert!(future.ends_with(" 2"), "{future}");
}

#[test]
fn a_hundred_thousand_keys() {
    const SPANS: u64 = 10_000;
    const KEYS_PER_SPAN: u64 = 10;
    let dir = tempfile::tempdir().expect("a directory");
    let server = Server::start(&dir);
    let start = now();
    let of_span = |id: u64| {
        let keys = id * KEYS_PER_SPAN..(id + 1) * KEYS_PER_SPAN;
        let attributes = keys.map(|key| text(format!("app.key_{key}"), &format!("v{key}"))).collect();
        Span { attributes, ..span(3, id + 1, start, start + 10) }
    };
    send(&dir, &server, (0..SPANS).step_by(500).map(|first| request((first..first + 500).map(of_span).collect())));
    let mut api = Http::connect(&server.api);
    let check = |api: &mut Http, when: &str| {
        assert_eq!(ids(&api.json("/api/v1/spans?q=app.key_77777:v77777&range=1h")), [7778], "{when}");
        assert_eq!(ids(&api.json("/api/v1/spans?q=app.key_77777:v7&range=1h")), [0; 0], "{when}");
        let sql = "SELECT count(*) FROM spans WHERE attrs->>'app.key_99999' = 'v99999'";
        let shown = output_within(fusebox(dir.path()).args(["query", sql, "--api", &server.api, "-o", "csv"]), SEND_LIMIT);
        assert!(String::from_utf8_lossy(&shown.stdout).contains("\r\n1\r\n"), "{when}: {}", stderr(&shown));
        let fields = api.json("/api/v1/spans/fields?range=1h");
        assert_eq!(fields["fields"].as_array().expect("a list").len(), 1000, "{when}");
        assert!(fields["fields_total"].as_u64() > Some(SPANS * KEYS_PER_SPAN), "{when}: {}", fields["fields_total"]);
    };
    check(&mut api, "in memory");
    api.flush();
    check(&mut api, "in blocks");
}

#[test]
fn a_trace_of_a_million_spans() {
    const SPANS: u64 = 1_000_000;
    let dir = tempfile::tempdir().expect("a directory");
    // What is asked is memory, not time: this build is slow, and the machine may be busy.
    let server = Server::start_with(&dir, "[api]\nread_deadline_ms = 600000\n");
    let start = now() - 60_000_000_000;
    // Ten children each.
    let of_span = |id: u64| {
        let parent = if id == 1 { Vec::new() } else { ((id + 8) / 10).to_be_bytes().to_vec() };
        Span { parent_span_id: parent, ..span(4, id, start + id * 1000, start + id * 1000 + 500) }
    };
    send(&dir, &server, (1..=SPANS).step_by(10_000).map(|first| request((first..first + 10_000).map(of_span).collect())));
    let before = server.peak_memory();
    let mut api = Http::connect(&server.api);
    let path = format!("/api/v1/traces/{}", "04".repeat(16));
    let whole = api.json(&path);
    assert_eq!(whole["truncated"], true);
    assert_eq!(whole["spans"].as_array().expect("a list").len(), 100_000);
    let page = api.json(&format!("{path}?format=columnar"));
    assert_eq!(page["span_count"], json!(SPANS), "{:?}", page.as_object().map(|object| object.keys().collect::<Vec<_>>()));
    let traces = api.json("/api/v1/traces?range=1h");
    assert_eq!(traces["traces"][0]["spans"], json!(SPANS));
    let used = server.peak_memory() - before;
    assert!(used < 2 << 30, "{} MiB more than before", used >> 20);
}
