//! One metric of each type, every minute, as OTLP JSON.

use serde_json::{Value, json};

/// 2026-09-21T14:13:00Z, a whole minute.
pub(crate) const START_S: i64 = 1_789_999_980;
pub(crate) const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

pub(super) fn ns(minute: i64) -> String {
    ((START_S + minute * 60) * 1_000_000_000).to_string()
}

pub(super) fn text(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

fn of_service(service: &str, metrics: Vec<Value>) -> Value {
    let resource = json!({ "attributes": [text("service.name", service), text("service.instance.id", &format!("{service}-0"))] });
    json!({ "resourceMetrics": [{ "resource": resource, "scopeMetrics": [{ "metrics": metrics }] }] })
}

/// A point at this minute with the members of `own`.
fn point(minute: i64, start: i64, attributes: &[Value], own: Value) -> Value {
    let mut point = json!({ "startTimeUnixNano": ns(start), "timeUnixNano": ns(minute), "attributes": attributes });
    if let (Some(point), Value::Object(own)) = (point.as_object_mut(), own) {
        point.extend(own);
    }
    point
}

/// Requests, one for each minute from 1 to 6, of services `web` and `pay`.
///
/// `web` counts 60 orders a minute on `/a` and 30 on `/b`, `pay` 6 on `/a`, and begins anew after minute 3.
pub(crate) fn all_types() -> Vec<Value> {
    (1..=6).flat_map(|minute| [of_service("web", of_web(minute)), of_service("pay", of_pay(minute))]).collect()
}

fn of_web(minute: i64) -> Vec<Value> {
    let route = |route: &str| [text("http.route", route)];
    let sum =
        |temporality: i64, points: Vec<Value>| json!({ "aggregationTemporality": temporality, "isMonotonic": true, "dataPoints": points });
    let orders = [
        point(minute, 0, &route("/a"), json!({ "asInt": (60 * minute).to_string() })),
        point(minute, 0, &route("/b"), json!({ "asInt": (30 * minute).to_string() })),
    ];
    let clicks = [point(minute, minute - 1, &route("/a"), json!({ "asDouble": 1.5 * minute as f64 }))];
    let exemplar = json!({ "timeUnixNano": ns(minute), "traceId": TRACE, "spanId": "00f067aa0ba90002", "asDouble": 3.5 });
    // One value in (1, 2] and three in (2, 4] a minute.
    let counts = ["0".to_owned(), minute.to_string(), (3 * minute).to_string(), "0".to_owned()];
    let latency = [point(
        minute,
        0,
        &route("/a"),
        json!({ "count": (4 * minute).to_string(), "sum": 11.0 * minute as f64, "bucketCounts": counts, "explicitBounds": [1.0, 2.0, 4.0], "exemplars": [exemplar] }),
    )];
    // Delta; the scale falls after minute 3.
    let (scale, counts) = if minute <= 3 { (1, ["0", "0", "4"]) } else { (0, ["0", "4", "0"]) };
    let size = [point(
        minute,
        minute - 1,
        &[],
        json!({ "count": "4", "sum": 10.0, "scale": scale, "zeroCount": "0", "positive": { "offset": 0, "bucketCounts": counts } }),
    )];
    vec![
        json!({ "name": "shop.orders", "unit": "{order}", "description": "Orders taken.", "sum": sum(2, orders.into()) }),
        json!({ "name": "shop.clicks", "sum": sum(1, clicks.into()) }),
        json!({ "name": "shop.latency", "unit": "s", "histogram": { "aggregationTemporality": 2, "dataPoints": latency } }),
        json!({ "name": "shop.size", "unit": "By", "exponentialHistogram": { "aggregationTemporality": 1, "dataPoints": size } }),
    ]
}

fn of_pay(minute: i64) -> Vec<Value> {
    let (start, orders) = if minute <= 3 { (0, 6 * minute) } else { (3, 6 * (minute - 3)) };
    let orders = point(minute, start, &[text("http.route", "/a")], json!({ "asInt": orders.to_string() }));
    // After minute 4 the sender says that there is no value any more.
    let load = if minute <= 4 { json!({ "asDouble": minute as f64 / 4.0 }) } else { json!({ "flags": 1 }) };
    vec![
        json!({ "name": "shop.orders", "unit": "{order}", "sum": { "aggregationTemporality": 2, "isMonotonic": true, "dataPoints": [orders] } }),
        json!({ "name": "shop.load", "unit": "1", "gauge": { "dataPoints": [point(minute, 0, &[], load)] } }),
    ]
}
