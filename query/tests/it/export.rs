//! `GET /api/v1/export`: everything as OTLP again, in requests of any client's size, with trailers that say whether it is whole.

use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use schemas::{
    Signal,
    otlp::{DecodeLimits, Format, Request as OtlpRequest, frames::frames, json},
};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::loaded::Loaded;

/// Requests of the stream, and what it says at its end.
async fn export(loaded: &Loaded, query: &str) -> (Vec<u8>, u64) {
    let request = Request::get(format!("/api/v1/export?{query}")).header("host", "127.0.0.1:4319").body(Body::empty());
    let response = loaded.router.clone().oneshot(request.expect("a request")).await.expect("infallible");
    assert_eq!(response.status(), StatusCode::OK, "{query}");
    let collected = response.into_body().collect().await.expect("whole");
    let records = collected.trailers().and_then(|trailers| trailers.get("fusebox-records")?.to_str().ok()?.parse().ok());
    assert!(collected.trailers().is_some_and(|trailers| !trailers.contains_key("fusebox-partial")), "{query}");
    (collected.to_bytes().to_vec(), records.expect("the number of records"))
}

fn records(signal: Signal, body: &[u8]) -> u64 {
    OtlpRequest::read(signal, Format::Protobuf, body, &DecodeLimits::NONE).expect("OTLP").scan().records
}

#[tokio::test(flavor = "multi_thread")]
async fn every_span_is_exported_wherever_it_is() {
    let (loaded, spans) = (Loaded::otel_demo(), testkit::captures::otel_demo().spans as u64);
    let (bytes, told) = export(&loaded, "").await;
    let sum: u64 = frames(&bytes).map(|body| records(Signal::Traces, body.expect("framed"))).sum();
    assert_eq!((sum, told), (spans, spans));

    let (text, told) = export(&loaded, "format=otlp-json").await;
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let body = |line: &[u8]| json::to_protobuf(Signal::Traces, line, &DecodeLimits::NONE).expect("OTLP JSON");
    assert_eq!((lines.map(|line| records(Signal::Traces, &body(line))).sum::<u64>(), told), (spans, spans));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_and_a_time_choose() {
    let loaded = Loaded::otel_demo();
    assert_eq!(export(&loaded, "q=status:error").await.1, testkit::captures::otel_demo().errors as u64);
    assert_eq!(export(&loaded, "q=status:error&end=2001-01-01T00:00:00Z").await.1, 0);
    let (bytes, told) = export(&loaded, "q=service:nobody").await;
    assert_eq!((bytes.len(), told), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn traces_come_one_after_the_other() {
    let loaded = Loaded::otel_demo();
    let (bytes, _) = export(&loaded, "order=trace").await;
    let mut last = None;
    for body in frames(&bytes) {
        let groups = schemas::interop::read_spans(body.expect("framed")).expect("OTLP");
        let traces = groups.iter().flat_map(|group| &group.spans).map(|span| span.trace_id);
        let (first, newest) =
            traces.fold((None, None), |(first, newest), trace| (first.min(Some(trace)).or(Some(trace)), newest.max(Some(trace))));
        assert!(last <= first, "{last:?} before {first:?}");
        last = newest;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_never_cut_and_its_requests_are_small() {
    let loaded = Loaded::with(|limits| (limits.rows_max, limits.answer_bytes_max) = (10, 1000));
    let body = "x".repeat(1 << 20);
    let records: Vec<Value> =
        (0..20).map(|number| json!({ "timeUnixNano": (number + 1).to_string(), "body": { "stringValue": body } })).collect();
    loaded.send_json(Signal::Logs, &json!({ "resourceLogs": [{ "scopeLogs": [{ "logRecords": records }] }] }));
    let (bytes, told) = export(&loaded, "signal=logs").await;
    let sizes: Vec<usize> = frames(&bytes).map(|body| body.expect("framed").len()).collect();
    assert_eq!(told, 20);
    assert!(sizes.len() > 4 && sizes.iter().all(|size| *size <= 4 << 20), "{sizes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_problems() {
    let loaded = Loaded::empty();
    for (query, param) in
        [("signal=spans", "signal"), ("format=csv", "format"), ("limit=5", "query"), ("q=service:", "q"), ("start=x", "start")]
    {
        let (status, body) = loaded.get(&format!("/api/v1/export?{query}")).await;
        let problem: Value = serde_json::from_slice(&body).expect("a problem");
        assert_eq!((status, &problem["errors"][0]["param"]), (StatusCode::BAD_REQUEST, &json!(param)), "{query}: {problem}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_come_in_every_format() {
    let loaded = Loaded::empty();
    let record = json!({ "timeUnixNano": "5", "body": { "stringValue": "库存不足" }, "attributes": [{ "key": "order.id", "value": { "intValue": "7" } }] });
    loaded.send_json(Signal::Logs, &json!({ "resourceLogs": [{ "scopeLogs": [{ "logRecords": [record] }] }] }));
    let get = async |accept: &str| {
        let request = Request::get("/api/v1/logs").header("host", "127.0.0.1:4319").header("accept", accept).body(Body::empty());
        let (status, body) = loaded.send_request(request.expect("a request")).await;
        (status, String::from_utf8_lossy(&body).into_owned())
    };
    let (status, text) = get("application/x-ndjson").await;
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((status, &lines[0]["attributes"]["order.id"], lines.len()), (StatusCode::OK, &json!(7), 2), "{text}");
    assert!(lines[1]["meta"].is_object(), "{text}");
    let (status, text) = get("text/csv").await;
    assert!(status == StatusCode::OK && text.starts_with("id,time,severity_number,") && text.contains("库存不足"), "{text}");
    assert!(get("application/vnd.apache.parquet").await.1.starts_with("PAR1"));
    assert_eq!(get("image/png").await.0, StatusCode::NOT_ACCEPTABLE);
}
