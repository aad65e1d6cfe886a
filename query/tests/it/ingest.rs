//! What comes in, and what becomes of it, over HTTP.

use query::api::{DataLink, LinkDropped, LinkError, RefusedRequests, Sender, SenderDoor, SenderError, SenderSignal, Senders};
use schemas::{Signal, UnixNanos};
use serde_json::json;

use crate::{
    loaded::Loaded,
    made_spans::{MIN, S, START_NS, ask, loaded, made, refused},
};

/// As receivers might tell it.
pub(crate) fn senders() -> Senders {
    let at = |second: i64| Some(UnixNanos(START_NS + second * S));
    let door = |transport, signal, records: u64| SenderDoor {
        transport,
        signal,
        requests: records / 10,
        records,
        bytes: records * 100,
        records_per_s: records as f64 / 60.0,
        bytes_per_s: records as f64 * 100.0 / 60.0,
        rejected_records: 0,
        refused: Vec::new(),
        last_seen: at(59),
        last_error: None,
    };
    let message = "3 rejected: trace id is all zero (3)".to_owned();
    let sender = |service: &str, records: u64, ahead: u64| Sender {
        service: service.to_owned(),
        transports: vec!["grpc"],
        signals: vec![SenderSignal { signal: "traces", records, records_per_s: records as f64 / 60.0 }],
        last_seen: at(59),
        ahead,
        ahead_ns_max: ahead as i64 * S,
        ahead_at: if ahead > 0 { at(40) } else { None },
        late: 0,
        late_ns_max: 0,
        refused: 0,
        refused_for_good: 0,
        rejected_records: 0,
        last_error: None,
    };
    let full = SenderError { time: at(30), reason: "storage_full", message: "the disk is full".to_owned() };
    Senders {
        doors: vec![
            SenderDoor {
                rejected_records: 3,
                last_error: Some(SenderError { time: at(12), reason: "rejected_records", message }),
                ..door("grpc", "traces", 600)
            },
            SenderDoor {
                refused: vec![RefusedRequests { reason: "undecodable", requests: 2, is_final: true }],
                ..door("http", "logs", 60)
            },
        ],
        services: vec![
            sender("cart", 120, 7),
            Sender { refused: 2, last_error: Some(full), ..sender("pay", 480, 0) },
            sender("stock", 0, 90),
        ],
        others: None,
        links: vec![
            DataLink {
                kind: "file",
                name: "/var/log/pay/app.log".to_owned(),
                of: "pay".to_owned(),
                is_up: true,
                records: 480,
                lag_bytes: Some(70),
                last_at: at(59),
                last_error: None,
                dropped: Vec::new(),
            },
            DataLink {
                kind: "forward",
                name: "http://collector:4318".to_owned(),
                of: String::new(),
                is_up: false,
                records: 0,
                lag_bytes: Some(5_000),
                last_at: None,
                last_error: Some(LinkError { time: at(50), message: "connection refused".to_owned() }),
                dropped: vec![LinkDropped { reason: "queue_full".to_owned(), records: 3 }],
            },
        ],
    }
}

