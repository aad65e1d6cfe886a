use serde_json::json;

use super::*;
use crate::trace::{
    assemble::{Clock, Row, assemble},
    order::Position,
    paging::page,
    sample::shape,
};

fn check(outline: &str, root: Option<usize>, spans_max: usize, expected: serde_json::Value) {
    let shape = shape(outline);
    let answer = columnar(&shape, &page(&shape, root, None, spans_max));
    assert_eq!(serde_json::to_value(&answer).expect("numbers and strings"), expected, "{outline}");
}

#[test]
fn every_field_is_a_column() {
    let outline = "
        web get server 5000..905999 error
          pay charge client 6999..7001 events
            bank charge server 4000..3000
        ?web lost internal 5000..5000";
    let expected = json!({
        "trace_id": "07070707070707070707070707070707",
        "t0_ns": "4000", "duration_ns": 901_999, "span_count": 4, "truncated": false,
        "services": ["web", "pay", "bank"],
        "names": ["get", "charge", "lost"],
        "spans": {
            "span_ids": "0000000000000001000000000000000200000000000000030000000000000004",
            "start_us": [1, 2, 0, 1],
            "duration_us": [900, 1, -1, 0],
            "depth": [0, 1, 2, 0],
            "parent": [-1, 0, 1, -1],
            "service": [0, 1, 2, 0],
            "name": [0, 1, 1, 2],
            "kind": [2, 3, 2, 1],
            "status_code": [2, 0, 0, 0],
            "flags": [1, 2, 0, 8],
        },
        "collapsed": [], "remaining": 0, "next_page_token": null,
    });
    check(outline, None, 10, expected);
}

#[test]
fn a_page_has_its_own_numbers() {
    let outline = "
        web get server 0..9000
          pay charge client 0..3000
            bank charge server 1000..2000
              bank audit internal 1000..1000
          mail send client 4000..5000
          mail send client 6000..7000";
    let expected = json!({
        "trace_id": "07070707070707070707070707070707",
        "t0_ns": "0", "duration_ns": 9000, "span_count": 6, "truncated": false,
        "services": ["pay", "bank"],
        "names": ["charge"],
        "spans": {
            "span_ids": "00000000000000020000000000000003",
            "start_us": [0, 1], "duration_us": [3, 1], "depth": [1, 2], "parent": [-1, 0], "service": [0, 1],
            "name": [0, 0], "kind": [3, 2], "status_code": [0, 0], "flags": [0, 0],
        },
        "collapsed": [[1, 1]], "remaining": 0, "next_page_token": null,
    });
    check(outline, Some(1), 2, expected);
}

/// `count` spans as a busy shop makes them: 40 services, 300 names, 2 minutes, a few levels, one error in fifty.
fn busy(count: u32) -> TraceShape {
    const NAMES: [&str; 4] = ["GET /api/v1/orders/{id}", "oteldemo.ProductCatalogService/GetProduct", "SELECT shop.orders", "publish"];
    let services: Vec<String> = (0..40).map(|number| format!("shop-service-{number}")).collect();
    let names: Vec<String> = (0..300).map(|number| format!("{} {number}", NAMES[number % NAMES.len()])).collect();
    let mix = |number: u32| u64::from(number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let id = |number: u32| SpanId::from_slice(&mix(number).to_be_bytes()).expect("not 0");
    let position = |number: u32| Position {
        start_ns: 1_700_000_000_000_000_000 + i64::from(number) * 120_000_000_000 / i64::from(count) + (mix(number) % 1000) as i64,
        span_id: id(number),
        batch: 0,
        row: number,
    };
    let mut positions: Vec<Position> = (0..count).map(position).collect();
    positions.sort_unstable();
    let read = |at: &Position| Row {
        parent_span_id: (at.row > 0).then(|| id(at.row.saturating_sub(1 + (mix(at.row) >> 40) as u32 % 20))),
        duration_ns: (mix(at.row) >> 36) as i64,
        service_name: Some(&services[(mix(at.row) >> 20) as usize % services.len()]),
        name: &names[(mix(at.row) >> 30) as usize % names.len()],
        clock: Clock::Unknown,
        kind: 1 + (at.row % 5) as i32,
        status_code: if at.row.is_multiple_of(50) { 2 } else { 0 },
        has_events: at.row.is_multiple_of(7),
        has_links: false,
    };
    assemble(TraceId([7; 16]), positions, usize::MAX >> 1, read)
}

#[test]
fn fifty_thousand_spans_are_less_than_three_megabytes() {
    let shape = busy(50_000);
    let page = page(&shape, None, None, PAGE_SPANS_MAX);
    let text = serde_json::to_vec(&columnar(&shape, &page)).expect("numbers and strings");
    assert_eq!(page.spans.len(), 50_000);
    assert!(shape.spans.iter().map(|span| span.depth).max() > Some(1_000), "the depth column must not be cheap here");
    assert!((2_000_000..3_000_000).contains(&text.len()), "{} bytes", text.len());
}

#[test]
fn a_trace_above_the_page_is_shown_in_part_and_found_in_full() {
    let count = PAGE_SPANS_MAX as u32 + 20_000;
    let shape = busy(count);
    let whole = page(&shape, None, None, PAGE_SPANS_MAX);
    assert_eq!((whole.spans.len(), whole.remaining), (PAGE_SPANS_MAX, 0));
    let hidden: u32 = whole.hidden.iter().map(|(_, hidden)| hidden).sum();
    assert_eq!(hidden, 20_000);
    let mut found = whole.spans.len();
    for (place, hidden) in &whole.hidden {
        let root = whole.spans[*place as usize] as usize;
        let below = page(&shape, Some(root), None, PAGE_SPANS_MAX);
        assert!(below.next.is_none() && below.hidden.is_empty());
        found += *hidden as usize;
        assert_eq!(below.spans.len(), 1 + shape.descendants(root));
    }
    assert_eq!(found, count as usize);
}

#[test]
fn a_million_spans_are_held_in_100_bytes_each() {
    let shape = busy(1_000_000);
    let texts: usize = shape.services.iter().chain(&shape.names).map(String::capacity).sum();
    let bytes = shape.spans.capacity() * size_of::<SpanShape>() + texts;
    assert!(bytes <= 100 * shape.spans.len(), "{bytes} bytes");
    let page = page(&shape, None, None, PAGE_SPANS_MAX);
    assert_eq!(page.spans.len(), PAGE_SPANS_MAX);
    let text = serde_json::to_vec(&columnar(&shape, &page)).expect("numbers and strings");
    assert!(text.len() < 80 * PAGE_SPANS_MAX, "{} bytes", text.len());
}
