//! The demo shop: what its metrics count are the requests that its spans tell of.

use schemas::{Signal, UnixNanos};
use serde_json::Value;

use super::ask;
use crate::loaded::Loaded;

const START_S: i64 = 1_790_000_400;
const MINUTE_NS: i64 = 60_000_000_000;

/// Six minutes of the shop, half of them in blocks.
fn shop() -> Loaded {
    let mut shop = demo::Shop::new(demo::Config { requests_per_second: 2.0, ..demo::Config::default() });
    let loaded = Loaded::empty();
    for minute in 0..6 {
        let from = UnixNanos(START_S * 1_000_000_000 + minute * MINUTE_NS);
        let exports = shop.advance(from, UnixNanos(from.0 + MINUTE_NS));
        exports
            .into_iter()
            .filter(|export| export.signal != Signal::Logs)
            .for_each(|export| loaded.send(export.signal, export.body.into()));
        if minute == 2 {
            loaded.store.flush().expect("a working disk");
        }
    }
    shop.close()
        .into_iter()
        .filter(|export| export.signal != Signal::Logs)
        .for_each(|export| loaded.send(export.signal, export.body.into()));
    loaded
}

#[tokio::test]
async fn requests_are_as_many_as_server_spans() {
    let loaded = shop();
    let end = START_S + 420;
    let names = ask(&loaded, &format!("names?q=http.server.request.duration&start={START_S}&end={end}")).await;
    assert_eq!(names["names"][0]["type"], "histogram", "{names}");
    // The counters begin with the shop, so that their increase since is all they ever counted.
    let asked = format!("query?selector=http.server.request.duration&function=increase&window=8m&by=service_name&time={end}");
    let answer = ask(&loaded, &asked).await;
    let series = answer["series"].as_array().expect("series");
    assert!(!series.is_empty(), "{answer}");
    for one in series {
        let service = one["labels"]["service_name"].as_str().expect("a service");
        let counted = loaded
            .rows(&format!(
                "SELECT sum(n) FROM (SELECT series_id, max(count) AS n FROM metrics \
                 WHERE metric_name = 'http.server.request.duration' AND service_name = '{service}' GROUP BY 1)"
            ))
            .await;
        let counted: f64 = counted[0].parse().expect("a number");
        // What is added for the time between the last point and the end is at most what half a distance of points counts.
        let increase = one["value"].as_f64().expect("a number");
        assert!((counted..=counted * 1.05 + 1.0).contains(&increase), "{service}: {increase} is not near {counted}");
    }
    let quantiles = ask(&loaded, &format!("query_range?selector=http.server.request.duration&quantile=0.95&by=service_name&exemplars=true&start={START_S}&end={end}&step=1m")).await;
    let first = &quantiles["series"][0]["values"];
    assert!(
        first.as_array().is_some_and(|values| values.iter().filter_map(Value::as_f64).all(|seconds| seconds > 0.0 && seconds < 60.0)),
        "{quantiles}"
    );
    for exemplar in quantiles["exemplars"].as_array().expect("exemplars").iter().take(3) {
        let (status, _) = loaded.get(&format!("/api/v1/traces/{}", exemplar["trace_id"].as_str().expect("an id"))).await;
        assert!(status.is_success(), "the trace of {exemplar} is there");
    }
}
