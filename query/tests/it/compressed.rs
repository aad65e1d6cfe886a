//! Requests that come compressed.

use std::io::Write;

use axum::body::Body;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::loaded::Loaded;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(bytes, 1).expect("in memory")
}

async fn ask(loaded: &Loaded, encoding: &str, body: Vec<u8>) -> (StatusCode, Option<String>, Value) {
    let request = Request::post("/api/v1/sql").header("host", "127.0.0.1:4319").header("content-type", "application/json");
    let request = request.header("content-encoding", encoding).body(Body::from(body)).expect("a request");
    let (head, body) = loaded.begin(request).await.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    let accepted = head.headers.get(header::ACCEPT_ENCODING).map(|value| value.to_str().expect("text").to_owned());
    (head.status, accepted, serde_json::from_slice(&body).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&body))))
}

#[tokio::test]
async fn bodies_are_read_in_every_encoding_and_grow_no_further_than_others() {
    let loaded = Loaded::empty();
    let question = json!({ "query": "SELECT 42 AS n" }).to_string().into_bytes();
    for (encoding, body) in
        [("gzip", gzip(&question)), ("GZIP", gzip(&question)), ("zstd", zstd(&question)), ("identity", question.clone())]
    {
        let (status, _, answer) = ask(&loaded, encoding, body).await;
        assert_eq!((status, &answer["rows"]), (StatusCode::OK, &json!([[42]])), "{encoding}: {answer}");
    }
    let check = async |encoding: &str, body: Vec<u8>, status: StatusCode, code: &str| {
        let (found, accepted, problem) = ask(&loaded, encoding, body).await;
        assert_eq!((found, &problem["code"]), (status, &json!(code)), "{encoding}: {problem}");
        assert!(problem["hint"].is_string(), "{problem}");
        assert_eq!(accepted.is_some(), status == StatusCode::UNSUPPORTED_MEDIA_TYPE);
    };
    let bomb = format!("{{\"query\":\"SELECT 1{}\"}}", " ".repeat(2 << 20)).into_bytes();
    check("gzip", gzip(&bomb), StatusCode::PAYLOAD_TOO_LARGE, "body_too_large").await;
    check("zstd", zstd(&bomb), StatusCode::PAYLOAD_TOO_LARGE, "body_too_large").await;
    check("gzip", question.clone(), StatusCode::BAD_REQUEST, "invalid_body").await;
    check("zstd", zstd(&question)[..10].to_vec(), StatusCode::BAD_REQUEST, "invalid_body").await;
    check("br", question.clone(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding").await;
    check("gzip, gzip", gzip(&gzip(&question)), StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding").await;
}
