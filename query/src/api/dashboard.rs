//! The dashboard, as whoever wires the server hands it over: this room serves pages, and knows none.

use std::{borrow::Cow, sync::Arc, time::Instant};

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderValue, Method, StatusCode, Uri, header};
use schemas::TraceId;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answer::{self, Cost, Meta},
    openapi::OtherProblems,
    problem::Problem,
};

/// What the server can show, and do for who looks at it.
#[derive(Clone)]
pub struct Dashboard {
    /// What a path shows to a browser that accepts these encodings (the value of the header).
    pub pages: fn(&str, &str) -> Option<Page>,
    /// Sends a trace through this server's own door and returns its id, or why that failed.
    pub send_test_trace: Arc<dyn Fn() -> BoxFuture<'static, Result<TraceId, String>> + Send + Sync>,
}

/// A file of the dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub content_type: &'static str,
    pub encoding: Option<&'static str>,
    pub cache_control: &'static str,
    pub bytes: Cow<'static, [u8]>,
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let bytes = match self.bytes {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => Bytes::from(bytes),
        };
        let headers =
            [(header::CONTENT_TYPE, self.content_type), (header::CACHE_CONTROL, self.cache_control), (header::VARY, "accept-encoding")];
        let mut response = (headers, bytes).into_response();
        if let Some(encoding) = self.encoding {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    }
}

/// First words of paths that belong to programs: what is not there is said to be not there, and never shown as a page.
const OF_PROGRAMS: [&str; 8] = ["api", "v1", "jaeger", "zipkin", "tempo", "prometheus", "loki", "grafana"];

/// Answers whatever no route takes.
pub(super) async fn page(dashboard: Option<Dashboard>, request: Request) -> Response {
    let path = request.uri().path();
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    let looks = matches!(*request.method(), Method::GET | Method::HEAD) && !OF_PROGRAMS.contains(&first);
    let accepted = request.headers().get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match dashboard.filter(|_| looks).and_then(|dashboard| (dashboard.pages)(path, accepted)) {
        Some(page) => page.into_response(),
        None => unknown_route(request.uri()),
    }
}

fn unknown_route(uri: &Uri) -> Response {
    Problem::new(StatusCode::NOT_FOUND, "unknown_route", "There is nothing here", format!("no route {}", uri.path()))
        .hint("the API starts at /api/v1, for instance /api/v1/traces/{trace_id}; / is the dashboard")
        .into_response()
}

pub(super) fn routes(dashboard: Option<Dashboard>) -> OpenApiRouter {
    OpenApiRouter::default().routes(routes!(send_test_trace)).with_state(dashboard)
}

/// A trace that was sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TestTrace)]
struct Sent {
    /// 32 hex digits.
    trace_id: String,
    meta: Meta,
}

/// Sends a trace of two services through the OTLP door, as an exporter would: when it can be found, the whole way works.
#[utoipa::path(
    post,
    path = "/api/v1/test-traces",
    tag = "server",
    responses((status = 200, description = "It was acknowledged: it is durable and can be asked for", body = Sent), OtherProblems)
)]
async fn send_test_trace(State(dashboard): State<Option<Dashboard>>) -> Response {
    let start = Instant::now();
    let Some(dashboard) = dashboard else {
        return Problem::new(StatusCode::NOT_FOUND, "no_dashboard", "This server sends no test traces", "it runs without a dashboard")
            .hint("send a trace to the OTLP port instead")
            .into_response();
    };
    match (dashboard.send_test_trace)().await {
        Ok(id) => {
            let sent = Sent { trace_id: id.to_string(), meta: Cost::default().meta(start) };
            answer::json(serde_json::to_vec(&sent).expect("texts and numbers always serialize"))
        }
        Err(reason) => Problem::new(StatusCode::BAD_GATEWAY, "test_trace_refused", "The test trace was not taken", reason)
            .hint("GET /readyz says what keeps the server from taking data")
            .into_response(),
    }
}
