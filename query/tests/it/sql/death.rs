//! Queries that would take the server down: each ends with an error that says why, or a bounded answer, while rows still arrive.

use std::time::Duration;

use http::StatusCode;
use schemas::Signal;
use serde_json::Value;

use crate::loaded::Loaded;

const DEADLINE: Duration = Duration::from_secs(3);

fn queries() -> Vec<(&'static str, String)> {
    let spans = |times: usize| (0..times).map(|index| format!("spans s{index}")).collect::<Vec<_>>().join(", ");
    let nested = (0..30).fold("SELECT name, duration_ns FROM spans".to_owned(), |inner, depth| format!("SELECT * FROM ({inner}) q{depth}"));
    let many_or = (0..10_000).map(|number| format!("duration_ns = {number}")).collect::<Vec<_>>().join(" OR ");
    let many_in = (0..20_000).map(|number| format!("'{number}'")).collect::<Vec<_>>().join(",");
    let unions = (0..200).map(|_| "SELECT name FROM spans").collect::<Vec<_>>().join(" UNION ALL ");
    let cases = (0..400).map(|number| format!("WHEN duration_ns = {number} THEN 'v{number}'")).collect::<Vec<_>>().join(" ");
    vec![
        ("cross join", format!("SELECT count(*) FROM {}", spans(5))),
        ("cross join of rows", format!("SELECT * FROM {}", spans(4))),
        ("series", "SELECT count(*) FROM generate_series(1, 1000000000)".to_owned()),
        ("recursion without end", "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r".to_owned()),
        ("recursion that doubles", "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT a.n FROM r a, (VALUES (1), (2)) b) SELECT count(*) FROM r".to_owned()),
        ("regex bomb", "SELECT count(*) FROM spans WHERE attributes ~ '(a*)*(a*)*(a*)*b'".to_owned()),
        ("regex of great size", "SELECT count(*) FROM spans WHERE name ~ '(((x{1000}){1000}){1000})'".to_owned()),
        ("10,000 terms", format!("SELECT count(*) FROM spans WHERE {many_or}")),
        ("20,000 values", format!("SELECT count(*) FROM spans WHERE name IN ({many_in})")),
        ("ten years", "SELECT count(*), min(start_time) FROM spans WHERE start_time > '2016-01-01T00:00:00Z' AND start_time < '2026-12-31T00:00:00Z'".to_owned()),
        ("wide sort", "SELECT s.*, t.name FROM spans s, (SELECT name FROM spans LIMIT 100) t ORDER BY s.attributes, s.resource_attributes, s.trace_id".to_owned()),
        ("30 subqueries", nested),
        ("great limit and offset", "SELECT * FROM spans ORDER BY span_id LIMIT 9223372036854775807 OFFSET 4611686018427387904".to_owned()),
        ("a group for every row", "SELECT s.span_id, t.span_id, u.name, count(*) FROM spans s, spans t, (VALUES ('a'), ('b')) u(name) GROUP BY 1, 2, 3".to_owned()),
        ("64 KB of parentheses", format!("SELECT {}1{}", "(".repeat(32_000), ")".repeat(32_000))),
        ("parentheses beyond the limit", format!("SELECT {}1{}", "(".repeat(60_000), ")".repeat(60_000))),
        ("300 unions", unions),
        ("400 cases", format!("SELECT CASE {cases} END, count(*) FROM spans GROUP BY 1")),
        ("join without keys", "SELECT count(*) FROM spans a JOIN spans b ON a.duration_ns < b.duration_ns JOIN spans c ON b.name <> c.name".to_owned()),
        ("collect everything", "SELECT array_agg(a.attributes || b.attributes) FROM spans a, spans b".to_owned()),
        ("text without end", "WITH RECURSIVE r AS (SELECT 'x' AS t UNION ALL SELECT t || t FROM r) SELECT max(length(t)) FROM r".to_owned()),
        ("windows over all", "SELECT sum(a.duration_ns) OVER (ORDER BY b.duration_ns ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM spans a, spans b".to_owned()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn each_ends_by_itself_and_rows_still_arrive() {
    let requests = testkit::captures::requests(testkit::captures::otel_demo().name).expect("it was found");
    let loaded = Loaded::with(|limits| {
        limits.deadline = DEADLINE;
        limits.memory_bytes_max = 256 << 20;
        limits.question_memory_bytes_max = 128 << 20;
        limits.spill_bytes_max = 64 << 20;
    });
    let (before, during) = requests.split_at(requests.len() / 2);
    before.iter().for_each(|body| loaded.send(Signal::Traces, body.clone()));
    loaded.store.flush().expect("a working disk");
    let queries = queries();
    assert!(queries.len() >= 20);
    let mut arriving = during.iter();
    for (name, query) in &queries {
        arriving.by_ref().take(2).for_each(|body| loaded.send(Signal::Traces, body.clone()));
        let body = serde_json::json!({ "query": query });
        let answered = tokio::time::timeout(DEADLINE * 20, loaded.post("/api/v1/sql", &body, "application/json"));
        let (status, body) = answered.await.unwrap_or_else(|_| panic!("{name} does not end"));
        let answer: Value = serde_json::from_slice(&body).unwrap_or_else(|_| panic!("{name}: {}", String::from_utf8_lossy(&body)));
        let known = matches!(status, StatusCode::OK | StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN | StatusCode::UNPROCESSABLE_ENTITY);
        assert!(known, "{name}: {status} {answer}");
        if status != StatusCode::OK {
            assert!(answer["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{name}: {answer}");
        }
    }
    let (_, running) = loaded.get("/api/v1/queries").await;
    assert_eq!(String::from_utf8_lossy(&running), r#"{"queries":[]}"#, "nothing goes on in the dark");
    assert_ne!(loaded.rows("SELECT count(*) FROM spans").await, ["0"]);
}
