//! Services over HTTP, against a naive recount of the same spans: half of them in blocks, some late.

mod damaged;
mod interleaved;

use schemas::Signal;
use serde_json::{Value, json};

use crate::{
    loaded::Loaded,
    made_spans::{MIN, Made, START_NS, about, ask, loaded, made, quantile, receive, refused, trace_id},
};

/// 14:10:00 to 14:23:20: [`START_NS`] is 14:13:20.
const WINDOW: &str = "start=2026-09-21T14:10:00Z&end=2026-09-21T14:23:20Z";
const FROM_NS: i64 = -200 * 1_000_000_000;
const TO_NS: i64 = 10 * MIN;

/// Spans of three services, from two minutes before the window on until two minutes after it.
fn spans() -> Vec<Made> {
    let mut state = 42_u64;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    (1..=1500)
        .map(|nth| {
            let at_ns = FROM_NS - 2 * MIN + random(17 * 60 * 1_000) as i64 * 1_000_000;
            let (service, kind) = [("pay", 2), ("pay", 3), ("order", 2), ("order", 5), ("batch", 1)][random(5) as usize];
            let name = ["charge", "refund", "SELECT"][random(3) as usize];
            let version = if service == "pay" && at_ns > 4 * MIN { "1.1" } else { "1.0" };
            let environment = if random(4) == 0 { "test" } else { "prod" };
            let duration_ns = 1_000 << random(20);
            let failed = random(10) == 0;
            Made { name, version, environment, failed, ..made(nth, nth, 0, service, kind, at_ns, duration_ns + random(999) as i64) }
        })
        .collect()
}

fn in_window(span: &&Made) -> bool {
    (FROM_NS..TO_NS).contains(&span.at_ns)
}

fn row<'a>(answer: &'a Value, name: &str) -> &'a Value {
    answer["services"].as_array().expect("services").iter().find(|row| row["name"] == name).expect("it is listed")
}

fn durations(spans: &[&Made]) -> Vec<i64> {
    spans.iter().map(|span| span.duration_ns).collect()
}

