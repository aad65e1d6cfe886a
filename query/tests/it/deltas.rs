//! Selections against baselines, on real telemetry and on what was planted in it.

use http::StatusCode;
use schemas::Signal;
use serde_json::{Value, json};

use crate::loaded::Loaded;

async fn deltas(loaded: &Loaded, body: &Value) -> Value {
    let (status, answer) = loaded.post("/api/v1/deltas", body, "application/json").await;
    assert_eq!(status, StatusCode::OK, "{body}\n{}", String::from_utf8_lossy(&answer));
    serde_json::from_slice(&answer).expect("JSON")
}

fn names(answer: &Value) -> Vec<&str> {
    answer["attributes"].as_array().expect("a list").iter().map(|one| one["attribute"].as_str().expect("a name")).collect()
}

/// Spans of a service in two versions; the newer is slow for one tenant.
fn planted() -> Value {
    let text = |key: &str, value: &str| json!({ "key": key, "value": { "stringValue": value } });
    let span = |number: u64| {
        let slow = number.is_multiple_of(10);
        let tenant = if slow { "acme".to_owned() } else { format!("tenant-{}", number % 37) };
        let start = 1_790_000_000_000_000_000 + number * 1_000_000;
        let duration = if slow { 800_000_000 } else { 5_000_000 + number * 1000 };
        json!({
            "traceId": format!("{:032x}", number + 1), "spanId": format!("{:016x}", number + 1), "name": "charge", "kind": 2,
            "startTimeUnixNano": start.to_string(), "endTimeUnixNano": (start + duration).to_string(),
            "attributes": [text("tenant", &tenant), text("request.id", &format!("{number:x}-{}", number * 7919)),
                { "key": "http.response.status_code", "value": { "intValue": if slow { "504" } else { "200" } } }],
        })
    };
    let version = |version: &str, spans: std::ops::Range<u64>| {
        let resource = json!({ "attributes": [text("service.name", "pay"), text("deploy.version", version)] });
        json!({ "resource": resource, "scopeSpans": [{ "spans": spans.map(span).collect::<Vec<_>>() }] })
    };
    json!({ "resourceSpans": [version("2.3.0", 0..1000), version("2.3.1", 1000..2000)] })
}

#[tokio::test]
async fn what_was_planted_is_found_in_blocks_and_in_memory() {
    let loaded = Loaded::empty();
    loaded.send_json(Signal::Traces, &planted());
    let body = json!({ "q": "service:pay", "selection": { "duration_min": "500ms" }, "values": 3 });
    let in_memory = deltas(&loaded, &body).await;
    assert_eq!(in_memory["selection"], json!({ "records": 200, "looked_at": 200, "sampled": false }));
    assert_eq!(in_memory["baseline"], json!({ "records": 1800, "looked_at": 1800, "sampled": false }));
    let mut first = names(&in_memory);
    first.truncate(3);
    first.sort_unstable();
    assert_eq!(first, ["duration_ns", "http.response.status_code", "tenant"]);
    assert!(!names(&in_memory).contains(&"request.id"), "values that are never the same tell nothing");
    assert!(!names(&in_memory).contains(&"resource.deploy.version"), "it is the same on both sides");
    let tenant = in_memory["attributes"].as_array().and_then(|all| all.iter().find(|one| one["attribute"] == "tenant")).expect("ranked");
    assert_eq!((&tenant["values"][0]["value"], &tenant["values"][0]["selection_share"]), (&json!("acme"), &json!(1.0)));
    assert!(tenant["values"][0]["lift"].as_f64() > Some(100.0), "{tenant}");
    loaded.store.flush().expect("a working disk");
    let in_blocks = deltas(&loaded, &body).await;
    assert_eq!(in_blocks["attributes"], in_memory["attributes"]);
}

#[tokio::test]
async fn two_searches_and_boxes_in_time() {
    let loaded = Loaded::empty();
    loaded.send_json(Signal::Traces, &planted());
    let versions = json!({
        "selection": { "q": "resource.deploy.version:2.3.1" }, "baseline": { "q": "resource.deploy.version:2.3.0" }, "limit": 1
    });
    let answer = deltas(&loaded, &versions).await;
    assert_eq!((names(&answer), &answer["baseline"]["records"]), (vec!["resource.deploy.version"], &json!(1000)));
    // The first second is all of one version.
    let in_time = json!({ "selection": { "end": "1790000001000000000" }, "limit": 1 });
    let answer = deltas(&loaded, &in_time).await;
    assert_eq!((names(&answer), &answer["selection"]["records"]), (vec!["resource.deploy.version"], &json!(1000)));
    let nothing = deltas(&loaded, &json!({ "selection": { "q": "service:web" } })).await;
    assert_eq!(nothing["attributes"], json!([]));
    assert!(nothing["meta"]["warnings"][0].as_str().is_some_and(|warning| warning.contains("selection")), "{nothing}");
}

