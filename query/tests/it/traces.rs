//! The routes of one trace, over a store: columns and pages, one span, analysis, comparison, and what is refused.

use http::StatusCode;
use schemas::{
    Signal, columns,
    otlp::{DecodeLimits, json::to_protobuf},
};
use serde_json::{Value, json};

use crate::{loaded::Loaded, real_traces::traces};

const TRACE: &str = "4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b";
const OTHER: &str = "5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c";
const MS: u64 = 1_000_000;
const T0: u64 = 1_700_000_000_000_000_000;

/// A span of service `service` on its own host; times in milliseconds since the start of the trace.
fn span(id: u8, parent: u8, name: &str, kind: i32, from: u64, to: u64) -> Value {
    json!({
        "traceId": TRACE,
        "spanId": format!("{id:016x}"),
        "parentSpanId": if parent == 0 { String::new() } else { format!("{parent:016x}") },
        "name": name,
        "kind": kind,
        "startTimeUnixNano": (T0 + from * MS).to_string(),
        "endTimeUnixNano": (T0 + to * MS).to_string(),
    })
}

fn sent_by(service: &str, spans: &[Value]) -> Value {
    let attribute = |key: &str, value: String| json!({"key": key, "value": {"stringValue": value}});
    json!({
        "resource": {"attributes": [attribute("service.name", service.to_owned()), attribute("host.name", format!("host-of-{service}"))]},
        "scopeSpans": [{"spans": spans}],
    })
}

/// A shop's call to its bank, whose clock is behind, and two lookups, in a block; in memory, the trace `OTHER` without bank and lookups.
fn shop() -> Loaded {
    let loaded = Loaded::empty();
    let mut charge = span(3, 2, "charge", 2, 8, 38);
    charge["attributes"] = json!([{"key": "amount", "value": {"intValue": "42"}}]);
    charge["status"] = json!({"code": 2});
    charge["events"] = json!([{"name": "declined", "timeUnixNano": (T0 + 20 * MS).to_string()}]);
    let order = span(1, 0, "order", 2, 0, 100);
    let pay = span(2, 1, "pay", 3, 10, 50);
    let lookups = [span(4, 1, "lookup", 1, 50, 60), span(5, 1, "lookup", 1, 60, 90)];
    let shop = [&[order.clone(), pay.clone()][..], &lookups[..]].concat();
    let other = |mut span: Value| {
        span["traceId"] = json!(OTHER);
        span
    };
    let faster = [other(order), other(pay)];
    for groups in [vec![sent_by("shop", &shop), sent_by("bank", &[charge])], vec![sent_by("shop", &faster)]] {
        let text = json!({"resourceSpans": groups}).to_string();
        let body = to_protobuf(Signal::Traces, text.as_bytes(), &DecodeLimits::NONE).expect("OTLP JSON");
        loaded.store.flush().expect("a working disk");
        loaded.send(Signal::Traces, body.into());
    }
    loaded
}

async fn get(loaded: &Loaded, path: &str) -> Value {
    let (status, body) = loaded.get(&format!("/api/v1/traces/{path}")).await;
    assert_eq!(status, StatusCode::OK, "{path}: {}", String::from_utf8_lossy(&body));
    let mut answer: Value = serde_json::from_slice(&body).expect("JSON");
    let meta = answer.as_object_mut().and_then(|answer| answer.remove("meta")).expect("an answer says what it cost");
    assert_eq!(meta["partial"], json!([]), "{path}");
    answer
}

