//! Breakers, trips and limits over HTTP, from facts in a real store: half of them in blocks.

use governance::{
    facts::{
        Amount, BreakerSignal, CodeSource, Emitter, Error, Evidence, Facts, Mechanism, Rejection, RejectionKind, Signal, Source, SpanKind,
        State,
    },
    tables::to_batches,
};
use http::StatusCode;
use schemas::{SpanId, TraceId, UnixNanos};
use serde_json::{Value, json};

use crate::loaded::Loaded;

/// 2026-09-21T14:13:20Z.
const START_NS: i64 = 1_790_000_000_000_000_000;
const OPERATION: &str = "/user.v1.User/Get";
pub(crate) const WINDOW: &str = "start=2026-09-21T14:10:00Z&end=2026-09-21T14:20:00Z";

fn at(seconds: f64) -> UnixNanos {
    UnixNanos(START_NS + (seconds * 1e9) as i64)
}

fn emitter(service: &str) -> Emitter {
    Emitter { service: service.into(), instance: "pod-1".into(), ..Emitter::default() }
}

fn evidence(source: Source, rule: &str, node: Option<(u8, u8)>) -> Evidence {
    let (trace_id, span_id) = node.map(|(trace, span)| (TraceId([trace; 16]), SpanId([span; 8]))).unzip();
    let parent_span_id = node.map(|(_, span)| SpanId([span - 1; 8]));
    Evidence { source, rule: rule.into(), confidence: 95, trace_id, span_id, parent_span_id }
}

/// Span 2 of trace `trace`: a call of `order` that its own breaker refused.
fn refusal(trace: u8, seconds: f64) -> Rejection {
    Rejection {
        time: at(seconds),
        duration_ns: Some(40_000),
        emitter: emitter("order"),
        kind: RejectionKind::BreakerOpen,
        amount: Amount::Count(1.0),
        framework: "kratos".into(),
        mechanism: Mechanism::Adaptive,
        name: format!("op:{OPERATION}"),
        operation: OPERATION.into(),
        target: "user".into(),
        span_kind: Some(SpanKind::Client),
        code: "503".into(),
        reason: "CIRCUITBREAKER".into(),
        http_status: Some(503),
        grpc_status: String::new(),
        says_propagated: false,
        evidence: evidence(Source::Span, "kratos.span.reject", Some((trace, 2))),
    }
}

/// `order` limits: its server span is span 2 below `gateway`.
fn limited(trace: u8, seconds: f64) -> Rejection {
    Rejection {
        kind: RejectionKind::RateLimit,
        name: "bbr".into(),
        operation: "/order.v1.Order/Create".into(),
        target: String::new(),
        span_kind: Some(SpanKind::Server),
        reason: "RATELIMIT".into(),
        ..refusal(trace, seconds)
    }
}

pub(crate) fn changed(seconds: f64, from: State, to: State) -> BreakerSignal {
    BreakerSignal {
        time: at(seconds),
        emitter: emitter("cart"),
        framework: "hystrix-go".into(),
        mechanism: Mechanism::Breaker,
        name: "pay".into(),
        operation: String::new(),
        target: "pay".into(),
        signal: Signal::Transition { from: Some(from), to },
        cause: String::new(),
        text: "hystrix-go: a line".into(),
        series: None,
        evidence: evidence(Source::Log, "hystrix-go.log", None),
    }
}

fn failed(trace: u8, seconds: f64, code: &str) -> Error {
    Error {
        time: at(seconds),
        emitter: emitter("order"),
        operation: OPERATION.into(),
        span_kind: Some(SpanKind::Client),
        code: code.into(),
        reason: String::new(),
        domain: String::new(),
        message: String::new(),
        solution: String::new(),
        http_status: Some(500),
        grpc_status: String::new(),
        exception_type: String::new(),
        framework: "kratos".into(),
        is_rejection: false,
        fingerprint: 7,
        amount: Amount::Count(1.0),
        code_source: CodeSource::Kratos,
        span_failed: true,
        duration_ns: None,
        evidence: evidence(Source::Span, "kratos.span.err", Some((trace, 2))),
    }
}

