//! Mistakes are answered with what is wrong, where, and what to do.

use http::StatusCode;

use crate::loaded::Loaded;

#[tokio::test]
async fn mistakes_point_at_their_place() {
    let loaded = Loaded::empty();
    let cases = [
        ("SELEC 1", Some((1, 1)), ""),
        ("SELECT 1 FROM spans\nWHERE name ==== 'x'", Some((2, 14)), ""),
        ("SELECT nam FROM spans", Some((1, 8)), "did you mean name"),
        ("SELECT name,\n       durration_ns FROM spans", Some((2, 8)), "did you mean duration_ns"),
        ("SELECT zzzzz FROM spans", Some((1, 8)), "attributes->>'zzzzz'"),
        ("SELECT 1 FROM span", None, "did you mean spans"),
        ("SELECT 1 FROM foo", None, "the tables are spans, logs, metrics"),
        ("SELECT count(*) FROM spans WHERE trace_id = 'abc'", None, ""),
        ("SELECT nofunction(1)", None, ""),
        ("", None, ""),
    ];
    for (query, at, hint) in cases {
        let (status, problem) = loaded.problem(query).await;
        assert_eq!((status, problem["code"].as_str()), (StatusCode::BAD_REQUEST, Some("invalid_query")), "{query}: {problem}");
        let error = &problem["errors"][0];
        let found = error["line"].as_u64().zip(error["column"].as_u64());
        assert_eq!(found.is_some(), at.is_some() || found.is_some(), "{query}: {problem}");
        if let Some(at) = at {
            assert_eq!(found, Some(at), "{query}: {problem}");
        }
        assert!(error["hint"].as_str().unwrap_or_default().contains(hint), "{query}: {problem}");
        assert!(!error["message"].as_str().unwrap_or_default().is_empty(), "{query}: {problem}");
    }
    let (_, problem) = loaded.problem("SELECT count(*) FROM spans WHERE trace_id = 'abc'").await;
    assert_eq!(problem["errors"][0]["message"], "\"abc\" is not an id: 32 hex digits are needed, this has 3");
}

#[tokio::test]
async fn bodies_that_are_no_query_are_refused() {
    let loaded = Loaded::empty();
    for body in [serde_json::json!({}), serde_json::json!({ "query": 1 }), serde_json::json!({ "query": "SELECT 1", "parms": [] })] {
        let (status, _) = loaded.post("/api/v1/sql", &body, "application/json").await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    }
    let (status, _) = loaded.post("/api/v1/sql", &serde_json::json!({ "query": "SELECT $1", "params": [[1]] }), "application/json").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, _) = loaded.post("/api/v1/sql", &serde_json::json!({ "query": "SELECT 1" }), "image/png").await;
    assert_eq!(status, StatusCode::NOT_ACCEPTABLE);
}
