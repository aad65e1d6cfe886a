//! Scraping as `docs/prometheus.md` tells: one server fetches the page of another.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{http::Http, pages::snippets, process::Server};

const PATIENCE: Duration = Duration::from_secs(60);

fn rows(server: &Server, sql: &str) -> Vec<Value> {
    let (status, body) = Http::connect(&server.api).post("/api/v1/sql", &json!({ "query": sql }));
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    let answer: Value = serde_json::from_slice(&body).expect("JSON");
    answer["rows"].as_array().unwrap_or_else(|| panic!("{answer}")).clone()
}

/// The rows, once there are some.
fn wait_for(server: &Server, sql: &str) -> Vec<Value> {
    let started = Instant::now();
    loop {
        let found = rows(server, sql);
        if !found.is_empty() || started.elapsed() > PATIENCE {
            return found;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_page_of_a_server_is_scraped_and_its_end_is_marked() {
    let [toml] = <[String; 1]>::try_from(snippets("prometheus.md", "toml")).expect("the page has one");
    let dirs = [tempfile::tempdir().expect("a temporary directory"), tempfile::tempdir().expect("a temporary directory")];
    let scraped = Server::start(&dirs[0]);
    let target = scraped.api.trim_start_matches("http://").to_owned();
    let config = toml.replace("127.0.0.1:8080", &target).replace("15000", "200").replace("10000", "200");
    let server = Server::start_with(&dirs[1], &config);
    let up = "SELECT value_double FROM metrics WHERE metric_name = 'up' AND service_name = 'storefront' AND value_double =";
    assert_eq!(wait_for(&server, &format!("{up} 1 LIMIT 1")), [json!([1.0])]);
    let of = "FROM metrics WHERE service_namespace = 'shop' AND service_instance_id IS NOT NULL AND metric_name LIKE 'fusebox_%'";
    let kinds = rows(&server, &format!("SELECT DISTINCT metric_type {of} ORDER BY metric_type"));
    assert!(kinds.contains(&json!(["gauge"])) && kinds.contains(&json!(["sum"])), "{kinds:?}");
    let links = Http::connect(&server.api).json("/api/v1/status/ingest")["links"].clone();
    assert_eq!(
        (&links[0]["kind"], &links[0]["of"], &links[0]["is_up"]),
        (&json!("target"), &json!("shop/storefront"), &json!(true)),
        "{links}"
    );

    drop(scraped);
    assert_eq!(wait_for(&server, &format!("{up} 0 LIMIT 1")), [json!([0.0])]);
    let gone = rows(&server, &format!("SELECT count(*) {of} AND flags = 1"));
    assert!(gone[0][0].as_u64() > Some(0), "{gone:?}");
    let links = Http::connect(&server.api).json("/api/v1/status/ingest")["links"].clone();
    let message = links[0]["last_error"]["message"].as_str().unwrap_or_default();
    assert!(links[0]["is_up"] == json!(false) && message.contains("connect"), "{links}");
}
