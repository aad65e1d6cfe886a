//! Jaeger's and Zipkin's query APIs: requests as Grafana's data sources and Jaeger's UI send them, answers field by field.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::{
    loaded::Loaded,
    made_spans::{Made, START_NS, ask, loaded, made, trace_id},
};

const S: i64 = 1_000_000_000;

/// Ten minutes ago: lists of names reach back from now.
fn start_ns() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos();
    (i64::try_from(now).expect("before 2262") / S - 600) * S
}

/// Ten requests, a second apart: web > order > redis; every fifth fails.
fn shop(start_ns: i64) -> Loaded {
    let request = |nth: u64| {
        let (at, id, failed) = (start_ns - START_NS + nth as i64 * S, |own: u64| nth * 100 + own, nth.is_multiple_of(5));
        let with = |made: Made, name, attributes: &[(&'static str, &'static str)]| Made { name, attributes: attributes.to_vec(), ..made };
        [
            Made { failed, ..with(made(nth, id(1), 0, "web", 2, at, 5_000_000), "GET /buy", &[("http.route", "/buy")]) },
            with(made(nth, id(2), id(1), "web", 3, at + 1_000_000, 3_000_000), "Order", &[("peer.service", "order")]),
            Made { failed, ..with(made(nth, id(3), id(2), "order", 2, at + 1_500_000, 2_000_000 + nth as i64 * 1_000), "Order", &[]) },
            with(made(nth, id(4), id(3), "order", 3, at + 2_000_000, 1_000), "get", &[("db.system.name", "redis")]),
        ]
    };
    loaded(&(1..=10).flat_map(request).collect::<Vec<_>>())
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|name| name.as_str().expect("a name")).collect()
}

fn trace_ids(answer: &Value) -> Vec<u64> {
    let id = |trace: &Value| u64::from_str_radix(trace["traceID"].as_str().expect("an id"), 16).expect("hex");
    answer["data"].as_array().expect("traces").iter().map(id).collect()
}

#[tokio::test]
async fn jaeger_1_names() {
    let shop = shop(start_ns());
    let services = ask(&shop, "/jaeger/api/services").await;
    assert_eq!(services, json!({"data": ["order", "web"], "total": 2, "limit": 0, "offset": 0, "errors": null}));
    let operations = ask(&shop, "/jaeger/api/services/web/operations").await;
    assert_eq!(names(&operations["data"]), ["GET /buy", "Order"]);
    let operations = ask(&shop, "/jaeger/api/operations?service=order&spanKind=").await;
    assert_eq!(operations["data"], json!([{"name": "Order", "spanKind": "server"}, {"name": "get", "spanKind": "client"}]));
    let operations = ask(&shop, "/jaeger/api/operations?service=order&spanKind=client").await;
    assert_eq!(operations["data"], json!([{"name": "get", "spanKind": "client"}]));
    assert_eq!(ask(&shop, "/jaeger/api/services/nobody/operations").await["data"], json!([]));
}

#[tokio::test]
async fn jaeger_1_search() {
    let start = start_ns();
    let shop = shop(start);
    let (from, to) = (start / 1_000, start / 1_000 + 60_000_000);
    let check = async |query: &str, expected: &[u64]| {
        let answer = ask(&shop, &format!("/jaeger/api/traces?{query}&start={from}&end={to}")).await;
        assert_eq!(trace_ids(&answer), expected, "{query}");
        assert_eq!((&answer["errors"], &answer["total"]), (&Value::Null, &json!(expected.len())));
    };
    check("service=order&limit=3", &[10, 9, 8]).await;
    // Grafana: tags are an object of texts.
    check("limit=20&operation=Order&service=order&tags=%7B%22error%22%3A%22true%22%7D", &[10, 5]).await;
    check("service=web&tags=%7B%22http.route%22%3A%22%2Fbuy%22%2C%22span.kind%22%3A%22server%22%7D&limit=1", &[10]).await;
    check("service=web&tags=%7B%22http.route%22%3A%22%2Fsell%22%7D", &[]).await;
    // The UI: empty durations, and a lookback beside the times.
    check("limit=2&lookback=1h&maxDuration&minDuration&service=web", &[10, 9]).await;
    check("service=order&operation=Order&minDuration=2.009ms&maxDuration=2.01ms", &[10, 9]).await;
    check("service=web&tag=error:true", &[10, 5]).await;
    let outside = format!("/jaeger/api/traces?service=web&start={}&end={from}", from - 1_000_000);
    assert_eq!(trace_ids(&ask(&shop, &outside).await), [0; 0]);
    let by_id = ask(&shop, &format!("/jaeger/api/traces?traceID={}&traceID=5&traceID=999", trace_id(2))).await;
    assert_eq!(trace_ids(&by_id), [2, 5]);
}

