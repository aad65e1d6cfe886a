//! What may stand at the cursor.

use serde_json::{Value, json};

use super::ask;
use crate::loaded::Loaded;

#[tokio::test]
async fn names_and_values_come_from_the_data() {
    let loaded = Loaded::otel_demo();
    let suggest = async |text: &str| ask(&loaded, "search/suggest", &[("table", "spans"), ("q", text)]).await;
    let texts = |answer: &Value| -> Vec<String> {
        answer["suggestions"].as_array().expect("a list").iter().filter_map(|one| Some(one["text"].as_str()?.to_owned())).collect()
    };
    let services =
        loaded.rows("SELECT service_name, count(*) FROM spans WHERE service_name LIKE 'front%' GROUP BY 1 ORDER BY 2 DESC, 1").await;
    let answer = suggest("status:error service:front").await;
    let found: Vec<String> =
        answer["suggestions"].as_array().expect("a list").iter().map(|one| format!("{}, {}", one["text"], one["count"])).collect();
    assert_eq!(found, services);
    assert_eq!(answer["replace"], json!({ "start": 21, "end": 26 }));
    assert!(answer["meta"]["scanned_rows"].as_u64() >= Some(testkit::captures::otel_demo().spans as u64), "{answer}");

    assert_eq!(texts(&suggest("status:e").await), ["error"]);
    assert_eq!(texts(&suggest("{service:cart} ").await), [">>", ">", "AND"]);
    assert_eq!(texts(&suggest("duration ").await)[..4], [":", "!=", ">", ">="]);
    assert!(texts(&suggest("rpc.me").await).contains(&"rpc.method".to_owned()));
    assert_eq!(texts(&suggest("event.name:").await), Vec::<String>::new());
    let attributes = suggest("app.").await;
    assert!(texts(&attributes).iter().any(|field| field.starts_with("app.")), "{attributes}");
}

#[tokio::test]
async fn the_cursor_counts_characters() {
    let loaded = Loaded::empty();
    let answer = ask(&loaded, "search/suggest", &[("table", "logs"), ("q", "库存 lev:x"), ("cursor", "6")]).await;
    assert_eq!(answer["replace"], json!({ "start": 3, "end": 6 }), "{answer}");
    assert_eq!(answer["suggestions"][0], json!({ "kind": "field", "text": "level", "type": "name" }));
}
