//! Slow clients, too many of them, silence, and the end.

use std::time::Duration;

use super::{
    client::{Client, Served},
    send, send_padded,
};
use crate::loaded::Loaded;

#[tokio::test]
async fn a_slow_client_is_told_exactly_what_it_missed() {
    let loaded = Loaded::streaming(|_| {}, |storage| storage.arrivals_bytes_max = 2 << 20);
    let served = Served::start(loaded.router.clone()).await;
    let mut client = Client::open(&served, "/api/v1/stream/logs", "").await;
    client.heartbeats(1).await;
    // More than sockets and buffers between hold; nobody reads.
    let (requests, of_request, padding) = (150, 50, "x".repeat(4096));
    for request in 0..requests {
        send_padded(&loaded, request * of_request..(request + 1) * of_request, &padding);
        tokio::task::yield_now().await;
    }
    let (mut next, mut dropped) = (0, 0);
    while next < requests * of_request {
        let event = client.next().await.expect("the stream goes on");
        match event.name.as_str() {
            "gap" => {
                let missed = event.data["dropped"].as_u64().expect("the number is known");
                assert!(missed > 0, "{event:?}");
                (next, dropped) = (next + missed, dropped + missed);
            }
            _ => {
                assert_eq!(event.data["body"], format!("record {next}"), "nothing is missing but what was said");
                next += 1;
            }
        }
    }
    assert!(dropped > 0, "the client was not slow enough to say anything about it");
}

#[tokio::test]
async fn silence_is_broken_and_carries_the_place() {
    let loaded = Loaded::streaming(|config| config.stream_heartbeat = Duration::from_millis(50), |_| {});
    let served = Served::start(loaded.router.clone()).await;
    let mut client = Client::open(&served, "/api/v1/stream/logs?q=nothing", "").await;
    client.heartbeats(3).await;
    let before = client.last_id.clone();
    send(&loaded, 0..3);
    // Nothing was found in them, but they are behind.
    while client.last_id == before {
        client.heartbeats(client.heartbeats + 1).await;
    }
    let id = client.last_id.expect("heartbeats have one");
    send(&loaded, 3..4);
    let mut resumed = Client::open(&served, &format!("/api/v1/stream/logs?after={id}"), "").await;
    assert_eq!(resumed.take(1).await[0].data["body"], "record 3");
}

#[tokio::test]
async fn streams_are_counted_and_a_client_that_goes_makes_room() {
    let loaded = Loaded::streaming(|config| config.streams_max = 2, |_| {});
    let served = Served::start(loaded.router.clone()).await;
    let mut first = Client::open(&served, "/api/v1/stream/logs", "").await;
    let _second = Client::open(&served, "/api/v1/stream/spans", "").await;
    first.heartbeats(1).await;
    let (mut third, head) = Client::ask(&served, "/api/v1/stream/logs", "").await;
    assert!(head.contains(" 429 ") && head.contains("retry-after: 5"), "{head}");
    assert!(third.rest().await.contains("2 live streams are open"));
    drop(first);
    loop {
        let (_, head) = Client::ask(&served, "/api/v1/stream/logs", "").await;
        if head.contains(" 200 ") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_server_that_stops_ends_streams_at_once() {
    let loaded = Loaded::empty();
    let served = Served::start(loaded.router.clone()).await;
    let mut client = Client::open(&served, "/api/v1/stream/logs", "").await;
    client.heartbeats(1).await;
    loaded.stopping.cancel();
    assert_eq!(client.next().await, None);
    assert!(client.heartbeats > 1 && client.last_id.is_some(), "the last word is the place");
    served.stop().await;
}
