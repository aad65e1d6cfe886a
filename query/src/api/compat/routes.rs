//! Both APIs: below their prefixes, and as those who know only them expect them.

use axum::Router;

use super::{super::router::Shared, ask, jaeger, zipkin};
use crate::{Config, reads::Reads};

/// The routes of both, without prefixes.
pub(in crate::api) struct Compat {
    pub jaeger: Router,
    pub zipkin: Router,
}

impl Compat {
    pub(in crate::api) fn new(shared: Shared, reads: Reads, config: &Config) -> Self {
        let asked = ask::Asked::new(shared, reads, config.trace_spans_max);
        Self { jaeger: jaeger::routes(asked.clone()), zipkin: zipkin::routes(asked) }
    }

    /// Below `/jaeger` and `/zipkin`.
    pub(in crate::api) fn below_prefixes(&self) -> Router {
        Router::new().nest("/jaeger", self.jaeger.clone()).nest("/zipkin", self.zipkin.clone())
    }
}
