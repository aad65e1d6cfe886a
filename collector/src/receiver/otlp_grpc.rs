//! OTLP/gRPC: the three Export calls as a service of our own behind tonic's server.
//!
//! tonic's codec reserves what a frame announces, decompresses without our budget and answers `OUT_OF_RANGE` and `INTERNAL`.
//! So this service reads the HTTP/2 body itself. A unary call is one frame:
//!
//! ```text
//! compressed: u8 (0 or 1) | message length: u32, big-endian | message
//! ```
#![deny(clippy::indexing_slicing)]

use std::{convert::Infallible, sync::Arc};

use axum::middleware::Next;
use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::{BodyExt, Full};
use schemas::{
    Signal,
    otlp::{ContentEncoding, Format, Rejected},
};
use tonic::{body::Body, service::Routes};

use super::{
    Arrived, Ingest, Refusal, Transport, body,
    response::Stored,
    status::{ACCEPTED_ENCODINGS, ENCODINGS, jittered},
};
use crate::open_requests::OpenRequests;

const PREFIX_BYTES: usize = 5;
const GRPC_ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const GRPC_ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const APPLICATION_GRPC: HeaderValue = HeaderValue::from_static("application/grpc");

/// The gRPC service that takes `signal`, as health checks name it.
pub(crate) fn service_name(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "opentelemetry.proto.collector.trace.v1.TraceService",
        Signal::Logs => "opentelemetry.proto.collector.logs.v1.LogsService",
        Signal::Metrics => "opentelemetry.proto.collector.metrics.v1.MetricsService",
    }
}

/// Counts a call among the open requests of its connection, which tonic says with each of them.
pub(crate) async fn count_open(request: axum::extract::Request, next: Next) -> axum::response::Response {
    match request.extensions().get::<OpenRequests>().map(OpenRequests::begin) {
        Some(open) => open.until_sent(next.run(request).await).map(axum::body::Body::new),
        None => next.run(request).await,
    }
}

/// The Export call of every signal. Other paths stay with tonic, which answers `UNIMPLEMENTED`.
pub(crate) fn routes(ingest: &Arc<Ingest>) -> Routes {
    let mut router = Routes::default().into_axum_router();
    for signal in Signal::ALL {
        let ingest = ingest.clone();
        let export = tower::service_fn(move |request: Request<axum::body::Body>| {
            let ingest = ingest.clone();
            async move { Ok::<_, Infallible>(export(&ingest, signal, request).await) }
        });
        router = router.route_service(&format!("/{}/Export", service_name(signal)), export);
    }
    Routes::from(router)
}

async fn export(ingest: &Ingest, signal: Signal, request: Request<axum::body::Body>) -> Response<Body> {
    let (head, body) = request.into_parts();
    if !head.headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/grpc")) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return response;
    }
    let work = take(ingest, signal, &head, body);
    match ingest.supervise(signal, Transport::Grpc, work).await {
        Ok(stored) => success(&stored),
        Err(refusal) => failure(&refusal),
    }
}

async fn take(ingest: &Ingest, signal: Signal, head: &http::request::Parts, mut body: axum::body::Body) -> Result<Stored, Refusal> {
    if head.method != Method::POST {
        return Err(Refusal::Method(head.method.as_str().chars().take(100).collect()));
    }
    let frame_encoding = frame_encoding(&head.headers)?;
    let limit = ingest.body_bytes_max();
    let mut reservation = ingest.reservation();
    let check = |bytes: &[u8]| Frame::check(bytes, limit);
    let bytes = body::read(&mut body, None, &mut reservation, ingest.pace, check).await?;
    let frame = Frame::parse(&bytes)?;
    let encoding = if frame.compressed { frame_encoding } else { ContentEncoding::Identity };
    if frame.compressed && encoding == ContentEncoding::Identity {
        return Err(Refusal::Undecodable("the message is marked as compressed, but grpc-encoding names no compression".into()));
    }
    let body = bytes.slice(PREFIX_BYTES..);
    let (transport, format, rejected) = (Transport::Grpc, Format::Protobuf, Rejected::default());
    ingest.store(Arrived { transport, signal, format, encoding, body, rejected }, reservation).await
}

