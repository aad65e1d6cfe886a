//! What series say: the same in memory and in blocks, and as computed by hand.

use http::StatusCode;
use schemas::Signal;
use serde_json::{Value, json};

use super::{START_S, all_types, ask, encoded, otlp::TRACE, range};
use crate::loaded::Loaded;

/// Labels and values from minute 0 to 6.
type Line = (Value, Vec<Option<f64>>);

fn series(answer: &Value) -> Vec<Line> {
    let values = |series: &Value| series["values"].as_array().expect("values").iter().map(Value::as_f64).collect();
    answer["series"].as_array().expect("series").iter().map(|series| (series["labels"].clone(), values(series))).collect()
}

async fn check(loaded: &[Loaded], query: &str, expected: &[(Value, [Option<f64>; 7])]) {
    for loaded in loaded {
        let answer = range(loaded, query).await;
        let found = series(&answer);
        let close = |(found, expected): (&Option<f64>, &Option<f64>)| match (found, expected) {
            (Some(found), Some(expected)) => (found - expected).abs() < 1e-9,
            (found, expected) => found == expected,
        };
        let same = |line: &Line, (labels, values): &(Value, [Option<f64>; 7])| {
            line.0 == *labels && line.1.len() == values.len() && line.1.iter().zip(values).all(close)
        };
        let all = found.len() == expected.len() && found.iter().zip(expected).all(|(found, expected)| same(found, expected));
        assert!(all, "{query}\n{found:?} is not\n{expected:?}\n{answer}");
    }
}

/// In memory; in blocks; half and half, so that a series is in both.
fn stores() -> [Loaded; 3] {
    [0, 12, 6].map(|flushed_after| {
        let loaded = Loaded::empty();
        for (index, request) in all_types().iter().enumerate() {
            loaded.send_json(Signal::Metrics, request);
            if index + 1 == flushed_after {
                loaded.store.flush().expect("a working disk");
            }
        }
        loaded
    })
}

#[tokio::test]
async fn by_hand() {
    let loaded = stores();
    let all = |value: f64| [None, Some(value), Some(value), Some(value), Some(value), Some(value), Some(value)];
    let labels =
        |service: &str, route: &str| json!({ "service_name": service, "service_instance_id": format!("{service}-0"), "http_route": route });
    let of = |service: &str| json!({ "service_name": service });

    // In two minutes; only the first has one minute, since the start of each counter is known.
    let twice = |value: f64| {
        let all = Some(2.0 * value);
        [None, Some(value), all, all, all, all, all]
    };

    // A restart of `pay` loses nothing.
    let minutes = "function=increase&window=2m";
    check(
        &loaded,
        &format!("selector=shop.orders&{minutes}"),
        &[(labels("pay", "/a"), twice(6.0)), (labels("web", "/a"), twice(60.0)), (labels("web", "/b"), twice(30.0))],
    )
    .await;
    check(&loaded, &format!("selector=shop.orders&{minutes}&by=service_name"), &[(of("pay"), twice(6.0)), (of("web"), twice(90.0))]).await;
    check(&loaded, "selector=shop.orders&window=2m&by=", &[(json!({}), twice(0.8))]).await;
    check(&loaded, &format!("selector=shop.orders{{http.route=~\"/a|/c\"}}&{minutes}&agg=max"), &[(json!({}), twice(60.0))]).await;
    check(&loaded, &format!("selector=shop.orders{{service_name!=\"web\"}}&{minutes}&agg=count"), &[(json!({}), all(1.0))]).await;
    check(&loaded, &format!("selector=shop.orders&{minutes}&agg=topk:1"), &[(labels("web", "/a"), twice(60.0))]).await;
    check(
        &loaded,
        &format!("selector=shop.orders&{minutes}&agg=quantile:0.5&without=http_route,service_instance_id"),
        &[(of("pay"), twice(6.0)), (of("web"), twice(45.0))],
    )
    .await;
    let value = [None, Some(6.0), Some(12.0), Some(18.0), Some(6.0), Some(12.0), Some(18.0)];
    check(&loaded, "selector={\"shop.orders\",service_name=\"pay\"}&function=value", &[(labels("pay", "/a"), value)]).await;

    // Delta: a point counts where it ends.
    let deltas = [None, Some(1.5), Some(3.0), Some(4.5), Some(6.0), Some(7.5), Some(9.0)];
    check(&loaded, "selector=shop.clicks&function=increase&window=1m&by=", &[(json!({}), deltas)]).await;

    // A gauge is shown as it is, until the sender says that it ended.
    let load = [None, Some(0.25), Some(0.5), Some(0.75), Some(1.0), None, None];
    check(&loaded, "selector=shop.load&by=service_name", &[(of("pay"), load)]).await;

    // A quarter in (1, 2], the others in (2, 4].
    let histogram = "selector=shop.latency&by=";
    check(&loaded, &format!("{histogram}&quantile=0.5&window=2m"), &[(json!({}), all(2.0 + 2.0 / 3.0))]).await;
    check(&loaded, &format!("{histogram}&{minutes}"), &[(json!({}), twice(4.0))]).await;
    check(&loaded, &format!("{histogram}&{minutes}&of=sum"), &[(json!({}), twice(11.0))]).await;
    check(&loaded, &format!("{histogram}&{minutes}&of=avg"), &[(json!({}), all(2.75))]).await;

    // All in (2, 2.83] of scale 1, then in (2, 4] of scale 0: in the middle by logarithm.
    let size = [
        None,
        Some(2.0_f64.powf(1.25)),
        Some(2.0_f64.powf(1.25)),
        Some(2.0_f64.powf(1.25)),
        Some(2.0_f64.powf(1.5)),
        Some(2.0_f64.powf(1.5)),
        Some(2.0_f64.powf(1.5)),
    ];
    check(&loaded, "selector=shop.size&by=&quantile=0.5&window=60s", &[(json!({}), size)]).await;
    check(&loaded, "selector=shop.nothing", &[]).await;
}

