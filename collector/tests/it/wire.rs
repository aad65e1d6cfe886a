//! The three ways a request can be written, sent over real sockets, and what came back in one form.

use std::{collections::VecDeque, io::Write, net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceResponse, metrics::v1::ExportMetricsServiceResponse, trace::v1::ExportTraceServiceResponse,
};
use prost::Message;
use schemas::Signal;
use tokio::net::TcpStream;
use tonic_types::{ErrorDetails, StatusExt};

use crate::rig::Rig;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    Grpc,
    Protobuf,
    Json,
}

impl Wire {
    pub const ALL: [Self; 3] = [Self::Grpc, Self::Protobuf, Self::Json];

    pub fn content_type(self) -> &'static str {
        match self {
            Self::Grpc => "application/grpc",
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }
}

/// Every signal over every wire.
pub fn everywhere() -> impl Iterator<Item = (Signal, Wire)> {
    Signal::ALL.into_iter().flat_map(|signal| Wire::ALL.map(|wire| (signal, wire)))
}

/// One request: an OTLP message, and how it is sent.
#[derive(Debug, Clone)]
pub struct Call {
    pub signal: Signal,
    pub wire: Wire,
    /// The message as `wire` writes it, already compressed if `encoding` says so.
    pub message: Vec<u8>,
    pub encoding: Option<&'static str>,
    pub headers: Vec<(&'static str, String)>,
}

impl Call {
    pub fn new(signal: Signal, wire: Wire, message: impl Into<Vec<u8>>) -> Self {
        Self { signal, wire, message: message.into(), encoding: None, headers: vec![] }
    }

    pub fn encoded(mut self, encoding: &'static str, message: Vec<u8>) -> Self {
        self.encoding = Some(encoding);
        self.message = message;
        self
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn gzipped(&self) -> Self {
        let body = gzip(&self.message);
        self.clone().encoded("gzip", body)
    }

    pub fn path(&self) -> String {
        match (self.wire, self.signal) {
            (Wire::Grpc, Signal::Traces) => "/opentelemetry.proto.collector.trace.v1.TraceService/Export".into(),
            (Wire::Grpc, Signal::Logs) => "/opentelemetry.proto.collector.logs.v1.LogsService/Export".into(),
            (Wire::Grpc, Signal::Metrics) => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export".into(),
            (_, signal) => format!("/v1/{signal}"),
        }
    }

    pub fn body(&self) -> Bytes {
        match self.wire {
            Wire::Grpc => {
                let compressed = self.encoding.is_some_and(|encoding| encoding != "identity");
                frame(compressed, &self.message)
            }
            Wire::Protobuf | Wire::Json => self.message.clone().into(),
        }
    }

    pub fn request<B>(&self, body: B) -> Request<B> {
        let mut request = Request::post(format!("http://localhost{}", self.path())).header("content-type", self.wire.content_type());
        if self.wire == Wire::Grpc {
            request = request.header("te", "trailers");
        } else {
            request = request.header("host", "localhost");
        }
        if let Some(encoding) = self.encoding {
            let name = if self.wire == Wire::Grpc { "grpc-encoding" } else { "content-encoding" };
            request = request.header(name, encoding);
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        request.body(body).expect("valid request")
    }

    /// Sends over a new connection: HTTP/2 for gRPC, else HTTP/1.1.
    pub async fn send(&self, rig: &Rig) -> Answer {
        let request = self.request(Full::new(self.body()));
        match self.wire {
            Wire::Grpc => http2(rig.grpc, request).await,
            Wire::Protobuf | Wire::Json => http1(rig.http, request).await,
        }
    }
}

/// A message in gRPC's framing.
pub fn frame(compressed: bool, message: &[u8]) -> Bytes {
    let mut frame = vec![u8::from(compressed)];
    frame.extend((message.len() as u32).to_be_bytes());
    frame.extend(message);
    frame.into()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).expect("in memory")
}

pub async fn http1<B>(address: SocketAddr, request: Request<B>) -> Answer
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let stream = TcpStream::connect(address).await.expect("connects");
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("handshake");
    tokio::spawn(connection);
    Answer::read(sender.send_request(request).await.expect("answered")).await
}

pub async fn http2<B>(address: SocketAddr, request: Request<B>) -> Answer
where
    B: Body + Send + Unpin + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut sender = http2_connection(address).await;
    Answer::read(sender.send_request(request).await.expect("answered")).await
}