#[tokio::test]
async fn services_are_what_a_naive_recount_says() {
    let spans = spans();
    let loaded = loaded(&spans);
    for environment in [None, Some("prod")] {
        let filter = environment.map_or(String::new(), |environment| format!("&environment={environment}"));
        let answer = ask(&loaded, &format!("/api/v1/services?{WINDOW}{filter}&sort=name")).await;
        let all: Vec<&Made> = spans.iter().filter(in_window).filter(|span| environment.is_none_or(|one| one == span.environment)).collect();
        let names: Vec<&str> = answer["services"].as_array().expect("services").iter().map(|row| row["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["batch", "order", "pay"]);
        for name in names {
            let own: Vec<&Made> = all.iter().copied().filter(|span| span.service == name).collect();
            let calls: Vec<&Made> = own.iter().copied().filter(|span| name == "batch" || [2, 5].contains(&span.kind)).collect();
            let errors = calls.iter().filter(|span| span.failed).count() as f64;
            let row = row(&answer, name);
            let told = ["spans", "calls", "errors", "calls_per_s", "error_share"].map(|field| row[field].as_f64().expect("a number"));
            let (spans, count) = (own.len() as f64, calls.len() as f64);
            assert_eq!(told, [spans, count, errors, count / 800.0, errors / count], "{name}");
            for (field, share) in [("p50_ns", 0.5), ("p95_ns", 0.95), ("p99_ns", 0.99)] {
                let exact = quantile(durations(&calls), share);
                assert!(about(&row[field], exact), "{name} {field}: {} for {exact}", row[field]);
            }
            assert_eq!(row["sum_ns"], durations(&calls).iter().sum::<i64>());
            assert_eq!(row["basis"], if name == "batch" { "all" } else { "entry" });
            trend_is_right(&answer, row, &calls);
            assert_eq!(row["namespaces"], json!(["shop"]));
        }
        let late = all.iter().filter(|span| span.at_ns + span.duration_ns < -MIN).count();
        assert_eq!(answer["completeness"]["late"], late, "received when the first request arrived, or a moment later");
        assert_eq!((&answer["completeness"]["partial"], &answer["meta"]["partial"]), (&json!(false), &json!([])));
    }
    let answer = ask(&loaded, &format!("/api/v1/services?{WINDOW}")).await;
    let versions: Vec<&str> =
        row(&answer, "pay")["versions"].as_array().expect("versions").iter().map(|version| version["version"].as_str().unwrap()).collect();
    assert_eq!(versions, ["1.0", "1.1"]);
}

fn trend_is_right(answer: &Value, row: &Value, calls: &[&Made]) {
    let t0: i64 = answer["buckets"]["t0_ns"].as_str().expect("digits").parse().expect("digits");
    let width = answer["buckets"]["width_ms"].as_i64().expect("a number") * 1_000_000;
    let place = |span: &Made| ((START_NS + span.at_ns - t0) / width) as usize;
    for (bucket, count) in row["trend"]["count"].as_array().expect("a trend").iter().enumerate() {
        let own: Vec<&Made> = calls.iter().copied().filter(|span| place(span) == bucket).collect();
        assert_eq!(
            (count.as_f64(), row["trend"]["errors"][bucket].as_f64()),
            (Some(own.len() as f64), Some(own.iter().filter(|span| span.failed).count() as f64))
        );
        match &row["trend"]["p95_ns"][bucket] {
            Value::Null => assert_eq!(own.len(), 0),
            told => assert!(about(told, quantile(durations(&own), 0.95)), "{bucket}: {told}"),
        }
    }
    assert_eq!(row["trend"]["count"].as_array().map(Vec::len), answer["buckets"]["count"].as_u64().map(|count| count as usize));
}

/// Of each bucket: the trend of an operation or an instance.
fn durations_are_right(answer: &Value, row: &Value, calls: &[&Made]) {
    let t0: i64 = answer["buckets"]["t0_ns"].as_str().expect("digits").parse().expect("digits");
    let width = answer["buckets"]["width_ms"].as_i64().expect("a number") * 1_000_000;
    for (field, share) in [("p50_ns", 0.5), ("p99_ns", 0.99)] {
        for (bucket, told) in row["trend"][field].as_array().expect("a trend").iter().enumerate() {
            let own = calls.iter().copied().filter(|span| (START_NS + span.at_ns - t0) / width == bucket as i64).collect::<Vec<_>>();
            let right = if own.is_empty() { told.is_null() } else { about(told, quantile(durations(&own), share)) };
            assert!(right, "{field} {bucket}: {told}");
        }
    }
}

#[tokio::test]
async fn one_service_and_its_operations() {
    let spans = spans();
    let loaded = loaded(&spans);
    let list = ask(&loaded, &format!("/api/v1/services?{WINDOW}")).await;
    let one = ask(&loaded, &format!("/api/v1/services/pay?{WINDOW}")).await;
    assert_eq!(&one["service"], row(&list, "pay"));
    assert_eq!(one["durations"]["p95_ns"], one["service"]["trend"]["p95_ns"]);
    assert_eq!(ask(&loaded, &format!("/api/v1/services/nobody?{WINDOW}")).await["service"], Value::Null);

    let answer = ask(&loaded, &format!("/api/v1/services/pay/operations?{WINDOW}")).await;
    let operations = answer["operations"].as_array().expect("operations");
    assert_eq!((operations.len(), &answer["total"]), (6, &json!(6)), "three names of two kinds");
    let sums: Vec<i64> = operations.iter().map(|operation| operation["sum_ns"].as_i64().unwrap()).collect();
    assert!(sums.is_sorted_by(|a, b| a >= b), "{sums:?}");
    for operation in operations {
        let kind = if operation["kind"] == "server" { 2 } else { 3 };
        let own: Vec<&Made> = spans
            .iter()
            .filter(in_window)
            .filter(|span| span.service == "pay" && operation["name"] == span.name && span.kind == kind)
            .collect();
        let failed = own.iter().filter(|span| span.failed).count();
        assert_eq!((operation["count"].as_f64(), operation["errors"].as_f64()), (Some(own.len() as f64), Some(failed as f64)));
        assert!(about(&operation["p50_ns"], quantile(durations(&own), 0.5)));
        let slowest = own.iter().max_by_key(|span| span.duration_ns).expect("some");
        let newest = own.iter().filter(|span| span.failed).max_by_key(|span| span.at_ns).expect("some fail");
        assert_eq!(operation["exemplars"]["slowest_trace_id"], trace_id(slowest.trace));
        assert_eq!(operation["exemplars"]["failed_trace_id"], trace_id(newest.trace));
        trend_is_right(&answer, operation, &own);
        durations_are_right(&answer, operation, &own);
        let versions = |rows: &Value| rows.as_array().expect("versions").iter().map(|one| one["version"].clone()).collect::<Vec<_>>();
        assert_eq!(versions(&operation["versions"]), [json!("1.0"), json!("1.1")]);
    }
    let shares: f64 = operations.iter().filter(|one| one["kind"] == "client").map(|one| one["time_share"].as_f64().unwrap()).sum();
    assert!((shares - 1.0).abs() < 1e-9);
    let clients = ask(&loaded, &format!("/api/v1/services/pay/operations?{WINDOW}&kind=client&limit=2")).await;
    assert_eq!((clients["operations"].as_array().map(Vec::len), &clients["total"]), (Some(2), &json!(3)));
}

#[tokio::test]
async fn instances_share_calls_or_do_not() {
    // a gets three times as many calls as b; c answered until minute 2 and says nothing since.
    let calls = |instance: &'static str, first: u64, count: u64, every_ns: i64| {
        (0..count).map(move |nth| Made {
            instance,
            failed: nth == 0,
            ..made(first + nth, first + nth, 0, "pay", 2, nth as i64 * every_ns, 1_000)
        })
    };
    let spans: Vec<Made> =
        calls("a", 1, 300, 2_000_000_000).chain(calls("b", 1001, 100, 6_000_000_000)).chain(calls("c", 2001, 60, 2_000_000_000)).collect();
    let loaded = loaded(&spans);
    let answer = ask(&loaded, &format!("/api/v1/services/pay/instances?{WINDOW}")).await;
    let [a, b, c] = &answer["instances"].as_array().expect("instances")[..] else { panic!("{answer}") };
    assert_eq!((&a["instance"], &a["calls"], &a["errors"], &a["mean_ns"]), (&json!("a"), &json!(300.0), &json!(1.0), &json!(1000)));
    let share = |one: &Value| one["share"].as_f64().unwrap();
    assert!((share(a) + share(b) + share(c) - 1.0).abs() < 1e-9);
    assert!(a["skew"].as_f64() > Some(1.3) && b["skew"].as_f64() < Some(0.6), "{a} {b}");
    assert_eq!((&a["silent_since"], &c["silent_since"]), (&Value::Null, &c["last_seen"]));
    assert!(answer["fairness"].as_f64() < Some(0.95));
    assert_eq!(ask(&loaded, &format!("/api/v1/services/nobody/instances?{WINDOW}")).await["fairness"], Value::Null);
}

#[tokio::test]
async fn instances_are_what_a_naive_recount_says() {
    let spans: Vec<Made> = spans().into_iter().map(|span| Made { instance: ["a", "b", ""][span.trace as usize % 3], ..span }).collect();
    let loaded = loaded(&spans);
    for environment in [None, Some("prod")] {
        let filter = environment.map_or(String::new(), |environment| format!("&environment={environment}"));
        let answer = ask(&loaded, &format!("/api/v1/services/pay/instances?{WINDOW}{filter}")).await;
        let all: Vec<&Made> = spans.iter().filter(in_window).filter(|span| environment.is_none_or(|one| one == span.environment)).collect();
        let rows = answer["instances"].as_array().expect("instances");
        assert_eq!((rows.len(), &answer["total"]), (3, &json!(3)));
        for row in rows {
            let own: Vec<&Made> = all.iter().copied().filter(|span| span.service == "pay" && row["instance"] == span.instance).collect();
            let calls: Vec<&Made> = own.iter().copied().filter(|span| span.kind == 2).collect();
            let errors = calls.iter().filter(|span| span.failed).count() as f64;
            let told = ["spans", "calls", "errors"].map(|field| row[field].as_f64().expect("a number"));
            assert_eq!(told, [own.len() as f64, calls.len() as f64, errors], "{row}");
            for (field, share) in [("p50_ns", 0.5), ("p95_ns", 0.95), ("p99_ns", 0.99)] {
                assert!(about(&row[field], quantile(durations(&calls), share)), "{field}: {}", row[field]);
            }
            assert_eq!(row["sum_ns"], durations(&calls).iter().sum::<i64>());
            trend_is_right(&answer, row, &calls);
            durations_are_right(&answer, row, &calls);
            let told: Vec<(&Value, f64)> =
                row["versions"].as_array().expect("versions").iter().map(|one| (&one["version"], one["spans"].as_f64().unwrap())).collect();
            let of = |version: &str| own.iter().filter(|span| span.version == version).count() as f64;
            assert_eq!(told, [(&json!("1.0"), of("1.0")), (&json!("1.1"), of("1.1"))]);
        }
        let of_pay = all.iter().filter(|span| span.service == "pay");
        let late = of_pay.filter(|span| span.at_ns + span.duration_ns < -MIN).count();
        assert_eq!((&answer["completeness"]["late"], &answer["completeness"]["left_out"]), (&json!(late), &json!(0)));
        assert_eq!(answer["completeness"]["watermark"], answer["meta"]["watermark"]);
    }
}

#[tokio::test]
async fn codes_are_those_of_the_instance_and_of_the_operation() {
    let failed = |nth: u64, instance: &'static str, name: &'static str, code: &'static str| Made {
        instance,
        name,
        failed: true,
        attributes: vec![("biz.code", code)],
        ..made(nth, nth, 0, "pay", 2, nth as i64 * 1_000_000, 1_000)
    };
    let loaded = Loaded::empty();
    let spans =
        [(1, "a", "charge", "4002001"), (2, "a", "charge", "4002001"), (3, "b", "charge", "4002002"), (4, "a", "refund", "4002002")];
    receive(&loaded, &spans.map(|(nth, instance, name, code)| failed(nth, instance, name, code)));
    let code = |code: &str, count: f64| json!({ "code": code, "count": count });
    let both = json!([code("4002001", 2.0), code("4002002", 1.0)]);
    let one = json!([code("4002002", 1.0)]);
    for (list, name, expected) in
        [("instances", "instance", [("a", &both), ("b", &one)]), ("operations", "name", [("charge", &both), ("refund", &one)])]
    {
        let answer = ask(&loaded, &format!("/api/v1/services/pay/{list}?{WINDOW}")).await;
        let told: Vec<(&str, &Value)> =
            answer[list].as_array().expect("rows").iter().map(|row| (row[name].as_str().expect("a name"), &row["top_codes"])).collect();
        assert_eq!(told, expected, "{list}");
    }
}

