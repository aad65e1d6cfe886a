//! Traces that have a span which is found, in a line each.

use schemas::Signal;
use serde_json::{Value, json};

use super::ask;
use crate::loaded::Loaded;

fn ids(answer: &Value) -> Vec<String> {
    answer["traces"].as_array().expect("traces").iter().map(|trace| trace["trace_id"].to_string()).collect()
}

#[tokio::test]
async fn traces_are_found_and_ordered_as_in_sql() {
    let loaded = Loaded::otel_demo();
    let end = "max(CAST(start_time AS BIGINT) + duration_ns) - min(CAST(start_time AS BIGINT))";
    let errors = "sum(CASE WHEN status_code = 2 THEN 1 ELSE 0 END)";
    let found = "max(CASE WHEN service_name = 'cart' THEN start_time END)";
    for (sort, by) in [("newest", found), ("slowest", end), ("errors", errors), ("spans", "count(*)")] {
        let answer = ask(&loaded, "traces", &[("q", "service:cart"), ("sort", sort), ("limit", "15")]).await;
        let query = format!("SELECT trace_id FROM spans GROUP BY 1 HAVING {found} IS NOT NULL ORDER BY {by} DESC, trace_id LIMIT 15");
        assert_eq!(ids(&answer), loaded.rows(&query).await, "{sort}");
    }
    let answer = ask(&loaded, "traces", &[("q", "service:cart"), ("sort", "slowest"), ("limit", "1")]).await;
    let trace = &answer["traces"][0];
    let of_trace = format!("FROM spans WHERE trace_id = {}", trace["trace_id"].to_string().replace('"', "'"));
    let check = async |members: &[&str], columns: &str| {
        let line: Vec<String> = members.iter().map(|name| trace[*name].to_string()).collect();
        assert_eq!([line.join(", ")], loaded.rows(&format!("SELECT {columns} {of_trace}")).await.as_slice(), "{members:?}");
    };
    let of_cart = "sum(CASE WHEN service_name = 'cart' THEN 1 ELSE 0 END)";
    check(&["spans", "errors", "matching_spans"], &format!("count(*), {errors}, {of_cart}")).await;
    check(&["start_time"], "min(start_time)").await;
    check(&["duration_ns"], end).await;
}

/// A trace of two services whose root comes last, and one span without its parent.
fn two_traces() -> Value {
    let span = |trace: u8, id: u8, parent: Option<u8>, name: &str, start: u64, length: u64, status: i32| {
        let mut span = json!({
            "traceId": format!("{trace:032x}"),
            "spanId": format!("{id:016x}"),
            "name": name,
            "kind": 2,
            "startTimeUnixNano": (1_790_000_000_000_000_000 + start).to_string(),
            "endTimeUnixNano": (1_790_000_000_000_000_000 + start + length).to_string(),
            "status": { "code": status },
        });
        parent.into_iter().for_each(|parent| span["parentSpanId"] = json!(format!("{parent:016x}")));
        span
    };
    let service = |name: &str, spans: Vec<Value>| json!({ "resource": { "attributes": [{ "key": "service.name", "value": { "stringValue": name } }] }, "scopeSpans": [{ "spans": spans }] });
    json!({ "resourceSpans": [
        service("pay", vec![span(1, 2, Some(1), "charge", 20, 50, 2), span(1, 3, Some(2), "card", 30, 10, 0)]),
        service("web", vec![span(1, 1, None, "GET /checkout", 0, 100, 0), span(2, 9, Some(8), "lost", 500, 7, 0)]),
    ] })
}

#[tokio::test]
async fn a_summary_says_what_a_trace_is() {
    let loaded = Loaded::empty();
    loaded.send_json(Signal::Traces, &two_traces());
    let answer = ask(&loaded, "traces", &[("q", "service:pay OR name:lost")]).await;
    let expected = json!([
        {
            "trace_id": "00000000000000000000000000000002",
            "root_service": null,
            "root_name": null,
            "start_time": "2026-09-21T14:13:20.000000500Z",
            "duration_ns": 7,
            "spans": 1,
            "errors": 0,
            "matching_spans": 1,
            "services": [{ "name": "web", "spans": 1, "errors": 0 }],
            "codes": [],
        },
        {
            "trace_id": "00000000000000000000000000000001",
            "root_service": "web",
            "root_name": "GET /checkout",
            "start_time": "2026-09-21T14:13:20.000000000Z",
            "duration_ns": 100,
            "spans": 3,
            "errors": 1,
            "matching_spans": 2,
            "services": [{ "name": "pay", "spans": 2, "errors": 1 }, { "name": "web", "spans": 1, "errors": 0 }],
            "codes": [],
        },
    ]);
    assert_eq!(answer["traces"], expected);
    assert_eq!(ids(&ask(&loaded, "traces", &[("q", "nothing")]).await), Vec::<String>::new());
}

#[tokio::test]
async fn spans_below_spans() {
    let loaded = Loaded::empty();
    loaded.send_json(Signal::Traces, &two_traces());
    let check = async |search: &str, expected: &[&str]| {
        let answer = ask(&loaded, "spans", &[("q", search), ("sort", "oldest")]).await;
        let names: Vec<&str> = answer["spans"].as_array().expect("spans").iter().filter_map(|span| span["name"].as_str()).collect();
        assert_eq!(names, expected, "{search}");
    };
    check("{service:web} > {has:name}", &["charge"]).await;
    check("{service:web} >> {has:name}", &["charge", "card"]).await;
    check("{service:web} >> {name:card} AND trace.spans:3", &["card"]).await;
    check("{service:web} > {status:error} > {has:name}", &["card"]).await;
    check("{service:web} >> {has:name} >> {has:name}", &["card"]).await;
    check("{service:pay} >> {service:web}", &[]).await;
    check("trace.root.name:GET*", &["GET /checkout", "charge", "card"]).await;
    check("-trace.root.name:GET*", &["lost"]).await;
    check("trace.duration:100ns trace.start<2026-09-21T14:13:21Z", &["GET /checkout", "charge", "card"]).await;
}
