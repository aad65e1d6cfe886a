//! Limiters that say when to come back, and how close adaptive breakers come: OTLP as libraries send it, through the shipped rules.

use schemas::Signal;
use serde_json::{Value, json};

use crate::{
    loaded::Loaded,
    made_spans::{S, START_NS, ask, trace_id},
};

const WINDOW: &str = "start=2026-09-21T14:10:00Z&end=2026-09-21T14:23:20Z";
pub(crate) const MS: i64 = 1_000_000;
pub(crate) const CLIENT: i32 = 3;
pub(crate) const SERVER: i32 = 2;
const LIMITED: &str =
    "error: code = 429 reason = RATELIMIT message = service unavailable due to rate limit exceeded metadata = map[] cause = <nil>";
pub(crate) const BROKEN: &str =
    "error: code = 503 reason = CIRCUITBREAKER message = request failed due to circuit breaker triggered metadata = map[] cause = <nil>";

#[derive(Clone)]
pub(crate) struct Span {
    pub(crate) trace: u64,
    pub(crate) own: u64,
    pub(crate) parent: u64,
    pub(crate) name: &'static str,
    pub(crate) kind: i32,
    pub(crate) at_ms: i64,
    pub(crate) ms: i64,
    /// Empty: it went well.
    pub(crate) message: &'static str,
    pub(crate) attributes: Vec<(&'static str, Value)>,
}

fn send(loaded: &Loaded, (service, instance, scope): (&str, &str, &str), spans: &[Span]) {
    send_from(loaded, &[("service.name", service), ("service.instance.id", instance)], scope, spans);
}

pub(crate) fn send_from(loaded: &Loaded, resource: &[(&str, &str)], scope: &str, spans: &[Span]) {
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let span = |span: &Span| {
        let start = START_NS + span.at_ms * MS;
        let pair = |(key, value): &(&str, Value)| json!({"key": key, "value": value});
        json!({
            "traceId": trace_id(span.trace),
            "spanId": format!("{:016x}", span.own),
            "parentSpanId": if span.parent == 0 { String::new() } else { format!("{:016x}", span.parent) },
            "name": span.name,
            "kind": span.kind,
            "startTimeUnixNano": start.to_string(),
            "endTimeUnixNano": (start + span.ms * MS).to_string(),
            "attributes": span.attributes.iter().map(pair).collect::<Vec<Value>>(),
            "status": if span.message.is_empty() { json!({}) } else { json!({"code": 2, "message": span.message}) },
        })
    };
    let resource = json!({"attributes": resource.iter().map(|(key, value)| text(key, value)).collect::<Vec<Value>>()});
    let spans: Vec<Value> = spans.iter().map(span).collect();
    loaded.receive(
        Signal::Traces,
        &json!({"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": scope}, "spans": spans}]}]}),
    );
}

/// A call of `instance` that order's limiter refuses, told to come back after `wait_s`; `None`: it says nothing.
fn refused(loaded: &Loaded, trace: u64, instance: &str, at_ms: i64, wait_s: Option<u32>) {
    let header =
        |wait_s: u32| ("http.response.header.retry-after", json!({"arrayValue": {"values": [{"stringValue": wait_s.to_string()}]}}));
    let status = ("http.response.status_code", json!({"intValue": "429"}));
    let host = ("server.address", json!({"stringValue": "order"}));
    let url = ("url.full", json!({"stringValue": format!("http://order/v1/orders/{trace}?page=2")}));
    let call = Span {
        trace,
        own: trace * 10 + 1,
        parent: 0,
        name: "POST",
        kind: CLIENT,
        at_ms,
        ms: 5,
        message: "429 Too Many Requests",
        attributes: [status, host, url].into_iter().chain(wait_s.map(header)).collect(),
    };
    let served = Span {
        own: trace * 10 + 2,
        parent: trace * 10 + 1,
        name: "/order.v1.Order/Create",
        kind: SERVER,
        at_ms: at_ms + 1,
        ms: 1,
        message: LIMITED,
        attributes: vec![],
        ..call.clone()
    };
    send(loaded, ("batch", instance, "otelhttp"), &[call]);
    send(loaded, ("order", "o-1", "kratos"), &[served]);
}

