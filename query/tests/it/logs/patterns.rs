//! Templates of the log records that are found.

use schemas::Signal;
use serde_json::{Value, json};

use super::{START_NS, lines, request, train_ticket};
use crate::{loaded::Loaded, search::ask};

#[tokio::test]
async fn a_few_sentences() {
    let loaded = Loaded::empty();
    let records: Vec<_> = [(0, 9, "user 7 logged in"), (1, 9, "user 8 logged in"), (2, 17, "user 9 logged in"), (3, 17, "lock lost")]
        .map(|(at, severity, body)| (at, severity, body, json!({})))
        .into();
    loaded.send_json(Signal::Logs, &request("shop", &[], &records[..2]));
    loaded.store.flush().expect("a working disk");
    loaded.send_json(Signal::Logs, &request("cart", &[], &records[2..]));
    let answer = ask(&loaded, "logs/patterns", &[]).await;
    let found = lines(&answer["patterns"], &["template", "count", "share"]);
    assert_eq!(found, [r#""user <num> logged in", 3, 0.75"#, r#""lock lost", 1, 0.25"#]);
    let first = &answer["patterns"][0];
    assert_eq!(
        (&first["first_seen"], &first["last_seen"]),
        (&json!("2026-09-21T14:13:20.000000000Z"), &json!("2026-09-21T14:13:20.000000002Z"))
    );
    assert_eq!(lines(&first["services"], &["service_name", "count"]), ["\"shop\", 2", "\"cart\", 1"]);
    assert_eq!((&first["severities"]["info"], &first["severities"]["error"]), (&json!(2), &json!(1)));
    assert_eq!(first["samples"].as_array().map(Vec::len), Some(3));
    assert_eq!(
        (&answer["patterns_total"], &answer["lines"], &answer["read_rows"], &answer["found_rows"]),
        (&json!(2), &json!(4), &json!(4), &json!(4))
    );
    assert_eq!(answer["meta"]["partial"], json!([]));

    let of_cart = ask(&loaded, "logs/patterns", &[("q", "service:cart user"), ("limit", "1")]).await;
    assert_eq!(lines(&of_cart["patterns"], &["count"]), ["1"]);
    let start = (START_NS + 3).to_string();
    let late = ask(&loaded, "logs/patterns", &[("start", &start)]).await;
    assert_eq!(lines(&late["patterns"], &["template"]), ["\"lock lost\""]);
}

#[tokio::test]
async fn every_line_is_counted_once() {
    let Some(loaded) = train_ticket() else { return };
    let answer = ask(&loaded, "logs/patterns", &[("limit", "2001")]).await;
    let patterns = answer["patterns"].as_array().expect("patterns");
    let sum = |of: &dyn Fn(&Value) -> u64| patterns.iter().map(of).sum::<u64>();
    let totals =
        loaded.rows("SELECT count(*), count(body), sum(CASE WHEN severity_number BETWEEN 17 AND 20 THEN 1 ELSE 0 END) FROM logs").await;
    let count = sum(&|pattern| pattern["count"].as_u64().expect("a count"));
    let errors = sum(&|pattern| pattern["severities"]["error"].as_u64().expect("a count"));
    assert_eq!([format!("{}, {count}, {errors}", answer["read_rows"])].as_slice(), totals);
    assert_eq!(answer["patterns_total"].as_u64(), Some(patterns.len() as u64));
    let seen = loaded.rows("SELECT min(time), max(time) FROM logs WHERE body IS NOT NULL").await;
    let times = |name: &str| patterns.iter().map(|pattern| pattern[name].to_string()).collect::<Vec<_>>();
    let (first, last) = (times("first_seen").into_iter().min(), times("last_seen").into_iter().max());
    assert_eq!([format!("{}, {}", first.expect("some"), last.expect("some"))].as_slice(), seen);
    let sentence = "[getLeftTicketOfInterval][Get left ticket of interval]";
    let said = loaded.rows(&format!("SELECT count(*) FROM logs WHERE strpos(body, '{sentence}') > 0")).await;
    let counted: u64 = patterns
        .iter()
        .filter(|one| one["template"].as_str().is_some_and(|text| text.contains(sentence)))
        .filter_map(|one| one["count"].as_u64())
        .sum();
    assert_eq!([counted.to_string()].as_slice(), said);
}

/// An answer that could not read all says so, and how many it read.
#[tokio::test]
async fn a_cut_is_said() {
    let loaded = Loaded::with(|limits| limits.rows_max = 10);
    let records: Vec<_> = (0..25).map(|index| (index, 9, "tick", json!({}))).collect();
    loaded.send_json(Signal::Logs, &request("shop", &[], &records));
    let answer = ask(&loaded, "logs/patterns", &[]).await;
    assert_eq!((&answer["read_rows"], &answer["found_rows"]), (&json!(10), &json!(25)));
    assert_eq!(answer["meta"]["partial"], json!(["only the newest 10 of 25 records were read; ask for a shorter time"]));
    assert_eq!(answer["patterns"][0]["first_seen"], json!("2026-09-21T14:13:20.000000015Z"));
}