#[tokio::test]
async fn what_an_answer_says_besides() {
    let [loaded, ..] = stores();
    let answer = range(&loaded, "selector=shop.orders").await;
    let sum = json!([{ "type": "sum", "temporality": "cumulative", "monotonic": true, "unit": "{order}" }]);
    assert_eq!((&answer["function"], &answer["types"], &answer["step_ms"]), (&json!("rate"), &sum, &json!(60_000)));
    assert_eq!(answer["window_ms"], 240_000, "four points");
    assert_eq!(answer["times_ms"][1], (START_S + 60) * 1000);
    let meta = &answer["meta"];
    assert_eq!(
        (&meta["series"], &meta["points"], &meta["doubled_points"], &meta["partial"]),
        (&json!(3), &json!(18), &json!(0), &json!([]))
    );
    // They arrive at 14:13:20; four minutes are still to come, and count as early, none as late.
    assert_eq!(meta["late_points"], 0);
    let cut = range(&loaded, "selector=shop.orders&limit=1").await;
    assert_eq!((series(&cut).len(), &cut["meta"]["truncated"], &cut["series"][0]["labels"]["http_route"]), (1, &json!(true), &json!("/a")));
    let gauge = range(&loaded, "selector=shop.load&function=rate").await;
    assert!(gauge["meta"]["warnings"][0].as_str().is_some_and(|warning| warning.contains("no resets")), "{gauge}");
    let quantile = range(&loaded, "selector=shop.load&quantile=0.5").await;
    assert!(quantile["meta"]["warnings"][0].as_str().is_some_and(|warning| warning.contains("no quantile")), "{quantile}");

    // Sent again, a point is there once.
    all_types().iter().for_each(|request| {
        let mut again = request.clone();
        again["resourceMetrics"][0]["schemaUrl"] = json!("again");
        loaded.send_json(Signal::Metrics, &again);
    });
    let again = range(&loaded, "selector=shop.orders").await;
    assert_eq!((&again["series"], &again["meta"]["doubled_points"]), (&answer["series"], &json!(18)));
}

fn at(minute: i64, query: &str) -> String {
    format!("query?time={}&{query}", START_S + minute * 60)
}

#[tokio::test]
async fn at_one_time() {
    let [_, loaded, _] = stores();
    let load = ask(&loaded, &at(4, "selector=shop.load")).await;
    assert_eq!(
        (&load["series"][0]["value"], &load["time"], &load["function"]),
        (&json!(1.0), &json!("2026-09-21T14:17:00.000000000Z"), &json!("value"))
    );
    let ended = ask(&loaded, &at(5, "selector=shop.load")).await;
    assert_eq!(ended["series"], json!([]));
    let rate = ask(&loaded, &at(6, "selector=shop.orders&window=5m&by=service_name")).await;
    assert_eq!(
        rate["series"],
        json!([{ "labels": { "service_name": "pay" }, "value": 0.1 }, { "labels": { "service_name": "web" }, "value": 1.5 }])
    );
}

#[tokio::test]
async fn exemplars_lead_to_traces() {
    for loaded in stores() {
        let answer = range(&loaded, "selector=shop.latency&quantile=0.99&by=service_name&exemplars=true").await;
        let exemplars = answer["exemplars"].as_array().expect("exemplars");
        assert_eq!(exemplars.len(), 6);
        let first = json!({ "series": 0, "time": "2026-09-21T14:14:00.000000000Z", "value": 3.5, "trace_id": TRACE, "span_id": "00f067aa0ba90002" });
        assert_eq!(exemplars[0], first);
        assert_eq!(range(&loaded, "selector=shop.latency").await["exemplars"], json!([]), "nobody asked for them");
        // Of one time: those of the window before it.
        let now = ask(&loaded, &at(2, "selector=shop.latency&quantile=0.99&by=service_name&window=90s&exemplars=true")).await;
        assert_eq!(now["exemplars"], json!([first]), "as large as the next one, and earlier");
        let later = ask(&loaded, &at(4, "selector=shop.latency&quantile=0.99&by=service_name&window=90s&exemplars=true")).await;
        assert_eq!(later["exemplars"][0]["time"], "2026-09-21T14:16:00.000000000Z");
        let none = ask(&loaded, &at(2, "selector=shop.latency&quantile=0.99")).await;
        assert_eq!((&none["exemplars"], none["completeness"]["watermark"].is_string()), (&json!([]), true));
    }
}

