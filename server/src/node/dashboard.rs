//! The dashboard's pages for the API, and the trace it sends to prove that the way in works.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use query::api::{Dashboard, Page};
use rand::Rng;
use schemas::{TraceId, UnixNanos};
use serde_json::{Value, json};

use super::own_otlp;

const PATIENCE: Duration = Duration::from_secs(10);
const MS: i64 = 1_000_000;

pub(super) fn of(otlp_http: SocketAddr) -> Dashboard {
    Dashboard { pages, send_test_trace: Arc::new(move || Box::pin(send_test_trace(otlp_http))) }
}

fn pages(path: &str, accept_encoding: &str) -> Option<Page> {
    let ui::Asset { content_type, encoding, cache_control, bytes } = ui::asset(path, accept_encoding)?;
    Some(Page { content_type, encoding, cache_control, bytes })
}

/// Sends a trace like an exporter: over the socket, so that every step of the way is part of the proof.
async fn send_test_trace(otlp_http: SocketAddr) -> Result<TraceId, String> {
    let id = TraceId(rand::rng().random());
    let body = test_trace(&id, now(), rand::rng().random());
    match tokio::time::timeout(PATIENCE, own_otlp::post(otlp_http, "/v1/traces", body.to_string())).await {
        Ok(answer) => answer.map(|()| id),
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}

pub(crate) fn now() -> UnixNanos {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    UnixNanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// A request that took 120 ms until `now`, with a call inside, as OTLP JSON.
fn test_trace(id: &TraceId, now: UnixNanos, spans: [u32; 2]) -> Value {
    let [root, call] = spans.map(|number| format!("{:016x}", u64::from(number) + 1));
    let at = |ms_ago: i64| (now.0.saturating_sub(ms_ago * MS)).to_string();
    let of = |service: &str, span: Value| {
        json!({
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]},
            "scopeSpans": [{"scope": {"name": "fusebox"}, "spans": [span]}],
        })
    };
    json!({"resourceSpans": [
        of("fusebox-test", json!({
            "traceId": id.to_string(), "spanId": root, "name": "GET /hello", "kind": 2,
            "startTimeUnixNano": at(120), "endTimeUnixNano": at(0),
            "attributes": [{"key": "http.request.method", "value": {"stringValue": "GET"}}, {"key": "http.route", "value": {"stringValue": "/hello"}}],
        })),
        of("fusebox-test-backend", json!({
            "traceId": id.to_string(), "spanId": call, "parentSpanId": root, "name": "hello.Greeter/SayHello", "kind": 2,
            "startTimeUnixNano": at(90), "endTimeUnixNano": at(20),
            "attributes": [{"key": "rpc.system", "value": {"stringValue": "grpc"}}],
        })),
    ]})
}
