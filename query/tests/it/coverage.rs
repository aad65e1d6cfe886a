//! What no breaker guards and what hides, over HTTP: OTLP as libraries send it, through the shipped rules.

use axum::body::Body;
use http::{Request, StatusCode};
use schemas::Signal;
use serde_json::{Value, json};

use crate::{loaded::Loaded, made_spans::START_NS};

const WINDOW: &str = "start=2026-09-21T14:10:00Z&end=2026-09-21T14:23:20Z";
const CLIENT: i32 = 3;
const SERVER: i32 = 2;
const MS: i64 = 1_000_000;

fn attribute(key: &str, value: &str) -> Value {
    match value.parse::<i64>() {
        Ok(number) => json!({"key": key, "value": {"intValue": number.to_string()}}),
        Err(_) => json!({"key": key, "value": {"stringValue": value}}),
    }
}

fn attributes(pairs: &[(&str, &str)]) -> Vec<Value> {
    pairs.iter().map(|(key, value)| attribute(key, value)).collect()
}

/// One call; `parent` 0: a root. With a message it failed.
fn span(trace: u64, own: u64, parent: u64, (name, kind): (&str, i32), message: &str, pairs: &[(&str, &str)]) -> Value {
    let start = START_NS + trace as i64 * 100 * MS;
    json!({
        "traceId": trace_id(trace),
        "spanId": format!("{own:016x}"),
        "parentSpanId": if parent == 0 { String::new() } else { format!("{parent:016x}") },
        "name": name,
        "kind": kind,
        "startTimeUnixNano": start.to_string(),
        "endTimeUnixNano": (start + 5 * MS).to_string(),
        "attributes": attributes(pairs),
        "status": if message.is_empty() { json!({}) } else { json!({"code": 2, "message": message}) },
    })
}

fn trace_id(trace: u64) -> String {
    format!("{:032x}", u128::from(trace) + (1 << 64))
}

fn send(loaded: &Loaded, service: &str, instance: &str, scope: &str, spans: &[Value]) {
    let resource = attributes(&[("service.name", service), ("service.instance.id", instance)]);
    let body =
        json!({"resourceSpans": [{"resource": {"attributes": resource}, "scopeSpans": [{"scope": {"name": scope}, "spans": spans}]}]});
    loaded.receive(Signal::Traces, &body);
}

fn changed(loaded: &Loaded, service: &str, name: &str, after_ms: i64, from: &str, to: &str) {
    let record = json!({
        "timeUnixNano": (START_NS + after_ms * MS).to_string(),
        "severityNumber": 13,
        "eventName": "circuit_breaker.state_change",
        "traceId": trace_id(7),
        "attributes": attributes(&[("circuitbreaker.name", name), ("from", from), ("to", to)]),
    });
    let resource = attributes(&[("service.name", service), ("service.instance.id", "a")]);
    let body = json!({"resourceLogs": [{"resource": {"attributes": resource}, "scopeLogs": [{"scope": {"name": "log"}, "logRecords": [record]}]}]});
    loaded.receive(Signal::Logs, &body);
}

/// order calls pay (Kratos, no breaker) and stock (gobreaker); web calls mail, which begins traces of its own; job fails without a type.
fn shop() -> Loaded {
    let loaded = Loaded::empty();
    let (mut order, mut pay, mut web, mut mail, mut stock) = (vec![], vec![], vec![], vec![], vec![]);
    for nth in 1..=200_u64 {
        let fails = nth.is_multiple_of(10);
        let (message, status) = match fails {
            true if nth.is_multiple_of(20) => ("upstream request timeout", "504"),
            true => ("internal", "500"),
            false => ("", "200"),
        };
        let called = [("peer.service", "pay"), ("http.response.status_code", status)];
        order.push(span(nth, 1, 0, ("/shop.Pay/Charge", CLIENT), message, &called));
        let coded = [("http.response.status_code", status), ("error.code", "5001003")];
        pay.push(span(nth, 2, 1, ("/v1/charge", SERVER), message, if fails { &coded } else { &coded[..1] }));
        let (message, status) = if nth.is_multiple_of(5) { ("unavailable", "503") } else { ("", "200") };
        order.push(span(nth, 3, 0, ("GET /stock", CLIENT), message, &[("peer.service", "stock"), ("http.response.status_code", status)]));
        stock.push(span(nth, 4, 3, ("/stock", SERVER), "", &[]));
        web.push(span(nth, 5, 0, ("POST /mails", CLIENT), "", &[("server.address", "mail.shop.svc.cluster.local")]));
        mail.push(span(1_000 + nth, 6, 0, ("/mails", SERVER), "", &[]));
    }
    send(&loaded, "order", "a", "kratos", &order);
    send(&loaded, "pay", "a", "kratos", &pay);
    send(&loaded, "stock", "a", "http", &stock);
    send(&loaded, "web", "a", "http", &web);
    send(&loaded, "mail", "a", "http", &mail);
    let job: Vec<Value> = (1..=12).map(|nth| span(2_000 + nth, 7, 0, ("nightly", 1), "it went wrong", &[])).collect();
    send(&loaded, "job", "a", "cron", &job);
    changed(&loaded, "order", "stock", 1_000, "closed", "open");
    changed(&loaded, "order", "stock", 31_000, "open", "half_open");
    changed(&loaded, "order", "stock", 31_500, "half_open", "closed");
    loaded
}

