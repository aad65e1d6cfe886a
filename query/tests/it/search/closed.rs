//! Time that is over: an answer that the client has is not sent again, and one that changed is.

use axum::body::Body;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use schemas::Signal;
use serde_json::{Value, json};

use super::query;
use crate::loaded::Loaded;

/// Seconds since 1970.
const OVER: u64 = 1_700_000_000;

fn logs(seconds: &[u64], body: &str) -> Value {
    let record = |second: &u64| json!({ "timeUnixNano": (second * 1_000_000_000).to_string(), "body": { "stringValue": body } });
    json!({ "resourceLogs": [{ "scopeLogs": [{ "logRecords": seconds.iter().map(record).collect::<Vec<_>>() }] }] })
}

fn spans(seconds: &[u64]) -> Value {
    let span = |second: &u64| {
        let time = (second * 1_000_000_000).to_string();
        json!({ "traceId": format!("{second:032x}"), "spanId": "0000000000000001", "name": "work", "startTimeUnixNano": time, "endTimeUnixNano": time })
    };
    json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": seconds.iter().map(span).collect::<Vec<_>>() }] }] })
}

/// Status, tag and body.
async fn get(loaded: &Loaded, route: &str, parameters: &[(&str, &str)], known: Option<&str>) -> (StatusCode, Option<String>, Value) {
    let mut request = Request::get(format!("/api/v1/{route}?{}", query(parameters))).header("host", "127.0.0.1:4319");
    if let Some(known) = known {
        request = request.header(header::IF_NONE_MATCH, known);
    }
    let (head, body) = loaded.begin(request.body(Body::empty()).expect("a request")).await.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    let tag = head.headers.get(header::ETAG).map(|tag| tag.to_str().expect("text").to_owned());
    let kept = if tag.is_some() { "no-cache" } else { "no-store" };
    assert_eq!(head.headers[header::CACHE_CONTROL], kept, "{route} {parameters:?}");
    (head.status, tag, if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).expect("JSON") })
}

const RANGE: [(&str, &str); 2] = [("start", "1700000000"), ("end", "1700000100")];

#[tokio::test]
async fn an_answer_that_cannot_have_changed_is_not_sent_again() {
    let loaded = Loaded::empty();
    loaded.send_json(Signal::Logs, &logs(&[OVER, OVER + 50, OVER + 200], "first"));
    let ask = async |known: Option<&str>| get(&loaded, "logs", &RANGE, known).await;
    let (status, tag, _) = ask(None).await;
    assert_eq!((status, tag), (StatusCode::OK, None), "rows in memory are joined by others");
    loaded.store.flush().expect("a working disk");

    let (status, tag, body) = ask(None).await;
    assert_eq!((status, body["logs"].as_array().map(Vec::len)), (StatusCode::OK, Some(2)));
    let tag = tag.expect("it is over");
    assert!(tag.starts_with("W/"), "{tag}: `took_ms` differs");
    for known in [tag.as_str(), tag.trim_start_matches("W/"), &format!("\"other\", {tag}"), "*"] {
        assert_eq!(ask(Some(known)).await, (StatusCode::NOT_MODIFIED, Some(tag.clone()), Value::Null), "{known}");
    }
    assert_eq!(ask(Some("\"other\"")).await.0, StatusCode::OK);

    // Rows of another time change nothing, wherever they are.
    loaded.send_json(Signal::Logs, &logs(&[OVER + 1000], "elsewhere"));
    assert_eq!(ask(Some(&tag)).await.0, StatusCode::NOT_MODIFIED);
    // Late ones do, at once.
    loaded.send_json(Signal::Logs, &logs(&[OVER + 60], "late"));
    let (status, none, body) = ask(Some(&tag)).await;
    assert_eq!((status, none, &body["logs"][0]["body"]), (StatusCode::OK, None, &json!("late")));
    loaded.store.flush().expect("a working disk");
    let (status, newer, body) = ask(Some(&tag)).await;
    assert_eq!((status, body["logs"].as_array().map(Vec::len)), (StatusCode::OK, Some(3)));
    assert!(newer.is_some() && newer.as_ref() != Some(&tag));
}

#[tokio::test]
async fn questions_have_tags_of_their_own_or_none() {
    let loaded = Loaded::empty();
    loaded.send_json(Signal::Logs, &logs(&[OVER], "x"));
    loaded.send_json(Signal::Traces, &spans(&[OVER, OVER + 500]));
    loaded.store.flush().expect("a working disk");
    let mut tags: Vec<String> = Vec::new();
    let check = async |route: &str, more: &[(&str, &str)], expected: bool, tags: &mut Vec<String>| {
        let (status, tag, _) = get(&loaded, route, &[&RANGE[..], more].concat(), None).await;
        assert_eq!((status, tag.is_some()), (StatusCode::OK, expected), "{route} {more:?}");
        tags.extend(tag);
    };
    for route in
        ["logs", "logs/histogram", "logs/fields", "logs/fields/severity/values", "logs/patterns", "spans", "spans/histogram", "traces"]
    {
        check(route, &[], true, &mut tags).await;
    }
    check("logs", &[("q", "x")], true, &mut tags).await;
    check("logs", &[("q", "y")], true, &mut tags).await;
    check("logs", &[("limit", "7")], true, &mut tags).await;
    check("spans", &[("q", "trace.spans>1")], true, &mut tags).await;
    check("logs", &[("q", "time>now-1h")], false, &mut tags).await;
    let different: std::collections::BTreeSet<&String> = tags.iter().collect();
    assert_eq!(different.len(), tags.len());

    let (_, tag, _) = get(&loaded, "logs", &[("start", "1700000000")], None).await;
    assert_eq!(tag, None, "it has no end");
    let (_, tag, _) = get(&loaded, "logs", &[("start", "1700000000"), ("end", "now-1m")], None).await;
    assert_eq!(tag, None, "late data may come");

    // Whole traces may have spans of other times.
    loaded.send_json(Signal::Traces, &spans(&[OVER + 900]));
    let mut none = Vec::new();
    check("traces", &[], false, &mut none).await;
    check("spans", &[("q", "trace.spans>1")], false, &mut none).await;
    check("spans", &[], true, &mut none).await;
}