fn frame_encoding(headers: &HeaderMap) -> Result<ContentEncoding, Refusal> {
    match headers.get(GRPC_ENCODING).map_or(b"identity".as_slice(), HeaderValue::as_bytes) {
        b"identity" => Ok(ContentEncoding::Identity),
        b"gzip" => Ok(ContentEncoding::Gzip),
        b"zstd" => Ok(ContentEncoding::Zstd),
        other => {
            let found = String::from_utf8_lossy(other).chars().take(100).collect();
            Err(Refusal::ContentEncoding { found, wanted: ENCODINGS })
        }
    }
}

/// The prefix of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Frame {
    compressed: bool,
    message_bytes: u32,
}

impl Frame {
    /// The prefix, or `None` while it is not whole.
    fn prefix(bytes: &[u8]) -> Option<Result<Self, Refusal>> {
        let (prefix, _) = bytes.split_first_chunk::<PREFIX_BYTES>()?;
        let [flag, length @ ..] = *prefix;
        Some(match flag {
            0 | 1 => Ok(Self { compressed: flag == 1, message_bytes: u32::from_be_bytes(length) }),
            _ => Err(Refusal::Undecodable(format!("the compressed flag of the gRPC frame is {flag}, not 0 or 1"))),
        })
    }

    /// Refuses a body as soon as its first bytes show that it will not be taken. The announced length reserves nothing.
    fn check(bytes: &[u8], limit: u64) -> Result<(), Refusal> {
        let Some(frame) = Self::prefix(bytes) else { return Ok(()) };
        let frame = frame?;
        if u64::from(frame.message_bytes) > limit {
            return Err(Refusal::TooLarge { limit });
        }
        if bytes.len() > PREFIX_BYTES + frame.message_bytes as usize {
            return Err(Refusal::Undecodable("more than one message in a unary call".into()));
        }
        Ok(())
    }

    /// The prefix of a whole body.
    fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        let frame = Self::prefix(bytes).ok_or_else(|| Refusal::Undecodable("the call has no message".into()))??;
        let actual = bytes.len() - PREFIX_BYTES;
        if actual != frame.message_bytes as usize {
            return Err(Refusal::Undecodable(format!("the gRPC frame announces {} bytes and has {actual}", frame.message_bytes)));
        }
        Ok(frame)
    }
}

fn success(stored: &Stored) -> Response<Body> {
    let message = stored.to_protobuf();
    let mut frame = BytesMut::with_capacity(PREFIX_BYTES + message.len());
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).expect("answers are a few KiB"));
    frame.put_slice(&message);
    let mut trailers = HeaderMap::new();
    trailers.insert(GRPC_STATUS, HeaderValue::from_static("0"));
    let body = Full::new(Bytes::from(frame)).with_trailers(std::future::ready(Some(Ok(trailers))));
    let mut response = Response::new(Body::new(body));
    response.headers_mut().insert(CONTENT_TYPE, APPLICATION_GRPC);
    response
}

/// A response of headers only: gRPC's form of an answer without a message.
fn failure(refusal: &Refusal) -> Response<Body> {
    let retry = refusal.verdict().retry_after.map(jittered);
    let mut response = refusal.grpc_status(retry).into_http();
    if matches!(refusal, Refusal::ContentEncoding { .. }) {
        response.headers_mut().insert(GRPC_ACCEPT_ENCODING, HeaderValue::from_static(ACCEPTED_ENCODINGS));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: u64 = 16;

    #[test]
    fn a_frame_is_refused_as_early_as_its_bytes_allow() {
        let check = |bytes: &[u8], expected: Result<(), &str>| {
            assert_eq!(Frame::check(bytes, LIMIT).map_err(|refusal| refusal.verdict().outcome), expected, "{bytes:?}");
        };
        check(b"", Ok(()));
        check(&[0, 0, 0, 0], Ok(()));
        check(&[0, 0, 0, 0, 16], Ok(()));
        check(&[1, 0, 0, 0, 17], Err("too_large"));
        check(&[0, 255, 255, 255, 255], Err("too_large"));
        check(&[2, 0, 0, 0, 0], Err("undecodable"));
        check(&[0, 0, 0, 0, 1, 7], Ok(()));
        check(&[0, 0, 0, 0, 1, 7, 7], Err("undecodable"));
    }

    #[test]
    fn only_a_whole_frame_is_parsed() {
        assert_eq!(Frame::parse(&[1, 0, 0, 0, 2, 7, 7]), Ok(Frame { compressed: true, message_bytes: 2 }));
        for bytes in [&[][..], &[0, 0, 0, 0], &[0, 0, 0, 0, 2, 7]] {
            assert!(Frame::parse(bytes).is_err(), "{bytes:?}");
        }
    }
}
