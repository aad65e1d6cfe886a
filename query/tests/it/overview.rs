//! The overview over HTTP and as a stream: what is wrong at the end of a window, and what changed against the one before.

use std::time::Duration;

use governance::{
    facts::{Amount, CodeSource, Emitter, Error, Evidence, Facts, Source, SpanKind, State},
    tables::to_batches,
};
use schemas::UnixNanos;
use serde_json::{Value, json};

use crate::{
    breakers::changed,
    loaded::Loaded,
    made_spans::{MIN, Made, S, START_NS, ask, loaded, made, refused, send},
    stream::client::{Client, Served},
};

/// Half an hour up to 14:43:20; the one before is from 13:43:20 on.
const WINDOW: &str = "start=2026-09-21T14:13:20Z&end=2026-09-21T14:43:20Z";
const DAY: i64 = 24 * 60 * MIN;

/// A call each second of `pay`, from `from` on, of which one in `fails` fails.
fn calls(first: u64, service: &'static str, from_ns: i64, minutes: i64, fails: u64) -> Vec<Made> {
    let call = |nth: u64| Made {
        failed: nth.is_multiple_of(fails),
        ..made(first + nth, first + nth, 0, service, 2, from_ns + nth as i64 * S, 1_000_000)
    };
    (0..minutes as u64 * 60).map(call).collect()
}

pub(crate) fn errors(code: &str, from_ns: i64, count: i64, every_ns: i64) -> Facts {
    let error = |nth: i64| Error {
        time: UnixNanos(START_NS + from_ns + nth * every_ns),
        emitter: Emitter { service: "pay".into(), ..Emitter::default() },
        operation: "work".into(),
        span_kind: Some(SpanKind::Server),
        code: code.into(),
        reason: String::new(),
        domain: String::new(),
        message: String::new(),
        solution: String::new(),
        http_status: Some(500),
        grpc_status: String::new(),
        exception_type: String::new(),
        framework: String::new(),
        is_rejection: false,
        fingerprint: 1,
        amount: Amount::Count(1.0),
        code_source: CodeSource::Attribute,
        span_failed: true,
        duration_ns: None,
        evidence: Evidence { source: Source::Span, rule: "x".into(), confidence: 90, trace_id: None, span_id: None, parent_span_id: None },
    };
    Facts { errors: (0..count).map(error).collect(), ..Facts::default() }
}

fn kinds(overview: &Value) -> Vec<(&str, &str, &str)> {
    let changes = overview["changes"].as_array().expect("changes");
    let surprises: Vec<f64> = changes.iter().map(|change| change["surprise"].as_f64().expect("a number")).collect();
    assert!(surprises.is_sorted_by(|a, b| a >= b), "{surprises:?}");
    changes
        .iter()
        .map(|change| {
            (
                change["kind"].as_str().unwrap_or_default(),
                change["service"].as_str().unwrap_or_default(),
                change["subject"].as_str().unwrap_or_default(),
            )
        })
        .collect()
}

#[tokio::test]
async fn a_quiet_window_says_how_much_it_looked_at() {
    let spans: Vec<Made> = calls(1, "pay", -30 * MIN, 60, 1_000_000).into_iter().skip(1).collect();
    let loaded = loaded(&spans);
    let overview = ask(&loaded, &format!("/api/v1/overview?{WINDOW}")).await;
    assert_eq!(kinds(&overview), []);
    assert_eq!(
        overview["checked"],
        json!({"services": 1, "spans": 1800.0, "calls": 1800.0, "codes": 0, "breakers": 0, "yesterday": false, "days": 0})
    );
    let now = &overview["now"];
    assert_eq!((&now["recent_ns"], &now["calls_per_s"], &now["error_share"]), (&json!(5 * MIN), &json!(1.0), &json!(0.0)));
    assert_eq!((&now["ingest"]["ok"], &now["ingest"]["trouble"]), (&json!(true), &json!([])));
    assert_eq!(overview["trend"]["count"].as_array().expect("a trend").iter().map(|count| count.as_f64().unwrap()).sum::<f64>(), 1800.0);
    assert_eq!(overview["completeness"]["partial"], false);
    assert_eq!(refused(&loaded, "/api/v1/overview?q=x").await, (400, "invalid_parameter".to_owned()));
}