/// A call that is let through, of another order.
fn passed(loaded: &Loaded, trace: u64, instance: &str, at_ms: i64) {
    let url = ("url.full", json!({"stringValue": format!("http://order/v1/orders/{trace}")}));
    let attributes = vec![("server.address", json!({"stringValue": "order"})), url];
    let call = Span { trace, own: trace * 10 + 1, parent: 0, name: "POST", kind: CLIENT, at_ms, ms: 5, message: "", attributes };
    send(loaded, ("batch", instance, "otelhttp"), &[call]);
}

#[tokio::test]
async fn whether_callers_come_back_when_they_were_told_to() {
    let loaded = Loaded::empty();
    refused(&loaded, 1, "a", 0, Some(2));
    passed(&loaded, 2, "a", 1_000);
    refused(&loaded, 3, "a", 10_000, Some(2));
    loaded.store.flush().expect("a working disk");
    passed(&loaded, 4, "a", 12_500);
    refused(&loaded, 5, "b", 20_000, Some(30));
    // Another instance was not told.
    passed(&loaded, 6, "a", 21_000);
    let limits = ask(&loaded, &format!("/api/v1/limits?{WINDOW}")).await;
    let limit = |limits: &Value| limits["limits"].as_array().expect("limits").iter().find(|one| one["service"] == "order").cloned();
    let order = limit(&limits).unwrap_or_else(|| panic!("{limits}"));
    assert_eq!(order["rejected"], json!(3.0), "{limits}");
    assert_eq!(order["retry_after"], json!({"told": 3, "honoured": 2, "share": 2.0 / 3.0}));
    let id = order["id"].as_str().expect("an id");
    let clients = ask(&loaded, &format!("/api/v1/limits/{id}/clients?{WINDOW}")).await;
    assert_eq!(clients["clients"][0]["caller"], "batch");
    assert_eq!((&clients["clients"][0]["retry_after"], &clients["limit"]["retry_after"]), (&order["retry_after"], &order["retry_after"]));
}

