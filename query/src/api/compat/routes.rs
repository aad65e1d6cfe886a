//! Both APIs below their prefixes.

use axum::Router;

use super::{super::router::Shared, ask, jaeger, zipkin};
use crate::{Config, reads::Reads};

/// Below `/jaeger` and `/zipkin`.
pub(in crate::api) fn router(shared: Shared, reads: Reads, config: &Config) -> Router {
    let asked = ask::Asked::new(shared, reads, config.trace_spans_max);
    Router::new().nest("/jaeger", jaeger::routes(asked.clone())).nest("/zipkin", zipkin::routes(asked))
}
