//! Changes of circuit breakers, as they become known.

use std::time::SystemTime;

use governance::{
    facts::{BreakerSignal, Emitter, Evidence, Facts, Mechanism, Signal, Source, State},
    tables::to_batches,
};
use schemas::UnixNanos;
use serde_json::json;

use super::client::{Client, Served};
use crate::loaded::Loaded;

fn now() -> UnixNanos {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    UnixNanos(since.as_nanos() as i64)
}

fn changes(loaded: &Loaded, service: &str, from: State, to: State) {
    let evidence =
        Evidence { source: Source::Log, rule: "breaker.event".into(), confidence: 98, trace_id: None, span_id: None, parent_span_id: None };
    let signal = BreakerSignal {
        time: now(),
        emitter: Emitter { service: service.into(), instance: "a".into(), ..Emitter::default() },
        framework: "gobreaker".into(),
        mechanism: Mechanism::Breaker,
        name: "pay".into(),
        operation: String::new(),
        target: String::new(),
        signal: Signal::Transition { from: Some(from), to },
        cause: String::new(),
        text: String::new(),
        series: None,
        evidence,
    };
    loaded.append(to_batches(&Facts { breaker_signals: vec![signal], ..Facts::default() }, now()));
}

#[tokio::test]
async fn changes_are_told_once_and_a_stream_goes_on() {
    let loaded = Loaded::empty();
    changes(&loaded, "cart", State::Closed, State::Open);
    let served = Served::start(loaded.router.clone()).await;
    let mut client = Client::open(&served, "/api/v1/stream/breakers?service=order", "").await;
    client.heartbeats(1).await;
    let start = client.last_id.clone().expect("heartbeats have one");
    changes(&loaded, "order", State::Closed, State::Open);
    let opened = client.next().await.expect("an event");
    assert_eq!((opened.name.as_str(), &opened.data["transition"]["to"]), ("transition", &json!("open")), "{opened:?}");
    assert_eq!((&opened.data["state"], &opened.data["revised"]), (&json!("open"), &json!(false)));
    assert_eq!((&opened.data["breaker"]["service"], &opened.data["breaker"]["name"]), (&json!("order"), &json!("pay")));
    changes(&loaded, "cart", State::Open, State::HalfOpen);
    changes(&loaded, "order", State::Open, State::Closed);
    let closed = client.next().await.expect("an event");
    assert_eq!((&closed.data["transition"]["to"], &closed.data["breaker"]["service"]), (&json!("closed"), &json!("order")));
    drop(client);

    // All services, from the beginning: what was known then is not told.
    let mut all = Client::open(&served, &format!("/api/v1/stream/breakers?after={start}"), "").await;
    let told = all.take(3).await;
    let of = |event: &super::client::Event| {
        let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
        (text(&event.data["breaker"]["service"]), text(&event.data["transition"]["to"]))
    };
    let expected = [("order", "open"), ("cart", "half_open"), ("order", "closed")];
    assert_eq!(told.iter().map(of).collect::<Vec<_>>(), expected.map(|(service, to)| (service.to_owned(), to.to_owned())));
    let opened = opened.id.expect("an id");
    let mut rest = Client::open(&served, "/api/v1/stream/breakers?service=order", &format!("Last-Event-ID: {opened}\r\n")).await;
    assert_eq!(rest.next().await.map(|event| event.id), Some(closed.id));

    let mut strange = Client::open(&served, "/api/v1/stream/breakers?after=1-7", "").await;
    let gap = strange.next().await.expect("an event");
    assert_eq!((gap.name.as_str(), gap.data["dropped"].as_u64()), ("gap", None));
    loaded.stopping.cancel();
    served.stop().await;
}
