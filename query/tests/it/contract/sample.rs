//! A small store that is the same each time: two traces of a shop, one of which fails, what it logged, and metrics of each type.

use axum::body::Body;
use governance::tables::to_batches;
use http::{Method, Request};
use schemas::{Signal, UnixNanos};
use serde_json::{Value, json};

use crate::loaded::Loaded;

pub(super) const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
pub(super) const OTHER: &str = "5bf92f3577b34da6a3ce929d0e0e4736";
pub(super) const SPAN: &str = "00f067aa0ba90002";

/// 2026-09-21T14:13:20Z.
const START_NS: i64 = 1_790_000_000_000_000_000;

/// The first trace in a block, all else in memory.
pub(super) fn store() -> Loaded {
    let loaded = Loaded::empty();
    loaded.send_json(Signal::Traces, &trace(TRACE, 0, 2));
    loaded.store.flush().expect("a working disk");
    loaded.send_json(Signal::Traces, &trace(OTHER, 1_000_000_000, 1));
    loaded.send_json(Signal::Logs, &logs());
    crate::metrics::all_types().iter().for_each(|request| loaded.send_json(Signal::Metrics, request));
    for facts in crate::breakers::facts() {
        loaded.append(to_batches(&facts, UnixNanos(START_NS)));
    }
    loaded
}

fn trace(id: &str, after_ns: i64, status: i64) -> Value {
    let web = span(id, "00f067aa0ba90001", "", ("GET /cart", 2), after_ns, 5_000_000);
    let mut pay = span(id, SPAN, "00f067aa0ba90001", ("charge", 3), after_ns + 1_000_000, 3_000_000);
    pay["status"] = json!({"code": status, "message": "card declined"});
    pay["attributes"] = json!([text("order.id", "17"), {"key": "http.response.status_code", "value": {"intValue": "502"}}]);
    pay["events"] = json!([{"timeUnixNano": ns(after_ns + 2_000_000), "name": "retry", "attributes": [text("reason", "库存不足")]}]);
    pay["links"] = json!([{"traceId": OTHER, "spanId": "00f067aa0ba90001", "attributes": []}]);
    json!({"resourceSpans": [resource("web", "scopeSpans", "spans", web), resource("pay", "scopeSpans", "spans", pay)]})
}

fn span(trace_id: &str, id: &str, parent: &str, (name, kind): (&str, i64), after_ns: i64, duration_ns: i64) -> Value {
    let (start, end) = (ns(after_ns), ns(after_ns + duration_ns));
    json!({"traceId": trace_id, "spanId": id, "parentSpanId": parent, "name": name, "kind": kind, "startTimeUnixNano": start, "endTimeUnixNano": end})
}

fn logs() -> Value {
    let record = |after_ns: i64, severity: i64, body: &str| json!({"timeUnixNano": ns(after_ns), "severityNumber": severity, "body": {"stringValue": body}, "traceId": TRACE, "spanId": SPAN});
    let records = json!([record(1_500_000, 9, "charge order 17"), record(3_900_000, 17, "card declined for order 17")]);
    json!({"resourceLogs": [resource("pay", "scopeLogs", "logRecords", records)]})
}

fn resource(service: &str, scopes: &str, records: &str, one_or_all: Value) -> Value {
    let all = if one_or_all.is_array() { one_or_all } else { json!([one_or_all]) };
    json!({"resource": {"attributes": [text("service.name", service)]}, scopes: [{"scope": {"name": "shop"}, records: all}]})
}

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

fn ns(after_ns: i64) -> String {
    (START_NS + after_ns).to_string()
}

pub(super) fn request(method: &Method, path: &str, body: &str) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).header("host", "127.0.0.1:4319").header("content-type", "application/json");
    request.body(Body::from(body.to_owned())).expect("a request")
}
