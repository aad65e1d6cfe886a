//! A store with real telemetry, part of it in blocks and part in memory, and the API in front of it.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use axum::{Router, body::Body};
use bytes::Bytes;
use governance::classify::SharedRules;
use governance::classify::{Rules, with_facts};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use metrics_exporter_prometheus::PrometheusBuilder;
use query::{
    Config,
    api::{Dashboard, Received, Shared, routers},
    codes::{Codes, CodesConfig},
    engine::Engine,
    rules::{RuleBook, RulesConfig},
};
use schemas::{
    RequestHash, Signal, TableBatch, TenantId, TraceId, UnixNanos,
    otlp::{ContentEncoding, DecodeLimits, Format, decode},
};
use serde_json::{Value, json};
use storage::{RawRequest, Store, io::RealIo};
use testkit::captures;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::api::setting;

pub(crate) struct Loaded {
    pub(crate) store: Arc<Store>,
    pub(crate) router: Router,
    /// Cancelled: the server begins to stop.
    pub(crate) stopping: CancellationToken,
    sent: AtomicU64,
    data_dir: tempfile::TempDir,
}

impl Loaded {
    /// An empty store.
    pub(crate) fn empty() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(limit: impl FnOnce(&mut query::engine::Config)) -> Self {
        Self::open(tempfile::tempdir().expect("a temporary directory"), limit, |_| {}, Config::default(), |_| {})
    }

    /// With streams and a store like these.
    pub(crate) fn streaming(limit: impl FnOnce(&mut Config), storage: impl FnOnce(&mut storage::Config)) -> Self {
        let mut config = Config::default();
        limit(&mut config);
        Self::open(tempfile::tempdir().expect("a temporary directory"), |_| {}, storage, config, |_| {})
    }

    /// With files of codes and rules like these.
    pub(crate) fn with_codes(name: impl FnOnce(&mut CodesConfig)) -> Self {
        Self::open(tempfile::tempdir().expect("a temporary directory"), |_| {}, |_| {}, Config::default(), name)
    }

    /// A request in OTLP JSON, its governance facts with it, as a receiver derives them.
    pub(crate) fn receive(&self, signal: Signal, body: &Value) {
        let body = Bytes::from(body.to_string());
        let request = self.request(signal, Format::Json, body);
        let decoded = decode(signal, request.format, &request.body, request.received_at, &DecodeLimits::NONE).expect("valid OTLP");
        let batches = with_facts(Rules::shipped(), decoded.batches, request.received_at);
        self.store.append(request, batches, Box::new(())).expect("the store is open").wait().expect("durable");
    }

    /// So too, in protobuf.
    pub(crate) fn receive_protobuf(&self, signal: Signal, body: Bytes) {
        let request = self.request(signal, Format::Protobuf, body);
        let decoded = decode(signal, request.format, &request.body, request.received_at, &DecodeLimits::NONE).expect("valid OTLP");
        let batches = with_facts(Rules::shipped(), decoded.batches, request.received_at);
        self.store.append(request, batches, Box::new(())).expect("the store is open").wait().expect("durable");
    }

    /// The same data directory, opened again.
    pub(crate) fn restarted(self) -> Self {
        let Self { store, router, data_dir, sent, .. } = self;
        store.close();
        drop(router);
        // Whoever answered a client that went away lets go a moment later.
        while Arc::strong_count(&store) > 1 {
            std::thread::yield_now();
        }
        drop(store);
        let opened = Self::open(data_dir, |_| {}, |_| {}, Config::default(), |_| {});
        while opened.store.readiness().replay_bytes_left > 0 {
            std::thread::yield_now();
        }
        Self { sent, ..opened }
    }

