//! OTLP/HTTP over one keep-alive HTTP/1.1 connection.

use bytes::Bytes;
use collector::Tls;
use http::{HeaderMap, HeaderValue, Request, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use schemas::otlp::Format;

use super::{
    Compression, Endpoint, Outcome, answer,
    connection::{Outgoing, describe},
    dial::dial,
};

/// Of ALPN.
pub(crate) const PROTOCOL: &str = "http/1.1";

pub(crate) struct HttpConnection {
    endpoint: Endpoint,
    compression: Compression,
    /// Beside those that are always there.
    pub(super) headers: HeaderMap,
    /// Whom to trust; `None`: whom the system trusts.
    pub(super) tls: Option<Tls>,
    socket: Option<SendRequest<Full<Bytes>>>,
}

impl HttpConnection {
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
        let body = body.collect().await.map_err(|error| describe(&error))?.to_bytes();
        Ok(answer::of_http(head.status, &head.headers, outgoing.format, &body))
    }

    async fn connected(&mut self) -> Result<&mut SendRequest<Full<Bytes>>, String> {
        let usable = match &mut self.socket {
            Some(socket) => socket.ready().await.is_ok(),
            None => false,
        };
        if !usable {
            self.socket = None;
            let stream = dial(&self.endpoint, &mut self.tls, PROTOCOL).await?;
            let (socket, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| describe(&error))?;
            tokio::spawn(connection);
            self.socket = Some(socket);
        }
        Ok(self.socket.as_mut().expect("just connected"))
    }

    fn request(&self, outgoing: &Outgoing) -> Request<Full<Bytes>> {
        let content_type = match outgoing.format {
            Format::Protobuf => "application/x-protobuf",
            Format::Json => "application/json",
        };
        let mut request = Request::post(self.endpoint.path(&format!("/v1/{}", outgoing.signal)))
            .header(header::HOST, self.endpoint.authority().as_str())
            .header(header::CONTENT_TYPE, content_type)
            .header(header::USER_AGENT, concat!("fusebox-send/", env!("CARGO_PKG_VERSION")))
            .body(Full::new(outgoing.body.clone()))
            .expect("an endpoint's path and constant headers are valid");
        request.headers_mut().extend(self.headers.clone());
        if let Some(encoding) = self.compression.encoding() {
            request.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        request
    }
}
