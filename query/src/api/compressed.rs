//! Request bodies that come compressed, as they were before. They grow no further than bodies may that come as they are.

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use schemas::otlp::{
    ContentEncoding,
    compression::{DecompressError, decompress},
};

use super::problem::Problem;

/// What a sender may use, as `Accept-Encoding` says it.
const ENCODINGS: &str = "gzip, zstd";

/// Lets a request through with its body decompressed. `bytes_max`: of the body, before and after.
pub(super) async fn decompress_body(State(bytes_max): State<usize>, request: Request, next: Next) -> Response {
    match decompressed(request, bytes_max).await {
        Ok(request) => next.run(request).await,
        Err(refusal) => refusal,
    }
}

async fn decompressed(request: Request, bytes_max: usize) -> Result<Request, Response> {
    let (mut head, body) = request.into_parts();
    let Some(named) = head.headers.remove(header::CONTENT_ENCODING) else { return Ok(Request::from_parts(head, body)) };
    let encoding = match named.to_str().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "identity" | "" => return Ok(Request::from_parts(head, body)),
        "gzip" | "x-gzip" => ContentEncoding::Gzip,
        "zstd" => ContentEncoding::Zstd,
        other => return Err(unknown(other)),
    };
    let too_large = || {
        let detail = format!("more than {bytes_max} bytes");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "The request is too large", detail)
            .hint("send less, for instance a shorter list of parameters")
            .into_response()
    };
    let bytes = to_bytes(body, bytes_max).await.map_err(|_| too_large())?;
    let whole = decompress(encoding, &bytes, bytes_max).map_err(|error| match error {
        DecompressError::TooLarge { .. } => too_large(),
        DecompressError::Malformed { .. } => {
            Problem::new(StatusCode::BAD_REQUEST, "invalid_body", "The request cannot be read", error.to_string())
                .hint("`Content-Encoding` must say how the body is compressed")
                .into_response()
        }
    })?;
    head.headers.insert(header::CONTENT_LENGTH, whole.len().into());
    Ok(Request::from_parts(head, Body::from(whole.into_owned())))
}

fn unknown(encoding: &str) -> Response {
    let detail = format!("{encoding:?} is not a compression that is known here");
    let problem = Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding", "The request cannot be read", detail);
    let mut response = problem.hint(format!("use one of {ENCODINGS}, or none")).into_response();
    response.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static(ENCODINGS));
    response
}