pub async fn http2_connection<B>(address: SocketAddr) -> hyper::client::conn::http2::SendRequest<B>
where
    B: Body + Send + Unpin + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let stream = TcpStream::connect(address).await.expect("connects");
    let (sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("handshake");
    tokio::spawn(connection);
    sender
}

/// A response, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub version: Version,
    pub headers: HeaderMap,
    pub trailers: HeaderMap,
    pub body: Bytes,
}

/// What an answer means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Stored,
    Partial {
        rejected: i64,
        message: String,
    },
    /// gRPC code (of the status or of the `google.rpc.Status` body), HTTP status (200 over gRPC), and the delay of RetryInfo.
    Refused {
        code: tonic::Code,
        http: u16,
        retry: Option<Duration>,
    },
}

impl Answer {
    pub async fn read(response: Response<Incoming>) -> Self {
        let (head, body) = response.into_parts();
        let collected = body.collect().await.expect("whole answer");
        let trailers = collected.trailers().cloned().unwrap_or_default();
        Self { status: head.status, version: head.version, headers: head.headers, trailers, body: collected.to_bytes() }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("text"))
    }

    pub fn grpc_status(&self) -> tonic::Status {
        let status = tonic::Status::from_header_map(&self.trailers).or_else(|| tonic::Status::from_header_map(&self.headers));
        status.unwrap_or_else(|| panic!("no grpc-status in {self:?}"))
    }

    /// The details of a refusal, from whichever wire it came.
    pub fn details(&self, wire: Wire) -> ErrorDetails {
        match wire {
            Wire::Grpc => self.grpc_status().get_error_details(),
            Wire::Protobuf => self.status_message().get_error_details(),
            Wire::Json => {
                let json = self.json();
                let mut details = ErrorDetails::new();
                for detail in json["details"].as_array().into_iter().flatten() {
                    match detail["@type"].as_str().expect("@type") {
                        "type.googleapis.com/google.rpc.RetryInfo" => {
                            let seconds: f64 =
                                detail["retryDelay"].as_str().and_then(|text| text.strip_suffix('s')?.parse().ok()).expect("delay");
                            details.set_retry_info(Some(Duration::from_secs_f64(seconds)));
                        }
                        "type.googleapis.com/google.rpc.BadRequest" => {
                            let violation = &detail["fieldViolations"][0]["description"];
                            details.add_bad_request_violation("body", violation.as_str().expect("text"));
                        }
                        other => panic!("unexpected detail {other}"),
                    }
                }
                details
            }
        }
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    fn status_message(&self) -> tonic::Status {
        let status = tonic_types::Status::decode(self.body.clone()).unwrap_or_else(|error| panic!("{error} in {self:?}"));
        tonic::Status::with_details(status.code.into(), status.message, self.body.clone())
    }

    /// The message of a refusal.
    pub fn message(&self, wire: Wire) -> String {
        match wire {
            Wire::Grpc => self.grpc_status().message().to_owned(),
            Wire::Protobuf => self.status_message().message().to_owned(),
            Wire::Json => self.json()["message"].as_str().expect("message").to_owned(),
        }
    }

    /// What the answer means, having checked that it is written as its wire demands.
    pub fn outcome(&self, signal: Signal, wire: Wire) -> Outcome {
        assert_eq!(self.header("content-type"), Some(wire.content_type()), "{self:?}");
        match wire {
            Wire::Grpc => {
                assert_eq!(self.status, 200, "{self:?}");
                let status = self.grpc_status();
                if status.code() != tonic::Code::Ok {
                    return self.refused(wire, status.code());
                }
                assert_eq!(
                    self.body.get(..5).map(|prefix| u32::from_be_bytes(prefix[1..].try_into().expect("4 bytes"))),
                    Some(self.body.len() as u32 - 5)
                );
                partial_of_protobuf(signal, &self.body[5..])
            }
            Wire::Protobuf if self.status == 200 => partial_of_protobuf(signal, &self.body),
            Wire::Protobuf => self.refused(wire, self.status_message().code()),
            Wire::Json if self.status == 200 => partial_of_json(signal, &self.json()),
            Wire::Json => self.refused(wire, tonic::Code::from_i32(self.json()["code"].as_i64().expect("code") as i32)),
        }
    }

    fn refused(&self, wire: Wire, code: tonic::Code) -> Outcome {
        let details = self.details(wire);
        assert_eq!(details.bad_request().is_some(), code == tonic::Code::InvalidArgument, "{self:?}");
        assert!(!self.message(wire).is_empty());
        let retry = details.retry_info().map(|info| info.retry_delay.expect("a delay"));
        if wire != Wire::Grpc {
            let after: Option<u64> = self.header("retry-after").map(|text| text.parse().expect("seconds"));
            assert_eq!(after.is_some(), [429, 503].contains(&self.status.as_u16()), "{self:?}");
            assert_eq!(after, retry.map(|retry| retry.as_secs_f64().ceil() as u64));
        }
        Outcome::Refused { code, http: self.status.as_u16(), retry }
    }
}