#[tokio::test]
async fn what_is_wrong_now_and_what_changed() {
    // pay fails since the window began, order is gone, mail is new and has another version since 14:30.
    let mut spans = calls(1, "pay", -30 * MIN, 30, 1_000_000);
    spans.extend(calls(100_001, "pay", 0, 30, 5));
    spans.extend(calls(200_001, "order", -30 * MIN, 30, 1_000_000));
    spans.extend(calls(300_001, "mail", 0, 30, 1_000_000));
    let loaded = loaded(&spans);
    loaded.append(to_batches(&errors("5001003", -25 * MIN, 10, 60 * S), UnixNanos(START_NS)));
    loaded.append(to_batches(&errors("5001003", 26 * MIN, 40, S), UnixNanos(START_NS)));
    loaded.append(to_batches(&errors("4002001", 10 * MIN, 3, S), UnixNanos(START_NS)));
    let overview = ask(&loaded, &format!("/api/v1/overview?{WINDOW}")).await;
    let mut told = kinds(&overview);
    told.sort_unstable();
    let expected = [
        ("code_new", "pay", "4002001"),
        ("code_spiking", "pay", "5001003"),
        ("service_failing", "pay", ""),
        ("service_new", "mail", ""),
        ("service_silent", "order", ""),
    ];
    assert_eq!(told, expected);
    let now = &overview["now"];
    let sick = &now["sick_services"];
    assert_eq!((&sick["total"], &sick["listed"][0]["service"], &sick["listed"][0]["health"]), (&json!(1), &json!("pay"), &json!("error")));
    assert_eq!((&sick["listed"][0]["calls"], &sick["listed"][0]["errors"]), (&json!(300.0), &json!(60.0)), "of the last five minutes");
    // 40 in the last five minutes; ten in the 55 minutes before.
    let spiking = &now["spiking_codes"];
    assert_eq!(
        (&spiking["total"], &spiking["listed"][0]["code"], &spiking["listed"][0]["count"]),
        (&json!(1), &json!("5001003"), &json!(40.0))
    );
    assert!((spiking["listed"][0]["expected"].as_f64().expect("a number") - 10.0 / 11.0).abs() < 1e-9, "{spiking}");
    let failing = overview["changes"].as_array().expect("changes").iter().find(|change| change["kind"] == "service_failing").expect("one");
    assert_eq!((&failing["now"], &failing["yesterday"]), (&json!(0.2), &Value::Null));

    // The same happened at this time of the day before: it is usual.
    let mut yesterday = calls(400_001, "pay", -DAY, 30, 5);
    yesterday.extend(calls(500_001, "mail", -DAY, 30, 1_000_000));
    send(&loaded, &yesterday);
    let overview = ask(&loaded, &format!("/api/v1/overview?{WINDOW}")).await;
    let mut told = kinds(&overview);
    told.sort_unstable();
    assert_eq!(told, [("code_new", "pay", "4002001"), ("code_spiking", "pay", "5001003")]);
    assert_eq!((&overview["checked"]["yesterday"], &overview["checked"]["days"]), (&json!(true), &json!(1)));

    // Codes, too: on most days of these hours one is there, and the other as often as now.
    for day in 2..=5 {
        let first = 1_000_000 * day as u64;
        send(&loaded, &calls(first, "pay", -day * DAY, 30, 5));
        // Earlier days are looked at by half hours: from 14:00 on.
        send(&loaded, &calls(first + 500_000, "mail", -day * DAY - 14 * MIN, 45, 1_000_000));
        loaded.append(to_batches(&errors("4002001", 10 * MIN - day * DAY, 3, S), UnixNanos(START_NS)));
        loaded.append(to_batches(&errors("5001003", 5 * MIN - day * DAY, 40, S), UnixNanos(START_NS)));
    }
    loaded.store.flush().expect("a working disk");
    // What was counted once is known.
    for _ in 0..2 {
        let overview = ask(&loaded, &format!("/api/v1/overview?{WINDOW}")).await;
        assert_eq!((kinds(&overview), &overview["checked"]["days"]), (vec![], &json!(5)), "{overview}");
    }
}

