//! A request of our own, sent like an exporter: over the socket.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::send::describe;

/// `body` is OTLP JSON, `path` where its signal goes.
///
/// # Errors
/// Why it was not taken.
pub(super) async fn post(otlp_http: SocketAddr, path: &str, body: String) -> Result<(), String> {
    let stream = TcpStream::connect(otlp_http).await.map_err(|error| format!("connect to {otlp_http}: {error}"))?;
    let (mut socket, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| describe(&error))?;
    tokio::spawn(connection);
    let request = Request::post(path)
        .header(header::HOST, otlp_http.to_string())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONNECTION, "close")
        .body(Full::new(Bytes::from(body)))
        .expect("constant headers are valid");
    let response = socket.send_request(request).await.map_err(|error| describe(&error))?;
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    let said = response.into_body().collect().await.map(|body| String::from_utf8_lossy(&body.to_bytes()).into_owned());
    Err(format!("HTTP {status}: {}", said.unwrap_or_default()))
}
