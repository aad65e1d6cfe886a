//! One GET over HTTP/1.1.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::send::Endpoint;

/// The server's own deadline is 30 s.
const TIMEOUT: Duration = Duration::from_secs(40);

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

/// # Errors
/// Why there is no answer.
pub(crate) async fn get(api: &Endpoint, path: &str) -> Result<Answer, String> {
    let exchange = async {
        let stream = TcpStream::connect(api.target()).await.map_err(|error| error.to_string())?;
        let (mut socket, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        tokio::spawn(connection);
        let request = Request::get(api.path(path))
            .header(header::HOST, api.authority().as_str())
            .body(Empty::<Bytes>::new())
            .map_err(|error| error.to_string())?;
        let (head, body) = socket.send_request(request).await.map_err(|error| error.to_string())?.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        Ok(Answer { status: head.status, body })
    };
    tokio::time::timeout(TIMEOUT, exchange).await.unwrap_or_else(|_| Err(format!("no answer within {} s", TIMEOUT.as_secs())))
}
