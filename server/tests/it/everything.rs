//! All captures through `fusebox send` into one server: every row is counted, and traces are found among all of them.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use schemas::TraceId;
use serde_json::Value;
use testkit::captures;

use crate::{
    http::Http,
    process::{Server, fusebox, output_within, stderr, stdout},
};

const SHOP: &str = "otel-demo/traces.otlp.zst";
const TICKETS: &str = "train-ticket/traces.otlp.zst";
const FILES: [&str; 4] = [SHOP, TICKETS, "train-ticket/logs.otlp.zst", "train-ticket/metrics.otlp.zst"];
/// Without optimization on a slow machine; only a hang takes this long.
const SEND_MAX: Duration = Duration::from_secs(600);

/// Spans per trace, those included that were sent twice in different requests.
fn spans_by_trace(requests: Vec<Bytes>) -> BTreeMap<TraceId, u64> {
    let mut traces = BTreeMap::new();
    for body in requests {
        let request = ExportTraceServiceRequest::decode(body).expect("the capture is OTLP");
        let scopes = request.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
        for span in scopes.flat_map(|scope| &scope.spans) {
            *traces.entry(TraceId::from_slice(&span.trace_id).expect("a valid id")).or_default() += 1;
        }
    }
    traces
}

#[test]
fn every_capture_is_stored_whole_and_its_traces_are_found() {
    let paths = FILES.map(captures::path);
    let (Some(shop), Some(tickets)) = (captures::requests(SHOP), captures::requests(TICKETS)) else { return };
    if paths.contains(&None) {
        return;
    }
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Server::start(&dir);
    let started = Instant::now();
    let mut send = fusebox(dir.path());
    send.arg("send").args(paths.into_iter().flatten()).args(["--json", "--endpoint", &server.otlp_http, "--retry-for", "300"]);
    let sent = output_within(&mut send, SEND_MAX);
    assert_eq!(sent.status.code(), Some(0), "{}{}", stdout(&sent), stderr(&sent));
    let totals: Value = serde_json::from_str(&stdout(&sent)).expect("totals in JSON");
    println!("sent in {:.1} s: {totals}", started.elapsed().as_secs_f64());
    assert_eq!((&totals["rejected"], &totals["refused"]), (&0.into(), &0.into()), "{totals}");

    let mut api = Http::connect(&server.api);
    let status = api.json("/api/v1/status");
    let rows: BTreeMap<&str, u64> = status["storage"]["tables"]
        .as_array()
        .expect("a list")
        .iter()
        .take(3)
        .map(|table| (table["table"].as_str().expect("a name"), table["rows"].as_u64().expect("a number")))
        .collect();
    assert_eq!(rows, BTreeMap::from([("spans", 183_913), ("logs", 48_078), ("metrics", 647_634)]), "{status}");

    let (shop, tickets) = (spans_by_trace(shop), spans_by_trace(tickets));
    assert_eq!((shop.len(), tickets.len()), (1_021, 2_475));
    let looked_up = Instant::now();
    for (id, spans) in shop.iter().chain(tickets.iter().step_by(25)) {
        let trace = api.json(&format!("/api/v1/traces/{id}"));
        assert_eq!((&trace["span_count"], &trace["meta"]["partial"]), (&(*spans).into(), &Value::Array(vec![])), "{id}");
    }
    println!("looked up in {:.1} s", looked_up.elapsed().as_secs_f64());
}
