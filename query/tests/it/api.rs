//! The routes, without a socket.

use std::{sync::Arc, time::SystemTime};

use axum::{Router, body::Body};
use bytes::Bytes;
use governance::classify::SharedRules;
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use metrics_exporter_prometheus::PrometheusBuilder;
use query::{
    Config,
    api::{Dashboard, Listening, Page, Received, Senders, Setting, Shared, routers},
    codes::{Codes, CodesConfig},
    engine::Engine,
    rules::{RuleBook, RulesConfig},
};
use schemas::{
    RequestHash, Signal, Table, TableBatch, TenantId, UnixNanos,
    otlp::{ContentEncoding, Format},
};
use serde_json::{Value, json};
use storage::{RawRequest, Store, io::RealIo};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::rows::{Row, TRACE, batch, span};

/// A store with one small trace, and the API in front of it.
pub(crate) struct Fixture {
    pub(crate) router: Router,
    stopping: CancellationToken,
    _data_dir: tempfile::TempDir,
}

pub(crate) fn fixture(listen: std::net::SocketAddr) -> Fixture {
    let data_dir = tempfile::tempdir().expect("a temporary directory");
    let store = Store::open(storage::Config::new(data_dir.path()), Arc::new(RealIo), Arc::new(|_| Ok(vec![]))).expect("an empty directory");
    let rows = batch(&[span(1, 0, 0), Row { name: "pay", ..span(2, 1, 5) }]);
    let request = RawRequest {
        tenant: TenantId::DEFAULT,
        signal: Signal::Traces,
        format: Format::Protobuf,
        encoding: ContentEncoding::Identity,
        received_at: UnixNanos(1),
        hash: RequestHash(7),
        body: Bytes::from_static(b"\x0a\x00"),
    };
    let batches = vec![TableBatch { table: Table::Spans, batch: rows }];
    store.append(request, batches, Box::new(())).expect("the store is open").wait().expect("durable");
    let stopping = CancellationToken::new();
    let engine = Engine::start(Arc::clone(&store), SharedRules::default(), query::engine::Config::new(data_dir.path().join("spill")))
        .expect("threads start");
    let shared = Shared {
        store,
        engine,
        codes: Arc::new(Codes::open(CodesConfig::in_dir(data_dir.path()), Arc::new(RealIo)).expect("there are no files")),
        prometheus: PrometheusBuilder::new().build_recorder().handle(),
        version: "0.0.0-test",
        dashboard: Some(Dashboard { pages, send_test_trace: Arc::new(|| Box::pin(async { Err("the door is shut".to_owned()) })) }),
        started_at: SystemTime::now(),
        listening: Arc::new([Listening { name: "api", url: format!("http://{listen}") }]),
        data_dir: data_dir.path().display().to_string().into(),
        settings: Arc::new([setting()]),
        rules: Arc::new(RuleBook::open(RulesConfig::in_dir(data_dir.path()), Arc::new(RealIo)).expect("there are no files")),
        received: Arc::new(|| Received { traces: 2, ..Received::default() }),
        senders: Arc::new(Senders::default),
        stopping: stopping.clone(),
    };
    let config = Config { listen, ..Config::default() };
    Fixture { router: routers(&config, shared).api, stopping, _data_dir: data_dir }
}

pub(crate) fn setting() -> Setting {
    Setting { key: "api.listen".to_owned(), value: json!("127.0.0.1:4319"), origin: "flag", source: Some("--api".to_owned()) }
}

/// A dashboard of one page and one file.
fn pages(path: &str, accept_encoding: &str) -> Option<Page> {
    let (content_type, encoding) = match path {
        "/" | "/traces/4b" => ("text/html; charset=utf-8", None),
        "/assets/index-1.js" => ("text/javascript; charset=utf-8", accept_encoding.contains("br").then_some("br")),
        _ => return None,
    };
    Some(Page { content_type, encoding, cache_control: "no-cache", bytes: vec![b'x'; 4096].into() })
}

fn loopback() -> Fixture {
    fixture(Config::default().listen)
}

async fn ask(router: &Router, method: &str, path: &str, headers: &[(&str, &str)]) -> (Response<()>, Bytes) {
    let mut request = Request::builder().method(method).uri(path);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header("host", "127.0.0.1:4319");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router.clone().oneshot(request.body(Body::empty()).expect("a request")).await.expect("infallible");
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("a body in memory").to_bytes();
    (Response::from_parts(parts, ()), body)
}

fn parsed(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(body)))
}

