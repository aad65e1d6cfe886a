//! `/metrics`: our own counters as Prometheus text.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::header;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusRecorder};

use super::{openapi::OtherProblems, process::ProcessStats, router::Shared};

/// From 0.1 ms to 30 s.
const SECONDS_BUCKETS: [f64; 16] = [0.0001, 0.0003, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// The recorder that `server` installs, with the buckets that fit names ending in `_seconds`.
///
/// # Errors
/// Never with the constants of this file.
pub fn recorder() -> Result<PrometheusRecorder, BuildError> {
    Ok(PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS_BUCKETS)?.build_recorder())
}

/// Our own counters as Prometheus text.
#[utoipa::path(get, path = "/metrics", tag = "server", responses((status = 200, description = "Metrics", body = String, content_type = "text/plain"), OtherProblems))]
pub(crate) async fn metrics(State(shared): State<Shared>) -> Response {
    let mut text = shared.prometheus.render();
    ProcessStats::load().render(shared.started_at, &mut text);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], text).into_response()
}
