//! Walking the pages of a list: every row that was there is shown exactly once, whatever arrives or moves into blocks in between.

use std::collections::BTreeSet;

use axum::body::Body;
use http::{Request, StatusCode};
use schemas::Signal;
use serde_json::{Value, json};

use super::{ask, query};
use crate::loaded::Loaded;

const START_NS: i64 = 1_790_000_000_000_000_000;

/// Spans of `traces` traces, two each. A few traces share each start, so that time alone does not order them.
fn spans(traces: std::ops::Range<u32>) -> Value {
    let span = |trace: u32, number: u32| {
        let start = START_NS + i64::from(trace / 7) * 1_000_000;
        let parent = if number == 1 { String::new() } else { format!("{:016x}", trace * 2 + 1) };
        json!({
            "traceId": format!("{:032x}", u128::from(trace) + 1),
            "spanId": format!("{:016x}", trace * 2 + number),
            "parentSpanId": parent,
            "name": "work",
            "startTimeUnixNano": start.to_string(),
            "endTimeUnixNano": (start + i64::from(trace % 3) * 1000).to_string(),
            "status": {"code": if trace.is_multiple_of(2) { 2 } else { 1 }},
        })
    };
    let all: Vec<Value> = traces.flat_map(|trace| [span(trace, 1), span(trace, 2)]).collect();
    json!({"resourceSpans": [{"scopeSpans": [{"spans": all}]}]})
}

/// Records of one time; some are alike in everything.
fn logs(numbers: std::ops::Range<u32>) -> Value {
    let record = |number: u32| json!({"timeUnixNano": START_NS.to_string(), "body": {"stringValue": format!("line {}", number / 2)}});
    json!({"resourceLogs": [{"scopeLogs": [{"logRecords": numbers.map(record).collect::<Vec<_>>()}]}]})
}

/// Walks all pages of `route`; `between` is done after each. The rows, by `name`.
async fn walk(
    loaded: &Loaded,
    route: &str,
    parameters: &[(&str, &str)],
    name: &dyn Fn(&Value) -> String,
    between: &dyn Fn(usize),
) -> Vec<String> {
    let (mut rows, mut token) = (Vec::new(), None::<String>);
    for page in 0.. {
        let mut asked = parameters.to_vec();
        if let Some(token) = &token {
            asked.push(("page_token", token));
        }
        let answer = ask(loaded, route, &asked).await;
        rows.extend(answer[route].as_array().expect("rows").iter().map(name));
        between(page);
        match answer["next_page_token"].as_str() {
            Some(next) => token = Some(next.to_owned()),
            None => return rows,
        }
        assert!(page < 1000, "{route} {parameters:?} does not end");
    }
    rows
}

fn check(shown: &[String], expected: &BTreeSet<String>, what: &str) {
    let mut left = expected.clone();
    for row in shown {
        assert!(left.remove(row) || !expected.contains(row), "{what}: {row} is shown twice");
    }
    assert!(left.is_empty(), "{what}: {left:?} are never shown");
}

#[tokio::test]
async fn spans_and_traces_are_shown_once_while_others_arrive() {
    let span_id = |span: &Value| span["span_id"].as_str().expect("an id").to_owned();
    let trace_id = |trace: &Value| trace["trace_id"].as_str().expect("an id").to_owned();
    for (route, sort) in
        [("spans", "newest"), ("spans", "oldest"), ("spans", "slowest"), ("traces", "newest"), ("traces", "errors"), ("traces", "slowest")]
    {
        let loaded = Loaded::empty();
        loaded.send_json(Signal::Traces, &spans(0..20));
        loaded.store.flush().expect("a working disk");
        loaded.send_json(Signal::Traces, &spans(20..40));
        let name: &dyn Fn(&Value) -> String = if route == "spans" { &span_id } else { &trace_id };
        let expected: BTreeSet<String> = match route {
            "spans" => (0..40_u32).flat_map(|trace| [1, 2].map(|number| format!("{:016x}", trace * 2 + number))).collect(),
            _ => (1..=40_u32).map(|trace| format!("{trace:032x}")).collect(),
        };
        let between = |page: usize| match page {
            0 => loaded.send_json(Signal::Traces, &spans(100..110)),
            1 => loaded.store.flush().expect("a working disk"),
            _ => {}
        };
        let shown = walk(&loaded, route, &[("sort", sort), ("limit", "7")], name, &between).await;
        check(&shown, &expected, &format!("{route} {sort}"));
    }
}