#[tokio::test]
async fn a_trace_comes_back_whole() {
    let fixture = loopback();
    for path in [format!("/api/v1/traces/{TRACE}"), format!("/api/v1/traces/{}?format=tree", TRACE.to_string().to_uppercase())] {
        let (head, body) = ask(&fixture.router, "GET", &path, &[]).await;
        assert_eq!(head.status(), StatusCode::OK, "{path}");
        assert_eq!(head.headers()[header::CONTENT_TYPE], "application/json");
        let answer = parsed(&body);
        assert_eq!(answer["trace_id"], TRACE.to_string());
        assert_eq!(answer["spans"][1]["name"], "pay");
        assert_eq!(answer["spans"][1]["depth"], 1);
        assert_eq!(answer["meta"]["partial"], serde_json::json!([]));
    }
}

#[tokio::test]
async fn the_same_trace_in_otlp() {
    let fixture = loopback();
    let (head, body) = ask(&fixture.router, "GET", &format!("/api/v1/traces/{TRACE}?format=otlp"), &[]).await;
    assert_eq!(head.status(), StatusCode::OK, "{body:?}");
    let answer = parsed(&body);
    let spans = &answer["resourceSpans"][0]["scopeSpans"][0]["spans"];
    assert_eq!(spans.as_array().map(Vec::len), Some(2), "{answer}");
    assert_eq!(spans[0]["traceId"], TRACE.to_string());
    assert_eq!(answer["resourceSpans"][0]["resource"]["attributes"][0]["key"], "service.name");
}

#[tokio::test]
async fn mistakes_are_problems_with_a_hint() {
    let fixture = loopback();
    let unknown = "/api/v1/traces/00000000000000000000000000000001";
    let cases = [
        ("GET", unknown, StatusCode::NOT_FOUND, "trace_not_found"),
        ("GET", "/api/v1/traces/xyz", StatusCode::BAD_REQUEST, "invalid_parameter"),
        ("GET", "/api/v1/traces/00000000000000000000000000000000", StatusCode::BAD_REQUEST, "invalid_parameter"),
        ("GET", "/api/v1/traces/4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b?format=xml", StatusCode::BAD_REQUEST, "invalid_parameter"),
        ("GET", "/api/v1/traces/4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b?limit=3", StatusCode::BAD_REQUEST, "invalid_parameter"),
        ("GET", "/api/v1/traces/%ff", StatusCode::BAD_REQUEST, "invalid_parameter"),
        ("GET", "/api/v1/nothing", StatusCode::NOT_FOUND, "unknown_route"),
        ("GET", "/../etc/passwd", StatusCode::NOT_FOUND, "unknown_route"),
    ];
    for (method, path, status, code) in cases {
        let (head, body) = ask(&fixture.router, method, path, &[]).await;
        let problem = parsed(&body);
        assert_eq!((head.status(), &problem["code"]), (status, &code.into()), "{method} {path}: {problem}");
        assert_eq!(head.headers()[header::CONTENT_TYPE], "application/problem+json", "{path}");
        assert_eq!(problem["status"], status.as_u16(), "{path}");
        let hint = problem["hint"].as_str().or(problem["errors"][0]["hint"].as_str());
        assert!(hint.is_some_and(|hint| !hint.is_empty()), "{path}: {problem}");
    }
    let (head, body) = ask(&fixture.router, "POST", unknown, &[("content-type", "application/json")]).await;
    assert_eq!((head.status(), &parsed(&body)["code"]), (StatusCode::METHOD_NOT_ALLOWED, &"method_not_allowed".into()));
}

