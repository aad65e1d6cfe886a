//! One page over HTTP/1.1.

use std::borrow::Cow;

use super::target::Target;
use crate::dial::dial;
use bytes::{Bytes, BytesMut};
use http::{
    HeaderMap, Request, StatusCode,
    header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HOST, USER_AGENT},
};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use schemas::{
    interop::exposition::Syntax,
    otlp::{
        ContentEncoding,
        compression::{DecompressError, decompress},
    },
};

/// OpenMetrics where it is known, for its exemplars and start times.
const ACCEPTED: &str = "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.4,*/*;q=0.1";

#[derive(Debug)]
pub(super) struct Page {
    pub syntax: Syntax,
    pub body: Vec<u8>,
}

/// Why there is no page.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FetchError {
    #[error("{0}")]
    Connect(String),
    #[error("the connection broke: {0}")]
    Broken(String),
    #[error("HTTP {0}")]
    Status(StatusCode),
    #[error("the page is larger than {limit} bytes")]
    TooLarge { limit: u64 },
    #[error("the page is encoded as {0:?}, which is not gzip")]
    Encoding(String),
    #[error("the page cannot be decompressed")]
    Compression,
    #[error("no answer within {limit_ms} ms")]
    Timeout { limit_ms: u64 },
}

/// Within the timeout of the target.
pub(super) async fn fetch(target: &Target) -> Result<Page, FetchError> {
    let limit_ms = target.config.timeout_ms.min(target.config.interval_ms);
    let page = tokio::time::timeout(std::time::Duration::from_millis(limit_ms), page(target, limit_ms)).await;
    page.unwrap_or(Err(FetchError::Timeout { limit_ms }))
}

async fn page(target: &Target, limit_ms: u64) -> Result<Page, FetchError> {
    let broken = |error: hyper::Error| FetchError::Broken(error.to_string());
    let stream = dial(target.socket(), target.tls.as_ref()).await.map_err(|error| FetchError::Connect(error.to_string()))?;
    let (mut socket, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let connection = tokio::spawn(connection);
    let answer = async {
        let response = socket.send_request(request(target, limit_ms)).await.map_err(broken)?;
        let (head, mut body) = response.into_parts();
        if !head.status.is_success() {
            return Err(FetchError::Status(head.status));
        }
        let limit = target.config.body_bytes_max;
        let mut whole = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
            if (whole.len() + data.len()) as u64 > limit {
                return Err(FetchError::TooLarge { limit });
            }
            whole.extend_from_slice(&data);
        }
        Ok((head.headers, whole.freeze()))
    };
    let answer = answer.await;
    connection.abort();
    let (headers, body) = answer?;
    plain(&headers, &body, target.config.body_bytes_max)
}

fn request(target: &Target, limit_ms: u64) -> Request<Empty<Bytes>> {
    let mut request = Request::get(&target.path)
        .header(HOST, &target.address)
        .header(ACCEPT, ACCEPTED)
        .header(ACCEPT_ENCODING, "gzip")
        .header(USER_AGENT, concat!("fusebox/", env!("CARGO_PKG_VERSION")))
        .header("x-prometheus-scrape-timeout-seconds", format!("{:.3}", limit_ms as f64 / 1e3));
    for (name, value) in &target.config.headers {
        request = request.header(name, value);
    }
    request.body(Empty::new()).expect("paths and headers were checked")
}

fn plain(headers: &HeaderMap, body: &[u8], limit: u64) -> Result<Page, FetchError> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().trim();
    let encoding = match text(CONTENT_ENCODING) {
        "" | "identity" => ContentEncoding::Identity,
        "gzip" => ContentEncoding::Gzip,
        other => return Err(FetchError::Encoding(other.to_owned())),
    };
    let body = decompress(encoding, body, limit as usize).map(Cow::into_owned).map_err(|error| match error {
        DecompressError::TooLarge { .. } => FetchError::TooLarge { limit },
        DecompressError::Malformed { .. } => FetchError::Compression,
    })?;
    Ok(Page { syntax: Syntax::of_content_type(text(CONTENT_TYPE)), body })
}