#[tokio::test]
async fn jaeger_1_trace() {
    let start = start_ns();
    let shop = shop(start);
    let (id, ms) = (trace_id(5), start / 1_000_000);
    let answer = ask(&shop, &format!("/jaeger/api/traces/{id}?start={}&end={}", ms - 1_000, ms + 60_000)).await;
    assert_eq!(answer, ask(&shop, "/jaeger/api/traces/5").await, "short ids are padded");
    let trace = &answer["data"][0];
    assert_eq!((&trace["traceID"], &trace["warnings"]), (&json!(id), &Value::Null));
    let spans = trace["spans"].as_array().expect("spans");
    assert_eq!(spans.len(), 4);
    let span = spans.iter().find(|span| span["spanID"] == json!(format!("{:016x}", 503))).expect("order's span");
    let at_us = start / 1_000 + 5_000_000 + 1_500;
    assert_eq!(
        (&span["operationName"], &span["startTime"], &span["duration"], &span["logs"]),
        (&json!("Order"), &json!(at_us), &json!(2_005), &json!([]))
    );
    assert_eq!(span["references"], json!([{"refType": "CHILD_OF", "traceID": id, "spanID": format!("{:016x}", 502)}]));
    let process = &trace["processes"][span["processID"].as_str().expect("a process")];
    assert_eq!(process["serviceName"], "order");
    let tag = |key: &str| span["tags"].as_array().expect("tags").iter().find(|tag| tag["key"] == key).cloned();
    assert_eq!(tag("error"), Some(json!({"key": "error", "type": "bool", "value": true})));
    assert_eq!(tag("span.kind"), Some(json!({"key": "span.kind", "type": "string", "value": "server"})));
}

#[tokio::test]
async fn jaeger_1_dependencies() {
    let start = start_ns();
    let shop = shop(start);
    let answer = ask(&shop, &format!("/jaeger/api/dependencies?endTs={}&lookback=3600000", start / 1_000_000 + 60_000)).await;
    assert_eq!(answer["data"], json!([{"parent": "web", "child": "order", "callCount": 10}]));
    assert_eq!(answer["errors"], Value::Null);
}

#[tokio::test]
async fn jaeger_1_says_what_is_wrong() {
    let shop = Loaded::empty();
    let check = async |path: &str, status: u16, message: &str| {
        let (found, body) = shop.get(&format!("/jaeger{path}")).await;
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!((found.as_u16(), &body["data"], &body["errors"][0]["code"]), (status, &Value::Null, &json!(status)), "{path}");
        let said = body["errors"][0]["msg"].as_str().expect("a message");
        assert!(said.contains(message), "{path}: {said}");
    };
    check("/api/traces/4bf92f3577b34da6a3ce929d0e0e4736", 404, "trace not found").await;
    check("/api/traces/xyz", 400, "is not a trace id").await;
    check("/api/traces", 400, "parameter 'service' is required").await;
    check("/api/traces?service=a&tags=x", 400, "malformed 'tags' parameter").await;
    check("/api/traces?service=a&minDuration=5", 400, "is not a duration").await;
    check("/api/traces?service=a&minDuration=5s&maxDuration=1s", 400, "should be greater than").await;
    check("/api/traces?service=a&start=noon", 400, "is not a time").await;
    check("/api/operations", 400, "parameter 'service' is required").await;
}

