//! Counts over time.

use std::collections::BTreeMap;

use schemas::Signal;
use serde_json::{Value, json};

use super::{START_NS, request, train_ticket};
use crate::{loaded::Loaded, search::ask};

/// Counts of a histogram by time and series: `other` and `absent` as they are, values in quotes.
fn counts(answer: &Value) -> BTreeMap<(i64, String), i64> {
    let t0: i64 = answer["t0_ns"].as_str().expect("digits").parse().expect("a number");
    let width = answer["width_ms"].as_i64().expect("a number") * 1_000_000;
    let mut all = BTreeMap::new();
    for series in answer["series"].as_array().expect("series") {
        let name =
            series["value"].as_str().map_or_else(|| series["kind"].as_str().expect("a kind").to_owned(), |value| format!("{value:?}"));
        let counts: Vec<i64> = series["counts"].as_array().expect("counts").iter().filter_map(Value::as_i64).collect();
        assert_eq!(counts.len() as u64, answer["buckets"].as_u64().expect("a number"), "{name}");
        assert_eq!(series["total"].as_i64(), Some(counts.iter().sum()), "{name}");
        let at = |bucket: usize| t0 + bucket as i64 * width;
        all.extend(
            counts.into_iter().enumerate().filter(|(_, count)| *count > 0).map(|(bucket, count)| ((at(bucket), name.clone()), count)),
        );
    }
    all
}

/// The same out of rows of time and value: values that are not `shown` count as `other`.
fn recount(rows: &[(i64, Option<String>)], width_ns: i64, shown: &[String]) -> BTreeMap<(i64, String), i64> {
    let mut all = BTreeMap::new();
    for (time, value) in rows {
        let name = match value {
            None => "absent".to_owned(),
            Some(value) if shown.contains(value) => format!("{value:?}"),
            Some(_) => "other".to_owned(),
        };
        *all.entry((time.div_euclid(width_ns) * width_ns, name)).or_default() += 1;
    }
    all
}

async fn times_and(loaded: &Loaded, value: &str, table: &str, time: &str) -> Vec<(i64, Option<String>)> {
    let answer = loaded.sql(&format!("SELECT CAST({time} AS BIGINT), {value} FROM {table}")).await;
    let row = |row: &Value| (row[0].as_i64().expect("a time"), row[1].as_str().map(str::to_owned));
    answer["rows"].as_array().expect("rows").iter().map(row).collect()
}

/// The values with most rows.
fn top(rows: &[(i64, Option<String>)], limit: usize) -> Vec<String> {
    let mut totals: BTreeMap<&String, i64> = BTreeMap::new();
    rows.iter().filter_map(|(_, value)| value.as_ref()).for_each(|value| *totals.entry(value).or_default() += 1);
    let mut totals: Vec<(i64, &String)> = totals.into_iter().map(|(value, count)| (-count, value)).collect();
    totals.sort();
    totals.into_iter().take(limit).map(|(_, value)| value.clone()).collect()
}

#[tokio::test]
async fn counts_are_those_of_the_rows() {
    let Some(loaded) = train_ticket() else { return };
    let level = "CASE WHEN severity_number BETWEEN 9 AND 12 THEN 'info' WHEN severity_number BETWEEN 13 AND 16 THEN 'warn' WHEN severity_number BETWEEN 17 AND 20 THEN 'error' ELSE 'unspecified' END";
    for (by, column, series) in [
        ("severity", level, "10"),
        ("service", "service_name", "4"),
        ("trace_id", "hex(trace_id)", "3"),
        ("no.such", "CAST(NULL AS VARCHAR)", "3"),
    ] {
        let rows = times_and(&loaded, column, "logs", "time").await;
        assert!(rows.len() > 1000, "{}", rows.len());
        for buckets in ["1", "60", "1000"] {
            let answer = ask(&loaded, "logs/histogram", &[("by", by), ("buckets", buckets), ("series", series)]).await;
            let width_ns = answer["width_ms"].as_i64().expect("a width") * 1_000_000;
            let shown = top(&rows, series.parse().expect("a number"));
            assert_eq!(counts(&answer), recount(&rows, width_ns, &shown), "{by} in {buckets}");
            assert!(answer["buckets"].as_u64() <= buckets.parse().ok(), "{by} in {buckets}");
            assert_eq!(answer["total"].as_u64(), Some(rows.len() as u64));
            let distinct = top(&rows, usize::MAX).len();
            assert_eq!(answer["other_values"].as_u64(), Some((distinct - shown.len()) as u64), "{by}");
            assert_eq!(answer["meta"]["partial"], json!([]));
        }
    }
}

