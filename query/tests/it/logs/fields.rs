//! Which fields records have, and their values.

use schemas::Signal;
use serde_json::{Value, json};

use super::{lines, request, train_ticket};
use crate::{loaded::Loaded, search::ask};

#[tokio::test]
async fn fields_of_three_levels() {
    let loaded = Loaded::empty();
    let records = [(0, 9, "a", json!({ "n": 1, "level": "x" })), (1, 9, "b", json!({ "n": "1", "exception.type": "Lost" }))];
    loaded.send_json(Signal::Logs, &request("shop", &[("team", "red"), ("k8s.pod.name", "p-1")], &records));
    loaded.store.flush().expect("a working disk");
    loaded.send_json(Signal::Logs, &request("cart", &[], &[(2, 9, "c", json!({ "ok": true }))]));
    let answer = ask(&loaded, "logs/fields", &[]).await;
    let mut found = lines(&answer["fields"], &["name", "level", "types", "records"]);
    // Not what every record has whatever was sent.
    found.retain(|line| !line.ends_with(", 3") || line.contains("service"));
    let expected = [
        r#""service.name", "resource", ["text"], 3"#,
        r#""k8s.pod.name", "resource", ["text"], 2"#,
        r#""n", "record", ["number","text"], 2"#,
        r#""resource.team", "resource", ["text"], 2"#,
        r#""\"level\"", "record", ["text"], 1"#,
        r#""exception.type", "record", ["text"], 1"#,
        r#""ok", "record", ["boolean"], 1"#,
    ];
    assert_eq!(found, expected, "{answer}");
    assert_eq!((&answer["sampled_rows"], &answer["exact"]), (&json!(3), &json!(true)));

    let newest = ask(&loaded, "logs/fields", &[("limit", "1")]).await;
    assert_eq!((&newest["sampled_rows"], &newest["exact"]), (&json!(1), &json!(false)));
    assert!(lines(&newest["fields"], &["name"]).contains(&"\"ok\"".to_owned()), "{newest}");
    let of_shop = ask(&loaded, "logs/fields", &[("q", "service:shop")]).await;
    assert_eq!(of_shop["sampled_rows"], json!(2));
}

/// Each field finds as many records by search as it is said to have.
#[tokio::test]
async fn every_field_is_found_by_its_name() {
    let Some(loaded) = train_ticket() else { return };
    let answer = ask(&loaded, "logs/fields", &[("limit", "50000")]).await;
    assert_eq!(answer["exact"], json!(true));
    let fields = answer["fields"].as_array().expect("fields");
    assert!(fields.len() > 10, "{answer}");
    for field in fields {
        let name = field["name"].as_str().expect("a name");
        let counted = ask(&loaded, "logs/histogram", &[("q", &format!("has:{name}"))]).await;
        assert_eq!(counted["total"], field["records"], "{name}");
        let share = field["share"].as_f64().expect("a share") * answer["sampled_rows"].as_f64().expect("rows");
        assert!((share - field["records"].as_f64().expect("a count")).abs() < 1e-6, "{name}");
    }
}

#[tokio::test]
async fn values_are_counted() {
    let Some(loaded) = train_ticket() else { return };
    let check = async |field: &str, column: &str, search: &str, condition: &str| {
        let answer = ask(&loaded, &format!("logs/fields/{field}/values"), &[("q", search), ("limit", "5")]).await;
        let counted = loaded
            .rows(&format!(
                "SELECT {column}, count(*) FROM logs WHERE {condition} AND {column} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 5"
            ))
            .await;
        assert_eq!(lines(&answer["values"], &["value", "count"]), counted, "{field} {search}");
        let totals = loaded
            .rows(&format!("SELECT count(DISTINCT {column}), count(*), count(*) - count({column}) FROM logs WHERE {condition}"))
            .await;
        assert_eq!(
            [format!("{}, {}, {}", answer["distinct"], answer["records"], answer["missing"])].as_slice(),
            totals,
            "{field} {search}"
        );
    };
    check("service", "service_name", "*", "true").await;
    check("service.name", "service_name", "-level:error", "severity_number NOT BETWEEN 17 AND 20").await;
    check("trace_id", "hex(trace_id)", "level:warn", "severity_number BETWEEN 13 AND 16").await;
    check("level", "CASE WHEN severity_number < 13 THEN 'info' WHEN severity_number < 17 THEN 'warn' ELSE 'error' END", "*", "true").await;
    check("no.such", "attributes->>'no.such'", "*", "true").await;
}

#[tokio::test]
async fn values_of_nothing() {
    let loaded = Loaded::empty();
    let mut answer: Value = ask(&loaded, "logs/fields/%22log.file.path%22/values", &[]).await;
    answer.as_object_mut().expect("an object").remove("meta");
    assert_eq!(answer, json!({ "field": "\"log.file.path\"", "values": [], "distinct": 0, "records": 0, "missing": 0 }));
}