#[tokio::test]
async fn a_trace_as_columns() {
    let answer = get(&shop(), &format!("{TRACE}?format=columnar")).await;
    let expected = json!({
        "trace_id": TRACE, "t0_ns": "1700000000000000000", "duration_ns": 100 * MS, "span_count": 5, "truncated": false,
        "services": ["shop", "bank"], "names": ["order", "pay", "charge", "lookup"],
        "spans": {
            "span_ids": "00000000000000010000000000000002000000000000000300000000000000040000000000000005",
            "start_us": [0, 10_000, 8_000, 50_000, 60_000],
            "duration_us": [100_000, 40_000, 30_000, 10_000, 30_000],
            "depth": [0, 1, 2, 1, 1],
            "parent": [-1, 0, 1, 0, 0],
            "service": [0, 0, 1, 0, 0],
            "name": [0, 1, 2, 3, 3],
            "kind": [2, 3, 2, 1, 1],
            "status_code": [0, 0, 2, 0, 0],
            "flags": [0, 0, 3, 0, 0],
        },
        "collapsed": [], "remaining": 0, "next_page_token": null,
    });
    assert_eq!(answer, expected);
}

/// In blocks and in memory, several traces to a row group: the columns have the spans of the tree.
#[tokio::test]
async fn columns_and_tree_of_real_traces_agree() {
    let loaded = Loaded::otel_demo();
    let ids = traces(testkit::captures::otel_demo().name, Some(&[columns::SPAN_ID])).expect("it was found");
    for (id, _) in ids.iter().step_by(29) {
        let tree = get(&loaded, &id.to_string()).await;
        let columnar = get(&loaded, &format!("{id}?format=columnar")).await;
        assert_eq!(tree["span_count"], columnar["span_count"], "{id}");
        let spans = tree["spans"].as_array().expect("a list");
        let text = |span: &Value, key: &str| span[key].as_str().expect("text").to_owned();
        assert_eq!(spans.iter().map(|span| text(span, "span_id")).collect::<String>(), columnar["spans"]["span_ids"], "{id}");
        for (place, span) in spans.iter().enumerate() {
            let flags = columnar["spans"]["flags"][place].as_u64().expect("a number");
            let has = |key: &str| span[key].as_array().is_some_and(|list| !list.is_empty());
            let expected =
                [(span["status_code"] == "error", 1), (has("events"), 2), (has("links"), 4), (span["parent_missing"] == true, 8)];
            assert_eq!(flags, expected.iter().filter(|(holds, _)| *holds).map(|(_, flag)| flag).sum::<u64>(), "{span}");
            let number = columnar["spans"]["name"][place].as_u64().expect("a number") as usize;
            assert_eq!(span["name"], columnar["names"][number]);
        }
    }
}

#[tokio::test]
async fn a_trace_page_by_page() {
    let loaded = shop();
    let top = get(&loaded, &format!("{TRACE}?format=columnar&limit=4")).await;
    assert_eq!(top["spans"]["depth"], json!([0, 1, 1, 1]));
    assert_eq!((&top["collapsed"], &top["next_page_token"]), (&json!([[1, 1]]), &Value::Null));
    let below = get(&loaded, &format!("{TRACE}?format=columnar&root=0000000000000002")).await;
    assert_eq!(below["spans"]["span_ids"], "00000000000000020000000000000003");
    assert_eq!(below["spans"]["parent"], json!([-1, 0]));

    let root = format!("{TRACE}?format=columnar&root=0000000000000001&limit=2");
    let mut shown = Vec::new();
    let mut token = String::new();
    loop {
        let page = get(&loaded, &format!("{root}{token}")).await;
        shown.push(page["spans"]["span_ids"].as_str().expect("text")[16..].to_owned());
        let Some(next) = page["next_page_token"].as_str() else { break };
        token = format!("&page_token={next}");
    }
    assert_eq!(shown, ["0000000000000002", "0000000000000004", "0000000000000005"]);
}

