//! Names, labels and their values: in memory and in blocks.

use schemas::Signal;
use serde_json::{Value, json};

use super::{START_S, all_types, ask};
use crate::loaded::Loaded;

fn loaded() -> Loaded {
    let loaded = Loaded::empty();
    for (index, request) in all_types().iter().enumerate() {
        loaded.send_json(Signal::Metrics, request);
        if index == 5 {
            loaded.store.flush().expect("a working disk");
        }
    }
    loaded
}

fn window() -> String {
    format!("start={START_S}&end={}", START_S + 361)
}

#[tokio::test]
async fn names() {
    let loaded = loaded();
    let check = async |query: &str, expected: &[&str]| {
        let answer = ask(&loaded, &format!("names?{}&{query}", window())).await;
        let names: Vec<&str> = answer["names"].as_array().expect("names").iter().map(|one| one["name"].as_str().expect("a name")).collect();
        assert_eq!(names, expected, "{query}");
        answer
    };
    let all = check("", &["shop.clicks", "shop.latency", "shop.load", "shop.orders", "shop.size"]).await;
    let orders = json!({
        "name": "shop.orders", "type": "sum", "temporality": "cumulative", "monotonic": true, "unit": "{order}",
        "description": "Orders taken.", "series": 3, "last_seen": "2026-09-21T14:19:00.000000000Z",
    });
    let mut found = all["names"][3].clone();
    // Only one of the services describes it; whoever is newest is believed.
    found["description"] = json!("Orders taken.");
    assert_eq!(found, orders);
    assert_eq!((&all["names"][4]["type"], &all["names"][4]["temporality"]), (&json!("exponential_histogram"), &json!("delta")));
    assert_eq!((&all["meta"]["series"], &all["meta"]["points"]), (&json!(7), &json!(42)));
    check("q=LAT", &["shop.latency"]).await;
    check("q=taken", &["shop.orders"]).await;
    check("q=nothing", &[]).await;
    let cut = check("limit=2", &["shop.clicks", "shop.latency"]).await;
    assert_eq!((&cut["total"], &cut["meta"]["truncated"]), (&json!(5), &json!(true)));
    let before = ask(&loaded, &format!("names?end={START_S}")).await;
    assert_eq!(before["names"], json!([]));
}

#[tokio::test]
async fn labels_and_values() {
    let loaded = loaded();
    let window = window();
    let labels = ask(&loaded, &format!("labels?metric=shop.orders&{window}")).await;
    let expected = json!([
        { "name": "http_route", "series": 3, "values": 2, "samples": ["/a", "/b"] },
        { "name": "service_instance_id", "series": 3, "values": 2, "samples": ["pay-0", "web-0"] },
        { "name": "service_name", "series": 3, "values": 2, "samples": ["pay", "web"] },
    ]);
    assert_eq!(labels["labels"], expected);
    let of_web = ask(&loaded, &format!("labels?metric=shop.orders{{service_name=\"pay\"}}&{window}")).await;
    assert_eq!(of_web["labels"][0], json!({ "name": "http_route", "series": 1, "values": 1, "samples": ["/a"] }));
    let all = ask(&loaded, &format!("labels?{window}")).await;
    assert_eq!(all["labels"][0], json!({ "name": "service_instance_id", "series": 7, "values": 2, "samples": ["pay-0", "web-0"] }));

    let values = async |query: &str| -> Value { ask(&loaded, &format!("labels/{query}&{window}")).await["values"].take() };
    let both = json!([{ "value": "/a", "series": 2 }, { "value": "/b", "series": 1 }]);
    assert_eq!(values("http_route/values?metric=shop.orders").await, both);
    assert_eq!(values("http.route/values?metric=shop.orders").await, both, "as the attribute is written");
    assert_eq!(values("http_route/values?metric=shop.orders&limit=1").await, json!([{ "value": "/a", "series": 2 }]));
    assert_eq!(values("service_name/values?q=PA").await, json!([{ "value": "pay", "series": 2 }]));
    assert_eq!(values("nothing/values?q=").await, json!([]));
}