#[tokio::test]
async fn a_search_and_a_time_narrow_it() {
    let Some(loaded) = train_ticket() else { return };
    let rows = times_and(&loaded, "service_name", "logs", "time").await;
    let mut times: Vec<i64> = rows.iter().map(|(time, _)| *time).collect();
    times.sort_unstable();
    let (start, end) = (times[times.len() / 4], times[times.len() * 3 / 4]);
    let service = top(&rows, 1).remove(0);
    let search = format!("service:{service}");
    let (from, to) = (start.to_string(), end.to_string());
    let answer = ask(&loaded, "logs/histogram", &[("q", &search), ("start", &from), ("end", &to)]).await;
    let wanted: Vec<_> = rows
        .into_iter()
        .filter(|(time, value)| (start..end).contains(time) && value.as_ref() == Some(&service))
        .map(|(time, _)| (time, None))
        .collect();
    let width_ns = answer["width_ms"].as_i64().expect("a width") * 1_000_000;
    let expected: Vec<i64> = recount(&wanted, width_ns, &[]).into_values().collect();
    assert_eq!(counts(&answer).into_values().collect::<Vec<_>>(), expected);
    assert_eq!((answer["series"][0]["kind"].as_str(), answer["total"].as_u64()), (Some("all"), Some(wanted.len() as u64)));
    assert!(!wanted.is_empty());
}

#[tokio::test]
async fn spans_too() {
    let loaded = Loaded::otel_demo();
    let status = "CASE status_code WHEN 0 THEN 'unset' WHEN 1 THEN 'ok' WHEN 2 THEN 'error' END";
    let rows = times_and(&loaded, status, "spans", "start_time").await;
    let answer = ask(&loaded, "spans/histogram", &[("by", "status")]).await;
    let width_ns = answer["width_ms"].as_i64().expect("a width") * 1_000_000;
    assert_eq!(counts(&answer), recount(&rows, width_ns, &top(&rows, 10)));
}

#[tokio::test]
async fn a_small_one_in_full() {
    let loaded = Loaded::empty();
    let records = [(0, 9, "a", json!({})), (1_000_000_000, 17, "b", json!({})), (1_500_000_000, 10, "c", json!({}))];
    loaded.send_json(Signal::Logs, &request("shop", &[], &records));
    let (start, end) = (START_NS.to_string(), (START_NS + 3_000_000_000).to_string());
    let mut answer = ask(&loaded, "logs/histogram", &[("by", "severity"), ("start", &start), ("end", &end), ("buckets", "3")]).await;
    answer.as_object_mut().expect("an object").remove("meta");
    let expected = json!({
        "t0_ns": start,
        "width_ms": 1000,
        "buckets": 3,
        "total": 3,
        "series": [
            { "kind": "value", "value": "info", "total": 2, "counts": [1, 1, 0] },
            { "kind": "value", "value": "error", "total": 1, "counts": [0, 1, 0] },
        ],
        "other_values": 0,
        "completeness": { "watermark": "2026-09-21T14:13:20.000000000Z", "late": 0, "left_out": 0, "sampled_out": 0.0, "partial": false,
            "dropped": { "since": "1970-01-01T00:00:00.000000000Z", "requests": 2, "put_off": 0, "records": 0, "service": null } },
    });
    assert_eq!(answer, expected);
    let nothing = ask(&loaded, "logs/histogram", &[("q", "nothing")]).await;
    assert_eq!((&nothing["series"], &nothing["total"]), (&json!([]), &json!(0)));
}