#[tokio::test]
async fn a_span_with_all_it_carries() {
    let answer = get(&shop(), &format!("{TRACE}/spans/0000000000000003")).await;
    assert_eq!(answer["trace_id"], TRACE);
    let span = &answer["span"];
    assert_eq!((&span["name"], &span["depth"], &span["parent_missing"]), (&json!("charge"), &json!(2), &json!(false)));
    assert_eq!(span["attributes"], json!({"amount": 42}));
    assert_eq!(span["resource"], json!({"service.name": "bank", "host.name": "host-of-bank"}));
    assert_eq!(span["events"][0]["name"], "declined");
    assert_eq!(span["start_time"], "2023-11-14T22:13:20.008000000Z");
    assert_eq!(answer["namesakes"], json!([]));
}

#[tokio::test]
async fn spans_that_share_an_id_are_all_shown() {
    let loaded = shop();
    let copy = span(2, 1, "pay", 3, 10, 50);
    let shared = span(2, 1, "shared", 2, 12, 40);
    let text = json!({"resourceSpans": [sent_by("shop", &[copy]), sent_by("bank", &[shared])]}).to_string();
    loaded.send(Signal::Traces, to_protobuf(Signal::Traces, text.as_bytes(), &DecodeLimits::NONE).expect("OTLP JSON").into());
    let answer = get(&loaded, &format!("{TRACE}/spans/0000000000000002")).await;
    assert_eq!(answer["span"]["name"], "pay");
    assert_eq!(answer["namesakes"].as_array().map(Vec::len), Some(1));
    assert_eq!(answer["namesakes"][0]["name"], "shared");
}

#[tokio::test]
async fn where_the_time_went() {
    let answer = get(&shop(), &format!("{TRACE}/analysis")).await;
    let ids = |numbers: &[u8]| numbers.iter().map(|number| format!("{number:016x}")).collect::<String>();
    let ms = |numbers: &[i64]| numbers.iter().map(|number| number * MS as i64).collect::<Vec<_>>();
    assert_eq!(answer["root"], json!({"span_id": "0000000000000001", "name": "order", "service_name": "shop"}));
    assert_eq!(answer["t0_ns"], "1700000000000000000");
    let path = json!({
        "span_ids": ids(&[1, 2, 3, 2, 4, 5, 1]),
        "from_ns": ms(&[0, 10, 15, 45, 50, 60, 90]),
        "to_ns": ms(&[10, 15, 45, 50, 60, 90, 100]),
        "left_out_ns": 0,
    });
    assert_eq!(answer["critical_path"], path);
    assert_eq!(answer["skewed_span_count"], 1);
    let spans = json!({"span_ids": ids(&[1, 2, 3, 4, 5]), "self_ns": ms(&[20, 10, 30, 10, 30]), "adjustment_ns": ms(&[0, 0, 7, 0, 0])});
    assert_eq!(answer["spans"], spans);
    assert_eq!(answer["operation_count"], 4);
    let lookup = json!({
        "service_name": "shop", "name": "lookup", "count": 2, "error_count": 0, "total_ns": 40 * MS, "self_ns": 40 * MS, "self_share": 0.4,
        "critical_path_ns": 40 * MS, "min_ns": 10 * MS, "p50_ns": 10 * MS, "p95_ns": 30 * MS, "max_ns": 30 * MS,
    });
    assert_eq!(answer["operations"][0], lookup);

    let below = get(&shop(), &format!("{TRACE}/analysis?root=0000000000000002&limit=2")).await;
    assert_eq!(below["spans"]["span_ids"], ids(&[2, 3]));
    assert_eq!(below["critical_path"], path);
}

