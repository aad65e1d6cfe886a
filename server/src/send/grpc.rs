//! OTLP/gRPC over one HTTP/2 connection, without TLS (h2c) or with, with frames made by hand: no generated code, no copies.

use std::convert::Infallible;

use bytes::{BufMut, Bytes, BytesMut};
use collector::Tls;
use futures::stream;
use http::{HeaderMap, HeaderValue, Request, Version, header};
use http_body_util::{BodyExt, StreamBody};
use hyper::{
    body::Frame,
    client::conn::http2::{self, SendRequest},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use schemas::Signal;

use super::{
    Compression, Endpoint, Outcome, answer,
    connection::{Outgoing, describe},
    dial::dial,
};

type Frames = StreamBody<stream::Iter<std::array::IntoIter<Result<Frame<Bytes>, Infallible>, 2>>>;

/// Of ALPN.
pub(crate) const PROTOCOL: &str = "h2";

pub(crate) struct GrpcConnection {
    endpoint: Endpoint,
    compression: Compression,
    /// Beside those that are always there.
    pub(super) headers: HeaderMap,
    /// Whom to trust; `None`: whom the system trusts.
    pub(super) tls: Option<Tls>,
    socket: Option<SendRequest<Frames>>,
}

impl GrpcConnection {
    pub(crate) fn new(endpoint: Endpoint, compression: Compression) -> Self {
        Self { endpoint, compression, headers: HeaderMap::new(), tls: None, socket: None }
    }

    pub(crate) fn drop_socket(&mut self) {
        self.socket = None;
    }

    /// # Errors
    /// The text of a broken connection.
    pub(crate) async fn send(&mut self, outgoing: &Outgoing) -> Result<Outcome, String> {
        let request = self.request(outgoing);
        let socket = self.connected().await?;
        let response = socket.send_request(request).await.map_err(|error| describe(&error))?;
        let (head, body) = response.into_parts();
        if !head.status.is_success() {
            return Err(format!("HTTP {} instead of gRPC", head.status));
        }
        let collected = body.collect().await.map_err(|error| describe(&error))?;
        let trailers: HeaderMap = collected.trailers().cloned().unwrap_or(head.headers);
        let frame = collected.to_bytes();
        Ok(answer::of_grpc(&trailers, frame.get(FRAME_PREFIX_BYTES..).unwrap_or_default()))
    }

    async fn connected(&mut self) -> Result<&mut SendRequest<Frames>, String> {
        let usable = match &mut self.socket {
            Some(socket) => socket.ready().await.is_ok(),
            None => false,
        };
        if !usable {
            self.socket = None;
            let stream = dial(&self.endpoint, &mut self.tls, PROTOCOL).await?;
            let (socket, connection) =
                http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.map_err(|error| describe(&error))?;
            tokio::spawn(connection);
            self.socket = Some(socket);
        }
        Ok(self.socket.as_mut().expect("just connected"))
    }

    fn request(&self, outgoing: &Outgoing) -> Request<Frames> {
        let mut prefix = BytesMut::with_capacity(FRAME_PREFIX_BYTES);
        prefix.put_u8(u8::from(self.compression != Compression::None));
        prefix.put_u32(outgoing.body.len() as u32);
        let frames = [Ok(Frame::data(prefix.freeze())), Ok(Frame::data(outgoing.body.clone()))];
        let mut request = Request::post(self.endpoint.url(export_path(outgoing.signal)))
            .version(Version::HTTP_2)
            .header(header::CONTENT_TYPE, "application/grpc")
            .header(header::TE, "trailers")
            .header(header::USER_AGENT, concat!("fusebox-send/", env!("CARGO_PKG_VERSION")))
            .body(StreamBody::new(stream::iter(frames)))
            .expect("an endpoint's url and constant headers are valid");
        request.headers_mut().extend(self.headers.clone());
        if let Some(encoding) = self.compression.encoding() {
            request.headers_mut().insert("grpc-encoding", HeaderValue::from_static(encoding));
        }
        request
    }
}

/// Compressed flag and length.
const FRAME_PREFIX_BYTES: usize = 5;

fn export_path(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        Signal::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        Signal::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    }
}
