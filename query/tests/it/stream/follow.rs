//! What a stream says while records arrive.

use serde_json::Value;

use super::{
    client::{Client, Event, Served},
    send,
};
use crate::loaded::Loaded;

fn bodies(events: &[Event]) -> Vec<String> {
    events.iter().map(|event| event.data["body"].as_str().expect("a body").to_owned()).collect()
}

fn records(numbers: impl Iterator<Item = u64>) -> Vec<String> {
    numbers.map(|number| format!("record {number}")).collect()
}

#[tokio::test]
async fn records_come_as_they_arrive_and_as_lists_have_them() {
    let loaded = Loaded::empty();
    let served = Served::start(loaded.router.clone()).await;
    send(&loaded, 0..5);
    let mut all = Client::open(&served, "/api/v1/stream/logs", "").await;
    let mut errors = Client::open(&served, "/api/v1/stream/logs?q=level%3Aerror", "").await;
    all.heartbeats(1).await;
    errors.heartbeats(1).await;
    // Later records happened earlier: the order is that of arrival.
    send(&loaded, 5..8);
    loaded.store.flush().expect("a working disk");
    send(&loaded, 8..9);
    let events = all.take(4).await;
    assert_eq!(bodies(&events), records(5..9));
    assert!(events.iter().all(|event| event.name == "log" && event.id.is_some()), "{events:?}");
    assert_eq!(bodies(&errors.take(2).await), ["record 6", "record 8"]);
    let (_, list) = loaded.get("/api/v1/logs?sort=oldest&limit=4").await;
    let list: Value = serde_json::from_slice(&list).expect("JSON");
    let mut listed: Vec<Value> = list["logs"].as_array().expect("rows").clone();
    listed.reverse();
    let mut streamed: Vec<Value> = events.into_iter().map(|event| event.data).collect();
    streamed.sort_by_key(|log| std::cmp::Reverse(log["body"].to_string()));
    listed.sort_by_key(|log| std::cmp::Reverse(log["body"].to_string()));
    assert_eq!(streamed, listed);
}

#[tokio::test]
async fn spans_of_a_capture_come_once_each() {
    let Some(requests) = testkit::captures::requests("otel-demo/traces.otlp.zst") else { return };
    let loaded = Loaded::streaming(|_| {}, |storage| storage.arrivals_bytes_max = 1 << 30);
    let served = Served::start(loaded.router.clone()).await;
    let mut client = Client::open(&served, "/api/v1/stream/spans?q=service%3Acart", "").await;
    client.heartbeats(1).await;
    let (sender, mut received) = tokio::sync::mpsc::unbounded_channel();
    let reading = tokio::spawn(async move {
        while let Some(event) = client.next().await {
            assert_eq!((event.name.as_str(), event.data["service_name"].as_str()), ("span", Some("cart")));
            sender.send(event.data["span_id"].to_string()).expect("the test reads");
        }
    });
    for (number, body) in requests.into_iter().enumerate() {
        loaded.send(schemas::Signal::Traces, body);
        if number % 40 == 0 {
            loaded.store.flush().expect("a working disk");
        }
        tokio::task::yield_now().await;
    }
    let expected = loaded.rows("SELECT span_id FROM spans WHERE service_name = 'cart' ORDER BY 1").await;
    let mut ids = Vec::new();
    while ids.len() < expected.len() {
        ids.push(received.recv().await.expect("the stream goes on"));
    }
    loaded.stopping.cancel();
    reading.await.expect("no panic");
    assert!(received.recv().await.is_none(), "nothing came twice");
    ids.sort();
    assert_eq!(ids, expected);
}

#[tokio::test]
async fn the_backlog_comes_first_and_nothing_twice() {
    let loaded = Loaded::empty();
    let served = Served::start(loaded.router.clone()).await;
    send(&loaded, 0..10);
    loaded.store.flush().expect("a working disk");
    send(&loaded, 10..14);
    let mut client = Client::open(&served, "/api/v1/stream/logs?backlog=3", "").await;
    let backlog = client.take(3).await;
    // The smallest numbers are the newest.
    assert_eq!(bodies(&backlog), ["record 2", "record 1", "record 0"]);
    assert_eq!(backlog.iter().map(|event| event.id.is_some()).collect::<Vec<_>>(), [false, false, true]);
    send(&loaded, 14..16);
    assert_eq!(bodies(&client.take(2).await), records(14..16));
}

#[tokio::test]
async fn what_a_row_cannot_answer_alone_is_refused() {
    let loaded = Loaded::empty();
    let served = Served::start(loaded.router.clone()).await;
    let check = async |path: &str, expected: &str| {
        let (mut client, head) = Client::ask(&served, path, "").await;
        assert!(head.contains(" 400 "), "{path}\n{head}");
        let problem = client.rest().await;
        assert!(problem.contains(expected), "{path}: {problem}");
    };
    check("/api/v1/stream/spans?q=status%3Aerror+trace.spans%3E3", "\"column\":14").await;
    check("/api/v1/stream/spans?q=%7Bservice%3Aweb%7D+%3E%3E+%7Bstatus%3Aerror%7D", "asks each record alone").await;
    check("/api/v1/stream/spans?after=x", "the last `id:`").await;
    check("/api/v1/stream/spans?backlog=-1", "from 0 to 1000").await;
}
