//! What is wrong with a request is said with its place.

use http::StatusCode;
use serde_json::Value;

use super::query;
use crate::loaded::Loaded;

#[tokio::test]
async fn mistakes_in_a_search_point_at_their_place() {
    let loaded = Loaded::empty();
    let cases = [
        ("spans", "service:pay AND", (1, 13), "needs something on its right"),
        ("spans", "status:error (", (1, 14), "never closed"),
        ("spans", "service:pay status:eror", (1, 13), "`status` is never `eror`"),
        ("spans", "库存\nduration>fast", (2, 1), "`duration` is a duration"),
        ("spans", "trace_id:abc", (1, 1), "32 hex digits"),
        ("spans", "start:today", (1, 1), "is a time"),
        ("spans", "events:x", (1, 1), "is a list"),
        ("spans", "trace.spans:many", (1, 1), "is a number"),
        ("logs", "{level:error} > {level:warn}", (1, 2), "do not stand below each other"),
        ("traces", r"name:/(?i)(\w{50}){50}/", (1, 1), "compiles to more than"),
    ];
    for (route, search, place, message) in cases {
        let (status, body) = loaded.get(&format!("/api/v1/{route}?{}", query(&[("q", search)]))).await;
        let problem: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!((status, problem["code"].as_str()), (StatusCode::BAD_REQUEST, Some("invalid_query")), "{search}: {problem}");
        let error = &problem["errors"][0];
        assert_eq!((error["line"].as_u64(), error["column"].as_u64()), (Some(place.0), Some(place.1)), "{search}: {problem}");
        assert_eq!(error["param"], "q");
        assert!(error["message"].as_str().is_some_and(|found| found.contains(message)), "{search}: {problem}");
        assert!(error["hint"].as_str().is_some_and(|hint| !hint.is_empty()), "{search}: {problem}");
    }
}

#[tokio::test]
async fn other_parameters_are_checked() {
    let loaded = Loaded::empty();
    for path in [
        "spans?sort=errors",
        "logs?sort=slowest",
        "traces?limit=1001",
        "traces?start=x",
        "logs?page=2",
        "search/suggest?table=x",
        "search/suggest?q=a&cursor=2",
    ] {
        let (status, body) = loaded.get(&format!("/api/v1/{path}")).await;
        let problem: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!((status, problem["code"].as_str()), (StatusCode::BAD_REQUEST, Some("invalid_parameter")), "{path}: {problem}");
    }
}
