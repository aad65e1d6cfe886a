//! One keep-alive connection to the API of a running server.

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{net::TcpStream, runtime::Runtime};

pub(crate) struct Http {
    runtime: Runtime,
    socket: SendRequest<Empty<Bytes>>,
    host: String,
}

impl Http {
    pub(crate) fn connect(url: &str) -> Self {
        let host = url.trim_start_matches("http://").to_owned();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let socket = runtime.block_on(async {
            let stream = TcpStream::connect(&host).await.expect("the API listens");
            let (socket, connection) = http1::handshake(TokioIo::new(stream)).await.expect("the API speaks HTTP");
            tokio::spawn(connection);
            socket
        });
        Self { runtime, socket, host }
    }

    /// Status and body.
    pub(crate) fn get(&mut self, path: &str) -> (u16, Bytes) {
        self.request("GET", path)
    }

    /// What is in memory becomes blocks.
    pub(crate) fn flush(&mut self) {
        let (status, body) = self.request("POST", "/api/v1/admin/flush");
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    }

    fn request(&mut self, method: &str, path: &str) -> (u16, Bytes) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", &self.host)
            .header("content-type", "application/json")
            .body(Empty::new())
            .expect("a request");
        let Self { runtime, socket, .. } = self;
        runtime.block_on(async {
            socket.ready().await.expect("the connection is kept");
            let (head, body) = socket.send_request(request).await.expect("answered").into_parts();
            (head.status.as_u16(), body.collect().await.expect("whole").to_bytes())
        })
    }

    /// The JSON of a success.
    pub(crate) fn json(&mut self, path: &str) -> Value {
        let (status, body) = self.get(path);
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).expect("JSON")
    }
}
