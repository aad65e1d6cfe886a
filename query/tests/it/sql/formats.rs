//! One answer in every format.

use arrow::ipc::reader::StreamReader;
use http::StatusCode;
use serde_json::{Value, json};

use crate::loaded::Loaded;

const QUERY: &str = "SELECT *, NULL AS z FROM (VALUES (1, 'a,b', 1.5, true, TIMESTAMP '2026-11-22T10:00:00.000000001Z'), (NULL, '=库存', 'NaN'::double, false, NULL)) \
                     AS t(n, s, d, b, at) ORDER BY n";

async fn body(loaded: &Loaded, accept: &str) -> Vec<u8> {
    let (status, body) = loaded.post("/api/v1/sql", &json!({ "query": QUERY }), accept).await;
    assert_eq!(status, StatusCode::OK, "{accept}: {}", String::from_utf8_lossy(&body));
    body.to_vec()
}

#[tokio::test]
async fn every_format_has_every_row() {
    let loaded = Loaded::empty();
    let answer: Value = serde_json::from_slice(&body(&loaded, "application/json").await).expect("JSON");
    assert_eq!(
        answer["rows"],
        json!([[1, "a,b", 1.5, true, "2026-11-22T10:00:00.000000001Z", null], [null, "=库存", "NaN", false, null, null]])
    );
    assert_eq!(answer["columns"][4], json!({ "name": "at", "type": "timestamp" }));
    assert_eq!(answer["meta"]["truncated"], false);

    let lines = String::from_utf8(body(&loaded, "application/x-ndjson").await).expect("text");
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[1], json!({ "s": "=库存", "d": "NaN", "b": false }));
    assert_eq!(lines[2]["meta"]["partial"], json!([]));

    let csv = String::from_utf8(body(&loaded, "text/csv").await).expect("text");
    assert_eq!(csv, "n,s,d,b,at,z\r\n1,\"a,b\",1.5,true,2026-11-22T10:00:00.000000001Z,\r\n,\"'=库存\",NaN,false,,\r\n");

    let stream = body(&loaded, "application/vnd.apache.arrow.stream").await;
    let reader = StreamReader::try_new(stream.as_slice(), None).expect("an Arrow stream");
    assert_eq!(reader.map(|batch| batch.expect("whole").num_rows()).sum::<usize>(), 2);

    let file = body(&loaded, "application/vnd.apache.parquet").await;
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReader::try_new(bytes::Bytes::from(file), 8).expect("a Parquet file");
    assert_eq!(reader.map(|batch| batch.expect("whole").num_rows()).sum::<usize>(), 2);
}

#[tokio::test]
async fn an_answer_beyond_the_limit_is_cut_and_says_so() {
    let loaded = Loaded::with(|limits| limits.rows_max = 3);
    let answer = loaded.sql("SELECT *, NULL AS z FROM (VALUES (1), (2), (3), (4)) t(n)").await;
    assert_eq!(answer["rows"].as_array().map(Vec::len), Some(3));
    assert_eq!(answer["meta"]["truncated"], true);
    assert!(answer["meta"]["warnings"][0].as_str().is_some_and(|warning| warning.contains("3 rows")), "{answer}");
}
