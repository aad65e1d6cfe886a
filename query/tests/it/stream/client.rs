//! A client of server-sent events, as the standard describes it.

use std::{net::SocketAddr, time::Duration};

use axum::Router;
use query::api::Api;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// Longer than anything here takes, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

/// The API behind a socket.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

impl Served {
    pub(crate) async fn start(router: Router) -> Self {
        let api = Api::bind(SocketAddr::from(([127, 0, 0, 1], 0)), 64).await.expect("a free port");
        let (address, stop) = (api.local_addr().expect("bound"), CancellationToken::new());
        let serving = tokio::spawn(api.serve(router, stop.clone()));
        Self { address, stop, serving }
    }

    /// Returns when every connection has ended.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        timeout(PATIENCE, self.serving).await.expect("streams end with the server").expect("no panic");
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) id: Option<String>,
    pub(crate) data: Value,
}

pub(crate) struct Client {
    connection: TcpStream,
    received: Vec<u8>,
    /// The last id of any event, with data or without.
    pub(crate) last_id: Option<String>,
    pub(crate) heartbeats: usize,
}

impl Client {
    /// Opens a stream; `header` is a whole line or empty. In HTTP/1.0, where the body is sent as it is, not in chunks.
    pub(crate) async fn open(served: &Served, path: &str, header: &str) -> Self {
        let (client, head) = Self::ask(served, path, header).await;
        assert!(head.lines().next().is_some_and(|line| line.contains(" 200 ")), "{path}\n{head}");
        assert!(head.contains("content-type: text/event-stream"), "{head}");
        client
    }

    /// The head of whatever is answered.
    pub(crate) async fn ask(served: &Served, path: &str, header: &str) -> (Self, String) {
        let mut connection = TcpStream::connect(served.address).await.expect("the server listens");
        let request = format!("GET {path} HTTP/1.0\r\nHost: 127.0.0.1:4319\r\n{header}\r\n");
        connection.write_all(request.as_bytes()).await.expect("the server reads");
        let mut client = Self { connection, received: Vec::new(), last_id: None, heartbeats: 0 };
        let head = client.until(b"\r\n\r\n").await.expect("an answer");
        (client, head)
    }

    /// The next event with data; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            let (mut name, mut id, mut data) = (String::new(), None, String::new());
            for line in self.until(b"\n\n").await?.lines() {
                match line.split_once(": ").unwrap_or((line, "")) {
                    ("", _) => self.heartbeats += 1,
                    ("event", value) => name = value.to_owned(),
                    ("id", value) => id = Some(value.to_owned()),
                    ("data", value) => data.push_str(value),
                    _ => {}
                }
            }
            self.last_id = id.clone().or(self.last_id.take());
            if !data.is_empty() {
                return Some(Event { name, id, data: serde_json::from_str(&data).expect("JSON") });
            }
        }
    }

    /// So many events.
    pub(crate) async fn take(&mut self, count: usize) -> Vec<Event> {
        let mut events = Vec::new();
        while events.len() < count {
            events.push(self.next().await.expect("the stream goes on"));
        }
        events
    }

    /// Reads on; whether the server only said that it is alive.
    pub(crate) async fn beat(&mut self) -> bool {
        let lines = self.until(b"\n\n").await.expect("the stream goes on");
        let alive = lines.starts_with(": heartbeat\n");
        self.heartbeats += usize::from(alive);
        alive
    }

    /// Waits until the server has said that it is alive, so many times since the stream began.
    pub(crate) async fn heartbeats(&mut self, count: usize) {
        while self.heartbeats < count {
            let lines = self.until(b"\n\n").await.expect("the stream goes on");
            assert!(lines.starts_with(": heartbeat\nid: "), "{lines}");
            self.heartbeats += 1;
            self.last_id = lines.lines().find_map(|line| line.strip_prefix("id: ")).map(str::to_owned);
        }
    }

    /// Everything up to the end of the answer.
    pub(crate) async fn rest(&mut self) -> String {
        let mut rest = std::mem::take(&mut self.received);
        timeout(PATIENCE, self.connection.read_to_end(&mut rest)).await.expect("the answer ends").expect("connected");
        String::from_utf8(rest).expect("text")
    }

    /// Text up to and with `end`; `None` at the end of the answer.
    async fn until(&mut self, end: &[u8]) -> Option<String> {
        loop {
            if let Some(place) = self.received.windows(end.len()).position(|window| window == end) {
                let text: Vec<u8> = self.received.drain(..place + end.len()).collect();
                return Some(String::from_utf8(text).expect("text"));
            }
            let mut bytes = [0; 64 << 10];
            let read = timeout(PATIENCE, self.connection.read(&mut bytes)).await.expect("something is said").expect("connected");
            if read == 0 {
                return None;
            }
            self.received.extend_from_slice(&bytes[..read]);
        }
    }
}