#[tokio::test]
async fn mistakes_are_named() {
    let loaded = Loaded::empty();
    let check = async |path: &str, status: StatusCode, code: &str, part: &str| {
        let (found, body) = loaded.get(&encoded(path)).await;
        let problem: Value = serde_json::from_slice(&body).expect("a problem");
        assert_eq!((found, &problem["code"]), (status, &json!(code)), "{path}: {problem}");
        assert!(problem.to_string().contains(part), "{path}: {problem}");
    };
    let bad = StatusCode::BAD_REQUEST;
    check("query_range", bad, "invalid_parameter", "selector").await;
    check("query_range?selector=m{a=1}", bad, "invalid_query", "in quotes").await;
    check("query_range?selector={a=\"1\"}", bad, "invalid_parameter", "does not name a metric").await;
    check("query_range?selector=m&step=1s&range=24h", bad, "invalid_parameter", "11000 steps").await;
    check("query_range?selector=m&agg=median", bad, "invalid_parameter", "topk:5").await;
    check("query_range?selector=m&start=now&end=now-1h", bad, "invalid_parameter", "not after `start`").await;
    check("query_range?selector=m&colour=red", bad, "invalid_parameter", "unknown parameter").await;
    check("query?selector=m&step=1m", bad, "invalid_parameter", "unknown parameter").await;
    check("query?selector=m&quantile=99", bad, "invalid_parameter", "from 0 to 1").await;
    check("names?metric=m", bad, "invalid_parameter", "unknown parameter").await;
    check("labels?metric=m{", bad, "invalid_query", "name of a label").await;
    check("labels/a/values?limit=0", bad, "invalid_parameter", "from 1 to 1000").await;
}

/// What is asked of the scan as a column, and what is asked of labels afterwards, is the same.
#[tokio::test]
async fn as_sql_counts_them() {
    let Some(requests) = testkit::captures::requests("train-ticket/metrics.otlp.zst") else { return };
    let loaded = Loaded::empty();
    let half = requests.len().min(60) / 2;
    for (index, body) in requests.into_iter().take(2 * half).enumerate() {
        loaded.send(Signal::Metrics, body);
        if index + 1 == half {
            loaded.store.flush().expect("a working disk");
        }
    }
    let names = loaded
        .rows("SELECT metric_name, count(DISTINCT series_id), min(time), max(time) FROM metrics WHERE metric_type = 'gauge' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 5")
        .await;
    assert!(!names.is_empty(), "the capture has gauges");
    for row in names {
        let [name, series, first, last] = row.split(", ").collect::<Vec<_>>()[..] else { panic!("{row}") };
        let (name, [first, last]) = (name.trim_matches('"'), [first, last].map(|time| time.trim_matches('"').to_owned()));
        let window = format!("start={first}&end=2200-01-01T00:00:00Z");
        let listed = ask(&loaded, &format!("names?q={name}&{window}")).await;
        let of_name = listed["names"].as_array().expect("names").iter().filter(|one| one["name"] == name && one["type"] == "gauge");
        assert_eq!(of_name.map(|one| one["series"].as_u64().unwrap_or_default()).sum::<u64>().to_string(), series, "{name}");
        // The newest point of every series that has one in the last five minutes.
        let expected = loaded
            .rows(&format!(
                "SELECT sum(v) FROM (SELECT coalesce(value_double, CAST(value_int AS DOUBLE)) AS v, \
                 row_number() OVER (PARTITION BY series_id ORDER BY time DESC) AS n FROM metrics \
                 WHERE metric_name = '{name}' AND time > CAST('{last}' AS TIMESTAMP) - INTERVAL '5 minutes') WHERE n = 1"
            ))
            .await;
        let answer = ask(&loaded, &format!("query?selector={{\"{name}\"}}&agg=sum&time={last}&function=value")).await;
        let (found, expected) = (answer["series"][0]["value"].as_f64(), expected[0].parse::<f64>().ok());
        let close = found.zip(expected).is_some_and(|(found, expected)| (found - expected).abs() <= 1e-9 * expected.abs().max(1.0));
        assert!(close, "{name}: {found:?} is not {expected:?}\n{answer}");
    }
}