/// A request that came in at `gateway`, which was spared the failure of `order`.
fn trace(number: u8, seconds: f64) -> Value {
    let id = |id: u8| format!("{id:02x}").repeat(8);
    let span = |service: &str, own: u8, parent: Option<u8>, name: &str, failed: bool| {
        let start = at(seconds).0;
        json!({
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]},
            "scopeSpans": [{"spans": [{
                "traceId": id(number).repeat(2), "spanId": id(own), "parentSpanId": parent.map(id).unwrap_or_default(), "name": name,
                "kind": 3, "startTimeUnixNano": start.to_string(), "endTimeUnixNano": (start + 1000).to_string(),
                "status": {"code": if failed { 2 } else { 0 }},
            }]}],
        })
    };
    json!({"resourceSpans": [span("gateway", 1, None, "GET /orders", false), span("order", 2, Some(1), OPERATION, true)]})
}

/// Three refusals of `order`, a trip of `cart` that its log tells, five limited calls.
pub(crate) fn facts() -> [Facts; 2] {
    let before = Facts {
        errors: (0..20).map(|nth| failed(90, -3.0 + f64::from(nth) / 10.0, "5001003")).collect(),
        rejections: vec![refusal(1, 0.0), refusal(2, 1.0)],
        breaker_signals: vec![changed(5.0, State::Closed, State::Open)],
        ..Facts::default()
    };
    let after = Facts {
        rejections: (0..5).map(|nth| limited(10 + nth, 20.0 + f64::from(nth))).chain([refusal(3, 2.0)]).collect(),
        breaker_signals: vec![changed(10.0, State::Open, State::HalfOpen), changed(10.5, State::HalfOpen, State::Closed)],
        ..Facts::default()
    };
    [before, after]
}

fn loaded() -> Loaded {
    let loaded = Loaded::empty();
    for number in [1, 2, 3, 10] {
        loaded.send_json(schemas::Signal::Traces, &trace(number, f64::from(number) - 1.0));
    }
    let [before, after] = facts();
    loaded.append(to_batches(&before, at(0.0)));
    loaded.store.flush().expect("a working disk");
    loaded.append(to_batches(&after, at(30.0)));
    loaded
}

async fn ask(loaded: &Loaded, path: &str) -> Value {
    let (status, body) = loaded.get(path).await;
    let text = String::from_utf8_lossy(&body);
    assert_eq!(status, StatusCode::OK, "{path}: {text}");
    serde_json::from_str(&text).expect("JSON")
}

async fn refused(loaded: &Loaded, path: &str) -> (u16, String) {
    let (status, body) = loaded.get(path).await;
    let problem: Value = serde_json::from_slice(&body).expect("a problem");
    (status.as_u16(), problem["code"].as_str().expect("a code").to_owned())
}