    /// Deletes the indexes of all blocks.
    pub(crate) fn remove_indexes(&self) {
        let mut folders = vec![self.data_dir.path().join("data")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a readable folder").flatten() {
                match entry.path() {
                    path if path.is_dir() => folders.push(path),
                    path if path
                        .extension()
                        .is_some_and(|extension| ["tix", "bloom", "text", "attr"].iter().any(|index| extension == *index)) =>
                    {
                        std::fs::remove_file(path).expect("a file of ours");
                    }
                    _ => {}
                }
            }
        }
    }

    fn open(
        data_dir: tempfile::TempDir,
        limit: impl FnOnce(&mut query::engine::Config),
        limit_storage: impl FnOnce(&mut storage::Config),
        config: Config,
        name_codes: impl FnOnce(&mut CodesConfig),
    ) -> Self {
        let mut of_storage = storage::Config::new(data_dir.path());
        // Captures are old: a test that runs into the first look for old data would lose them.
        of_storage.retain.enabled = false;
        (of_storage.retain.spans_age_max, of_storage.retain.logs_age_max, of_storage.retain.metrics_age_max) = (None, None, None);
        (of_storage.retain.derived_age_max, of_storage.retain.rollup_age_max) = (None, None);
        // What is asked how much it reads must not race with the background.
        of_storage.compact.interval = std::time::Duration::from_secs(24 * 3600);
        of_storage.flush_interval = std::time::Duration::from_secs(24 * 3600);
        // By the clock, calls whose other half a test has yet to send have waited long enough.
        of_storage.compact.settle_after = std::time::Duration::from_secs(50 * 365 * 24 * 3600);
        limit_storage(&mut of_storage);
        let store = Store::open(of_storage, Arc::new(RealIo), Arc::new(derive)).expect("a good directory");
        let stopping = CancellationToken::new();
        let mut limits = query::engine::Config::new(data_dir.path().join("spill"));
        limit(&mut limits);
        let engine = Engine::start(Arc::clone(&store), SharedRules::default(), limits).expect("threads start");
        let mut codes = CodesConfig::in_dir(data_dir.path());
        name_codes(&mut codes);
        let shared = Shared {
            store: Arc::clone(&store),
            engine,
            codes: Arc::new(Codes::open(codes, Arc::new(RealIo)).expect("right files of codes")),
            prometheus: PrometheusBuilder::new().build_recorder().handle(),
            version: "0.0.0-test",
            dashboard: Some(Dashboard { pages: |_, _| None, send_test_trace: Arc::new(|| Box::pin(async { Ok(TraceId([0x4b; 16])) })) }),
            started_at: SystemTime::UNIX_EPOCH,
            listening: Arc::new([]),
            data_dir: "".into(),
            settings: Arc::new([setting()]),
            rules: Arc::new(RuleBook::open(RulesConfig::in_dir(data_dir.path()), Arc::new(RealIo)).expect("there are no files")),
            received: Arc::new(Received::default),
            senders: Arc::new(crate::ingest::senders),
            stopping: stopping.clone(),
        };
        let router = routers(&config, shared).api;
        Self { store, router, stopping, sent: AtomicU64::new(0), data_dir }
    }

    /// [`captures::otel_demo`], the first half in blocks.
    pub(crate) fn otel_demo() -> Self {
        let requests = captures::requests(captures::otel_demo().name).expect("it was found");
        let loaded = Self::empty();
        let half = requests.len() / 2;
        requests[..half].iter().for_each(|body| loaded.send(Signal::Traces, body.clone()));
        loaded.store.flush().expect("a working disk");
        requests[half..].iter().for_each(|body| loaded.send(Signal::Traces, body.clone()));
        loaded
    }

    pub(crate) fn send(&self, signal: Signal, body: Bytes) {
        self.send_as(signal, Format::Protobuf, body);
    }

    /// A request in OTLP JSON.
    pub(crate) fn send_json(&self, signal: Signal, body: &Value) {
        self.send_as(signal, Format::Json, body.to_string().into());
    }

    pub(crate) fn data_dir(&self) -> &Path {
        self.data_dir.path()
    }

    pub(crate) fn blocks_dir(&self) -> PathBuf {
        self.data_dir().join("data")
    }

    /// The files beside blocks that say which of their rows have a word.
    pub(crate) fn text_indexes(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.blocks_dir()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a readable folder") {
                let path = entry.expect("a readable folder").path();
                match path.extension().and_then(|end| end.to_str()) {
                    _ if path.is_dir() => folders.push(path),
                    Some("bloom" | "text") => found.push(path),
                    _ => {}
                }
            }
        }
        found
    }

    fn request(&self, signal: Signal, format: Format, body: Bytes) -> RawRequest {
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        RawRequest {
            tenant: TenantId::DEFAULT,
            signal,
            format,
            encoding: ContentEncoding::Identity,
            received_at: UnixNanos(1_790_000_000_000_000_000 + number as i64 * 1_000_000),
            hash: RequestHash(xxhash_rust::xxh3::xxh3_128(&body)),
            body,
        }
    }

    fn send_as(&self, signal: Signal, format: Format, body: Bytes) {
        let request = self.request(signal, format, body);
        let batches = derive(&request).expect("valid OTLP");
        self.store.append(request, batches, Box::new(())).expect("the store is open").wait().expect("durable");
    }

    /// Rows as a receiver derives them.
    pub(crate) fn append(&self, batches: Vec<TableBatch>) {
        let body = Bytes::from(format!("rows {}", self.sent.load(Ordering::Relaxed)));
        let request = self.request(Signal::Traces, Format::Protobuf, body);
        self.store.append(request, batches, Box::new(())).expect("the store is open").wait().expect("durable");
    }

    /// The answer to a query in JSON.
    pub(crate) async fn sql(&self, query: &str) -> Value {
        let (status, body) = self.post("/api/v1/sql", &json!({ "query": query }), "application/json").await;
        assert_eq!(status, StatusCode::OK, "{query}\n{}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).expect("JSON")
    }

    /// Rows of a query, each as one line of comma-separated JSON values.
    pub(crate) async fn rows(&self, query: &str) -> Vec<String> {
        let answer = self.sql(query).await;
        let row = |row: &Value| {
            let cells: Vec<String> = row.as_array().expect("a row").iter().map(Value::to_string).collect();
            cells.join(", ")
        };
        answer["rows"].as_array().expect("rows").iter().map(row).collect()
    }

    /// The problem that a query is answered with.
    pub(crate) async fn problem(&self, query: &str) -> (StatusCode, Value) {
        let (status, body) = self.post("/api/v1/sql", &json!({ "query": query }), "application/json").await;
        assert!(!status.is_success(), "{query} is answered: {}", String::from_utf8_lossy(&body));
        (status, serde_json::from_slice(&body).unwrap_or_else(|_| panic!("a problem, not {}", String::from_utf8_lossy(&body))))
    }

    /// Asks through a router of one's own.
    pub(crate) async fn ask(router: Router, query: &'static str) -> (StatusCode, Bytes) {
        let request = Request::post("/api/v1/sql").header("host", "127.0.0.1:4319").header("content-type", "application/json");
        let body = Body::from(json!({ "query": query }).to_string());
        let response = router.oneshot(request.body(body).expect("a request")).await.expect("infallible");
        (response.status(), response.into_body().collect().await.expect("a body").to_bytes())
    }

    pub(crate) async fn post(&self, path: &str, body: &Value, accept: &str) -> (StatusCode, Bytes) {
        let request = Request::post(path)
            .header("host", "127.0.0.1:4319")
            .header("content-type", "application/json")
            .header("accept", accept)
            .body(Body::from(body.to_string()))
            .expect("a request");
        self.send_request(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Bytes) {
        let request = Request::get(path).header("host", "127.0.0.1:4319").body(Body::empty()).expect("a request");
        self.send_request(request).await
    }

    /// The head of an answer, whose body may have no end.
    pub(crate) async fn begin(&self, request: Request<Body>) -> axum::response::Response {
        self.router.clone().oneshot(request).await.expect("infallible")
    }

    pub(crate) async fn send_request(&self, request: Request<Body>) -> (StatusCode, Bytes) {
        let response = self.begin(request).await;
        let status = response.status();
        (status, response.into_body().collect().await.expect("a body").to_bytes())
    }
}

fn derive(request: &RawRequest) -> Result<Vec<TableBatch>, String> {
    let decoded = decode(request.signal, request.format, &request.body, request.received_at, &DecodeLimits::NONE);
    decoded.map(|decoded| decoded.batches).map_err(|error| error.to_string())
}