#[tokio::test]
async fn trips_of_these_hours_on_earlier_days_become_known() {
    // On the days before `cart` opened three, no, and three times within these hours, of which half is looked at; now twice.
    let spans = |day: i64| calls(1 + 1_000_000 * day as u64, "cart", -day * DAY, 30, 1_000_000);
    let loaded = loaded(&(0..4).flat_map(spans).collect::<Vec<_>>());
    let trips = |day: i64, count: i64| {
        let at = |minute: i64| (minute * MIN - day * DAY) as f64 / 1e9;
        let trip = |nth: i64| {
            let open = changed(at(4 * nth + 1), State::Closed, State::Open);
            [open, changed(at(4 * nth + 2), State::Open, State::HalfOpen), changed(at(4 * nth + 3), State::HalfOpen, State::Closed)]
        };
        Facts { breaker_signals: (0..count).flat_map(trip).collect(), ..Facts::default() }
    };
    for (day, count) in [(0, 2), (1, 3), (2, 0), (3, 3)] {
        loaded.append(to_batches(&trips(day, count), UnixNanos(START_NS)));
    }
    loaded.store.flush().expect("a working disk");
    let path = format!("/api/v1/overview?{WINDOW}");
    let trip_in = async |path: &str| {
        let overview = ask(&loaded, path).await;
        let trip = overview["changes"].as_array().expect("changes").iter().find(|change| change["kind"] == "trip").cloned();
        (trip.expect("a trip"), overview["checked"]["days"].clone())
    };
    let trip = async || trip_in(&path).await;
    let (first, days) = trip().await;
    assert_eq!((&first["now"], &first["before"], &first["usual"], days), (&json!(2.0), &json!(0.0), &Value::Null, json!(3)), "{first}");
    let mut known = first.clone();
    for _ in 0..200 {
        if known["usual"] != Value::Null && known["yesterday"] != Value::Null {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        known = trip().await.0;
    }
    // 14:13:20 to 14:43:20 is half of the hour.
    assert_eq!((&known["yesterday"], &known["usual"]), (&json!(1.5), &json!(1.5)), "{known}");
    assert!(known["surprise"].as_f64() < first["surprise"].as_f64(), "what is usual surprises less: {known} after {first}");
    let (short, _) = trip_in("/api/v1/overview?start=2026-09-21T14:13:20Z&end=2026-09-21T14:18:20Z").await;
    assert_eq!((&short["now"], &short["yesterday"], &short["usual"]), (&json!(1.0), &json!(0.25), &json!(0.25)), "a twelfth of the hour");
}

#[tokio::test]
async fn what_is_so_on_most_days_is_usual() {
    // Twice as many calls as in the window before: as on the days before yesterday, but not yesterday.
    let loaded = Loaded::empty();
    let every = |trace: u64, from: i64, length: i64, every_ns: i64| -> Vec<Made> {
        (0..(length / every_ns) as u64).map(|nth| made(trace + nth, 1, 0, "pay", 2, from + nth as i64 * every_ns, 5)).collect()
    };
    let half = 30 * MIN;
    send(&loaded, &every(1, -half, half, 8 * S));
    send(&loaded, &every(10_001, 0, half, 4 * S));
    send(&loaded, &every(20_001, -DAY, half, 8 * S));
    let busier = async |days: u64| {
        let overview = ask(&loaded, &format!("/api/v1/overview?{WINDOW}")).await;
        assert_eq!(overview["checked"]["days"], days);
        let changes = overview["changes"].as_array().expect("changes").clone();
        changes.into_iter().find(|change| change["kind"] == "service_busier").map(|change| change["usual"].clone())
    };
    assert_eq!(busier(1).await, Some(json!(225.0)));
    for day in 2..=4 {
        // Around it too: earlier days are looked at by half hours.
        send(&loaded, &every(100_000 * day as u64, -day * DAY - half, 2 * half, 4 * S));
    }
    assert_eq!(busier(4).await, None);
}

#[tokio::test]
async fn a_stream_says_what_changed_and_when_nothing_does_that_it_lives() {
    let loaded = Loaded::streaming(
        |config| {
            config.overview_interval = Duration::from_millis(20);
            config.stream_heartbeat = Duration::from_millis(50);
            config.streams_max = 1;
        },
        |_| {},
    );
    let served = Served::start(loaded.router.clone()).await;
    let mut client = Client::open(&served, "/api/v1/stream/overview", "").await;
    let first = client.next().await.expect("the first is sent at once");
    assert_eq!((&*first.name, &first.data["checked"]["spans"]), ("overview", &json!(0.0)));
    while client.heartbeats < 2 {
        assert!(client.beat().await, "nothing changed, so nothing is sent");
    }
    // Now, since the stream is about the last hour.
    let now = jiff::Timestamp::now().as_nanosecond() as i64 - START_NS;
    send(&loaded, &[made(1, 1, 0, "pay", 2, now - S, 1_000)]);
    let changed = client.next().await.expect("it changed");
    assert_eq!(changed.data["checked"]["services"], json!(1));
    assert_ne!(changed.id, first.id);
    let (_, head) = Client::ask(&served, "/api/v1/stream/overview", "").await;
    assert!(head.contains(" 429 "), "{head}");
    drop(client);
    loaded.stopping.cancel();
    served.stop().await;
}