#[tokio::test]
async fn the_list_and_one_breaker() {
    let loaded = loaded();
    let list = ask(&loaded, &format!("/api/v1/breakers?{WINDOW}")).await;
    let rows = list["breakers"].as_array().expect("rows");
    let shown: Vec<(&str, &str, f64, i64)> = rows
        .iter()
        .map(|row| {
            (
                row["name"].as_str().unwrap(),
                row["state"].as_str().unwrap(),
                row["refused"].as_f64().unwrap(),
                row["trips"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(shown, [("op:/user.v1.User/Get", "closed", 3.0, 1), ("pay", "closed", 0.0, 1)]);
    assert_eq!(
        rows[0]["lane"],
        json!({"start_us": [0, 200_000_000, 202_000_000], "state": ["closed", "shedding", "closed"], "open_fraction": [0.0, 1.0, 0.0]})
    );
    assert_eq!((&rows[0]["top_codes"][0]["code"], &rows[0]["top_codes"][0]["count"]), (&json!("5001003"), &json!(20.0)));
    assert_eq!(rows[1]["top_codes"], json!([]));
    assert_eq!(rows[1]["lane"]["state"], json!(["closed", "open", "half_open", "closed"]));
    assert_eq!((&list["summary"]["trips"], &list["summary"]["refused"]), (&json!(2), &json!(3.0)));
    let names = |answer: &Value| -> Vec<String> {
        answer["breakers"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    };
    for (filter, expected) in [
        ("q=CART", &["pay"][..]),
        ("kind=adaptive", &["op:/user.v1.User/Get"]),
        ("target=pay", &["pay"]),
        ("state=open", &[]),
        ("sort=recent", &["pay", "op:/user.v1.User/Get"]),
        ("tripped=true&service=order", &["op:/user.v1.User/Get"]),
    ] {
        assert_eq!(names(&ask(&loaded, &format!("/api/v1/breakers?{WINDOW}&{filter}")).await), expected, "{filter}");
    }
    let first = ask(&loaded, &format!("/api/v1/breakers?{WINDOW}&limit=1")).await;
    let token = first["next_page_token"].as_str().expect("there is more");
    let second = ask(&loaded, &format!("/api/v1/breakers?{WINDOW}&limit=1&page_token={token}")).await;
    assert_eq!((names(&second), &second["next_page_token"]), (vec!["pay".to_owned()], &Value::Null));

    let id = rows[1]["id"].as_str().expect("an id");
    let one = ask(&loaded, &format!("/api/v1/breakers/{id}?{WINDOW}")).await;
    assert_eq!((&one["times"]["open_ns"], &one["times"]["half_open_ns"]), (&json!(5_000_000_000_i64), &json!(500_000_000)));
    assert_eq!(one["trips"][0]["opened"]["time"], "2026-09-21T14:13:25.000000000Z");
    assert_eq!(one["trips"][0]["ended_by"], "closed");
    let transitions = ask(&loaded, &format!("/api/v1/breakers/{id}/transitions?{WINDOW}")).await;
    let to: Vec<&str> = transitions["transitions"].as_array().unwrap().iter().map(|one| one["to"].as_str().unwrap()).collect();
    assert_eq!(to, ["closed", "half_open", "open"], "newest first");
    assert_eq!(transitions["transitions"][0]["evidence"][0]["rule"], "hystrix-go.log");
    let instances = ask(&loaded, &format!("/api/v1/breakers/{id}/instances?{WINDOW}")).await;
    assert_eq!(
        (&instances["instances"][0]["instance"], instances["instances"][0]["trips"].as_array().map(Vec::len)),
        (&json!("pod-1"), Some(1))
    );
}

/// One refusal came late, and stands for four.
#[tokio::test]
async fn statistics_say_how_complete_they_are() {
    let loaded = loaded();
    let late = Facts { rejections: vec![Rejection { amount: Amount::Count(4.0), ..refusal(4, 3.0) }], ..Facts::default() };
    loaded.append(to_batches(&late, at(64.0)));
    let list = ask(&loaded, &format!("/api/v1/breakers?{WINDOW}")).await;
    let dropped =
        |service: Value| json!({"since": "1970-01-01T00:00:00.000000000Z", "requests": 2, "put_off": 0, "records": 3, "service": service});
    let complete = |service: Value| {
        json!({
            "watermark": "2026-09-21T14:14:24.000000000Z", "late": 1, "left_out": 0, "sampled_out": 3.0,
            "dropped": dropped(service), "partial": false,
        })
    };
    assert_eq!(list["completeness"], complete(Value::Null));
    let of_nothing = json!({"requests": 0, "put_off": 0, "records": 0});
    let id = list["breakers"][0]["id"].as_str().expect("an id");
    let limits = ask(&loaded, &format!("/api/v1/limits?{WINDOW}&service=pay")).await;
    assert_eq!(limits["completeness"], complete(json!({"requests": 0, "put_off": 2, "records": 0})));
    let limits = ask(&loaded, &format!("/api/v1/limits?{WINDOW}")).await;
    let limit = limits["limits"][0]["id"].as_str().expect("an id");
    for path in [format!("breakers/{id}"), format!("breakers/{id}/instances"), format!("limits/{limit}/clients")] {
        let answer = ask(&loaded, &format!("/api/v1/{path}?{WINDOW}")).await;
        assert_eq!(answer["completeness"], complete(of_nothing.clone()), "{path}");
    }
    let of_cart = list["breakers"].as_array().expect("breakers").iter().find(|breaker| breaker["name"] == "pay").expect("one of `cart`");
    let id = of_cart["id"].as_str().expect("an id");
    let trip = ask(&loaded, &format!("/api/v1/breakers/{id}/trips/2026-09-21T14:13:26Z")).await;
    assert_eq!(trip["completeness"], complete(of_nothing), "of the hour before it opened until it closed");
    // What was before the window is read too, for the states; it does not count.
    let after = ask(&loaded, "/api/v1/breakers?start=2026-09-21T14:14:00Z&end=2026-09-21T14:20:00Z").await;
    let complete = &after["completeness"];
    assert_eq!((&complete["watermark"], &complete["late"]), (&Value::Null, &json!(0)), "{after}");
}

#[tokio::test]
async fn a_breaker_that_opened_hours_ago_and_said_nothing_since_is_open() {
    let loaded = Loaded::empty();
    let facts = Facts { breaker_signals: vec![changed(0.0, State::Closed, State::Open)], ..Facts::default() };
    loaded.append(to_batches(&facts, at(0.0)));
    loaded.store.flush().expect("a working disk");
    let quarter = |hour: &str| format!("/api/v1/breakers?start=2026-09-22T{hour}:13:20Z&end=2026-09-22T{hour}:28:20Z");
    let list = ask(&loaded, &quarter("10")).await;
    let row = &list["breakers"][0];
    assert_eq!((&row["name"], &row["state"], &row["trips"]), (&json!("pay"), &json!("open"), &json!(0)), "{list}");
    assert_eq!(row["last_trip"]["opened"]["time"], "2026-09-21T14:13:20.000000000Z");
    assert!(row["refused"].as_f64().is_some_and(f64::is_sign_positive), "nothing, not less than nothing: {row}");
    assert_eq!(ask(&loaded, &quarter("15")).await["breakers"], json!([]), "what was more than a day before is unknown");
}

/// A span that says nothing but that its process lives.
fn sign_of_life(instance: &str, seconds: f64) -> Value {
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let time = at(seconds).0.to_string();
    json!({"resourceSpans": [{
        "resource": {"attributes": [text("service.name", "cart"), text("service.instance.id", instance)]},
        "scopeSpans": [{"spans": [{
            "traceId": format!("{:032x}", seconds as u64 + 1), "spanId": "0101010101010101", "name": "GET /cart", "kind": 2,
            "startTimeUnixNano": time, "endTimeUnixNano": time,
        }]}],
    }]})
}

/// Logs alone tell of the breaker, and what was killed says no more.
#[tokio::test]
async fn a_breaker_of_a_process_that_ended_while_it_was_open_is_not_open_for_a_day() {
    let loaded = Loaded::empty();
    let facts = Facts { breaker_signals: vec![changed(0.0, State::Closed, State::Open)], ..Facts::default() };
    loaded.append(to_batches(&facts, at(0.0)));
    for minute in 0..60 {
        let seconds = f64::from(minute) * 60.0;
        loaded.send_json(schemas::Signal::Traces, &sign_of_life("pod-2", seconds));
        if minute <= 20 {
            loaded.send_json(schemas::Signal::Traces, &sign_of_life("pod-1", seconds + 30.0));
        }
    }
    loaded.store.flush().expect("a working disk");
    let told = async |end: &str| {
        let list = ask(&loaded, &format!("/api/v1/breakers?start=2026-09-21T14:10:00Z&end=2026-09-21T{end}Z")).await;
        let row = &list["breakers"][0];
        let trip = &row["last_trip"];
        format!("{} {} {}", row["state"], trip["ended_by"], trip["closed"]["time"]).replace('"', "")
    };
    assert_eq!(told("14:18:00").await, "open ongoing null", "it began just now");
    assert_eq!(told("14:38:00").await, "open ongoing null", "heard of four minutes ago");
    assert_eq!(told("15:00:00").await, "unknown gone 2026-09-21T14:33:50.000000000Z");
    assert_eq!(told("15:00:01").await, "unknown gone 2026-09-21T14:33:50.000000000Z", "as was found out a moment ago");
    assert_eq!(told("16:10:00").await, "unknown gone 2026-09-21T14:33:50.000000000Z", "further back");
}

#[tokio::test]
async fn hours_that_are_over_are_read_once_and_what_comes_late_is_seen() {
    let loaded = Loaded::empty();
    let append = |seconds: f64, from: State, to: State| {
        let facts = Facts { breaker_signals: vec![changed(seconds, from, to)], ..Facts::default() };
        loaded.append(to_batches(&facts, at(seconds)));
    };
    // No window twice: answers are kept, too.
    let mut window = 0;
    let mut told = async || {
        window += 1;
        let path = format!("/api/v1/breakers?start=2026-09-21T16:00:{window:02}Z&end=2026-09-21T16:30:00Z");
        let list = ask(&loaded, &path).await;
        assert!(list["meta"]["watermark"].is_string(), "of what is known, too: {list}");
        (list["breakers"][0]["state"].as_str().expect("a state").to_owned(), list["meta"]["scanned_rows"].as_u64().expect("a number"))
    };
    append(0.0, State::Closed, State::Open);
    assert_eq!(told().await, ("open".to_owned(), 1), "in memory");
    assert_eq!(told().await, ("open".to_owned(), 1), "where more may join it");
    loaded.store.flush().expect("a working disk");
    assert_eq!(told().await, ("open".to_owned(), 1), "in a block");
    assert_eq!(told().await, ("open".to_owned(), 0), "as it is known");
    append(60.0, State::HalfOpen, State::Closed);
    assert_eq!(told().await, ("closed".to_owned(), 2), "late");
    loaded.store.flush().expect("a working disk");
    assert_eq!(told().await, ("closed".to_owned(), 2), "another version of the hour");
    assert_eq!(told().await, ("closed".to_owned(), 0));
    let part_of_an_hour = async |seconds: u8| {
        let list = ask(&loaded, &format!("/api/v1/breakers?start=2026-09-21T14:00:00Z&end=2026-09-21T14:40:{seconds:02}Z")).await;
        (list["breakers"][0]["trips"].clone(), list["meta"]["scanned_rows"].clone())
    };
    assert_eq!(part_of_an_hour(1).await, (json!(1), json!(2)), "its quarters");
    assert_eq!(part_of_an_hour(2).await, (json!(1), json!(0)), "those that are over are known, too");
    let in_sql = "SELECT service, ended_by FROM breaker_trips('2026-09-21T14:00:00Z', '2026-09-21T16:30:00Z')";
    assert_eq!(loaded.rows(in_sql).await, ["\"cart\", \"closed\""]);
}

#[tokio::test]
async fn a_trip_says_why_whom_it_hurt_and_what_came_before() {
    let loaded = loaded();
    let list = ask(&loaded, &format!("/api/v1/breakers?{WINDOW}")).await;
    let id = list["breakers"][0]["id"].as_str().expect("an id");
    let trip = ask(&loaded, &format!("/api/v1/breakers/{id}/trips/2026-09-21T14:13:21Z")).await;
    assert_eq!(trip["trip"]["opened"]["time"], "2026-09-21T14:13:20.000000000Z");
    assert_eq!(trip["trip"]["method"], "rejection_burst");
    assert_eq!((&trip["codes"][0]["code"], &trip["codes"][0]["count"]), (&json!("5001003"), &json!(20.0)));
    assert_eq!(trip["time_to_detect_ns"], 3_000_000_000_i64);
    let kinds: Vec<&str> = trip["exemplars"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["last_failure", "first_refused", "last_refused"]);
    assert_eq!((&trip["hurt"]["traces"], &trip["hurt"]["contained"]), (&json!(3), &json!(3)));
    assert_eq!(trip["hurt"]["callers"][1], json!({"distance": 1, "service": "gateway", "traces": 3}));
    let entry = &trip["hurt"]["entry_points"][0];
    assert_eq!(entry["operation"], "GET /orders");
    assert_eq!((&entry["requests"], &entry["hurt_share"], &entry["failed_share"]), (&json!(3.0), &json!(1.0), &json!(0.0)), "{entry}");
    assert_eq!(trip["transitions"].as_array().map(Vec::len), Some(2));
    let at = |t: &str| format!("/api/v1/breakers/{id}/trips/{t}");
    assert_eq!(refused(&loaded, &at("2026-09-21T14:15:00Z")).await, (404, "trip_not_found".to_owned()));
    assert_eq!(refused(&loaded, &at("then")).await, (400, "invalid_parameter".to_owned()));
    for (path, expected) in [
        ("/api/v1/breakers/0123456789abcdef?range=1h", (404, "breaker_not_found")),
        ("/api/v1/breakers/xyz", (400, "invalid_parameter")),
        ("/api/v1/breakers?colour=red", (400, "invalid_parameter")),
        ("/api/v1/breakers?range=8d", (400, "invalid_parameter")),
        ("/api/v1/breakers?sort=colour", (400, "invalid_parameter")),
        ("/api/v1/breakers?page_token=xyz", (400, "invalid_parameter")),
        ("/api/v1/limits/none/clients", (404, "limit_not_found")),
    ] {
        assert_eq!(refused(&loaded, path).await, (expected.0, expected.1.to_owned()), "{path}");
    }
}

#[tokio::test]
async fn limits_and_whom_they_rejected() {
    let loaded = loaded();
    let limits = ask(&loaded, &format!("/api/v1/limits?{WINDOW}")).await;
    let [limit] = &limits["limits"].as_array().expect("limits")[..] else { panic!("{limits}") };
    assert_eq!((&limit["rule"], &limit["kind"], &limit["rejected"]), (&json!("bbr"), &json!("rate_limit"), &json!(5.0)));
    let id = limit["id"].as_str().expect("an id");
    let clients = ask(&loaded, &format!("/api/v1/limits/{id}/clients?{WINDOW}")).await;
    let callers: Vec<(&Value, &Value)> =
        clients["clients"].as_array().expect("clients").iter().map(|client| (&client["caller"], &client["rejected"])).collect();
    assert_eq!(callers, [(&Value::Null, &json!(4.0)), (&json!("gateway"), &json!(1.0))], "one of the five has a trace that is stored");
    assert_eq!(ask(&loaded, &format!("/api/v1/limits?{WINDOW}&service=cart")).await["limits"], json!([]));
}

/// A counter that is born within the window has refused what its first point says.
#[tokio::test]
async fn limits_of_running_totals() {
    let total = |seconds: f64, value: f64| Rejection {
        emitter: emitter("shop"),
        framework: "sentinel-go".into(),
        name: "GET:/orders".into(),
        amount: Amount::Cumulative { value, series: 7, start_time: Some(at(0.0)) },
        span_kind: None,
        evidence: evidence(Source::Sum, "sentinel.block", None),
        ..limited(9, seconds)
    };
    let facts = Facts { rejections: vec![total(10.0, 28.0), total(20.0, 28.0), total(30.0, 65.0)], ..Facts::default() };
    let loaded = Loaded::empty();
    loaded.append(to_batches(&facts, UnixNanos(START_NS)));
    let rejected = async |window: &str| ask(&loaded, &format!("/api/v1/limits?{window}")).await["limits"][0]["rejected"].clone();
    assert_eq!(rejected(WINDOW).await, json!(65.0));
    assert_eq!(rejected("start=2026-09-21T14:13:35Z&end=2026-09-21T14:20:00Z").await, json!(37.0), "without the first ones");
}

#[tokio::test]
async fn trips_as_a_table() {
    let loaded = loaded();
    let window = "'2026-09-21T14:10:00Z', '2026-09-21T14:20:00Z'";
    let sql = |query: String| json!({ "query": query });
    let rows = async |query: String| {
        let (status, body) = loaded.post("/api/v1/sql", &sql(query.clone()), "application/json").await;
        let answer: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(status, StatusCode::OK, "{query}: {answer}");
        answer["rows"].clone()
    };
    let columns = "service, name, refused, duration_ns, method, evidence, ended_by, probes, trigger_code, admitted";
    assert_eq!(
        rows(format!("SELECT {columns} FROM breaker_trips({window}) ORDER BY opened")).await,
        json!([
            ["order", "op:/user.v1.User/Get", 3.0, 2_000_000_000_i64, "rejection_burst", "refusals", "closed", 0, "5001003", 0.0],
            ["cart", "pay", 0.0, 5_500_000_000_i64, "explicit", "explicit", "closed", 1, null, null],
        ])
    );
    let only = format!("SELECT count(*) FROM breaker_trips({window}) t JOIN breaker_trips({window}) u USING (breaker_id)");
    assert_eq!(rows(only).await, json!([[2]]));
    assert_eq!(rows("SELECT count(*) FROM breaker_trips(now() - INTERVAL '1 hour', now())".into()).await, json!([[0]]));
    for (call, expected) in [
        ("breaker_trips()", "takes two times"),
        ("breaker_trips('then', now())", "is no time"),
        ("breaker_trips(now(), now() - INTERVAL '1 hour')", "is not after the first"),
        ("breaker_trips(now() - INTERVAL '8 days', now())", "seven days at most"),
        ("breaker_trips(1, 2)", "is no time"),
    ] {
        let (status, body) = loaded.post("/api/v1/sql", &sql(format!("SELECT * FROM {call}")), "application/json").await;
        let body = String::from_utf8_lossy(&body).into_owned();
        assert!(status == StatusCode::BAD_REQUEST && body.contains(expected), "{call}: {status} {body}");
    }
}