#[tokio::test]
async fn instances_share_calls_as_they_declare() {
    // Four calls in five go to a, which declares four fifths; d declares nothing of use.
    let calls = |instance: &'static str, weight: &'static str, first: u64, count: u64| {
        (0..count).map(move |nth| Made {
            instance,
            weight,
            ..made(first + nth, first + nth, 0, "pay", 2, nth as i64 * 1_000_000_000, 1_000)
        })
    };
    let told = async |spans: Vec<Made>| {
        let answer = ask(&loaded(&spans), &format!("/api/v1/services/pay/instances?{WINDOW}")).await;
        let one = |row: &Value| (row["weight"].clone(), row["expected_share"].as_f64().unwrap(), row["skew"].as_f64().unwrap());
        answer["instances"].as_array().expect("instances").iter().map(one).collect::<Vec<_>>()
    };
    let weighted: Vec<Made> = calls("a", "80", 1, 40).chain(calls("b", "20.0", 101, 10)).collect();
    assert_eq!(told(weighted.clone()).await, [(json!(80.0), 0.8, 1.0), (json!(20.0), 0.2, 1.0)]);
    let with_d: Vec<Made> = weighted.into_iter().chain(calls("d", "heavy", 201, 10)).collect();
    let expected: Vec<f64> = told(with_d).await.iter().map(|(_, share, _)| (share * 3.0).round()).collect();
    assert_eq!(expected, [1.0; 3], "evenly");
}

