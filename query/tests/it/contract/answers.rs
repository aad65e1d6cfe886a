//! One answer of every endpoint: as the document describes it, and as it was before.

use std::collections::BTreeSet;

use http::{Method, StatusCode};
use serde_json::Value;

use crate::breakers::WINDOW;

use super::{
    checked_in,
    document::{document, operations},
    sample::{OTHER, SPAN, TRACE, request, store},
    schema::Schemas,
};

/// Has all points of the sample's metrics.
const METRICS: &str = "start=2026-09-21T14:13:00Z&end=2026-09-21T14:20:00Z";

/// A span of a call that gobreaker refused.
const REFUSED: &str = r#"{"otlp": {"resourceSpans": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "order"}}]}, "scopeSpans": [{"spans": [{"traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "charge", "kind": 3, "startTimeUnixNano": "1544712660000000000", "endTimeUnixNano": "1544712661000000000", "status": {"code": 2, "message": "circuit breaker is open"}}]}]}]}}"#;

struct Case {
    /// Of the file.
    name: &'static str,
    /// As the document writes it.
    route: &'static str,
    path: String,
    method: Method,
    /// Of a POST or PUT.
    body: Option<&'static str>,
    status: StatusCode,
}

/// `line`: the id of a log record.
fn cases(line: &str, breaker: &str, limit: &str) -> Vec<Case> {
    let of = |name, route, path: &str, status| Case { name, route, path: path.to_owned(), method: Method::GET, body: None, status };
    let get = |name, route: &'static str, query: &str| {
        let path = route.replace("{trace_id}", TRACE).replace("{span_id}", SPAN).replace("{other_id}", OTHER) + query;
        of(name, route, &path, StatusCode::OK)
    };
    let governed = |name, route: &'static str, query: &str| {
        let path = route.replace("{id}", breaker).replace("{rule}", limit).replace("{t}", "2026-09-21T14:13:21Z") + query;
        of(name, route, &path, StatusCode::OK)
    };
    let window = format!("?{WINDOW}");
    let of_pay = |name, route: &'static str| of(name, route, &(route.replace("{service}", "pay") + &window), StatusCode::OK);
    let post = |name, route: &'static str, body, status| Case { method: Method::POST, body: Some(body), ..of(name, route, route, status) };
    let put = |name, body, status| Case {
        method: Method::PUT,
        body: Some(body),
        ..of(name, "/api/v1/settings/rules", "/api/v1/settings/rules", status)
    };
    let sql = |name, body, status| post(name, "/api/v1/sql", body, status);
    let admin = |name, route| post(name, route, "{}", StatusCode::OK);
    let coded = |name, route: &'static str, query: &str| of(name, route, &(route.replace("{code}", "5001003") + query), StatusCode::OK);
    vec![
        get("status", "/api/v1/status", ""),
        get("status_ingest", "/api/v1/status/ingest", ""),
        get("readyz", "/readyz", ""),
        get("config", "/api/v1/config", ""),
        get("rules", "/api/v1/settings/rules", ""),
        put(
            "rules_changed",
            r#"{"overlay": "[[rule]]\nid = \"breaker.gauge\"\nabout = \"Our gauge.\"\non = [\"gauge\"]\nmetric = [\"shop_breaker_state\"]\nsignal = { kind = \"gauge\", encoding = \"gobreaker\" }\n", "dry_run": true}"#,
            StatusCode::OK,
        ),
        put("problem_rules", r#"{"overlay": "[[rule]]\nid = 7\n"}"#, StatusCode::BAD_REQUEST),
        get("queries", "/api/v1/queries", ""),
        post("test_trace", "/api/v1/test-traces", "{}", StatusCode::OK),
        get("spans", "/api/v1/spans", "?q=service:pay"),
        get("logs", "/api/v1/logs", "?q=declined"),
        get("traces", "/api/v1/traces", "?q=status:error"),
        get("suggest_field", "/api/v1/search/suggest", "?q=serv"),
        get("suggest_value", "/api/v1/search/suggest", "?q=service:"),
        get("trace_tree", "/api/v1/traces/{trace_id}", ""),
        get("trace_columnar", "/api/v1/traces/{trace_id}", "?format=columnar"),
        get("trace_otlp", "/api/v1/traces/{trace_id}", "?format=otlp"),
        get("span", "/api/v1/traces/{trace_id}/spans/{span_id}", ""),
        get("analysis", "/api/v1/traces/{trace_id}/analysis", ""),
        get("comparison", "/api/v1/traces/{trace_id}/compare/{other_id}", ""),
        get("logs_histogram", "/api/v1/logs/histogram", "?by=severity&start=2026-09-21T14:13:20Z&end=2026-09-21T14:13:21Z&buckets=2"),
        get("spans_histogram", "/api/v1/spans/histogram", "?by=service&start=2026-09-21T14:13:20Z&end=2026-09-21T14:13:22Z&buckets=2"),
        get("logs_fields", "/api/v1/logs/fields", ""),
        get("spans_fields", "/api/v1/spans/fields", "?q=service:pay"),
        of("logs_values", "/api/v1/logs/fields/{field}/values", "/api/v1/logs/fields/severity/values", StatusCode::OK),
        of("spans_values", "/api/v1/spans/fields/{field}/values", "/api/v1/spans/fields/service/values", StatusCode::OK),
        get("logs_context", "/api/v1/logs/context", &format!("?id={line}&before=1&after=1")),
        get("logs_patterns", "/api/v1/logs/patterns", ""),
        get("metric_names", "/api/v1/metrics/names", &format!("?{METRICS}")),
        get("metric_labels", "/api/v1/metrics/labels", &format!("?metric=shop.orders&{METRICS}")),
        of(
            "metric_values",
            "/api/v1/metrics/labels/{label}/values",
            &format!("/api/v1/metrics/labels/http_route/values?{METRICS}"),
            StatusCode::OK,
        ),
        get("metric_query", "/api/v1/metrics/query", "?selector=shop.orders&by=service_name&time=2026-09-21T14:18:00Z"),
        get(
            "metric_query_range",
            "/api/v1/metrics/query_range",
            &format!("?selector=shop.latency&quantile=0.99&exemplars=true&step=2m&{METRICS}"),
        ),
        governed("breakers", "/api/v1/breakers", &window),
        governed("breaker", "/api/v1/breakers/{id}", &window),
        governed("breaker_transitions", "/api/v1/breakers/{id}/transitions", &window),
        governed("breaker_instances", "/api/v1/breakers/{id}/instances", &window),
        governed("breaker_trip", "/api/v1/breakers/{id}/trips/{t}", ""),
        governed("limits", "/api/v1/limits", &window),
        governed("limit_clients", "/api/v1/limits/{rule}/clients", &window),
        get("services", "/api/v1/services", &window),
        of_pay("service", "/api/v1/services/{service}"),
        of_pay("service_operations", "/api/v1/services/{service}/operations"),
        of_pay("service_instances", "/api/v1/services/{service}/instances"),
        get("heatmap", "/api/v1/heatmap", &format!("{window}&service=pay")),
        get("graph", "/api/v1/graph", &format!("{window}&service=pay&depth=2")),
        get("retries", "/api/v1/graph/retries", &window),
        get("blast", "/api/v1/graph/blast", &format!("{window}&target=pay")),
        get("coverage", "/api/v1/governance/coverage", &window),
        get("overview", "/api/v1/overview", &window),
        get("trace_logs", "/api/v1/traces/{trace_id}/logs", ""),
        post("deltas", "/api/v1/deltas", r#"{"q": "service:pay", "selection": {"q": "status:error"}}"#, StatusCode::OK),
        post(
            "error_catalog_import",
            "/api/v1/error-catalog:import",
            r#"{"format": "csv", "text": "code,title,title_zh,class\n5001003,Insufficient stock,库存不足,business\n"}"#,
            StatusCode::OK,
        ),
        Case {
            method: Method::PUT,
            body: Some(r#"{"layouts": [{"id": "order-codes", "pattern": "^(?P<service>\\d)(?P<code>\\d{6})$", "services": ["order"]}]}"#),
            ..of("code_layouts_changed", "/api/v1/settings/code-layouts", "/api/v1/settings/code-layouts", StatusCode::OK)
        },
        coded("code_layouts", "/api/v1/settings/code-layouts", ""),
        post("rules_test", "/api/v1/settings/rules:test", REFUSED, StatusCode::OK),
        post("rules_mistake", "/api/v1/settings/rules:test", r#"{"rules": "[[rule]]\nid = 7\n"}"#, StatusCode::OK),
        post("problem_rules_test", "/api/v1/settings/rules:test", r#"{"otlp": {}}"#, StatusCode::BAD_REQUEST),
        post("code_layouts_test", "/api/v1/settings/code-layouts:test", r#"{"code": "5001003", "service": "order"}"#, StatusCode::OK),
        coded("error_catalog", "/api/v1/error-catalog", ""),
        coded("error_catalog_code", "/api/v1/error-catalog/{code}", ""),
        coded("errors_codes", "/api/v1/errors/codes", &window),
        coded("errors_code", "/api/v1/errors/codes/{code}", &window),
        coded("errors_propagation", "/api/v1/errors/codes/{code}/propagation", &window),
        coded("errors_deltas", "/api/v1/errors/codes/{code}/deltas", &window),
        coded("errors_tree", "/api/v1/errors/tree", &window),
        post("problem_import", "/api/v1/error-catalog:import", r#"{"format": "csv", "text": "code\na,b\n"}"#, StatusCode::BAD_REQUEST),
        sql(
            "sql",
            r#"{"query": "SELECT service_name, count(*) AS spans, max(start_time) AS newest FROM spans WHERE duration_ns > $1 GROUP BY 1 ORDER BY 1", "params": [1]}"#,
            StatusCode::OK,
        ),
        Case {
            path: "/api/v1/admin/reclassify?start=2026-09-21T14:00:00Z&end=2026-09-21T15:00:00Z".to_owned(),
            ..admin("admin_reclassify", "/api/v1/admin/reclassify")
        },
        admin("admin_preview", "/api/v1/admin/retention:preview"),
        admin("admin_retention", "/api/v1/admin/retention"),
        admin("admin_compact", "/api/v1/admin/compact"),
        admin("admin_flush", "/api/v1/admin/flush"),
        sql("problem_sql", r#"{"query": "SELECT servce_name FROM spans"}"#, StatusCode::BAD_REQUEST),
        of("problem_search", "/api/v1/spans", "/api/v1/spans?q=service:", StatusCode::BAD_REQUEST),
        of("problem_trace", "/api/v1/traces/{trace_id}", "/api/v1/traces/00000000000000000000000000000001", StatusCode::NOT_FOUND),
    ]
}

#[tokio::test]
async fn answers_are_as_described_and_as_before() {
    let loaded = store();
    let (_, document) = document(&loaded).await;
    let mut asked: BTreeSet<(Method, &str)> = BTreeSet::from([(Method::GET, "/api/openapi.json")]);
    let (_, logs) = loaded.get("/api/v1/logs?limit=1").await;
    let logs: Value = serde_json::from_slice(&logs).expect("JSON");
    let line = logs["logs"][0]["id"].as_str().expect("log records have ids");
    let first = async |path: &str, list: &str| {
        let (_, body) = loaded.get(&format!("{path}?{WINDOW}")).await;
        let answer: Value = serde_json::from_slice(&body).expect("JSON");
        answer[list][0]["id"].as_str().expect("what is listed has ids").to_owned()
    };
    let (breaker, limit) = (first("/api/v1/breakers", "breakers").await, first("/api/v1/limits", "limits").await);
    for Case { name, route, path, method, body, status } in cases(line, &breaker, &limit) {
        let (answered, bytes) = loaded.send_request(request(&method, &path, body.unwrap_or_default())).await;
        let text = String::from_utf8_lossy(&bytes);
        assert_eq!(answered, status, "{path}: {text}");
        let mut answer: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error} in {text}"));
        let responses = &document["paths"][route][method.as_str().to_lowercase()]["responses"];
        let response = responses.get(status.as_str()).unwrap_or(&responses["default"]);
        let media_type = if status.is_success() { "application/json" } else { "application/problem+json" };
        let mistakes = Schemas(&document).mistakes(&response["content"][media_type]["schema"], &answer, name);
        assert!(mistakes.is_empty(), "{path} is not answered as openapi.json says: {mistakes:#?}");
        settle(&mut answer);
        let text = serde_json::to_string_pretty(&answer).expect("JSON") + "\n";
        checked_in::check(&format!("tests/it/contract/answers/{name}.json"), &text);
        asked.insert((method, route));
    }
    let in_json = |(method, path): &(Method, String)| {
        document["paths"][path][method.as_str().to_lowercase()]["responses"]["200"]["content"]["application/json"].is_object()
    };
    for (method, path) in operations(&document).iter().filter(|operation| in_json(operation)) {
        assert!(asked.contains(&(method.clone(), path.as_str())), "{method} {path} has no case here");
    }
}

/// What differs from run to run, or from machine to machine, becomes 0.
fn settle(answer: &mut Value) {
    const UNSTEADY: [&str; 20] = [
        "id",
        "took_ms",
        "scanned_bytes",
        "uptime_s",
        "cpu_seconds",
        "resident_bytes",
        "threads",
        "memtable_bytes",
        "unflushed_age_ms",
        "wal_bytes",
        "block_bytes",
        "bytes",
        "bytes_max",
        "debt_bytes",
        "flushed_bytes",
        "free_bytes",
        "total_bytes",
        "needed_bytes",
        "received_at",
        "version",
    ];
    match answer {
        Value::Object(members) => {
            for (name, member) in members {
                if UNSTEADY.contains(&name.as_str()) {
                    *member = 0.into();
                } else {
                    settle(member);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(settle),
        _ => {}
    }
}
