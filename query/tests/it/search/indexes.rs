//! What catalog and indexes know of a block makes an answer sooner, never another one.

use schemas::Signal;
use serde_json::{Value, json};

use super::ask;
use crate::loaded::Loaded;

/// Promoted keys in their type, in another type, under older names and on one side only; keys of one block that the other lacks.
fn spans(block: u64) -> Value {
    let kinds = [
        json!([{ "key": "http.response.status_code", "value": { "intValue": "500" } }]),
        json!([{ "key": "http.response.status_code", "value": { "stringValue": "500" } }]),
        json!([{ "key": "http.status_code", "value": { "intValue": "500" } }, { "key": "order.id", "value": { "stringValue": "o-1" } }]),
        json!([{ "key": "http.status_code", "value": { "doubleValue": 500.0 } }]),
        json!([{ "key": "net.peer.name", "value": { "stringValue": "db" } }]),
        json!([{ "key": "http.response.status_code", "value": { "intValue": "404" } }]),
        json!([{ "key": "order.id", "value": { "intValue": "7" } }]),
        json!([]),
    ];
    let of_block = |(place, attributes): (usize, &Value)| {
        let number = block * 100 + place as u64;
        json!({
            "traceId": format!("{:032x}", block * 10 + place as u64 / 3 + 1),
            "spanId": format!("{:016x}", number + 1),
            "parentSpanId": if place % 3 == 0 { String::new() } else { format!("{number:016x}") },
            "name": format!("GET /{place}"),
            "kind": 1 + place % 3,
            "startTimeUnixNano": (1_790_000_000_000_000_000 + number * 1_000_000_000).to_string(),
            "endTimeUnixNano": (1_790_000_000_500_000_000 + number * 1_000_000_000).to_string(),
            "status": { "code": place % 3 },
            "attributes": attributes,
        })
    };
    // The second block has only what has a column.
    let rows: Vec<Value> = if block == 0 {
        kinds.iter().enumerate().map(of_block).collect()
    } else {
        [(0, &kinds[0]), (1, &kinds[5])].into_iter().map(of_block).collect()
    };
    let resource = json!({ "attributes": [{ "key": "service.name", "value": { "stringValue": "shop" } }] });
    json!({ "resourceSpans": [{ "resource": resource, "scopeSpans": [{ "spans": rows }] }] })
}

/// Some of one time and one request, with words in every order.
fn logs(block: u64) -> Value {
    let bodies = [
        "left ticket get",
        "Get left ticket",
        "get ticket: left",
        "ticket left",
        "余票 left 12",
        "left",
        "order-42 created",
        "42 order",
        r#"{"code":"x"}"#,
    ];
    let record = |(place, body): (usize, &&str)| {
        let second = 1_790_000_000 + block * 3 + place as u64 / 4;
        json!({
            "timeUnixNano": (second * 1_000_000_000).to_string(),
            "severityNumber": 9 + place % 2,
            "body": { "stringValue": body },
            "attributes": [{ "key": "order.id", "value": { "stringValue": format!("o-{}", place as u64 + block) } }],
        })
    };
    let records: Vec<Value> = bodies.iter().enumerate().map(record).collect();
    let resource = json!({ "attributes": [{ "key": "service.name", "value": { "stringValue": format!("shop-{block}") } }] });
    json!({ "resourceLogs": [{ "resource": resource, "scopeLogs": [{ "logRecords": records }] }] })
}

const LOG_SEARCHES: &[&str] = &[
    "",
    "left",
    "\"get left ticket\"",
    "\"left get\"",
    "\"ticket left\"",
    "\"Get left ticket\" OR \"42 order\"",
    "\"order 42\"",
    "order-42",
    "余票",
    "order.id:o-3",
    "order.id:O-3",
    "left order.id:o-2",
    "order.id:(o-1 OR o-8)",
    "NOT \"left ticket\"",
    "resource.service.name:shop-1 left",
];

const SEARCHES: &[&str] = &[
    "http.response.status_code:500",
    "http.response.status_code!=500",
    "http.response.status_code>=404",
    "NOT http.response.status_code:500",
    "has:http.response.status_code",
    "NOT has:http.response.status_code",
    "http.response.status_code:500 OR order.id:7",
    "http.status_code:500 kind:server",
    "server.address:db",
    "net.peer.name:db",
    "order.id:o-*",
    "order.id>5",
    "NOT order.id:7",
    "has:order.id status:error",
    "order.nobody:1",
    "NOT order.nobody:1",
    "GET http.response.status_code:404",
    "GET -order.id:7",
    "trace.spans>2",
    "http.response.status_code:404 trace.duration>1s",
    "{order.id:o-1} >> {kind:internal}",
    "{status:unset} > {status:ok}",
];

