//! The lines around one line.

use std::collections::BTreeSet;

use schemas::Signal;
use serde_json::{Value, json};

use super::{lines, request, train_ticket};
use crate::{loaded::Loaded, search::ask};

fn ids(answer: &Value) -> Vec<String> {
    lines(&answer["logs"], &["id"]).iter().map(|id| id.trim_matches('"').to_owned()).collect()
}

/// What a naive reader sees: the records of the same stream in the order of time and id.
#[tokio::test]
async fn the_neighbours_are_those_of_the_stream() {
    let Some(loaded) = train_ticket() else { return };
    let all = ask(&loaded, "logs", &[("sort", "oldest"), ("limit", "10000")]).await;
    let logs = all["logs"].as_array().expect("logs");
    let stream = |log: &Value| {
        let of = ["service_namespace", "service_name", "service_instance_id", "k8s_namespace_name", "k8s_pod_name", "host_name"];
        of.map(|name| log[name].to_string()).join(" ")
    };
    let key = |log: &Value| (log["time"].to_string(), log["id"].as_str().expect("an id").to_owned());
    assert!(logs.is_sorted_by_key(key) && logs.len() > 1000);
    let streams: Vec<String> = logs.iter().map(stream).collect();
    for (index, log) in logs.iter().enumerate().step_by(logs.len() / 3) {
        let others = logs.iter().zip(&streams).filter(|(_, stream)| **stream == streams[index]);
        let of_stream: Vec<String> = others.map(|(other, _)| key(other).1).collect();
        let id = key(log).1;
        let at = of_stream.iter().position(|other| *other == id).expect("the line itself");
        for (before, after) in [(0, 0), (3, 2), (50, 50)] {
            let answer = ask(&loaded, "logs/context", &[("id", &id), ("before", &before.to_string()), ("after", &after.to_string())]).await;
            let (first, end) = (at.saturating_sub(before), (at + after + 1).min(of_stream.len()));
            assert_eq!(ids(&answer), of_stream[first..end], "{before} before and {after} after {id}");
            assert_eq!(answer["index"].as_u64(), Some((at - first) as u64));
            assert_eq!(answer["logs"][at - first], *log);
        }
    }
}

#[tokio::test]
async fn a_stream_is_one_process_in_one_place() {
    let loaded = Loaded::empty();
    let at = |file: Option<&str>, bodies: &[&'static str], from: u64| -> Vec<(u64, i32, &'static str, Value)> {
        let own = file.map_or(json!({}), |file| json!({ "log.file.path": file }));
        bodies.iter().enumerate().map(|(index, body)| (from + 10 * index as u64, 9, *body, own.clone())).collect()
    };
    loaded.send_json(Signal::Logs, &request("shop", &[("k8s.pod.name", "p-1")], &at(None, &["1a", "1b"], 0)));
    loaded.send_json(Signal::Logs, &request("shop", &[("k8s.pod.name", "p-2")], &at(None, &["2a", "2b", "2c"], 1)));
    loaded.store.flush().expect("a working disk");
    loaded.send_json(Signal::Logs, &request("shop", &[("k8s.pod.name", "p-1")], &at(None, &["1c", "1d"], 20)));
    loaded.send_json(Signal::Logs, &request("shop", &[("k8s.pod.name", "p-1")], &at(Some("/a.log"), &["fa", "fb"], 5)));
    loaded.send_json(Signal::Logs, &request("cart", &[], &at(None, &["c"], 6)));
    let check = async |body: &str, expected: &[&str], stream: Value| {
        let found = ask(&loaded, "logs", &[("q", &format!("body:{body}"))]).await;
        let answer = ask(&loaded, "logs/context", &[("id", found["logs"][0]["id"].as_str().expect("an id"))]).await;
        let bodies: Vec<&str> = answer["logs"].as_array().expect("logs").iter().filter_map(|log| log["body"].as_str()).collect();
        assert_eq!(bodies, expected, "{body}");
        assert_eq!(answer["stream"], stream, "{body}");
        assert_eq!(bodies[answer["index"].as_u64().expect("a place") as usize], body);
    };
    check("1b", &["1a", "1b", "1c", "1d"], json!({ "service_name": "shop", "k8s_pod_name": "p-1" })).await;
    check("2c", &["2a", "2b", "2c"], json!({ "service_name": "shop", "k8s_pod_name": "p-2" })).await;
    check("fb", &["fa", "fb"], json!({ "service_name": "shop", "k8s_pod_name": "p-1", "log_file_path": "/a.log" })).await;
    check("c", &["c"], json!({ "service_name": "cart" })).await;
}

/// Ids and the order of equal times are the same in memory and in a block.
#[tokio::test]
async fn ids_stay() {
    let loaded = Loaded::empty();
    let bodies: Vec<String> = (0..300).map(|index| format!("line {index}")).collect();
    let records: Vec<_> = bodies.iter().map(|body| (0, 9, body.as_str(), json!({}))).collect();
    loaded.send_json(Signal::Logs, &request("shop", &[], &records));
    let in_memory = ids(&ask(&loaded, "logs", &[("limit", "1000")]).await);
    let mut distinct = in_memory.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 300);
    loaded.store.flush().expect("a working disk");
    assert_eq!(ids(&ask(&loaded, "logs", &[("limit", "1000")]).await), in_memory);
    let oldest = ids(&ask(&loaded, "logs", &[("limit", "1000"), ("sort", "oldest")]).await);
    assert_eq!(oldest.iter().collect::<BTreeSet<_>>(), distinct.iter().collect());
    let answer = ask(&loaded, "logs/context", &[("id", &distinct[150]), ("before", "2"), ("after", "1")]).await;
    assert_eq!(ids(&answer), distinct[148..152]);
    let loaded = loaded.restarted();
    assert_eq!(ids(&ask(&loaded, "logs", &[("limit", "1000"), ("sort", "oldest")]).await), oldest);
}

/// Records that are equal in everything have one id; asked for it, the first of them is the line.
#[tokio::test]
async fn equal_records_are_neighbours() {
    let loaded = Loaded::empty();
    let records: Vec<_> = [(0, "a"), (1, "same"), (1, "same"), (1, "same"), (2, "b")].map(|(at, body)| (at, 9, body, json!({}))).into();
    loaded.send_json(Signal::Logs, &request("shop", &[], &records));
    let found = ask(&loaded, "logs", &[("q", "same"), ("limit", "1")]).await;
    let answer =
        ask(&loaded, "logs/context", &[("id", found["logs"][0]["id"].as_str().expect("an id")), ("before", "1"), ("after", "3")]).await;
    assert_eq!(lines(&answer["logs"], &["body"]), ["\"a\"", "\"same\"", "\"same\"", "\"same\"", "\"b\""]);
    assert_eq!(answer["index"], json!(1));
}
