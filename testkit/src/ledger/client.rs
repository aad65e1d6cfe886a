//! An OTLP client that reports exactly what it was told: over HTTP or gRPC, compressed or not.

use std::{net::SocketAddr, time::Duration};

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, Request as HttpRequest, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client as Pool, connect::HttpConnector},
    rt::TokioExecutor,
};
use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceResponse, metrics::v1::ExportMetricsServiceResponse, trace::v1::ExportTraceServiceResponse,
};
use prost::Message;
use schemas::Signal;

use super::record::Request;

/// How a request travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    Http,
    HttpZstd,
    Grpc,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Success, with nothing rejected.
    Acked,
    /// The server said no; `retryable` by the rules of OTLP.
    Refused { retryable: bool, reason: String },
    /// No answer: the request may be stored or not.
    Unknown { reason: String },
}

pub struct Client {
    http: Pool<HttpConnector, Full<Bytes>>,
    grpc: Pool<HttpConnector, Full<Bytes>>,
    otlp_http: SocketAddr,
    otlp_grpc: SocketAddr,
}

impl Client {
    /// How long an answer may take before it counts as lost.
    const PATIENCE: Duration = Duration::from_secs(10);

    /// Must be called and used inside a tokio runtime.
    pub fn new(otlp_http: SocketAddr, otlp_grpc: SocketAddr) -> Self {
        let http = Pool::builder(TokioExecutor::new()).build_http();
        let grpc = Pool::builder(TokioExecutor::new()).http2_only(true).build_http();
        Self { http, grpc, otlp_http, otlp_grpc }
    }

    /// CANCEL-SAFE: dropping the future disconnects, which is the point of some tests.
    pub async fn export(&self, request: &Request, wire: Wire) -> Answer {
        let sent = tokio::time::timeout(Self::PATIENCE, async {
            match wire {
                Wire::Http => self.export_http(request.signal, request.body(), None).await,
                Wire::HttpZstd => {
                    let body = zstd::encode_all(&request.body()[..], 1).expect("memory to memory");
                    self.export_http(request.signal, body, Some("zstd")).await
                }
                Wire::Grpc => self.export_grpc(request.signal, &request.body()).await,
            }
        });
        match sent.await {
            Ok(Ok(answer)) => answer,
            Ok(Err(reason)) => Answer::Unknown { reason },
            Err(_) => Answer::Unknown { reason: format!("no answer within {:?}", Self::PATIENCE) },
        }
    }

    async fn export_http(&self, signal: Signal, body: Vec<u8>, encoding: Option<&str>) -> Result<Answer, String> {
        let path = match signal {
            Signal::Traces => "traces",
            Signal::Logs => "logs",
            Signal::Metrics => "metrics",
        };
        let mut request =
            HttpRequest::post(format!("http://{}/v1/{path}", self.otlp_http)).header("content-type", "application/x-protobuf");
        if let Some(encoding) = encoding {
            request = request.header("content-encoding", encoding);
        }
        let request = request.body(Full::from(body)).map_err(|error| error.to_string())?;
        let response = self.http.request(request).await.map_err(|error| format!("{error:?}"))?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        if head.status == StatusCode::OK {
            return acknowledged(signal, &body);
        }
        let retryable = [429, 502, 503, 504].contains(&head.status.as_u16());
        Ok(Answer::Refused { retryable, reason: format!("{} {}", head.status, String::from_utf8_lossy(&body)) })
    }

    async fn export_grpc(&self, signal: Signal, message: &[u8]) -> Result<Answer, String> {
        let service = match signal {
            Signal::Traces => "trace.v1.TraceService",
            Signal::Logs => "logs.v1.LogsService",
            Signal::Metrics => "metrics.v1.MetricsService",
        };
        let mut frame = BytesMut::with_capacity(5 + message.len());
        frame.put_u8(0);
        frame.put_u32(u32::try_from(message.len()).expect("test requests are small"));
        frame.put_slice(message);
        let request = HttpRequest::post(format!("http://{}/opentelemetry.proto.collector.{service}/Export", self.otlp_grpc))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(Full::new(frame.freeze()))
            .map_err(|error| error.to_string())?;
        let response = self.grpc.request(request).await.map_err(|error| format!("{error:?}"))?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?;
        let trailers = body.trailers().cloned().unwrap_or_default();
        match grpc_status(&trailers).or_else(|| grpc_status(&head.headers)) {
            Some((0, _)) => acknowledged(signal, body.to_bytes().get(5..).ok_or("success without a message")?),
            // CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS; RESOURCE_EXHAUSTED only with RetryInfo,
            // which this client does not read: it takes the careful reading.
            Some((code, reason)) => {
                Ok(Answer::Refused { retryable: [1, 4, 10, 11, 14, 15].contains(&code), reason: format!("{code} {reason}") })
            }
            None => Err("the stream ended without a status".into()),
        }
    }
}

fn grpc_status(headers: &HeaderMap) -> Option<(u32, String)> {
    let code = headers.get("grpc-status")?.to_str().ok()?.parse().ok()?;
    let message = headers.get("grpc-message").map(|message| String::from_utf8_lossy(message.as_bytes()).into_owned());
    Some((code, message.unwrap_or_default()))
}

fn acknowledged(signal: Signal, body: &[u8]) -> Result<Answer, String> {
    let unreadable = |error: prost::DecodeError| format!("unreadable answer: {error}");
    let rejected = match signal {
        Signal::Traces => {
            let success = ExportTraceServiceResponse::decode(body).map_err(unreadable)?.partial_success;
            success.map(|partial| (partial.rejected_spans, partial.error_message))
        }
        Signal::Logs => {
            let success = ExportLogsServiceResponse::decode(body).map_err(unreadable)?.partial_success;
            success.map(|partial| (partial.rejected_log_records, partial.error_message))
        }
        Signal::Metrics => {
            let success = ExportMetricsServiceResponse::decode(body).map_err(unreadable)?.partial_success;
            success.map(|partial| (partial.rejected_data_points, partial.error_message))
        }
    };
    Ok(match rejected {
        None => Answer::Acked,
        Some((rejected, reason)) => Answer::Refused { retryable: false, reason: format!("{rejected} rejected: {reason}") },
    })
}