#[tokio::test]
async fn a_box_of_the_heatmap_is_a_selection() {
    let spans = spans();
    let loaded = loaded(&spans);
    for (query, wanted) in [
        ("", Box::new(|_: &Made| true) as Box<dyn Fn(&Made) -> bool>),
        ("&service=pay&operation=charge", Box::new(|span: &Made| span.service == "pay" && span.name == "charge")),
        ("&service=pay&kind=client", Box::new(|span: &Made| span.service == "pay" && span.kind == 3)),
        (
            "&environment=test&kind=CLIENT&operation=refund",
            Box::new(|span: &Made| span.environment == "test" && span.kind == 3 && span.name == "refund"),
        ),
        ("&q=kind:client", Box::new(|span: &Made| span.kind == 3)),
        ("&q=service:order%20AND%20status:error", Box::new(|span: &Made| span.service == "order" && span.failed)),
    ] {
        let map = ask(&loaded, &format!("/api/v1/heatmap?{WINDOW}{query}&buckets=15&rows=12")).await;
        let t0: i64 = map["t0_ns"].as_str().expect("digits").parse().expect("digits");
        let width = map["width_ms"].as_i64().expect("a width") * 1_000_000;
        let bounds: Vec<i64> = map["bounds_ns"].as_array().expect("bounds").iter().map(|bound| bound.as_i64().unwrap()).collect();
        let numbers = |name: &str| -> Vec<usize> {
            let whole = |one: &Value| one.as_f64().filter(|one| one.fract() == 0.0).expect("a whole number") as usize;
            map["cells"][name].as_array().expect("cells").iter().map(whole).collect()
        };
        let (row, bucket, count, errors) = (numbers("row"), numbers("bucket"), numbers("spans"), numbers("errors"));
        let all: Vec<&Made> = spans.iter().filter(in_window).filter(|span| wanted(span)).collect();
        assert_eq!((count.iter().sum::<usize>(), &map["total"]), (all.len(), &json!(all.len() as f64)));
        let rows = bounds.len() - 1;
        assert!(rows <= 20, "{rows} rows of a doubling each at least");
        for cell in 0..row.len() {
            let (from, to) = (t0 + bucket[cell] as i64 * width, t0 + (bucket[cell] as i64 + 1) * width);
            let (shortest, longest) = (bounds[row[cell]], bounds[row[cell] + 1]);
            let own =
                all.iter().filter(|span| (from..to).contains(&(START_NS + span.at_ns)) && (shortest..longest).contains(&span.duration_ns));
            let own: Vec<_> = own.collect();
            assert_eq!((count[cell], errors[cell]), (own.len(), own.iter().filter(|span| span.failed).count()));
        }
        if query.is_empty() {
            let most = (0..row.len()).max_by_key(|cell| count[*cell]).expect("cells");
            let (from, to) = (t0 + bucket[most] as i64 * width, t0 + (bucket[most] as i64 + 1) * width);
            let selection = json!({"start": from.to_string(), "end": to.to_string(), "duration_min": bounds[row[most]], "duration_max": bounds[row[most] + 1]});
            let body = json!({"start": "2026-09-21T14:10:00Z", "end": "2026-09-21T14:23:20Z", "selection": selection});
            let (status, answer) = loaded.post("/api/v1/deltas", &body, "application/json").await;
            let answer: Value = serde_json::from_slice(&answer).expect("JSON");
            assert_eq!((status.as_u16(), &answer["selection"]["records"]), (200, &json!(count[most])), "{answer}");
        }
    }
}