#[tokio::test]
async fn senders_clocks_cardinality_and_what_is_held() {
    let spans = [made(1, 1, 0, "pay", 2, 0, 5), made(2, 2, 0, "pay", 2, S, 5)];
    let loaded = loaded(&spans);
    let answer = ask(&loaded, "/api/v1/status/ingest?limit=2").await;
    assert_eq!(
        (&answer["doors"][0]["last_error"]["reason"], &answer["doors"][1]["refused"][0]["requests"]),
        (&json!("rejected_records"), &json!(2))
    );
    let names = |list: &str| answer[list].as_array().expect("a list").iter().map(|one| one["service"].clone()).collect::<Vec<_>>();
    assert_eq!((names("services"), &answer["services_total"]), (vec![json!("pay"), json!("cart")], &json!(3)));
    assert_eq!(names("clocks"), ["stock", "cart"]);
    let pay = &answer["services"][0];
    assert_eq!((&pay["refused"], &pay["last_error"]["message"]), (&json!(2), &json!("the disk is full")));
    assert_eq!((&answer["links_total"], &answer["links"][0]["lag_bytes"]), (&json!(2), &json!(70)));
    assert_eq!(answer["links"][1]["dropped"], json!([{"reason": "queue_full", "records": 3}]));
    let first = ask(&loaded, "/api/v1/status/ingest?limit=1").await;
    assert_eq!((&first["links_total"], first["links"].as_array().map(Vec::len)), (&json!(2), Some(1)));
    assert_eq!(
        answer["cardinality"]["top"],
        json!([
            {"service": "pay", "namespace": "shop", "what": "operation", "values": 1, "values_max": 1000, "is_full": false},
            {"service": "pay", "namespace": "shop", "what": "version", "values": 1, "values_max": 1000, "is_full": false},
            {"service": "pay", "namespace": "shop", "what": "environment", "values": 1, "values_max": 1000, "is_full": false},
            {"service": "pay", "namespace": "shop", "what": "row", "values": 1, "values_max": 10000, "is_full": false},
        ])
    );
    assert_eq!(answer["cardinality"]["attribute_keys"], json!([]), "all of them have columns");
    assert_eq!(answer["cardinality"]["series"], json!({"range_ns": 7_200_000_000_000_i64, "total": 0, "top": [], "partial": []}));
    let tables = answer["retention"]["tables"].as_array().expect("tables");
    let spans = tables.iter().find(|table| table["table"] == "spans").expect("it is there");
    assert_eq!((&spans["rows"], &spans["first"]), (&json!(1), &json!("2026-09-21T14:13:20.000000000Z")), "one is in memory");
    let sum: u64 = tables.iter().map(|table| table["bytes"].as_u64().expect("a number")).sum();
    assert!(sum > 0 && answer["retention"]["bytes"] == sum && answer["retention"]["bytes_max"].as_u64() > Some(sum));
    assert_eq!((&answer["retention"]["refused"], &answer["meta"]["partial"]), (&json!(null), &json!([])));
    assert_eq!(refused(&loaded, "/api/v1/status/ingest?limit=0").await, (400, "invalid_parameter".to_owned()));
    assert_eq!(refused(&loaded, "/api/v1/status/ingest?q=x").await, (400, "invalid_parameter".to_owned()));
}

/// Series of the last hours are counted by metric and service, in blocks and in memory; once a minute.
#[tokio::test]
async fn series_and_keys_that_are_many() {
    let loaded = Loaded::empty();
    let now_ns = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_nanos() as i64;
    let points = |service: &str, metric: &str, series: std::ops::Range<u64>, minutes_ago: i64| {
        let time = (now_ns - minutes_ago * MIN).to_string();
        let attribute = |key: &str, value: u64| json!({"key": key, "value": {"stringValue": value.to_string()}});
        let point = |series: u64| json!({"asInt": "1", "timeUnixNano": time, "attributes": [attribute("worker", series)]});
        let gauge = json!({"dataPoints": series.map(point).collect::<Vec<_>>()});
        let resource = json!({"attributes": [{"key": "service.name", "value": {"stringValue": service}}]});
        json!({"resourceMetrics": [{"resource": resource, "scopeMetrics": [{"metrics": [{"name": metric, "gauge": gauge}]}]}]})
    };
    loaded.send_json(Signal::Metrics, &points("pay", "queue.length", 0..30, 10));
    loaded.send_json(Signal::Metrics, &points("cart", "queue.length", 0..4, 10));
    loaded.send_json(Signal::Metrics, &points("pay", "too.old", 0..50, 60 * 24));
    loaded.store.flush().expect("a working disk");
    // Some of these are known from the block.
    loaded.send_json(Signal::Metrics, &points("pay", "queue.length", 20..45, 5));
    loaded.send_json(Signal::Metrics, &points("cart", "cpu", 0..1, 5));
    let series = json!({"range_ns": 7_200_000_000_000_i64, "total": 50, "partial": [], "top": [
        {"metric": "queue.length", "service": "pay", "series": 45},
        {"metric": "queue.length", "service": "cart", "series": 4},
        {"metric": "cpu", "service": "cart", "series": 1},
    ]});
    assert_eq!(ask(&loaded, "/api/v1/status/ingest").await["cardinality"]["series"], series);
    loaded.send_json(Signal::Metrics, &points("cart", "cpu", 1..90, 5));
    let answer = ask(&loaded, "/api/v1/status/ingest").await;
    assert_eq!(answer["cardinality"]["series"], series, "as it was a moment ago");
    let keys = &answer["cardinality"]["attribute_keys"];
    assert_eq!((&keys[0]["table"], &keys[0]["column"], &keys[0]["rarest"]), (&json!("metrics"), &json!("attributes"), &json!(["worker"])));
}
