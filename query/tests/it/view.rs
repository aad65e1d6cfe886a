//! Batches in, the answer out.

use query::trace::{Trace, build};
use serde_json::{Value, json};

use crate::rows::{Row, TRACE, batch, span};

const CAP: usize = 100_000;

fn view(batches: &[&[Row]]) -> Trace {
    let batches: Vec<_> = batches.iter().map(|rows| batch(rows)).collect();
    build(TRACE, &batches, CAP).expect("batches of the spans table")
}

fn as_json(trace: &Trace) -> Value {
    serde_json::to_value(trace).expect("the view serializes")
}

#[test]
fn a_span_says_everything_in_the_words_of_the_tables() {
    let row = Row {
        status: 2,
        attributes: Some(r#"{"n":1,"d":1.0,"b":{"$bytes":"AA=="},"x":{"$double":"NaN"}}"#),
        resource_attributes: Some(r#"{"cloud.region":"eu"}"#),
        http_method: Some("GET"),
        http_status: Some(503),
        renamed_keys: Some(1),
        ..span(1, 9, 1_700_000_000_000_000_001)
    };
    let answer = as_json(&view(&[&[row]]));
    let expected = json!({
        "trace_id": "4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b",
        "start_time": "2023-11-14T22:13:20.000000001Z",
        "duration_ns": 10,
        "services": ["shop"],
        "root": {"span_id": "0000000000000001", "name": "work", "service_name": "shop"},
        "span_count": 1,
        "truncated": false,
        "spans": [{
            "span_id": "0000000000000001", "parent_span_id": "0000000000000009", "depth": 0, "parent_missing": true,
            "name": "work", "kind": "server", "service_name": "shop",
            "start_time": "2023-11-14T22:13:20.000000001Z", "end_time": "2023-11-14T22:13:20.000000011Z", "duration_ns": 10,
            "status_code": "error", "status_message": null,
            "attributes": {
                "http.method": "GET", "http.response.status_code": 503,
                "n": 1, "d": 1.0, "b": {"$bytes": "AA=="}, "x": {"$double": "NaN"}
            },
            "dropped_attributes_count": 0, "events": [], "dropped_events_count": 0, "links": [], "dropped_links_count": 0,
            "trace_state": null, "flags": 257,
            "resource": {"service.name": "shop", "cloud.region": "eu"},
            "scope": {"name": null, "version": null, "attributes": {}}
        }]
    });
    assert_eq!(answer, expected);
}

#[test]
fn numbers_without_a_name_are_kept() {
    let answer = as_json(&view(&[&[Row { kind: 77, status: -3, ..span(1, 0, 0) }]]));
    assert_eq!(answer["spans"][0]["kind"], 77);
    assert_eq!(answer["spans"][0]["status_code"], -3);
}

/// `expected` has one word per span: dots for the depth, the id, `?` for a missing parent.
fn check(batches: &[&[Row]], expected: &str) {
    let words: Vec<String> = view(batches)
        .spans
        .iter()
        .map(|span| {
            let mark = if span.parent_missing { "?" } else { "" };
            format!("{}{}{mark}", ".".repeat(span.depth as usize), span.span_id.0[7])
        })
        .collect();
    assert_eq!(words.join(" "), expected);
}

#[test]
fn batches_are_one_tree() {
    check(&[&[span(3, 2, 2)], &[span(1, 0, 0), span(2, 1, 1)]], "1 .2 ..3");
    check(&[&[span(2, 7, 1), span(3, 2, 2)], &[span(1, 0, 5)]], "2? .3 1");
    check(&[&[span(1, 2, 0), span(2, 1, 1), span(3, 3, 2)]], "3 1 .2");
}

#[test]
fn copies_are_shown_once_and_namesakes_are_kept() {
    let copy = || Row { received_at_ns: 99, ..span(1, 0, 0) };
    check(&[&[span(1, 0, 0), span(2, 1, 1)], &[copy()]], "1 .2");
    check(&[&[span(1, 0, 0)], &[Row { name: "other", ..span(1, 0, 0) }]], "1 1");
}

#[test]
fn the_cap_keeps_the_earliest_and_says_so() {
    let rows = batch(&[span(1, 0, 0), span(4, 1, 40), span(2, 1, 20), span(3, 1, 30)]);
    let trace = build(TRACE, &[rows], 2).expect("a batch of the spans table");
    assert!(trace.truncated);
    assert_eq!(trace.span_count, 4);
    assert_eq!(trace.spans.iter().map(|span| span.span_id.0[7]).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn root_services_and_duration_sum_up_the_tree() {
    let late = Row { service: Some("bank"), duration_ns: 100, ..span(2, 1, 50) };
    let orphan = Row { service: Some("mail"), ..span(3, 9, -5) };
    let trace = view(&[&[late, span(1, 0, 0), orphan]]);
    assert_eq!(trace.root.map(|root| root.span_id.0[7]), Some(1));
    assert_eq!(trace.services, ["mail", "shop", "bank"]);
    assert_eq!(trace.start_time.0, -5);
    assert_eq!(trace.duration_ns, 155);
}
