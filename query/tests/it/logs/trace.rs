//! Log records of a trace.

use serde_json::json;

use super::{lines, train_ticket};
use crate::search::ask;

#[tokio::test]
async fn a_trace_has_its_logs_in_order() {
    let Some(loaded) = train_ticket() else { return };
    let traces = loaded
        .sql("SELECT trace_id, count(*), min(span_id) FROM logs WHERE trace_id IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 3")
        .await;
    let traces = traces["rows"].as_array().expect("rows");
    assert_eq!(traces.len(), 3);
    for trace in traces {
        let [id, span] = [&trace[0], &trace[2]].map(|id| id.as_str().expect("an id"));
        let answer = ask(&loaded, &format!("traces/{id}/logs"), &[]).await;
        let expected = loaded.rows(&format!("SELECT time, body FROM logs WHERE trace_id = '{id}' ORDER BY time")).await;
        let mut found = lines(&answer["logs"], &["time", "body"]);
        assert_eq!(lines(&answer["logs"], &["time"]), expected.iter().map(|line| line[..32].to_owned()).collect::<Vec<_>>());
        let mut sorted = expected.clone();
        found.sort();
        sorted.sort();
        assert_eq!(found, sorted, "{id}");
        assert_eq!((&answer["trace_id"], &answer["meta"]["warnings"]), (&json!(id), &json!([])));

        let of_span = ask(&loaded, &format!("traces/{id}/logs"), &[("span_id", span)]).await;
        let counted = loaded.rows(&format!("SELECT count(*) FROM logs WHERE trace_id = '{id}' AND span_id = '{span}'")).await;
        assert_eq!([of_span["logs"].as_array().expect("logs").len().to_string()].as_slice(), counted);
        let one = ask(&loaded, &format!("traces/{id}/logs"), &[("limit", "1")]).await;
        assert_eq!(one["logs"][0]["time"], answer["logs"][0]["time"]);
        assert!(one["meta"]["warnings"][0].as_str().is_some_and(|warning| warning.contains("the first 1")), "{one}");
    }
    let nothing = ask(&loaded, "traces/00000000000000000000000000000001/logs", &[]).await;
    assert_eq!(nothing["logs"], json!([]));
}
