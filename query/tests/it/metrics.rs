//! Metrics over HTTP, from OTLP of every type: in memory, in blocks, and of captures and the demo shop.

mod demo_shop;
mod listed;
mod otlp;
mod queries;

use http::StatusCode;
use serde_json::Value;

use crate::loaded::Loaded;

pub(crate) use otlp::{START_S, all_types};

/// Percent-encodes what a selector has and a URL may not.
fn encoded(path: &str) -> String {
    let encode = |c: char| if "\"{}|\\<> ".contains(c) { format!("%{:02X}", u32::from(c)) } else { c.to_string() };
    format!("/api/v1/metrics/{}", path.chars().map(encode).collect::<String>())
}

async fn ask(loaded: &Loaded, path: &str) -> Value {
    let (status, body) = loaded.get(&encoded(path)).await;
    let text = String::from_utf8_lossy(&body);
    assert_eq!(status, StatusCode::OK, "{path}: {text}");
    serde_json::from_str(&text).expect("JSON")
}

/// Seven minutes from the start, the last at minute 6.
async fn range(loaded: &Loaded, query: &str) -> Value {
    let (start, end) = (START_S, START_S + 361);
    ask(loaded, &format!("query_range?start={start}&end={end}&step=1m&{query}")).await
}
