//! Live streams over real sockets, while records arrive.

mod breakers;
pub(crate) mod client;
mod follow;
mod limits;
mod resume;

use schemas::Signal;
use serde_json::json;

use crate::loaded::Loaded;

/// A request of logs with these numbers as bodies.
fn send(loaded: &Loaded, numbers: std::ops::Range<u64>) {
    send_padded(loaded, numbers, "");
}

/// So too, each with an attribute that is as long as one likes.
fn send_padded(loaded: &Loaded, numbers: std::ops::Range<u64>, padding: &str) {
    let record = |number: u64| {
        json!({
            "timeUnixNano": (1_790_000_000_000_000_000 - number * 1000).to_string(),
            "severityNumber": if number.is_multiple_of(2) { 17 } else { 9 },
            "body": { "stringValue": format!("record {number}") },
            "attributes": [{ "key": "padding", "value": { "stringValue": padding } }],
        })
    };
    let service = json!({ "key": "service.name", "value": { "stringValue": "pay" } });
    let body = json!({ "resourceLogs": [{
        "resource": { "attributes": [service] },
        "scopeLogs": [{ "logRecords": numbers.map(record).collect::<Vec<_>>() }],
    }] });
    loaded.send_json(Signal::Logs, &body);
}
