//! Traces as NDJSON, with and without progress.

use std::time::Duration;

use axum::{body::Body, response::Response};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;

use super::ask;
use crate::loaded::Loaded;

const ROUTE: &str = "/api/v1/traces?q=service:frontend&limit=3";

async fn begin(loaded: &Loaded, path: &str) -> Response {
    let request = Request::get(path).header("host", "127.0.0.1:4319").header("accept", "application/x-ndjson").body(Body::empty());
    loaded.begin(request.expect("a request")).await
}

async fn rest(body: Body) -> Vec<Value> {
    let text = body.collect().await.expect("a body").to_bytes();
    String::from_utf8_lossy(&text).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[tokio::test]
async fn lines_are_the_same_traces() {
    let loaded = Loaded::otel_demo();
    let answer = begin(&loaded, ROUTE).await;
    assert_eq!((answer.status(), &answer.headers()["content-type"]), (StatusCode::OK, &"application/x-ndjson".parse().expect("a value")));
    let mut lines = rest(answer.into_body()).await;
    let end = lines.pop().expect("a last line");
    let whole = ask(&loaded, "traces", &[("q", "service:frontend"), ("limit", "3")]).await;
    assert_eq!(Value::from(lines), whole["traces"]);
    assert!(end["next_page_token"].is_string() && end["meta"]["scanned_rows"].as_u64() > Some(0), "{end}");
    for wrong in ["/api/v1/traces?q=service:", "/api/v1/traces?progress=maybe", "/api/v1/traces?limit=0"] {
        assert_eq!(begin(&loaded, wrong).await.status(), StatusCode::BAD_REQUEST, "{wrong}");
    }
}

/// The question waits for its turn, so there is time for progress to be said.
#[tokio::test]
async fn progress_is_said_while_nothing_else_is_known() {
    let loaded = Loaded::with(|limits| limits.concurrent_max = 1);
    const LONG: &str = "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r";
    let first = tokio::spawn(Loaded::ask(loaded.router.clone(), LONG));
    for _ in 0..400 {
        let (_, body) = loaded.get("/api/v1/queries").await;
        if String::from_utf8_lossy(&body).contains("running") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let mut body = begin(&loaded, &format!("{ROUTE}&progress=true")).await.into_body();
    for _ in 0..2 {
        let line = body.frame().await.expect("it goes on").expect("a line").into_data().expect("a line");
        let line: Value = serde_json::from_slice(&line).expect("JSON");
        assert_eq!((&line["progress"]["scanned_rows"], line.as_object().map(serde_json::Map::len)), (&Value::from(0), Some(1)), "{line}");
    }
    first.abort();
    let lines = rest(body).await;
    let (end, progress) = lines.split_last().expect("a last line");
    assert!(end["meta"].is_object() && progress.iter().all(|line| line["progress"].is_object()), "{lines:?}");
}
