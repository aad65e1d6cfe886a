//! Which path is answered by whom.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Instant, SystemTime},
};

use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, MatchedPath, Request},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use storage::Store;
use tokio_util::sync::CancellationToken;
use tower_http::compression::{
    CompressionLayer, Predicate,
    predicate::{NotForContentType, SizeAbove},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    admin, breakers,
    compat::Compat,
    compressed, coverage,
    dashboard::{self, Dashboard},
    deltas,
    dropped::{Counting, Losses},
    errors, export, graph, guard,
    guard::Guard,
    health,
    ingest::{self, Senders},
    logs, metrics as series,
    openapi::{self, Document},
    overview,
    problem::Problem,
    prometheus, queries, search, services,
    settings::{self, Setting},
    sql, status,
    status::Received,
    stream::{self, StreamPlaces},
    traces,
};
use crate::{
    Config,
    codes::Codes,
    engine::Engine,
    reads::Reads,
    rules::RuleBook,
    self_metrics::{API_REQUEST_SECONDS, API_REQUESTS},
};

/// Answers of fewer bytes are sent as they are: with the headers they fit into one packet.
const COMPRESSED_BYTES_MIN: u16 = 1024;

/// What the handlers answer from.
#[derive(Clone)]
pub struct Shared {
    pub store: Arc<Store>,
    pub engine: Engine,
    /// What is known of error codes.
    pub codes: Arc<Codes>,
    pub prometheus: PrometheusHandle,
    pub version: &'static str,
    /// Served to browsers; without it the API stands alone.
    pub dashboard: Option<Dashboard>,
    pub started_at: SystemTime,
    /// Every address of this process, for whoever is shown how to send data.
    pub listening: Arc<[Listening]>,
    pub data_dir: Arc<str>,
    /// As the process was started.
    pub settings: Arc<[Setting]>,
    /// Exchanged when a file of them changes, or by the API.
    pub rules: Arc<RuleBook>,
    /// Asked on every status request; must be cheap.
    pub received: Arc<dyn Fn() -> Received + Send + Sync>,
    /// Who sends what; must be cheap.
    pub senders: Arc<dyn Fn() -> Senders + Send + Sync>,
    /// Cancelled when shutdown begins: `/readyz` says no from then on.
    pub stopping: CancellationToken,
}

/// An open door: `name` is `otlp_grpc`, `otlp_http` or `api`, and `jaeger` or `zipkin` where these have a port of their own; `url` is what a client is
/// configured with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Listening {
    pub name: &'static str,
    pub url: String,
}

/// What is served where.
pub struct Routers {
    /// All routes.
    pub api: Router,
    /// Those of Jaeger's query API alone, without a prefix.
    pub jaeger: Router,
    /// So too of Zipkin's.
    pub zipkin: Router,
}

/// All routes behind the guard, and those that have a port of their own. The addresses of `config` must be those really bound.
pub fn routers(config: &Config, shared: Shared) -> Routers {
    let reads = Reads::new(config.concurrent_reads_max, config.read_deadline);
    let compat = Compat::new(shared.clone(), reads.clone(), config);
    let of_native = |routes: &Router, listen: Option<SocketAddr>| {
        let named = routes.clone().fallback(not_here).method_not_allowed_fallback(method_not_allowed);
        behind_guard(named, config, listen.unwrap_or(config.listen))
    };
    Routers {
        jaeger: of_native(&compat.jaeger, config.jaeger_listen),
        zipkin: of_native(&compat.zipkin, config.zipkin_listen),
        api: behind_guard(api(config, shared, reads, &compat), config, config.listen),
    }
}

fn api(config: &Config, shared: Shared, reads: Reads, compat: &Compat) -> Router {
    let dashboard = shared.dashboard.clone();
    let folds = breakers::Folds::new(shared.engine.clone(), Losses::of(&shared));
    let places = StreamPlaces::new(config.streams_max);
    let (routes, document) = openapi::routes()
        .merge(dashboard::routes(dashboard.clone()))
        .merge(about_the_server(shared.clone()))
        .merge(ingest::routes(shared.clone()))
        .merge(settings::routes(shared.clone()))
        .merge(admin::routes(Arc::clone(&shared.store), shared.rules.shared()))
        .merge(sql::routes(shared.engine.clone()))
        .merge(queries::routes(shared.engine.clone()))
        .merge(search::routes(shared.engine.clone()))
        .merge(export::routes(shared.engine.clone(), shared.stopping.clone()))
        .merge(deltas::routes(shared.clone()))
        .merge(stream::routes(&shared, config, places.clone()))
        .merge(breakers::routes(folds.clone(), &shared, config, places))
        .merge(services::routes(folds.clone()))
        .merge(graph::routes(folds.clone()))
        .merge(coverage::routes(folds.clone(), Arc::clone(&shared.codes)))
        .merge(overview::routes(shared.clone(), folds, config))
        .merge(errors::routes(shared.clone()))
        .merge(logs::routes(Counting::of(&shared)))
        .merge(series::routes(Counting::of(&shared)))
        .merge(traces::routes(shared, reads, config.trace_spans_max))
        .split_for_parts();
    routes
        .merge(compat.below_prefixes())
        .layer(Extension(Document::new(&document)))
        .fallback(move |request: Request| dashboard::page(dashboard.clone(), request))
        .method_not_allowed_fallback(method_not_allowed)
}

/// As all are served: bounded, measured, and for nobody from elsewhere.
fn behind_guard(routes: Router, config: &Config, listen: SocketAddr) -> Router {
    let guard = Guard::new(listen, &config.allowed_hosts);
    routes
        .layer(CompressionLayer::new().compress_when(worth_compressing()))
        .layer(middleware::from_fn_with_state(config.request_bytes_max, compressed::decompress_body))
        .layer(DefaultBodyLimit::max(config.request_bytes_max))
        .layer(middleware::from_fn(measure))
        .layer(middleware::from_fn_with_state(guard, guard::refuse_foreign))
}

/// Not events, which a compressor would hold back, nor Parquet, whose pages are compressed.
fn worth_compressing() -> impl Predicate {
    SizeAbove::new(COMPRESSED_BYTES_MIN)
        .and(NotForContentType::const_new("text/event-stream"))
        .and(NotForContentType::const_new("application/vnd.apache.parquet"))
        .and(NotForContentType::const_new("application/vnd.apache.arrow.stream"))
}

fn about_the_server(shared: Shared) -> OpenApiRouter {
    OpenApiRouter::default()
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(prometheus::metrics))
        .routes(routes!(status::get))
        .with_state(shared)
}

async fn not_here(request: Request) -> Response {
    let detail = format!("no such route: {}", request.uri().path());
    Problem::new(StatusCode::NOT_FOUND, "not_found", "This port answers one query API only", detail).into_response()
}

async fn method_not_allowed(request: Request) -> Response {
    let detail = format!("{} is not supported by {}", request.method(), request.uri().path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "This method is not supported here", detail).into_response()
}

/// Counts by route template, never by raw path, so that strangers cannot create metric series.
async fn measure(request: Request, next: Next) -> Response {
    let start = Instant::now();
    let route = request.extensions().get::<MatchedPath>().map_or_else(|| "unknown".to_owned(), |path| path.as_str().to_owned());
    let response = next.run(request).await;
    metrics::histogram!(API_REQUEST_SECONDS, "route" => route.clone()).record(start.elapsed().as_secs_f64());
    metrics::counter!(API_REQUESTS, "route" => route, "status" => response.status().as_str().to_owned()).increment(1);
    response
}
