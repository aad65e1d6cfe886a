//! A graceful stop.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper_util::rt::{TokioExecutor, TokioIo};
use schemas::Signal;
use tokio::net::TcpStream;

use crate::{
    payload,
    rig::Rig,
    wire::{Answer, Call, Outcome, Parts, Wire, assert_retryable, http2_connection},
};

/// A call whose body is only half sent; the rest follows through the sender.
fn half_sent(wire: Wire, seed: u8) -> (http::Request<Parts>, tokio::sync::mpsc::UnboundedSender<Bytes>, Bytes) {
    let call = payload::call(Signal::Traces, wire, seed, 3, 0);
    let body = call.body();
    let (sender, parts) = Parts::new();
    sender.send(body.slice(..10)).expect("open");
    (call.request(parts), sender, body.slice(10..))
}

#[tokio::test]
async fn n4_requests_in_flight_finish_and_new_connections_are_refused() {
    for wire in Wire::ALL {
        let mut rig = Rig::start().await;
        let address = if wire == Wire::Grpc { rig.grpc } else { rig.http };
        let (request, rest, missing) = half_sent(wire, 1);
        let stream = TcpStream::connect(address).await.expect("connects");
        let io = TokioIo::new(stream);
        let (answer, connection) = if wire == Wire::Grpc {
            let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.expect("handshake");
            let connection = tokio::spawn(async move { connection.await.is_ok() });
            (tokio::spawn(async move { Answer::read(sender.send_request(request).await.expect("answered")).await }), connection)
        } else {
            let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.expect("handshake");
            let connection = tokio::spawn(async move { connection.await.is_ok() });
            (tokio::spawn(async move { Answer::read(sender.send_request(request).await.expect("answered")).await }), connection)
        };
        tokio::time::sleep(Duration::from_millis(100)).await;
        rig.begin_stop();
        while TcpStream::connect(address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        rest.send(missing).expect("still read");
        drop(rest);
        assert_eq!(answer.await.expect("no panic").outcome(Signal::Traces, wire), Outcome::Stored, "{wire:?}");
        assert!(connection.await.expect("no panic"), "{wire:?}: closed in order");
        rig.stopped().await;
        assert_eq!(rig.all_rows(), 3, "{wire:?}");
    }
}

#[tokio::test]
async fn n4_what_does_not_finish_in_time_is_asked_to_come_back() {
    for wire in Wire::ALL {
        let mut rig = Rig::start_with(|config| config.stop_timeout_ms = 100).await;
        let (request, rest, _) = half_sent(wire, 1);
        let (grpc, http) = (rig.grpc, rig.http);
        let answer = tokio::spawn(async move {
            match wire {
                Wire::Grpc => crate::wire::http2(grpc, request).await,
                Wire::Protobuf | Wire::Json => crate::wire::http1(http, request).await,
            }
        });
        tokio::time::sleep(Duration::from_millis(100)).await;
        rig.begin_stop();
        assert_retryable(&answer.await.expect("no panic").outcome(Signal::Traces, wire), wire);
        rig.stopped().await;
        drop(rest);
        assert_eq!(rig.all_rows(), 0);
    }
}

#[tokio::test]
async fn n4_late_requests_on_open_connections_are_refused_or_never_sent() {
    for wire in Wire::ALL {
        let mut rig = Rig::start().await;
        let mut connections = Vec::new();
        for _ in 0..10 {
            connections.push(Connection::open(&rig, wire).await);
        }
        rig.begin_stop();
        let mut stored = 0;
        for seed in 0..50 {
            let call = payload::call(Signal::Logs, wire, seed, 1, 0);
            let connection = &mut connections[usize::from(seed) % 10];
            match connection.send(call.request(Full::new(call.body()))).await {
                Ok(response) => match Answer::read(response).await.outcome(Signal::Logs, wire) {
                    Outcome::Stored => stored += 1,
                    refused => assert_retryable(&refused, wire),
                },
                Err(error) => assert!(never_processed(&error), "{wire:?}: {error:?}"),
            }
        }
        drop(connections);
        rig.stopped().await;
        // Whatever the sender could not know to be stored is not: every record is one of an acknowledged request.
        assert_eq!(rig.all_rows(), stored, "{wire:?}");
    }
}

enum Connection {
    Http1(hyper::client::conn::http1::SendRequest<Full<Bytes>>),
    Http2(hyper::client::conn::http2::SendRequest<Full<Bytes>>),
}

impl Connection {
    /// One that has served a request, so that the server knows it.
    async fn open(rig: &Rig, wire: Wire) -> Self {
        let mut connection = if wire == Wire::Grpc {
            Self::Http2(http2_connection(rig.grpc).await)
        } else {
            let io = TokioIo::new(TcpStream::connect(rig.http).await.expect("connects"));
            let (sender, connection) = hyper::client::conn::http1::handshake(io).await.expect("handshake");
            tokio::spawn(connection);
            Self::Http1(sender)
        };
        let empty = Call::new(Signal::Logs, wire, if wire == Wire::Json { "{}" } else { "" });
        let response = connection.send(empty.request(Full::new(empty.body()))).await.expect("answered");
        assert_eq!(Answer::read(response).await.outcome(Signal::Logs, wire), Outcome::Stored);
        connection
    }

    async fn send(&mut self, request: http::Request<Full<Bytes>>) -> hyper::Result<http::Response<hyper::body::Incoming>> {
        match self {
            Self::Http1(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
            Self::Http2(sender) => sender.send_request(request).await,
        }
    }
}

/// Whether the sender may send the request again as if it had never been sent: it was not, or the connection ended in order before its answer.
fn never_processed(error: &hyper::Error) -> bool {
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let in_order = cause.contains("not a result of an error") || cause.contains("refused stream");
    error.is_canceled() || error.is_closed() || error.is_incomplete_message() || in_order
}