#[tokio::test]
async fn records_that_are_alike_are_all_shown() {
    let loaded = Loaded::empty();
    loaded.send_json(Signal::Logs, &logs(0..50));
    loaded.send_json(Signal::Logs, &logs(50..100));
    for sort in ["newest", "oldest"] {
        for limit in ["1", "7", "50", "1000"] {
            let body = |record: &Value| record["body"].as_str().expect("a body").to_owned();
            let flush = |page: usize| {
                if page == 2 {
                    loaded.store.flush().expect("a working disk")
                }
            };
            let mut shown = walk(&loaded, "logs", &[("sort", sort), ("limit", limit)], &body, &flush).await;
            shown.sort();
            let mut expected: Vec<String> = (0..100).map(|number| format!("line {}", number / 2)).collect();
            expected.sort();
            assert_eq!(shown, expected, "{sort} {limit}");
        }
    }
}

#[tokio::test]
async fn lines_are_the_same_rows() {
    let loaded = Loaded::empty();
    loaded.send_json(Signal::Traces, &spans(0..20));
    let lines = |path: String, accept: &'static str| {
        let request = Request::get(path).header("host", "127.0.0.1:4319").header("accept", accept).body(Body::empty());
        loaded.send_request(request.expect("a request"))
    };
    let (status, body) = lines("/api/v1/spans?limit=30".to_owned(), "application/x-ndjson").await;
    let text = String::from_utf8(body.to_vec()).expect("text");
    assert_eq!(status, StatusCode::OK, "{text}");
    let mut rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let end = rows.pop().expect("a last line");
    let whole = ask(&loaded, "spans", &[("limit", "30")]).await;
    assert_eq!(Value::from(rows), whole["spans"]);
    assert_eq!(end["meta"]["partial"], json!([]));
    let token = end["next_page_token"].as_str().expect("more");
    let (_, body) = lines(format!("/api/v1/spans?limit=30&page_token={token}"), "application/x-ndjson").await;
    let rest = String::from_utf8_lossy(&body).lines().count();
    assert!(rest == 11, "10 spans and the end, not {rest}");
    let (status, _) = lines("/api/v1/spans?q=service:".to_owned(), "application/x-ndjson").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, _) = lines("/api/v1/spans".to_owned(), "image/png").await;
    assert_eq!(status, StatusCode::NOT_ACCEPTABLE);
}

#[tokio::test]
async fn how_many_there_are_is_said_where_it_costs_nothing() {
    let loaded = Loaded::empty();
    loaded.send_json(Signal::Traces, &spans(0..10));
    loaded.store.flush().expect("a working disk");
    loaded.send_json(Signal::Traces, &spans(10..20));
    let check = async |parameters: &[(&str, &str)], expected: Option<u64>| {
        let answer = ask(&loaded, "spans", parameters).await;
        assert_eq!(answer["total"].as_u64(), expected, "{parameters:?}");
        answer["next_page_token"].as_str().map(str::to_owned)
    };
    check(&[], Some(40)).await;
    let token = check(&[("limit", "3")], Some(40)).await.expect("more");
    check(&[("limit", "3"), ("page_token", &token)], Some(40)).await;
    check(&[("q", "status:error")], Some(20)).await;
    check(&[("q", "status:error"), ("limit", "20")], Some(20)).await;
    let token = check(&[("q", "status:error"), ("limit", "19")], None).await.expect("more");
    check(&[("q", "status:error"), ("limit", "19"), ("page_token", &token)], None).await;
    check(&[("q", "name:nothing")], Some(0)).await;
    check(&[("start", "2001-01-01T00:00:00Z"), ("limit", "3")], None).await;
}

#[tokio::test]
async fn a_token_of_another_question_is_refused() {
    let loaded = Loaded::empty();
    loaded.send_json(Signal::Traces, &spans(0..20));
    let token = ask(&loaded, "spans", &[("q", "name:work"), ("limit", "3")]).await["next_page_token"].as_str().expect("more").to_owned();
    let again = ask(&loaded, "spans", &[("q", "name:work"), ("limit", "5"), ("page_token", &token)]).await;
    assert_eq!(again["spans"].as_array().map(Vec::len), Some(5));
    for (route, parameters) in [
        ("spans", vec![("q", "name:other")]),
        ("spans", vec![("q", "name:work"), ("sort", "oldest")]),
        ("traces", vec![("q", "name:work")]),
    ] {
        let parameters = [parameters, vec![("page_token", token.as_str())]].concat();
        let (status, body) = loaded.get(&format!("/api/v1/{route}?{}", query(&parameters))).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{route} {parameters:?}");
        assert!(String::from_utf8_lossy(&body).contains("another question"), "{body:?}");
    }
}