async fn ask(loaded: &Loaded, parameters: &str, language: &str) -> Value {
    let path = format!("/api/v1/governance/coverage?{WINDOW}{parameters}");
    let request = Request::get(path).header("host", "127.0.0.1:4319").header("accept-language", language);
    let (status, body) = loaded.send_request(request.body(Body::empty()).expect("a request")).await;
    assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body).expect("JSON")
}

fn lines(answer: &Value) -> Vec<String> {
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap_or("-").to_owned();
    let line = |finding: &Value| {
        let about = ["kind", "service", "called", "operation", "breaker"].map(|name| text(finding, name)).join(" ");
        format!("{about}: {} of {}", finding["concerned"], finding["of"])
    };
    let mut lines: Vec<String> = answer["findings"].as_array().expect("findings").iter().map(line).collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn each_finding_has_its_place_its_traces_and_what_to_change() {
    let loaded = shop();
    let answer = ask(&loaded, "", "en").await;
    let expected = [
        "broken_context web mail POST /mails -: 200.0 of 200.0",
        "cannot_trip order pay /shop.Pay/Charge -: 200.0 of 200.0",
        "errors_without_type job - - -: 12.0 of 12.0",
        "no_breaker order pay /shop.Pay/Charge -: 20.0 of 200.0",
        "tracing_inside order - - stock: 0.0 of 0.0",
        "unknown_codes pay - - -: 20.0 of 20.0",
    ];
    assert_eq!(lines(&answer), expected);
    let finding = |kind: &str| {
        answer["findings"].as_array().expect("findings").iter().find(|finding| finding["kind"] == kind).unwrap_or_else(|| panic!("{kind}"))
    };
    let unguarded = finding("no_breaker");
    assert_eq!((&unguarded["timed_out"], &unguarded["traces"][0]), (&json!(10.0), &json!(trace_id(200))), "the newest that failed");
    assert_eq!(unguarded["traces"].as_array().expect("traces").len(), 3);
    assert!(unguarded["advice"].as_str().expect("a text").contains("breaker around calls of order to pay"), "{unguarded}");
    let slow = finding("cannot_trip");
    assert_eq!((&slow["calls_at_once"], &slow["calls_needed"]), (&json!(30.0), &json!(100.0)), "ten a second, within three");
    assert_eq!(finding("tracing_inside")["traces"], json!([trace_id(7)]));
    assert_eq!(finding("broken_context")["traces"][0], trace_id(200));
    assert_eq!(finding("unknown_codes")["codes"], json!([{"code": "5001003", "count": 20.0}]));
    let of = |name: &str| answer["services"].as_array().expect("services").iter().find(|one| one["service"] == name).expect("a service");
    assert_eq!((&of("order")["findings"], &of("mail")["findings"]), (&json!(3), &json!(0)), "{}", answer["services"]);
}

#[tokio::test]
async fn what_is_asked_for_and_in_which_language() {
    let loaded = shop();
    let only = ask(&loaded, "&service=order&kind=no_breaker", "zh-CN").await;
    assert_eq!(lines(&only), ["no_breaker order pay /shop.Pay/Charge -: 20.0 of 200.0"]);
    assert_eq!(
        only["findings"][0]["text"],
        "对 pay 的 /shop.Pay/Charge 调用共 200 次，失败 20 次，其中超时 10 次，但从未出现过熔断器或限流器"
    );
    assert_eq!(only["services"][0]["findings"], 3, "all kinds of the service");
    let elsewhere = ask(&loaded, "&environment=staging", "en").await;
    assert_eq!((lines(&elsewhere), elsewhere["services"].as_array().map(Vec::len)), (vec![], Some(0)));
    let (status, _) = loaded.get(&format!("/api/v1/governance/coverage?{WINDOW}&kind=wrong")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);

    let catalogue = json!({"format": "csv", "text": "code,title\n5001003,Insufficient stock\n"});
    let (status, body) = loaded.post("/api/v1/error-catalog:import", &catalogue, "application/json").await;
    assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&body));
    assert_eq!(lines(&ask(&loaded, "&kind=unknown_codes", "en").await), [""; 0], "the code is known now");
}

#[tokio::test]
async fn breakers_of_a_later_version_need_less_traffic() {
    let loaded = shop();
    let attributes = [("kind", "client"), ("operation", "/user.v1.User/Get"), ("code", "503"), ("reason", "CIRCUITBREAKER")];
    let record = json!({
        "timeUnixNano": START_NS.to_string(), "severityNumber": 17, "body": {"stringValue": "client request"},
        "attributes": self::attributes(&attributes),
    });
    let resource = self::attributes(&[("service.name", "order"), ("service.instance.id", "a")]);
    loaded
        .receive(Signal::Logs, &json!({"resourceLogs": [{"resource": {"attributes": resource}, "scopeLogs": [{"logRecords": [record]}]}]}));
    let told = ask(&loaded, "&kind=cannot_trip", "en").await;
    assert_eq!(lines(&told), [""; 0], "thirty calls within three seconds, where v3 needs twenty and v2 a hundred");
}

#[tokio::test]
async fn a_refusal_on_the_edge_means_that_it_is_guarded() {
    let loaded = shop();
    let refused = "error: code = 503 reason = CIRCUITBREAKER message = request failed due to circuit breaker triggered metadata = map[] cause = <nil>";
    let call = span(300, 1, 0, ("/shop.Pay/Charge", CLIENT), refused, &[("peer.service", "pay"), ("rpc.status_code", "503")]);
    send(&loaded, "order", "a", "kratos", &[call]);
    let answer = ask(&loaded, "&service=order", "en").await;
    assert_eq!(lines(&answer), [""; 0], "one that showed can trip, and is there; and the call may be one that `stock` refused");
}
