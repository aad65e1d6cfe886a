//! Searches over real telemetry, part of it in blocks and part in memory, through the routes that people use.

mod closed;
mod differential;
mod generated;
mod indexes;
mod known;
mod lines;
mod mistakes;
mod pages;
mod suggest;
mod text;
mod traces;

use http::StatusCode;
use serde_json::Value;

use crate::loaded::Loaded;

/// The parameters of a request, percent-encoded.
pub(crate) fn query(parameters: &[(&str, &str)]) -> String {
    let encoded = |text: &str| -> String {
        let byte = |byte: u8| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") };
        text.bytes().map(byte).collect()
    };
    let pairs: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    pairs.join("&")
}

pub(crate) async fn ask(loaded: &Loaded, route: &str, parameters: &[(&str, &str)]) -> Value {
    let (status, body) = loaded.get(&format!("/api/v1/{route}?{}", query(parameters))).await;
    assert_eq!(status, StatusCode::OK, "{parameters:?}\n{}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body).expect("JSON")
}

/// The ids of all spans that are found, sorted.
async fn span_ids(loaded: &Loaded, search: &str) -> Vec<String> {
    let answer = ask(loaded, "spans", &[("q", search), ("limit", "10000")]).await;
    let mut ids: Vec<String> = answer["spans"].as_array().expect("rows").iter().map(|span| span["span_id"].to_string()).collect();
    ids.sort();
    ids
}
