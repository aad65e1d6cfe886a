//! One worker's way to the server, over either transport.

use std::time::Duration;

use bytes::Bytes;
use clap::ValueEnum;
use collector::Tls;
use http::HeaderMap;
use schemas::{Signal, otlp::Format};

use super::{
    Compression, Endpoint, Outcome,
    grpc::{self, GrpcConnection},
    http1::{self, HttpConnection},
};

/// A request without an answer after this time is tried again.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Registered with IANA for OTLP/gRPC.
const GRPC_PORT: u16 = 4317;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Protocol {
    /// The other names are those of `OTEL_EXPORTER_OTLP_PROTOCOL`; a body leaves in the format it has.
    #[value(aliases = ["http/protobuf", "http/json"], help = None)]
    Http,
    Grpc,
}

impl Protocol {
    /// What listens at a port when nobody says.
    pub(crate) fn usual_at(endpoint: &Endpoint) -> Self {
        if endpoint.target().1 == GRPC_PORT { Self::Grpc } else { Self::Http }
    }

    /// As ALPN names what is spoken above TLS.
    pub(crate) fn alpn(self) -> &'static str {
        match self {
            Self::Http => http1::PROTOCOL,
            Self::Grpc => grpc::PROTOCOL,
        }
    }

    pub(crate) fn default_endpoint(self) -> &'static str {
        match self {
            Self::Http => "http://127.0.0.1:4318",
            Self::Grpc => "http://127.0.0.1:4317",
        }
    }
}

/// What goes out: `body` is compressed already.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub(crate) signal: Signal,
    pub(crate) format: Format,
    pub(crate) body: Bytes,
}

pub(crate) enum Connection {
    Http(HttpConnection),
    Grpc(GrpcConnection),
}

impl Connection {
    /// Connects with the first request, and again whenever the connection is lost.
    pub(crate) fn new(protocol: Protocol, endpoint: Endpoint, compression: Compression) -> Self {
        match protocol {
            Protocol::Http => Self::Http(HttpConnection::new(endpoint, compression)),
            Protocol::Grpc => Self::Grpc(GrpcConnection::new(endpoint, compression)),
        }
    }

    /// With these headers on every request.
    pub(crate) fn with_headers(mut self, headers: HeaderMap) -> Self {
        match &mut self {
            Self::Http(connection) => connection.headers = headers,
            Self::Grpc(connection) => connection.headers = headers,
        }
        self
    }

    /// Trusting these instead of whom the system trusts.
    pub(crate) fn with_tls(mut self, tls: Option<Tls>) -> Self {
        match &mut self {
            Self::Http(connection) => connection.tls = tls,
            Self::Grpc(connection) => connection.tls = tls,
        }
        self
    }

    /// Sends one request and waits for the answer; a broken connection is [`Outcome::Retry`].
    pub(crate) async fn send(&mut self, outgoing: &Outgoing) -> Outcome {
        let answer = async {
            match self {
                Self::Http(connection) => connection.send(outgoing).await,
                Self::Grpc(connection) => connection.send(outgoing).await,
            }
        };
        match tokio::time::timeout(ANSWER_TIMEOUT, answer).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(reason)) => {
                self.drop_socket();
                Outcome::Retry { after: None, reason }
            }
            Err(_) => {
                self.drop_socket();
                Outcome::Retry { after: None, reason: format!("no answer within {} s", ANSWER_TIMEOUT.as_secs()) }
            }
        }
    }

    /// Sends a serialized `Export…ServiceRequest` on a connection without compression.
    pub(crate) async fn send_body(&mut self, signal: Signal, body: Bytes) -> Outcome {
        self.send(&Outgoing { signal, format: Format::Protobuf, body }).await
    }

    fn drop_socket(&mut self) {
        match self {
            Self::Http(connection) => connection.drop_socket(),
            Self::Grpc(connection) => connection.drop_socket(),
        }
    }
}

/// `error` with its causes: hyper says the useful part in the source.
pub(crate) fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
