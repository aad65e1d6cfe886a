//! Streams that end and go on.

use super::{
    client::{Client, Served},
    send,
};
use crate::loaded::Loaded;

/// Numbers of the records that come, until so many did.
async fn numbers(client: &mut Client, count: usize) -> Vec<u64> {
    let number = |body: &str| body.rsplit(' ').next().and_then(|number| number.parse().ok()).expect("a number");
    client.take(count).await.iter().map(|event| number(event.data["body"].as_str().expect("a record, not a gap"))).collect()
}

#[tokio::test]
async fn every_id_is_a_place_to_go_on_from() {
    let loaded = Loaded::empty();
    let served = Served::start(loaded.router.clone()).await;
    let mut client = Client::open(&served, "/api/v1/stream/logs", "").await;
    client.heartbeats(1).await;
    let start = client.last_id.clone().expect("heartbeats have one");
    send(&loaded, 0..4);
    loaded.store.flush().expect("a working disk");
    send(&loaded, 4..9);
    let ids: Vec<String> = client.take(9).await.into_iter().filter_map(|event| event.id).collect();
    for (seen, id) in [start].into_iter().chain(ids).enumerate() {
        let left: Vec<u64> = (seen as u64..9).collect();
        let mut by_header = Client::open(&served, "/api/v1/stream/logs?after=1-0&backlog=5", &format!("Last-Event-ID: {id}\r\n")).await;
        assert_eq!(numbers(&mut by_header, left.len()).await, left, "after {id}");
        let mut by_parameter = Client::open(&served, &format!("/api/v1/stream/logs?after={id}"), "").await;
        assert_eq!(numbers(&mut by_parameter, left.len()).await, left, "after {id}");
    }
}

#[tokio::test]
async fn a_stream_goes_on_after_a_restart() {
    let loaded = Loaded::empty();
    let served = Served::start(loaded.router.clone()).await;
    send(&loaded, 0..3);
    loaded.store.flush().expect("a working disk");
    let mut client = Client::open(&served, "/api/v1/stream/logs?q=record", "").await;
    client.heartbeats(1).await;
    send(&loaded, 3..10);
    let seen = client.take(4).await.pop().and_then(|event| event.id).expect("an id");
    // The rest of the request, and all of the next, were never read.
    send(&loaded, 10..12);
    drop(client);
    loaded.stopping.cancel();
    served.stop().await;
    let loaded = tokio::task::spawn_blocking(|| loaded.restarted()).await.expect("no panic");
    let served = Served::start(loaded.router.clone()).await;
    let mut client = Client::open(&served, "/api/v1/stream/logs?q=record", &format!("Last-Event-ID: {seen}\r\n")).await;
    assert_eq!(numbers(&mut client, 5).await, [7, 8, 9, 10, 11]);
    send(&loaded, 12..13);
    assert_eq!(numbers(&mut client, 1).await, [12]);
    // What was flushed before a restart is in blocks, which do not tell what arrived when.
    loaded.store.flush().expect("a working disk");
    drop(client);
    loaded.stopping.cancel();
    served.stop().await;
    let loaded = tokio::task::spawn_blocking(|| loaded.restarted()).await.expect("no panic");
    let served = Served::start(loaded.router.clone()).await;
    let mut client = Client::open(&served, &format!("/api/v1/stream/logs?after={seen}"), "").await;
    let gap = client.take(1).await.remove(0);
    assert_eq!((gap.name.as_str(), gap.data.get("dropped")), ("gap", None));
    assert!(gap.data["reason"].as_str().is_some_and(|reason| reason.contains("too far back")), "{gap:?}");
    send(&loaded, 13..14);
    assert_eq!(numbers(&mut client, 1).await, [13]);
}

#[tokio::test]
async fn a_place_of_another_store_is_said_to_be_none() {
    let loaded = Loaded::empty();
    let served = Served::start(loaded.router.clone()).await;
    let mut client = Client::open(&served, "/api/v1/stream/logs?after=ffffff-1", "").await;
    let gap = client.take(1).await.remove(0);
    assert!(gap.data["reason"].as_str().is_some_and(|reason| reason.contains("not of this store")), "{gap:?}");
    send(&loaded, 0..1);
    assert_eq!(numbers(&mut client, 1).await, [0]);
}