#[tokio::test]
async fn mistakes() {
    let loaded = loaded(&[made(1, 1, 0, "pay", 2, 0, 5), made(2, 2, 0, "pay", 2, 0, 5)]);
    for path in [
        "/api/v1/services?limit=0",
        "/api/v1/services?sort=best",
        "/api/v1/services?buckets=x",
        "/api/v1/services?service=pay",
        "/api/v1/services/pay?q=x",
        "/api/v1/services/pay/operations?range=8d",
        "/api/v1/services/pay/instances?start=now&end=now-1h",
        "/api/v1/heatmap?rows=1",
        "/api/v1/heatmap?kind=clients",
    ] {
        assert_eq!(refused(&loaded, path).await, (400, "invalid_parameter".to_owned()), "{path}");
    }
    assert_eq!(refused(&loaded, "/api/v1/heatmap?q=service:").await, (400, "invalid_query".to_owned()));
    let empty = ask(&loaded, "/api/v1/services?start=2026-09-20T00:00:00Z&end=2026-09-20T01:00:00Z").await;
    assert_eq!((&empty["services"], &empty["completeness"]["watermark"]), (&json!([]), &Value::Null));
}

#[tokio::test]
async fn pages_are_of_one_window_and_have_each_service_once() {
    let spans: Vec<Made> = (0..5).map(|nth| made(nth + 1, 1, 0, ["e", "a", "d", "b", "c"][nth as usize], 2, nth as i64 * MIN, 5)).collect();
    let loaded = loaded(&spans);
    let names = |page: &Value| {
        let rows = page["services"].as_array().expect("services");
        rows.iter().map(|row| row["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    let mut page = ask(&loaded, &format!("/api/v1/services?{WINDOW}&sort=name&limit=2")).await;
    let mut all = names(&page);
    while let Some(token) = page["next_page_token"].as_str() {
        // The window is that of the first page, whatever is said.
        page = ask(&loaded, &format!("/api/v1/services?range=5m&sort=name&limit=2&page_token={token}")).await;
        assert_eq!(page["total"], 5);
        all.extend(names(&page));
    }
    assert_eq!(all, ["a", "b", "c", "d", "e"]);
    let gone = ask(&loaded, &format!("/api/v1/services?{WINDOW}&page_token={:016x}{:016x}nobody", START_NS, START_NS + MIN)).await;
    assert_eq!((names(&gone), &gone["next_page_token"]), (vec![], &Value::Null));
    assert_eq!(refused(&loaded, &format!("/api/v1/services?{WINDOW}&page_token=x")).await, (400, "invalid_parameter".to_owned()));
}

#[tokio::test]
async fn sampled_spans_stand_for_others() {
    let loaded = Loaded::empty();
    let span = |nth: u64, trace_state: &str| {
        json!({ "traceId": format!("{nth:032x}"), "spanId": format!("{nth:016x}"), "name": "charge", "kind": 2, "traceState": trace_state,
            "startTimeUnixNano": START_NS.to_string(), "endTimeUnixNano": (START_NS + 5).to_string() })
    };
    let resource = json!({ "attributes": [{ "key": "service.name", "value": { "stringValue": "pay" } }] });
    let spans = [span(1, ""), span(2, "ot=th:c"), span(3, "vendor=x,ot=th:8")];
    loaded.send_json(Signal::Traces, &json!({ "resourceSpans": [{ "resource": resource, "scopeSpans": [{ "spans": spans }] }] }));
    let answer = ask(&loaded, &format!("/api/v1/services?{WINDOW}")).await;
    assert_eq!(answer["services"][0]["calls"], 7.0);
    let complete = &answer["completeness"];
    assert_eq!((&complete["sampled_out"], &complete["watermark"]), (&json!(4.0), &answer["meta"]["watermark"]));
    assert!(complete["watermark"].is_string(), "{complete}");
    let of_instances = ask(&loaded, &format!("/api/v1/services/pay/instances?{WINDOW}")).await;
    assert_eq!((&of_instances["instances"][0]["calls"], &of_instances["completeness"]["sampled_out"]), (&json!(7.0), &json!(4.0)));
    // Of sums, and of spans.
    for search in ["", "&q=service:pay"] {
        assert_eq!(ask(&loaded, &format!("/api/v1/heatmap?{WINDOW}{search}")).await["total"], 7.0, "{search}");
    }
}