#[tokio::test]
async fn what_another_trace_does_differently() {
    let answer = get(&shop(), &format!("{TRACE}/compare/{OTHER}")).await;
    assert_eq!(answer["a"], json!({"trace_id": TRACE, "duration_ns": 100 * MS, "span_count": 5, "error_count": 1}));
    assert_eq!(answer["b"], json!({"trace_id": OTHER, "duration_ns": 100 * MS, "span_count": 2, "error_count": 0}));
    let summary = json!({
        "path_count": 4, "added": 0, "removed": 2, "slower": 0, "faster": 0, "same": 2,
        "added_spans": 0, "removed_spans": 3, "newly_failing": 0, "no_longer_failing": 1,
    });
    assert_eq!(answer["summary"], summary);
    let lookup = json!({
        "parent": 0, "depth": 1, "service_name": "shop", "name": "lookup", "kind": "internal", "verdict": "removed", "status_differs": false,
        "a": {"count": 2, "error_count": 0, "total_ns": 40 * MS, "self_ns": 40 * MS},
        "b": {"count": 0, "error_count": 0, "total_ns": 0, "self_ns": 0},
    });
    assert_eq!(answer["paths"][3], lookup);
    assert_eq!(answer["truncated"], false);
}

#[tokio::test]
async fn mistakes_are_problems_with_a_hint() {
    let loaded = shop();
    let unknown = "00000000000000000000000000000001";
    let cases = [
        (format!("{TRACE}/spans/00000000000000ff"), StatusCode::NOT_FOUND, "span_not_found"),
        (format!("{TRACE}/spans/xyz"), StatusCode::BAD_REQUEST, "invalid_parameter"),
        (format!("{TRACE}/spans/%ff"), StatusCode::BAD_REQUEST, "invalid_parameter"),
        (format!("{TRACE}/spans/0000000000000001?format=tree"), StatusCode::BAD_REQUEST, "invalid_parameter"),
        (format!("{unknown}/spans/0000000000000001"), StatusCode::NOT_FOUND, "trace_not_found"),
        (format!("{unknown}/analysis"), StatusCode::NOT_FOUND, "trace_not_found"),
        ("xyz/analysis".to_owned(), StatusCode::BAD_REQUEST, "invalid_parameter"),
        (format!("{TRACE}/analysis?depth=3"), StatusCode::BAD_REQUEST, "invalid_parameter"),
        (format!("{TRACE}/analysis?root=00000000000000ff"), StatusCode::NOT_FOUND, "span_not_found"),
        (format!("{TRACE}/compare/{unknown}"), StatusCode::NOT_FOUND, "trace_not_found"),
        (format!("{unknown}/compare/{TRACE}"), StatusCode::NOT_FOUND, "trace_not_found"),
        (format!("{TRACE}/compare/xyz"), StatusCode::BAD_REQUEST, "invalid_parameter"),
        (format!("{TRACE}/compare/{OTHER}?x"), StatusCode::BAD_REQUEST, "invalid_parameter"),
        (format!("{TRACE}?format=columnar&limit=1"), StatusCode::BAD_REQUEST, "invalid_parameter"),
        (format!("{TRACE}?format=columnar&limit=200001"), StatusCode::BAD_REQUEST, "invalid_parameter"),
        (format!("{TRACE}?format=columnar&limit=all"), StatusCode::BAD_REQUEST, "invalid_parameter"),
        (format!("{TRACE}?format=columnar&root=1"), StatusCode::BAD_REQUEST, "invalid_parameter"),
        (format!("{TRACE}?format=columnar&page_token=abc"), StatusCode::BAD_REQUEST, "invalid_parameter"),
        (format!("{TRACE}?format=columnar&root=00000000000000ff"), StatusCode::NOT_FOUND, "span_not_found"),
        (format!("{TRACE}?root=0000000000000001"), StatusCode::BAD_REQUEST, "invalid_parameter"),
        (format!("{TRACE}?format=otlp&limit=5"), StatusCode::BAD_REQUEST, "invalid_parameter"),
    ];
    for (path, status, code) in cases {
        let (answered, body) = loaded.get(&format!("/api/v1/traces/{path}")).await;
        let problem: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!((answered, &problem["code"]), (status, &code.into()), "{path}: {problem}");
        let hint = problem["hint"].as_str().or(problem["errors"][0]["hint"].as_str());
        assert!(hint.is_some_and(|hint| !hint.is_empty()), "{path}: {problem}");
    }
}