#[tokio::test]
async fn a_sample_is_the_same_each_time_and_tells_the_same() {
    let loaded = Loaded::empty();
    loaded.send_json(Signal::Traces, &planted());
    let body = json!({ "selection": { "duration_min": 500_000_000 }, "sample": 300, "values": 1, "limit": 3 });
    let answer = deltas(&loaded, &body).await;
    assert_eq!((&answer["selection"]["sampled"], &answer["baseline"]["sampled"]), (&json!(false), &json!(true)));
    let looked_at = answer["baseline"]["looked_at"].as_u64().expect("a number");
    assert!((200..400).contains(&looked_at), "{looked_at}");
    assert!(names(&answer).contains(&"tenant"), "{answer}");
    loaded.store.flush().expect("a working disk");
    let again = deltas(&loaded, &body).await;
    assert_eq!((&again["attributes"], &again["baseline"]), (&answer["attributes"], &answer["baseline"]));
}

#[tokio::test]
async fn mistakes_are_named() {
    let loaded = Loaded::empty();
    let check = async |body: Value, param: &str, column: Option<u64>| {
        let (status, answer) = loaded.post("/api/v1/deltas", &body, "application/json").await;
        let problem: Value = serde_json::from_slice(&answer).expect("a problem");
        assert_eq!((status, &problem["errors"][0]["param"]), (StatusCode::BAD_REQUEST, &json!(param)), "{body}\n{problem}");
        assert_eq!(problem["errors"][0]["column"].as_u64(), column, "{problem}");
    };
    check(json!({}), "selection", None).await;
    check(json!({ "selection": { "q": "service:" } }), "selection.q", Some(1)).await;
    check(json!({ "selection": { "q": "a" }, "baseline": { "q": "{a} > {b}" } }), "baseline", Some(2)).await;
    check(json!({ "table": "logs", "selection": { "q": "x" }, "range": "yesterday" }), "range", None).await;
    check(json!({ "q": "service:", "selection": { "q": "a" } }), "q", Some(1)).await;
    check(json!({ "q": "duration>soon", "selection": { "q": "a" } }), "q", Some(1)).await;
    check(json!({ "table": "logs", "q": "{a} > {b}", "selection": { "q": "a" } }), "q", Some(2)).await;
    check(json!({ "q": "a", "selection": { "q": "duration>soon" } }), "selection", Some(1)).await;
}

/// The demo's only errors are of one kind of call.
#[tokio::test]
async fn errors_of_a_capture() {
    let loaded = Loaded::otel_demo();
    let answer = deltas(&loaded, &json!({ "selection": { "q": "status:error" } })).await;
    assert_eq!(answer["selection"]["records"], testkit::captures::otel_demo().errors);
    let status = answer["attributes"].as_array().and_then(|all| all.iter().find(|one| one["attribute"] == "status_code"));
    assert!(status.is_some_and(|status| status["score"].as_f64() > Some(0.8)), "{answer}");
    assert!(answer["attributes"].as_array().is_some_and(|all| all.iter().all(|one| one["score"].as_f64() <= Some(1.0))));
    assert!(answer["attributes_compared"].as_u64() > Some(50), "{}", answer["attributes_compared"]);
}

/// Faults were injected into it; logs are told apart by what their spans and pods are.
#[tokio::test]
async fn logs_of_a_capture() {
    let Some(requests) = testkit::captures::requests("train-ticket/logs.otlp.zst") else { return };
    let loaded = Loaded::empty();
    requests.into_iter().take(60).for_each(|body| loaded.send(Signal::Logs, body));
    loaded.store.flush().expect("a working disk");
    let service = loaded.sql("SELECT service_name, count(*) FROM logs GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1").await;
    let (service, records) = (service["rows"][0][0].as_str().expect("a name"), &service["rows"][0][1]);
    let answer = deltas(&loaded, &json!({ "table": "logs", "selection": { "q": format!("service:\"{service}\"") } })).await;
    assert_eq!(&answer["selection"]["records"], records);
    assert!(names(&answer).contains(&"resource.service.name"), "{answer}");
}
