//! Questions that run: seen, ended, and bounded in number.

use std::{sync::Arc, time::Duration};

use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::loaded::Loaded;

/// Runs until somebody ends it.
const LONG: &str = "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r";

async fn running(loaded: &Loaded) -> Vec<Value> {
    let (_, body) = loaded.get("/api/v1/queries").await;
    let answer: Value = serde_json::from_slice(&body).expect("JSON");
    answer["queries"].as_array().expect("a list").clone()
}

/// Waits for a state that comes by itself.
async fn until(loaded: &Loaded, what: &str, holds: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    for _ in 0..400 {
        let queries = running(loaded).await;
        if holds(&queries) {
            return queries;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{what}, but {:?}", running(loaded).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_question_is_seen_and_can_be_ended() {
    let loaded = Arc::new(Loaded::empty());
    let asking = {
        let router = loaded.router.clone();
        tokio::spawn(async move { Loaded::ask(router, LONG).await })
    };
    let queries = until(&loaded, "it should run", |queries| queries.iter().any(|query| query["state"] == "running")).await;
    assert_eq!(queries[0]["query"], LONG);
    let id = queries[0]["id"].as_u64().expect("a number");
    let delete = |id: u64| {
        let request = Request::delete(format!("/api/v1/queries/{id}")).header("host", "127.0.0.1:4319").body(Body::empty());
        request.expect("a request")
    };
    assert_eq!(loaded.send_request(delete(id)).await.0, StatusCode::NO_CONTENT);
    let (status, body) = asking.await.expect("the asker is answered");
    let problem: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("cancelled")));
    until(&loaded, "it should be gone", <[Value]>::is_empty).await;
    assert_eq!(loaded.send_request(delete(id)).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_nobody_waits_for_ends() {
    let loaded = Loaded::empty();
    let asking = tokio::spawn(Loaded::ask(loaded.router.clone(), LONG));
    until(&loaded, "it should run", |queries| queries.iter().any(|query| query["state"] == "running")).await;
    asking.abort();
    until(&loaded, "it should end with its asker", <[Value]>::is_empty).await;
}

/// Rows wait for who reads them, so the question cannot have ended by itself.
#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_in_the_middle_of_an_answer_ends_the_question() {
    let loaded = Loaded::empty();
    loaded.send_json(schemas::Signal::Logs, &lines(60));
    const MANY: &str = "SELECT a.body FROM logs a, logs b, logs c, logs d";
    let request = Request::post("/api/v1/sql").header("host", "127.0.0.1:4319").header("content-type", "application/json");
    let request = request.header("accept", "application/x-ndjson").body(Body::from(json!({ "query": MANY }).to_string()));
    let mut answer = loaded.begin(request.expect("a request")).await.into_body();
    let first = answer.frame().await.expect("it begins").expect("rows").into_data().expect("rows");
    assert!(first.starts_with(b"{\"body\":\"line "), "{first:?}");
    until(&loaded, "it should run", |queries| queries.len() == 1 && queries[0]["query"] == MANY).await;
    drop(answer);
    until(&loaded, "it should end with its reader", <[Value]>::is_empty).await;
}

fn lines(count: u32) -> Value {
    let record = |number: u32| json!({ "timeUnixNano": "1790000000000000000", "body": { "stringValue": format!("line {number}") } });
    json!({ "resourceLogs": [{ "scopeLogs": [{ "logRecords": (0..count).map(record).collect::<Vec<_>>() }] }] })
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_may_wait_are_sent_away() {
    let loaded = Loaded::with(|limits| (limits.concurrent_max, limits.waiting_max) = (1, 1));
    let first = tokio::spawn(Loaded::ask(loaded.router.clone(), LONG));
    until(&loaded, "one should run", |queries| queries.iter().any(|query| query["state"] == "running")).await;
    let second = tokio::spawn(Loaded::ask(loaded.router.clone(), "SELECT 1"));
    until(&loaded, "one should wait", |queries| queries.len() == 2).await;
    let (status, problem) = loaded.problem("SELECT 2").await;
    assert_eq!((status, &problem["code"], &problem["retry_after_s"]), (StatusCode::TOO_MANY_REQUESTS, &json!("busy"), &json!(5)));
    first.abort();
    assert_eq!(second.await.expect("its turn comes").0, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn time_is_limited() {
    let loaded = Loaded::with(|limits| limits.deadline = Duration::from_millis(300));
    let (status, problem) = loaded.problem(LONG).await;
    assert_eq!((status, &problem["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("deadline_exceeded")));
    until(&loaded, "it should end", <[Value]>::is_empty).await;
}

/// A page asks several questions at once, also as the first ones of a server.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_first_questions_may_come_together() {
    for _ in 0..20 {
        let loaded = Loaded::empty();
        let asked = || tokio::spawn(Loaded::ask(loaded.router.clone(), "SELECT 1"));
        for answered in [asked(), asked(), asked(), asked()] {
            let (status, body) = answered.await.expect("no panic");
            assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&body));
        }
    }
}