#[tokio::test]
async fn jaeger_3() {
    let start = start_ns();
    let shop = shop(start);
    assert_eq!(ask(&shop, "/jaeger/api/v3/services").await, json!({"services": ["order", "web"]}));
    for kind in ["spanKind", "span_kind"] {
        let operations = ask(&shop, &format!("/jaeger/api/v3/operations?service=order&{kind}=server")).await;
        assert_eq!(operations, json!({"operations": [{"name": "Order", "spanKind": "server"}]}));
    }
    let id = trace_id(5);
    // Grafana does not encode times: the plus arrives as a space.
    let one = ask(&shop, &format!("/jaeger/api/v3/traces/{id}?start_time=2026-01-01T00:00:00+00:00&end_time=2100-01-01T00:00:00Z")).await;
    let spans = |answer: &Value| -> usize {
        let groups = answer["result"]["resourceSpans"].as_array().expect("OTLP").iter();
        groups
            .flat_map(|group| group["scopeSpans"].as_array().expect("scopes"))
            .map(|scope| scope["spans"].as_array().expect("spans").len())
            .sum()
    };
    assert_eq!(spans(&one), 4);

    let moment = |ns: i64| jiff::Timestamp::from_nanosecond(ns.into()).expect("a time").to_string();
    let (least, most) = (moment(start), moment(start + 60 * S));
    for (service, min, max) in [
        ("query.serviceName", "query.startTimeMin", "query.startTimeMax"),
        ("query.service_name", "query.start_time_min", "query.start_time_max"),
    ] {
        let found = ask(&shop, &format!("/jaeger/api/v3/traces?{service}=order&{min}={least}&{max}={most}&query.searchDepth=3")).await;
        assert_eq!(spans(&found), 12, "{service}");
    }
    let attributes = "query.attributes=%7B%22error%22%3A%22true%22%7D&query.num_traces=1";
    let times = format!("query.startTimeMin={least}&query.startTimeMax={most}");
    let summaries = ask(&shop, &format!("/jaeger/api/v3/trace-summaries?query.serviceName=order&{times}&{attributes}")).await;
    assert_eq!(
        summaries,
        json!({"summaries": [{
            "traceId": trace_id(10), "rootServiceName": "web", "rootOperationName": "GET /buy",
            "minStartTimeUnixNano": (start + 10 * S).to_string(), "maxEndTimeUnixNano": (start + 10 * S + 5_000_000).to_string(),
            "spanCount": 4, "errorSpanCount": 2, "orphanSpanCount": 0,
            "services": [
                {"name": "order", "spanCount": 2, "errorSpanCount": 1},
                {"name": "web", "spanCount": 2, "errorSpanCount": 1},
            ],
        }]})
    );
    let dependencies = ask(&shop, &format!("/jaeger/api/v3/dependencies?startTime={least}&endTime={most}")).await;
    assert_eq!(dependencies, json!({"dependencies": [{"parent": "web", "child": "order", "callCount": "10"}]}));

    let check = async |path: &str, status: u16, message: &str| {
        let (found, body) = shop.get(&format!("/jaeger/api/v3{path}")).await;
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!((found.as_u16(), &body["error"]["httpCode"]), (status, &json!(status)), "{path}");
        assert!(body["error"]["message"].as_str().expect("a message").contains(message), "{path}: {body}");
    };
    check(&format!("/traces/{}", trace_id(999)), 404, "trace not found").await;
    check("/traces?query.serviceName=order", 400, "query.startTimeMin is required").await;
    check(&format!("/traces?query.serviceName=nobody&{times}"), 404, "trace not found").await;
    check(&format!("/traces?query.filter=%7B%7D&{times}"), 400, "the filter is no call of an operator: missing field `op`").await;
    check(&format!("/traces?query.filter=%7B%7D&query.serviceName=order&{times}"), 400, "query.filter stands alone").await;

    let found = async |filter: &str| {
        let encoded: String = filter.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let (_, body) = shop.get(&format!("/jaeger/api/v3/trace-summaries?query.filter={encoded}&{times}&query.searchDepth=100")).await;
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        let summaries = body["summaries"].as_array().unwrap_or_else(|| panic!("{filter}: {body}"));
        summaries.iter().map(|summary| summary["traceId"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    let eq = |level: &str, name: &str, value: &str| {
        format!(r#"{{"op":"eq","args":[{{"field":{{"name":"{name}","level":"{level}"}}}},{{"scalar":{{"value":"{value}"}}}}]}}"#)
    };
    let failed = found(&eq("span", "status", "error")).await;
    assert!(failed.contains(&trace_id(10).to_string()) && failed.len() < 10, "{failed:?}");
    assert_eq!(found(&eq("resource", "service", "nobody")).await, Vec::<String>::new());
    assert_eq!(found(&eq("resource", "service", "order")).await.len(), 10);
    assert_eq!(found(&eq("span", "traceID", &trace_id(5).to_string())).await, [trace_id(5).to_string()]);
    let both = format!(
        r#"{{"op":"and","args":[{{"call":{}}},{{"call":{}}}]}}"#,
        eq("span", "status", "error"),
        eq("resource", "service", "order")
    );
    assert_eq!(found(&both).await, failed);
    let none = format!(
        r#"{{"op":"and","args":[{{"call":{{"op":"not","args":[{{"call":{}}}]}}}},{{"call":{}}}]}}"#,
        eq("span", "name", "Order"),
        eq("span", "kind", "server")
    );
    assert_eq!(found(&none).await.len(), 10, "servers of other names");
    let slow = r#"{"op":"gte","args":[{"field":{"name":"duration","level":"span"}},{"scalar":{"value":"1h"}}]}"#;
    assert_eq!(found(slow).await, Vec::<String>::new());
}

#[tokio::test]
async fn zipkin_2() {
    let start = start_ns();
    let shop = shop(start);
    let ms = start / 1_000_000;
    assert_eq!(ask(&shop, "/zipkin/api/v2/services").await, json!(["order", "web"]));
    assert_eq!(ask(&shop, "/zipkin/api/v2/spans?serviceName=web").await, json!(["GET /buy", "Order"]));
    assert_eq!(ask(&shop, "/zipkin/api/v2/remoteServices?serviceName=web").await, json!(["order"]));
    let found = async |query: &str| -> Vec<u64> {
        let traces = ask(&shop, &format!("/zipkin/api/v2/traces?{query}&endTs={}&lookback=900000", ms + 60_000)).await;
        let id = |trace: &Value| u64::from_str_radix(trace[0]["traceId"].as_str().expect("an id"), 16).expect("hex");
        traces.as_array().expect("traces").iter().map(id).collect()
    };
    assert_eq!(found("serviceName=order&limit=2").await, [10, 9]);
    assert_eq!(found("serviceName=order&spanName=Order&annotationQuery=error").await, [10, 5]);
    assert_eq!(found("serviceName=web&annotationQuery=error%20and%20http.route%3D%2Fbuy&limit=1").await, [10]);
    assert_eq!(found("serviceName=order&spanName=Order&minDuration=2009&maxDuration=2010").await, [10, 9]);
    assert_eq!(found("serviceName=web&remoteServiceName=order&limit=1").await, [10]);

    let trace = ask(&shop, "/zipkin/api/v2/trace/5").await;
    let spans = trace.as_array().expect("spans");
    let span = spans.iter().find(|span| span["id"] == json!(format!("{:016x}", 503))).expect("order's span");
    assert_eq!(
        (&span["traceId"], &span["parentId"], &span["name"], &span["kind"], &span["timestamp"], &span["duration"]),
        (
            &json!(trace_id(5)),
            &json!(format!("{:016x}", 502)),
            &json!("Order"),
            &json!("SERVER"),
            &json!(start / 1_000 + 5_001_500),
            &json!(2_005)
        )
    );
    assert_eq!((&span["localEndpoint"]["serviceName"], span["tags"].get("error").is_some()), (&json!("order"), true));
    let many = ask(&shop, &format!("/zipkin/api/v2/traceMany?traceIds={},7,999", trace_id(2))).await;
    assert_eq!(many.as_array().expect("traces").iter().map(|trace| trace.as_array().expect("spans").len()).collect::<Vec<_>>(), [4, 4]);

    let links = ask(&shop, &format!("/zipkin/api/v2/dependencies?endTs={}&lookback=900000", ms + 60_000)).await;
    let links = links.as_array().expect("links");
    let link = links.iter().find(|link| link["child"] == "order").expect("web > order");
    assert_eq!(*link, json!({"parent": "web", "child": "order", "callCount": 10, "errorCount": 2}));
    assert!(names(&ask(&shop, "/zipkin/api/v2/autocompleteKeys").await).contains(&"http.route"));
    assert_eq!(ask(&shop, "/zipkin/api/v2/autocompleteValues?key=http.route").await, json!(["/buy"]));
    assert_eq!(ask(&shop, "/zipkin/api/v2/autocompleteValues?key=x;y").await, json!([]));

    let check = async |path: &str, status: u16| assert_eq!(shop.get(&format!("/zipkin/api/v2{path}")).await.0, status, "{path}");
    check("/trace/999", 404).await;
    check("/trace/xyz", 400).await;
    check("/traceMany", 400).await;
    check("/spans", 400).await;
    check("/traces?limit=x", 400).await;
}

#[tokio::test]
async fn jaeger_monitor() {
    let start = start_ns();
    let shop = shop(start);
    let end_ms = start / 1_000_000 + 120_000;
    let asked = format!("endTs={end_ms}&lookback=60000&step=60000&ratePer=600000");
    assert_eq!(ask(&shop, "/jaeger/api/metrics/minstep").await["data"], 60_000);
    let calls = ask(&shop, &format!("/jaeger/api/metrics/calls?service=web&service=order&spanKind=SPAN_KIND_SERVER&{asked}")).await;
    assert_eq!((&calls["name"], &calls["type"]), (&json!("service_call_rate"), &json!("GAUGE")));
    let labels: Vec<&Value> = calls["metrics"].as_array().expect("metrics").iter().map(|metric| &metric["labels"]).collect();
    assert_eq!(labels, [&json!([{"name": "service_name", "value": "web"}]), &json!([{"name": "service_name", "value": "order"}])]);
    let value = |metric: &Value| {
        let points = metric["metricPoints"].as_array().expect("points");
        points.last().and_then(|point| point["gaugeValue"]["doubleValue"].as_f64()).expect("a number")
    };
    assert_eq!(calls["metrics"].as_array().expect("metrics").iter().map(value).collect::<Vec<_>>(), [10.0 / 600.0, 10.0 / 600.0]);
    let by_operation = format!("service=web&groupByOperation=true&{asked}");
    let errors = ask(&shop, &format!("/jaeger/api/metrics/errors?{by_operation}&spanKind=server&spanKind=client")).await;
    let operation = |metric: &Value| metric["labels"][0]["value"].as_str().expect("a name").to_owned();
    let told: Vec<_> = errors["metrics"].as_array().expect("metrics").iter().map(|metric| (operation(metric), value(metric))).collect();
    assert_eq!(told, [("GET /buy".to_owned(), 0.2), ("Order".to_owned(), 0.0)]);
    let latencies = ask(&shop, &format!("/jaeger/api/metrics/latencies?quantile=0.95&{by_operation}&spanKind=server")).await;
    assert_eq!(latencies["name"], "service_operation_latencies");
    let shown = value(&latencies["metrics"][0]);
    assert!((shown - 5.0).abs() < 0.25, "{shown} ms");
    let (status, body) = shop.get("/jaeger/api/metrics/latencies?service=web").await;
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!((status.as_u16(), &body["errors"][0]["code"]), (400, &json!(400)));
}
