//! Blocks of sums that cannot be read: answers say so, and tell what the others have.

use std::path::Path;

use serde_json::Value;

use crate::{
    loaded::Loaded,
    made_spans::{Made, START_NS, ask, made, send},
};

const WINDOW: &str = "start=2026-09-21T14:10:00Z&end=2026-09-21T15:10:00Z";

/// The older of two blocks of a table is not readable any more.
fn damage(blocks: &Path, table: &str) {
    let files = std::fs::read_dir(blocks.join("1").join(table)).expect("a folder").map(|entry| entry.expect("a readable folder").path());
    let mut blocks: Vec<_> = files.filter(|path| path.extension().is_some_and(|extension| extension == "parquet")).collect();
    blocks.sort();
    assert_eq!(blocks.len(), 2, "{table}");
    std::fs::write(&blocks[0], b"damage").expect("a file of ours");
}

fn partial(answer: &Value) -> usize {
    answer["meta"]["partial"].as_array().expect("a list").len()
}

#[tokio::test]
async fn what_is_missing_is_said_each_time() {
    let loaded = Loaded::empty();
    let call = |nth: u64, called: &'static str| -> [Made; 2] {
        [made(nth, 10 * nth, 0, "web", 3, nth as i64, 900), made(nth, 10 * nth + 1, 10 * nth, called, 2, nth as i64, 500)]
    };
    for (nth, called) in [(1, "pay"), (2, "order")] {
        send(&loaded, &call(nth, called));
        loaded.store.flush().expect("a working disk");
    }
    let routes = [
        format!("/api/v1/services?{WINDOW}"),
        format!("/api/v1/services/web?{WINDOW}"),
        format!("/api/v1/services/web/operations?{WINDOW}"),
        format!("/api/v1/heatmap?{WINDOW}"),
        format!("/api/v1/overview?{WINDOW}"),
        format!("/api/v1/graph?{WINDOW}"),
    ];
    for route in &routes {
        assert_eq!(partial(&ask(&loaded, route).await), 0, "{route}");
    }
    let blocks = loaded.blocks_dir();
    let loaded = loaded.restarted();
    damage(&blocks, "operation_minutes");
    damage(&blocks, "edge_minutes");
    for route in &routes {
        // What was answered once is not kept as if it were whole.
        for _ in 0..2 {
            assert_ne!(partial(&ask(&loaded, route).await), 0, "{route}");
        }
    }
    let names = |answer: &Value, of: &str| -> Vec<String> {
        answer[of].as_array().expect("a list").iter().map(|one| one["name"].as_str().expect("a name").to_owned()).collect()
    };
    let mut services = names(&ask(&loaded, &routes[0]).await, "services");
    services.sort_unstable();
    assert_eq!(services, ["order", "web"], "what can be read is told");
    let graph = ask(&loaded, &routes[5]).await;
    let calls: Vec<f64> = graph["edges"].as_array().expect("edges").iter().map(|edge| edge["calls"].as_f64().expect("calls")).collect();
    assert_eq!(calls, [1.0]);
    // A minute that the window cuts is read from spans, which are whole.
    let cut = format!("/api/v1/services?start={}&end={}", START_NS, START_NS + 2);
    assert_eq!(names(&ask(&loaded, &cut).await, "services").len(), 2, "{cut}");
}