#[tokio::test]
async fn log_lines_tell_callers_to_wait_too() {
    let loaded = Loaded::empty();
    for (trace, at_ms) in [(1, 0), (2, 10_000)] {
        refused(&loaded, trace, "a", at_ms, None);
        let attributes = [("retry_after", json!({"stringValue": "2s"}))].map(|(key, value)| json!({"key": key, "value": value}));
        let line = json!({
            "timeUnixNano": (START_NS + (at_ms + 1) * MS).to_string(), "traceId": trace_id(trace), "spanId": format!("{:016x}", trace * 10 + 2),
            "body": {"stringValue": "too many orders"}, "attributes": attributes,
        });
        let resource = json!({"attributes": [json!({"key": "service.name", "value": {"stringValue": "order"}})]});
        loaded.send_json(Signal::Logs, &json!({"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [line]}]}]}));
    }
    passed(&loaded, 3, "a", 1_000);
    let limits = ask(&loaded, &format!("/api/v1/limits?{WINDOW}")).await;
    let told: Vec<&Value> = limits["limits"].as_array().expect("limits").iter().map(|one| &one["retry_after"]).collect();
    assert_eq!(told, [&json!({"told": 2, "honoured": 1, "share": 0.5})], "{limits}");
}

#[tokio::test]
async fn nobody_is_judged_who_was_told_nothing() {
    let loaded = Loaded::empty();
    refused(&loaded, 1, "a", 0, None);
    passed(&loaded, 2, "a", 100);
    let limits = ask(&loaded, &format!("/api/v1/limits?{WINDOW}")).await;
    let all = limits["limits"].as_array().expect("limits");
    assert!(!all.is_empty() && all.iter().all(|one| one["retry_after"] == Value::Null), "{limits}");
}

/// A caller gets 429 in a millisecond. Who refused shows by whether its call went out.
#[tokio::test]
async fn who_is_answered_429_is_no_limiter() {
    let loaded = Loaded::empty();
    let status = ("http.response.status_code", json!({"intValue": "429"}));
    let call = |trace: u64| Span {
        trace,
        own: trace * 10 + 1,
        parent: 0,
        name: "POST",
        kind: CLIENT,
        at_ms: trace as i64 * 100,
        ms: 1,
        message: "429 Too Many Requests",
        attributes: vec![status.clone(), ("server.address", json!({"stringValue": "order"}))],
    };
    // No window twice: answers are kept.
    let mut window = 0;
    let mut limiters = async || {
        window += 1;
        let limits = ask(&loaded, &format!("/api/v1/limits?start=2026-09-21T14:10:0{window}Z&end=2026-09-21T14:23:20Z")).await;
        let row = |one: &Value| format!("{} {} {} {}", one["service"], one["kind"], one["rule"], one["rejected"]).replace('"', "");
        limits["limits"].as_array().expect("limits").iter().map(row).collect::<Vec<String>>()
    };
    // What otelgin makes of a bare 429: no error, and nothing that says who refused.
    let served = |trace: u64| Span {
        own: trace * 10 + 2,
        parent: trace * 10 + 1,
        name: "POST /v1/orders",
        kind: SERVER,
        message: "",
        attributes: vec![status.clone()],
        ..call(trace)
    };
    send(&loaded, ("batch", "a", "otelhttp"), &[call(1), call(2)]);
    send(&loaded, ("order", "o-1", "otelgin"), &[served(1), served(2)]);
    assert_eq!(limiters().await, [""; 0]);
    loaded.store.flush().expect("a working disk");
    // Its own limiter: nothing went out.
    send(&loaded, ("batch", "a", "otelhttp"), &[call(3)]);
    assert_eq!(limiters().await, ["batch unknown_429 op:POST 1.0"]);
    // So too of gRPC.
    let status = |kind: i32| if kind == CLIENT { "rpc.response.status_code" } else { "rpc.grpc.status_code" };
    let exhausted = |span: Span| {
        let says = if span.kind == CLIENT { json!({"stringValue": "RESOURCE_EXHAUSTED"}) } else { json!({"intValue": "8"}) };
        Span { name: "order.v1.Order/Create", attributes: vec![(status(span.kind), says)], ..span }
    };
    send(&loaded, ("cart", "c", "otelgrpc"), &[exhausted(call(4)), exhausted(call(5))]);
    send(&loaded, ("order", "o-1", "otelgrpc"), &[exhausted(served(4))]);
    assert_eq!(limiters().await, ["batch unknown_429 op:POST 1.0", "cart unknown_429 op:order.v1.Order/Create 1.0"]);
}

/// Sentinel of Java writes what it blocked into two files: only one says by which rule.
#[tokio::test]
async fn what_is_named_elsewhere_is_not_counted_as_unknown() {
    let loaded = Loaded::empty();
    let line = |file: &str, second: i64, text: &str| {
        let attributes = [("service.name", "shop"), ("service.instance.id", "shop-1")];
        let pair = |(key, value): (&str, &str)| json!({"key": key, "value": {"stringValue": value}});
        let record = json!({
            "timeUnixNano": (START_NS + second * S).to_string(),
            "body": {"stringValue": text},
            "attributes": [pair(("log.file.name", file))],
        });
        let resource = json!({"attributes": attributes.map(pair)});
        loaded.receive(Signal::Logs, &json!({"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [record]}]}]}));
    };
    let metric = |second: i64, text: &str| line("shop-metrics.log.2026-09-21", second, text);
    let block = |second: i64, text: &str| line("sentinel-block.log", second, text);
    metric(3, "1790000003000|2026-09-21 14:13:23|pay|2|2|2|2|0|0|0|0");
    block(3, "2026-09-21 14:13:23|1|pay,DegradeException,default,,|2,0");
    metric(4, "1790000004000|2026-09-21 14:13:24|pay|0|4|0|0|0|0|0|0");
    block(5, "2026-09-21 14:13:24|1|pay,DegradeException,default,,|4,0");
    metric(11, "1790000011000|2026-09-21 14:13:31|search|2|2|2|0|14|0|0|0");
    block(11, "2026-09-21 14:13:31|1|search,FlowException,default,,|2,0");
    // Of these nobody says more.
    metric(11, "1790000011000|2026-09-21 14:13:31|quote|2|3|2|0|14|0|0|0");
    metric(40, "1790000040000|2026-09-21 14:14:00|search|2|1|2|0|14|0|0|0");
    let limits = ask(&loaded, &format!("/api/v1/limits?{WINDOW}")).await;
    let row = |one: &Value| format!("{} {} {}", one["kind"], one["rule"], one["rejected"]).replace('"', "");
    let rows: Vec<String> = limits["limits"].as_array().expect("limits").iter().map(row).collect();
    assert_eq!(rows, ["unknown_429 quote 3.0", "rate_limit search 2.0", "unknown_429 search 1.0"]);
}

/// Kratos: 40 calls a second; from second 20 to 30 a part of them fail; three refusals at second 60.
fn adaptive(failing: u64) -> Loaded {
    let loaded = Loaded::empty();
    let (mut calls, mut trace) = (Vec::new(), 0);
    for second in 0..50_i64 {
        for nth in 0..40 {
            trace += 1;
            let message = if (20..30).contains(&second) && nth < failing {
                "error: code = 500 reason = INTERNAL message = oops metadata = map[] cause = <nil>"
            } else {
                ""
            };
            let at_ms = second * 1_000 + nth as i64 * 20;
            calls.push(Span {
                trace,
                own: trace,
                parent: 0,
                name: "/pay.v1.Pay/Charge",
                kind: CLIENT,
                at_ms,
                ms: 5,
                message,
                attributes: vec![],
            });
        }
    }
    let refusal = |nth: u64| Span {
        trace: 90_000 + nth,
        own: 90_000 + nth,
        at_ms: 60_000 + nth as i64 * 500,
        ms: 0,
        message: BROKEN,
        ..calls[0].clone()
    };
    let refusals: Vec<Span> = (1..=3).map(refusal).collect();
    send(&loaded, ("order", "o-1", "kratos"), &calls);
    loaded.store.flush().expect("a working disk");
    send(&loaded, ("order", "o-1", "kratos"), &refusals);
    loaded
}

async fn adaptive_of(loaded: &Loaded, window: &str) -> Value {
    let breakers = ask(loaded, &format!("/api/v1/breakers?{WINDOW}")).await;
    let id = breakers["breakers"][0]["id"].as_str().unwrap_or_else(|| panic!("{breakers}")).to_owned();
    ask(loaded, &format!("/api/v1/breakers/{id}?{window}")).await["adaptive"].clone()
}

#[tokio::test]
async fn how_close_an_adaptive_breaker_came() {
    let loaded = adaptive(14);
    // From the first call on, in steps of a second.
    let adaptive = adaptive_of(&loaded, "start=2026-09-21T14:13:20Z&end=2026-09-21T14:15:20Z").await;
    let margins = &adaptive["margins"];
    assert_eq!((&margins["step_ns"], margins["margin"].as_array().map(Vec::len)), (&json!(S), Some(120)));
    let margin = |second: usize| margins["margin"][second].as_f64().map(|margin| (margin * 1_000.0).round());
    // 80 calls in its first two seconds are too few; 35 % of 120 fail: 1 - 0.6 / 0.65.
    assert_eq!([1, 2, 19, 25, 40, 55].map(margin), [None, Some(400.0), Some(400.0), Some(77.0), Some(400.0), None]);
    assert_eq!((&margins["admitted_error_ratio"][25], &margins["admitted_error_ratio"][10]), (&json!(0.35), &json!(0.0)));
    assert_eq!((&margins["near_misses"], &margins["can_trip"]), (&json!(1), &json!(true)));
    assert_eq!((&margins["least"]["at"], &margins["least"]["instance"]), (&json!("2026-09-21T14:13:42.000000000Z"), &json!("o-1")));
    assert_eq!(
        (&margins["admitted"], &margins["admitted_failed"], &margins["calls_per_s_max"]),
        (&json!(2000.0), &json!(140.0), &json!(40.0))
    );
}

#[tokio::test]
async fn a_breaker_that_cannot_open_at_its_traffic() {
    let loaded = adaptive(0);
    let adaptive = adaptive_of(&loaded, "start=2026-09-21T14:14:15Z&end=2026-09-21T14:15:15Z").await;
    let margins = &adaptive["margins"];
    assert_eq!((&margins["can_trip"], &margins["least"], &margins["near_misses"]), (&json!(false), &Value::Null, &json!(0)), "{margins}");
    assert_eq!((&margins["calls_per_s_max"], &adaptive["calls_per_s_min"]), (&json!(1.0), &json!(100.0 / 3.0)));
}