const QUERIES: &[&str] = &[
    "SELECT count(*) FROM spans WHERE attrs->>'http.response.status_code' = '500'",
    "SELECT count(*) FROM spans WHERE attrs->>'http.response.status_code' IS NULL",
    "SELECT name FROM spans WHERE attr_int(attributes, 'order.id') = 7 OR http_response_status_code = 404 ORDER BY start_time",
    "SELECT count(*) FROM spans WHERE NOT (attrs->>'order.id' = '7')",
    "SELECT count(*) FROM spans WHERE (attrs->>'order.id' = '7') IS NOT TRUE",
    "SELECT attrs->>'order.id' AS id, count(*) FROM spans GROUP BY 1 ORDER BY 1",
    "SELECT name FROM spans WHERE trace_id IN (SELECT trace_id FROM spans WHERE attrs->>'order.id' = '7') ORDER BY span_id",
    "SELECT count(*) FROM logs WHERE attr(body, 'code') = 'x'",
    "SELECT count(*) FROM logs WHERE attrs->>'order.id' IN ('o-1', 'o-9') OR attr(resource_attributes, 'host') = 'h'",
    "SELECT * FROM spans WHERE kind = 2 ORDER BY start_time DESC LIMIT 2",
];

/// Pages that end among records of one time, and whole ones.
const LOG_PAGES: [(&str, &str); 4] = [("newest", "3"), ("oldest", "5"), ("newest", "100"), ("oldest", "100")];

async fn answers(loaded: &Loaded) -> Vec<Value> {
    let mut answers = Vec::new();
    for search in SEARCHES {
        for sort in ["newest", "oldest"] {
            answers.push(ask(loaded, "spans", &[("q", search), ("sort", sort)]).await["spans"].take());
        }
    }
    for search in LOG_SEARCHES {
        for (sort, limit) in LOG_PAGES {
            answers.push(ask(loaded, "logs", &[("q", search), ("sort", sort), ("limit", limit)]).await["logs"].take());
        }
    }
    for sort in ["newest", "slowest", "errors", "spans"] {
        answers.push(ask(loaded, "traces", &[("q", "http.response.status_code:500"), ("sort", sort)]).await["traces"].take());
    }
    for query in QUERIES {
        answers.push(loaded.sql(query).await["rows"].take());
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_the_same_with_and_without() {
    let (in_memory, in_blocks) = (Loaded::empty(), Loaded::empty());
    for block in [0, 1] {
        in_memory.send_json(Signal::Traces, &spans(block));
        in_blocks.send_json(Signal::Traces, &spans(block));
        in_memory.send_json(Signal::Logs, &logs(block));
        in_blocks.send_json(Signal::Logs, &logs(block));
        in_blocks.store.flush().expect("a working disk");
    }
    let expected = answers(&in_memory).await;
    let found_by_some = expected.iter().filter(|answer| answer.as_array().is_some_and(|rows| !rows.is_empty())).count();
    assert!(found_by_some > expected.len() * 3 / 4, "{found_by_some} of {} find something", expected.len());
    let of_logs = || LOG_SEARCHES.iter().flat_map(|search| [*search; LOG_PAGES.len()]);
    let labels = || SEARCHES.iter().flat_map(|search| [*search; 2]).chain(of_logs()).chain(["traces"; 4]).chain(QUERIES.iter().copied());
    let check = |found: Vec<Value>, case: &str| {
        labels().zip(&expected).zip(found).for_each(|((label, expected), found)| assert_eq!(&found, expected, "{label}, {case}"));
    };
    check(answers(&in_blocks).await, "with indexes");
    in_blocks.remove_indexes();
    check(answers(&in_blocks.restarted()).await, "without");
}

/// A mistake in a predicate is the asker's, wherever it is noticed.
#[tokio::test]
async fn a_predicate_that_fails_is_no_damage() {
    let loaded = Loaded::empty();
    loaded.send_json(Signal::Traces, &spans(0));
    loaded.store.flush().expect("a working disk");
    for query in ["SELECT * FROM spans WHERE 1 / (kind - 1) = 1", "SELECT kind FROM spans WHERE 1 / (kind - 1) = 1"] {
        let (status, problem) = loaded.problem(query).await;
        assert_eq!(status, http::StatusCode::BAD_REQUEST, "{query}: {problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.to_lowercase().contains("divide by zero")), "{query}: {problem}");
    }
}
