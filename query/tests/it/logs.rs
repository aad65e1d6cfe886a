//! Log records in bulk and around a line: every answer against a recount of the same rows, part of them in blocks and part in memory.

mod context;
mod fields;
mod histogram;
mod mistakes;
mod patterns;
mod trace;

use schemas::Signal;
use serde_json::{Value, json};

use crate::loaded::Loaded;

/// Requests of the capture that are enough to have many services, levels and seconds.
const REQUESTS: usize = 20;

/// Logs of Train Ticket, the first half in a block.
fn train_ticket() -> Option<Loaded> {
    let requests = testkit::captures::requests("train-ticket/logs.otlp.zst")?;
    let step = (requests.len() / REQUESTS).max(1);
    let chosen: Vec<_> = requests.into_iter().step_by(step).take(REQUESTS).collect();
    let loaded = Loaded::empty();
    for (index, body) in chosen.iter().enumerate() {
        loaded.send(Signal::Logs, body.clone());
        if index == chosen.len() / 2 {
            loaded.store.flush().expect("a working disk");
        }
    }
    Some(loaded)
}

/// A record of our own: nanoseconds after 2026-09-21T14:13:20Z, severity, body, attributes.
type Record<'a> = (u64, i32, &'a str, Value);

const START_NS: u64 = 1_790_000_000_000_000_000;

/// A request with the records of one service, which may have more resource attributes.
fn request(service: &str, resource: &[(&str, &str)], records: &[Record<'_>]) -> Value {
    let attributes = |map: &Value| -> Vec<Value> {
        let value = |value: &Value| match value {
            Value::Number(number) => json!({ "intValue": number.to_string() }),
            Value::Bool(boolean) => json!({ "boolValue": boolean }),
            other => json!({ "stringValue": other }),
        };
        map.as_object().into_iter().flatten().map(|(key, one)| json!({ "key": key, "value": value(one) })).collect()
    };
    let record = |(at, severity, body, own): &Record<'_>| {
        json!({
            "timeUnixNano": (START_NS + at).to_string(),
            "severityNumber": severity,
            "body": { "stringValue": body },
            "attributes": attributes(own),
        })
    };
    let mut of_resource = vec![json!({ "key": "service.name", "value": { "stringValue": service } })];
    of_resource.extend(resource.iter().map(|(key, value)| json!({ "key": key, "value": { "stringValue": value } })));
    let records: Vec<Value> = records.iter().map(record).collect();
    json!({ "resourceLogs": [{ "resource": { "attributes": of_resource }, "scopeLogs": [{ "logRecords": records }] }] })
}

/// The members of an array of objects, each object as one line.
fn lines(array: &Value, members: &[&str]) -> Vec<String> {
    let line = |one: &Value| members.iter().map(|name| one[*name].to_string()).collect::<Vec<_>>().join(", ");
    array.as_array().expect("an array").iter().map(line).collect()
}
