//! The query APIs of Jaeger and Zipkin at ports of their own.

use serde_json::{Value, json};

use crate::{http::Http, process::Server};

#[test]
fn they_answer_without_a_prefix_and_nothing_else() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Server::start_with(&dir, "[api]\njaeger_listen = \"127.0.0.1:0\"\nzipkin_listen = \"127.0.0.1:0\"\n");
    let mut api = Http::connect(&server.api);
    let status = api.json("/api/v1/status");
    let url = |name: &str| {
        let doors = status["listening"].as_array().expect("a list");
        doors.iter().find(|door| door["name"] == name).and_then(|door| door["url"].as_str()).expect("it is listed").to_owned()
    };
    let span = json!({ "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "charge", "kind": 2,
        "startTimeUnixNano": now_ns().to_string(), "endTimeUnixNano": (now_ns() + 1000).to_string() });
    let resource = json!({ "attributes": [{ "key": "service.name", "value": { "stringValue": "pay" } }] });
    let sent = json!({ "resourceSpans": [{ "resource": resource, "scopeSpans": [{ "spans": [span] }] }] });
    assert_eq!(Http::connect(&server.otlp_http).post("/v1/traces", &sent).0, 200);
    let (mut jaeger, mut zipkin) = (Http::connect(&url("jaeger")), Http::connect(&url("zipkin")));
    for path in ["/api/services", "/api/v3/services", "/api/traces/5b8efff798038103d269b633813fc60c"] {
        assert_eq!(jaeger.json(path), api.json(&format!("/jaeger{path}")), "{path}");
    }
    assert_eq!(zipkin.json("/api/v2/services"), json!(["pay"]));
    for (door, path) in [(&mut jaeger, "/api/v2/services"), (&mut zipkin, "/api/v1/status")] {
        let (status, problem) = door.get(path);
        let problem: Value = serde_json::from_slice(&problem).expect("JSON");
        assert_eq!((status, &problem["code"]), (404, &json!("not_found")), "{path}");
    }
}

fn now_ns() -> u128 {
    std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_nanos()
}
