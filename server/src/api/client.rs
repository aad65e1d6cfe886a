//! Requests over HTTP/1.1, each on a connection of its own: closing it tells the server that nobody waits any more.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;

use super::Problem;
use crate::{
    cli::ApiArguments,
    failure::{Exit, Failure},
    send::{Endpoint, describe, dial},
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The server's own deadline is 30 s, and its heartbeats come every 15.
const PATIENCE: Duration = Duration::from_secs(40);

pub(crate) struct Client {
    endpoint: Endpoint,
}

/// A GET; with `json` a POST of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) accept: &'static str,
    pub(crate) json: Option<String>,
    pub(crate) last_event_id: Option<String>,
    /// In which languages people read, best first.
    pub(crate) accept_language: Option<String>,
    /// Until the answer begins, and between its parts.
    pub(crate) patience: Option<Duration>,
}

/// An answer whose body still comes.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    body: Incoming,
    trailers: HeaderMap,
    patience: Duration,
    url: String,
}

impl Client {
    /// # Errors
    /// When the address is none.
    pub(crate) fn new(arguments: &ApiArguments) -> Result<Self, Failure> {
        let endpoint = arguments.api.parse().map_err(|error| Failure::new(Exit::Config, anyhow::Error::from(error)))?;
        Ok(Self { endpoint })
    }

    /// # Errors
    /// When nobody answers.
    pub(crate) async fn send(&self, request: Request) -> Result<Answer, Failure> {
        let patience = request.patience.unwrap_or(PATIENCE);
        let url = self.endpoint.url("");
        match tokio::time::timeout(patience, self.exchange(request)).await {
            Ok(Ok((status, body))) => Ok(Answer { status, body, trailers: HeaderMap::new(), patience, url }),
            Ok(Err(reason)) => Err(unavailable(&url, &format!("{reason}; is the server running?"))),
            Err(_) => Err(unavailable(&url, &too_late(patience))),
        }
    }

    async fn exchange(&self, request: Request) -> Result<(StatusCode, Incoming), String> {
        let mut tls = None;
        let connecting = tokio::time::timeout(CONNECT_TIMEOUT, dial(&self.endpoint, &mut tls, "http/1.1")).await;
        let stream = connecting.map_err(|_| too_late(CONNECT_TIMEOUT))??;
        let (mut socket, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| describe(&error))?;
        tokio::spawn(connection);
        let Request { path, accept, json, last_event_id, accept_language, .. } = request;
        let mut head = http::Request::builder()
            .method(if json.is_some() { Method::POST } else { Method::GET })
            .uri(self.endpoint.path(&path))
            .header(header::HOST, self.endpoint.authority().as_str())
            .header(header::ACCEPT, accept)
            .header(header::TE, "trailers")
            .header(header::USER_AGENT, concat!("fusebox/", env!("CARGO_PKG_VERSION")));
        if json.is_some() {
            head = head.header(header::CONTENT_TYPE, "application/json");
        }
        if let Some(languages) = accept_language {
            head = head.header(header::ACCEPT_LANGUAGE, languages);
        }
        if let Some(id) = last_event_id {
            head = head.header("last-event-id", id);
        }
        let request = head.body(Full::new(Bytes::from(json.unwrap_or_default()))).map_err(|error| error.to_string())?;
        let (head, body) = socket.send_request(request).await.map_err(|error| describe(&error))?.into_parts();
        Ok((head.status, body))
    }
}

impl Answer {
    /// The next part of the body; `None` at its end.
    ///
    /// # Errors
    /// When it breaks off.
    pub(crate) async fn part(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            let frame = match tokio::time::timeout(self.patience, self.body.frame()).await {
                Ok(None) => return Ok(None),
                Ok(Some(Ok(frame))) => frame,
                Ok(Some(Err(error))) => return Err(unavailable(&self.url, &format!("the answer broke off: {}", describe(&error)))),
                Err(_) => return Err(unavailable(&self.url, &too_late(self.patience))),
            };
            match frame.into_data() {
                Ok(data) => return Ok(Some(data)),
                Err(frame) => self.trailers.extend(frame.into_trailers().unwrap_or_default()),
            }
        }
    }

    /// What the server said behind the body; known once that has ended.
    pub(crate) fn trailer(&self, name: &str) -> Option<&str> {
        self.trailers.get(name)?.to_str().ok()
    }

    /// All of the body.
    ///
    /// # Errors
    /// When it breaks off.
    pub(crate) async fn whole(&mut self) -> Result<Vec<u8>, Failure> {
        let mut whole = Vec::new();
        while let Some(part) = self.part().await? {
            whole.extend_from_slice(&part);
        }
        Ok(whole)
    }

    /// The answer, when it is a success. `query` is what problems point into.
    ///
    /// # Errors
    /// The server's problem.
    pub(crate) async fn succeeded(mut self, query: Option<&str>) -> Result<Self, Failure> {
        if self.status.is_success() {
            return Ok(self);
        }
        let body = self.whole().await?;
        Err(match Problem::read(&body) {
            Some(problem) => Failure::message(Exit::Failed, problem.explain(query)),
            None => Failure::message(Exit::Failed, format_args!("HTTP {}", self.status)),
        })
    }
}

fn unavailable(url: &str, reason: &str) -> Failure {
    Failure::message(Exit::Unavailable, format_args!("{url}: {reason}"))
}

fn too_late(patience: Duration) -> String {
    format!("no answer within {} s", patience.as_secs())
}
