//! `POST /api/v1/sql` over real telemetry, part of it in blocks and part in memory.

mod death;
pub(crate) mod deny;
mod duckdb;
mod errors;
mod formats;
mod limits;
mod once;

use http::StatusCode;
use serde_json::{Value, json};
use testkit::captures::{self, Known};

use crate::loaded::Loaded;

#[tokio::test]
async fn every_row_is_counted_once_wherever_it_is() {
    let (loaded, Known { spans, traces, errors, events, .. }) = (Loaded::otel_demo(), captures::otel_demo());
    for _ in 0..2 {
        assert_eq!(loaded.rows("SELECT count(*) FROM spans").await, [spans.to_string()]);
        assert_eq!(
            loaded.rows("SELECT count(*), count(DISTINCT trace_id), count(DISTINCT service_name) FROM spans").await,
            [format!("{spans}, {traces}, 17")]
        );
        assert_eq!(loaded.rows("SELECT count(*) FROM spans WHERE status_code = 2").await, [errors.to_string()]);
        assert_eq!(loaded.rows("SELECT sum(cardinality(events)) FROM spans").await, [events.to_string()]);
        loaded.store.flush().expect("a working disk");
    }
}

#[tokio::test]
async fn ids_are_hex_going_in_and_out() {
    let loaded = Loaded::otel_demo();
    let found = loaded.sql("SELECT trace_id, count(*) AS spans FROM spans GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1").await;
    assert_eq!(found["columns"], json!([{ "name": "trace_id", "type": "id" }, { "name": "spans", "type": "int64" }]));
    let id = found["rows"][0][0].as_str().expect("an id").to_owned();
    assert_eq!(id.len(), 32);
    let spans = found["rows"][0][1].clone();
    for query in [
        format!("SELECT count(*) FROM spans WHERE trace_id = '{id}'"),
        format!("SELECT count(*) FROM spans WHERE '{}' = trace_id", id.to_uppercase()),
        format!("SELECT count(*) FROM spans WHERE trace_id IN ('{id}', '{}')", "0".repeat(32)),
        format!("SELECT count(*) FROM spans WHERE hex(trace_id) = '{id}'"),
        format!("SELECT count(*) FROM spans s JOIN (SELECT DISTINCT trace_id FROM spans WHERE trace_id = '{id}') t USING (trace_id)"),
    ] {
        assert_eq!(loaded.sql(&query).await["rows"][0][0], spans, "{query}");
    }
    let body = json!({ "query": "SELECT count(*) FROM spans WHERE trace_id = $1 AND duration_ns >= $2", "params": [id, 0] });
    let (status, answer) = loaded.post("/api/v1/sql", &body, "application/json").await;
    let answer: Value = serde_json::from_slice(&answer).expect("JSON");
    assert_eq!((status, &answer["rows"][0][0]), (StatusCode::OK, &spans), "{answer}");
}

#[tokio::test]
async fn attributes_are_found_in_columns_and_in_the_remainder() {
    let loaded = Loaded::otel_demo();
    let all = "SELECT count(*) FROM spans WHERE http_response_status_code IS NOT NULL OR attr(attributes, 'http.status_code') IS NOT NULL";
    let either = loaded.rows("SELECT count(*) FROM spans WHERE attributes->>'http.status_code' IS NOT NULL").await;
    assert_eq!(either, loaded.rows(all).await);
    assert_eq!(either, loaded.rows("SELECT count(*) FROM spans WHERE attrs->>'http.response.status_code' IS NOT NULL").await);
    let typed = |query: &'static str| loaded.rows(query);
    assert_eq!(
        typed("SELECT count(*) FROM spans WHERE attr_int(attributes, 'http.status_code') = 200").await,
        typed("SELECT count(*) FROM spans WHERE attributes->>'http.status_code' = '200'").await,
    );
    assert_ne!(typed("SELECT count(*) FROM spans WHERE attr_int(attributes, 'http.status_code') = 200").await, ["0"]);
    assert_eq!(
        typed("SELECT count(*) FROM spans WHERE resource_attributes->>'service.name' = 'frontend'").await,
        typed("SELECT count(*) FROM spans WHERE service_name = 'frontend'").await,
    );
}

#[tokio::test]
async fn the_newest_rows_come_first_and_few_are_decoded() {
    let loaded = Loaded::otel_demo();
    let newest = loaded.rows("SELECT start_time FROM spans ORDER BY start_time DESC LIMIT 5").await;
    let all = loaded.rows("SELECT start_time FROM spans ORDER BY start_time DESC").await;
    assert_eq!((all.len(), &all[..5]), (captures::otel_demo().spans, newest.as_slice()));
}
