//! A graceful stop.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use schemas::Signal;
use tokio::net::TcpStream;

use crate::{
    payload,
    rig::Rig,
    wire::{Answer, Outcome, Parts, Wire, assert_retryable, http2_connection},
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
    let rig = Rig::start().await;
    let sender = http2_connection(rig.grpc).await;
    let call = payload::call(Signal::Logs, Wire::Grpc, 1, 1, 0);
    rig.begin_stop();
    for _ in 0..50 {
        let mut sender = sender.clone();
        // The client either has seen GOAWAY (and keeps the request) or gets a retryable answer: never an acknowledgement, never a reset.
        match sender.send_request(call.request(Full::new(call.body()).boxed())).await {
            Ok(response) => {
                let outcome = Answer::read(response).await.outcome(Signal::Logs, Wire::Grpc);
                if outcome != Outcome::Stored {
                    assert_retryable(&outcome, Wire::Grpc);
                }
            }
            Err(error) => assert!(error.is_canceled() || error.is_closed() || error.to_string().contains("connection"), "{error:?}"),
        }
    }
}