#[tokio::test]
async fn strangers_are_refused_on_every_route() {
    let fixture = loopback();
    for path in ["/", "/healthz", "/readyz", "/metrics", "/api/v1/status", "/api/v1/traces/4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b", "/nothing"] {
        for stranger in [("host", "evil.example:4319"), ("origin", "https://evil.example"), ("origin", "null")] {
            let (head, body) = ask(&fixture.router, "GET", path, &[stranger]).await;
            assert_eq!(head.status(), StatusCode::FORBIDDEN, "{path} {stranger:?}");
            assert_eq!(head.headers()[header::CONTENT_TYPE], "application/problem+json");
            assert!(!String::from_utf8_lossy(&body).contains("spans"));
        }
    }
    let (head, _) = ask(&fixture.router, "POST", "/api/v1/status", &[("content-type", "text/plain")]).await;
    assert_eq!(head.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let fixture = loopback();
    for path in ["/", "/assets/index-1.js", "/api/v1/status", "/nothing"] {
        let (head, _) = ask(&fixture.router, "GET", path, &[]).await;
        assert_eq!(head.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
        let policy = head.headers()[header::CONTENT_SECURITY_POLICY].to_str().expect("ascii");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}");
    }
}

#[tokio::test]
async fn long_answers_are_compressed_as_asked() {
    let fixture = loopback();
    let document = "/api/openapi.json";
    let (_, whole) = ask(&fixture.router, "GET", document, &[]).await;
    for (accepted, expected) in [("gzip", "gzip"), ("br", "br"), ("zstd", "zstd"), ("gzip;q=0.1, zstd", "zstd")] {
        let (head, body) = ask(&fixture.router, "GET", document, &[("accept-encoding", accepted)]).await;
        assert_eq!(head.headers()[header::CONTENT_ENCODING], expected);
        assert!(head.headers()[header::VARY].to_str().expect("ascii").contains("accept-encoding"));
        assert!(body.len() * 3 < whole.len(), "{accepted}: {} of {}", body.len(), whole.len());
    }
    let plain = [(document, "identity"), (document, "gzip;q=0"), ("/healthz", "gzip, br, zstd"), ("/api/v1/queries", "gzip")];
    for (path, accepted) in plain {
        let (head, _) = ask(&fixture.router, "GET", path, &[("accept-encoding", accepted)]).await;
        assert!(!head.headers().contains_key(header::CONTENT_ENCODING), "{path} {accepted}");
    }
}

#[tokio::test]
async fn readiness_ends_when_shutdown_begins() {
    let fixture = loopback();
    let (head, body) = ask(&fixture.router, "GET", "/readyz", &[]).await;
    assert_eq!((head.status(), &parsed(&body)["ready"]), (StatusCode::OK, &true.into()));
    fixture.stopping.cancel();
    let (head, body) = ask(&fixture.router, "GET", "/readyz", &[]).await;
    assert_eq!(head.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(parsed(&body)["reasons"][0], "the server is stopping");
    let (head, _) = ask(&fixture.router, "GET", "/healthz", &[]).await;
    assert_eq!(head.status(), StatusCode::OK);
}

#[tokio::test]
async fn what_no_route_takes_is_the_dashboards() {
    let fixture = loopback();
    for path in ["/", "/traces/4b", "/assets/index-1.js"] {
        let (head, body) = ask(&fixture.router, "GET", path, &[("accept-encoding", "identity")]).await;
        assert_eq!((head.status(), body.len()), (StatusCode::OK, 4096), "{path}");
        assert_eq!(head.headers()[header::CACHE_CONTROL], "no-cache", "{path}");
    }
    // A file that is compressed already is left as it is.
    let (head, body) = ask(&fixture.router, "GET", "/assets/index-1.js", &[("accept-encoding", "gzip, br")]).await;
    assert_eq!((&head.headers()[header::CONTENT_ENCODING], body.len()), (&"br".parse().expect("a value"), 4096));
    // Programs are told what is not there, and so are people who ask for a file that does not exist.
    for (method, path) in
        [("GET", "/api/v1/nothing"), ("GET", "/api"), ("GET", "/v1/traces"), ("GET", "/jaeger/api"), ("GET", "/x.css"), ("DELETE", "/")]
    {
        let (head, body) = ask(&fixture.router, method, path, &[]).await;
        assert_eq!((head.status(), &parsed(&body)["code"]), (StatusCode::NOT_FOUND, &"unknown_route".into()), "{method} {path}");
    }
}

#[tokio::test]
async fn a_test_trace_that_is_refused_says_why() {
    let fixture = loopback();
    let (head, body) = ask(&fixture.router, "POST", "/api/v1/test-traces", &[("content-type", "application/json")]).await;
    assert_eq!(head.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(parsed(&body)["detail"], "the door is shut");
}

#[tokio::test]
async fn status_and_metrics_tell_about_the_process() {
    let fixture = loopback();
    let (_, body) = ask(&fixture.router, "GET", "/api/v1/status", &[]).await;
    let status = parsed(&body);
    assert_eq!(status["listening"][0]["name"], "api");
    assert!(status["process"]["resident_bytes"].as_u64().is_some_and(|bytes| bytes > 0));
    assert_eq!(status["received"]["traces"], 2);
    let spans = serde_json::json!({"table": "spans", "rows": 2, "memory_rows": 2, "blocks": 0, "block_bytes": 0});
    assert_eq!(status["storage"]["tables"][0], spans);
    let (_, body) = ask(&fixture.router, "GET", "/metrics", &[]).await;
    assert!(String::from_utf8_lossy(&body).contains("\nprocess_resident_memory_bytes "), "{body:?}");
}