fn partial(parts: Option<(i64, String)>) -> Outcome {
    match parts {
        None => Outcome::Stored,
        Some((rejected, message)) => {
            assert!(!message.is_empty(), "a partial success without a message");
            Outcome::Partial { rejected, message }
        }
    }
}

fn partial_of_protobuf(signal: Signal, body: &[u8]) -> Outcome {
    let parts = match signal {
        Signal::Traces => ExportTraceServiceResponse::decode(body).map(|r| r.partial_success.map(|p| (p.rejected_spans, p.error_message))),
        Signal::Logs => {
            ExportLogsServiceResponse::decode(body).map(|r| r.partial_success.map(|p| (p.rejected_log_records, p.error_message)))
        }
        Signal::Metrics => {
            ExportMetricsServiceResponse::decode(body).map(|r| r.partial_success.map(|p| (p.rejected_data_points, p.error_message)))
        }
    };
    partial(parts.expect("an export response"))
}

fn partial_of_json(signal: Signal, json: &serde_json::Value) -> Outcome {
    let key = match signal {
        Signal::Traces => "rejectedSpans",
        Signal::Logs => "rejectedLogRecords",
        Signal::Metrics => "rejectedDataPoints",
    };
    let object = json.as_object().expect("an object");
    let parts = object.get("partialSuccess").map(|partial| {
        let rejected = partial[key].as_str().map_or(0, |text| text.parse().expect("a number"));
        (rejected, partial["errorMessage"].as_str().expect("a message").to_owned())
    });
    assert!(parts.is_some() || object.is_empty(), "{json}");
    partial(parts)
}

/// A refusal that must not be retried.
pub fn never(code: tonic::Code, http: u16) -> impl Fn(Wire) -> Outcome {
    move |wire| Outcome::Refused { code, http: if wire == Wire::Grpc { 200 } else { http }, retry: None }
}

/// Asserts a refusal that asks the sender to come back, in the words of `wire`.
pub fn assert_retryable(outcome: &Outcome, wire: Wire) {
    let Outcome::Refused { code, http, retry } = outcome else { panic!("{wire:?}: {outcome:?}") };
    assert_eq!((*code, *http), (tonic::Code::Unavailable, if wire == Wire::Grpc { 200 } else { 503 }), "{wire:?}");
    let retry = retry.expect("a delay");
    assert!((Duration::from_secs(1)..=Duration::from_secs(30)).contains(&retry), "{retry:?}");
}

/// A body of parts that a test sends one by one.
pub struct Parts {
    ready: VecDeque<Bytes>,
    more: tokio::sync::mpsc::UnboundedReceiver<Bytes>,
}

impl Parts {
    pub fn new() -> (tokio::sync::mpsc::UnboundedSender<Bytes>, Self) {
        let (sender, more) = tokio::sync::mpsc::unbounded_channel();
        (sender, Self { ready: VecDeque::new(), more })
    }
}

impl Body for Parts {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        if let Some(part) = self.ready.pop_front() {
            return std::task::Poll::Ready(Some(Ok(http_body::Frame::data(part))));
        }
        self.more.poll_recv(context).map(|part| part.map(|part| Ok(http_body::Frame::data(part))))
    }
}
