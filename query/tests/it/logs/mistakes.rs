//! What cannot be answered, and what to do about it.

use http::StatusCode;
use serde_json::Value;

use crate::loaded::Loaded;

#[tokio::test]
async fn mistakes_are_named() {
    let loaded = Loaded::empty();
    let check = async |path: &str, status: StatusCode, param: Option<&str>, text: &str| {
        let (found, body) = loaded.get(&format!("/api/v1/{path}")).await;
        let problem: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!((found, problem["errors"][0]["param"].as_str()), (status, param), "{path}: {problem}");
        let hint = problem["errors"][0]["hint"].as_str().or(problem["hint"].as_str());
        assert!(hint.is_some_and(|hint| !hint.is_empty()) && problem.to_string().contains(text), "{path}: {problem}");
    };
    let bad = StatusCode::BAD_REQUEST;
    check("logs/histogram?sort=newest", bad, Some("query"), "`q`, `start`, `end`, `range`, `by`, `buckets`, `series`").await;
    check("logs/histogram?limit=1", bad, Some("query"), "unknown parameter").await;
    check("logs/histogram?buckets=0", bad, Some("buckets"), "from 1 to 1000").await;
    check("logs/histogram?buckets=1001", bad, Some("buckets"), "from 1 to 1000").await;
    check("logs/histogram?series=x", bad, Some("series"), "from 1 to 50").await;
    check("logs/histogram?by=a%20b", bad, Some("by"), "is not a field").await;
    check("logs/histogram?by=trace.duration", bad, Some("by"), "cannot be counted").await;
    check("spans/histogram?by=events", bad, Some("by"), "cannot be counted").await;
    check("logs/histogram?q=level:purple", bad, Some("q"), "is never `purple`").await;
    check("logs/histogram?q=level:", bad, Some("q"), "column").await;
    check("logs/histogram?start=now&end=now-1h", bad, Some("end"), "before `start`").await;
    check("logs/fields?x=1", bad, Some("query"), "unknown parameter").await;
    check("logs/fields?limit=50001", bad, Some("limit"), "from 1 to 50000").await;
    check("logs/fields/a%20OR%20b/values", bad, Some("field"), "is not a field").await;
    check("logs/fields/trace.spans/values", bad, Some("field"), "cannot be counted").await;
    check("logs/fields/service/values?limit=0", bad, Some("limit"), "from 1 to 1000").await;
    check("logs/patterns?by=service", bad, Some("query"), "unknown parameter").await;
    check("logs/patterns?limit=none", bad, Some("limit"), "is not a number").await;
    check("logs/context", bad, Some("id"), "GET /api/v1/logs").await;
    check("logs/context?id=7", bad, Some("id"), "is not the id of a log record").await;
    check("logs/context?id=18d75b845f8dca00-0000000000000000&before=-1", bad, Some("before"), "from 0 to 1000").await;
    check("logs/context?id=18d75b845f8dca00-0000000000000000&q=x", bad, Some("query"), "`id`, `before` and `after`").await;
    check("logs/context?id=18d75b845f8dca00-0000000000000000", StatusCode::NOT_FOUND, None, "no log record with id").await;
    check("traces/xyz/logs", bad, Some("trace_id"), "32 hex digits").await;
    check("traces/4bf92f3577b34da6a3ce929d0e0e4736/logs?span_id=1", bad, Some("span_id"), "16 hex digits").await;
    check("traces/4bf92f3577b34da6a3ce929d0e0e4736/logs?q=x", bad, Some("query"), "`span_id` and `limit`").await;
}
