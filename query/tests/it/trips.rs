//! The page of a trip, from OTLP as libraries send it: why it opened, what ended it, and which trips follow from which.

use demo::{ScenarioKind, Scenarios, Shop};
use schemas::{Signal, UnixNanos};
use serde_json::{Value, json};

use crate::{
    limits::{BROKEN, CLIENT, SERVER, Span, send_from},
    loaded::Loaded,
    made_spans::{S, START_NS, ask, trace_id},
};

/// Two minutes of the demo in which the acquirer is away, as its services export them.
fn cascade() -> Loaded {
    let scenarios = Scenarios::Only(ScenarioKind::Cascade);
    let mut shop = Shop::new(demo::Config { requests_per_second: 6.0, scenarios, ..demo::Config::default() });
    let loaded = Loaded::empty();
    let mut exports = shop.advance(UnixNanos(START_NS), UnixNanos(START_NS + 130 * S));
    exports.extend(shop.close());
    exports.into_iter().for_each(|export| loaded.receive_protobuf(export.signal, export.body.into()));
    loaded
}

/// The first trip of this breaker.
async fn trip_of(loaded: &Loaded, (service, name): (&str, &str), window: &str) -> Value {
    let list = ask(loaded, &format!("/api/v1/breakers?{window}")).await;
    let rows = list["breakers"].as_array().expect("rows");
    let row = rows.iter().find(|row| row["service"] == service && row["name"] == name).unwrap_or_else(|| panic!("{list}"));
    let id = row["id"].as_str().expect("an id");
    let one = ask(loaded, &format!("/api/v1/breakers/{id}?{window}")).await;
    let trips = one["trips"].as_array().expect("trips");
    let opened = trips.iter().filter_map(|trip| trip["opened"]["time"].as_str()).min().unwrap_or_else(|| panic!("{one}"));
    ask(loaded, &format!("/api/v1/breakers/{id}/trips/{opened}")).await
}

fn related(trip: &Value) -> String {
    let name = |one: &Value| format!("{} {}", one["service"], one["name"]).replace('"', "");
    if trip.is_null() { "none".to_owned() } else { name(trip) }
}

fn opened(trip: &Value) -> &str {
    trip["trip"]["opened"]["time"].as_str().expect("a time")
}

fn kinds(trip: &Value) -> Vec<&str> {
    trip["exemplars"].as_array().expect("exemplars").iter().filter_map(|one| one["kind"].as_str()).collect()
}

#[tokio::test]
async fn trips_of_a_cascade_follow_from_the_one_at_the_bottom() {
    const WINDOW: &str = "start=2026-09-21T14:10:00Z&end=2026-09-21T14:20:00Z";
    let loaded = cascade();
    loaded.store.flush().expect("a working disk");
    let [acquirer, payment, order] = [("payment", "acquirer"), ("order", "payment"), ("storefront", "order")];
    let bottom = trip_of(&loaded, acquirer, WINDOW).await;
    assert_eq!((related(&bottom["root"]), related(&bottom["parent"])), ("none".into(), "none".into()), "{bottom}");
    let caused: Vec<String> = bottom["caused"].as_array().expect("trips").iter().map(related).collect();
    assert!(caused.contains(&"order payment".to_owned()), "{bottom}");
    assert_eq!(kinds(&bottom), ["last_failure", "first_refused", "healthy"], "its gauge, which has no trace, tells the end");

    let middle = trip_of(&loaded, payment, WINDOW).await;
    assert_eq!((related(&middle["root"]), related(&middle["parent"])), ("payment acquirer".into(), "payment acquirer".into()));
    // That of the storefront opened before the one of order in this run: it follows from the bottom itself.
    let top = trip_of(&loaded, order, WINDOW).await;
    assert_eq!((related(&top["root"]), related(&top["parent"])), ("payment acquirer".into(), "payment acquirer".into()));
    assert!(opened(&top) < opened(&middle) && caused.contains(&"storefront order".to_owned()), "{bottom}");
    // Where it leads to is a page of its own.
    let (id, t) = (&top["root"]["breaker_id"], &top["root"]["t"]);
    let path = format!("/api/v1/breakers/{id}/trips/{t}").replace('"', "");
    assert_eq!(ask(&loaded, &path).await["trip"]["opened"], bottom["trip"]["opened"]);
}

/// gobreaker's hook in the words of most teams, with the trace of the call that made it change.
#[tokio::test]
async fn the_probe_that_closed_it() {
    const WINDOW: &str = "start=2026-09-21T14:10:00Z&end=2026-09-21T14:20:00Z";
    let loaded = Loaded::empty();
    for (number, at_ns, from, to) in [(1, 0, "closed", "open"), (2, 5 * S, "open", "half-open"), (3, 5 * S + S / 5, "half-open", "closed")]
    {
        let pair = |(key, value): (&str, &str)| json!({"key": key, "value": {"stringValue": value}});
        let attributes = [("name", "pay"), ("from", from), ("to", to)].map(pair);
        let line = json!({
            "timeUnixNano": (START_NS + at_ns).to_string(), "traceId": trace_id(number), "spanId": format!("{number:016x}"),
            "body": {"stringValue": "Circuit breaker state changed"}, "attributes": attributes,
        });
        let resource = json!({"attributes": [pair(("service.name", "order"))]});
        loaded.receive(Signal::Logs, &json!({"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [line]}]}]}));
    }
    let trip = trip_of(&loaded, ("order", "pay"), WINDOW).await;
    assert_eq!(kinds(&trip), ["closing"], "{trip}");
    assert_eq!(trip["exemplars"][0]["trace_id"], trace_id(3));
    assert_eq!((&trip["trip"]["probes"], &trip["transitions"][2]["cause"]), (&json!(1), &json!("probe_ok")));
}

/// `order` calls `pay` over Kratos, 40 times a second. From second 20 on 30 of these fail, from 22 on 25 are refused and 12 of the others
/// fail; from 30 on none fails, and at 40 the breaker lets go. `pay` was rolled out before.
fn shed() -> Loaded {
    const FAILED: &str = "error: code = 500 reason = INTERNAL message = oops metadata = map[] cause = <nil>";
    let loaded = Loaded::empty();
    let (mut calls, mut trace) = (Vec::new(), 0);
    let peer = ("peer.service", json!({"stringValue": "pay"}));
    for second in 0..60_i64 {
        for nth in 0..40_i64 {
            trace += 1;
            let refused = (22..40).contains(&second) && nth < 25;
            let failed = match second {
                20..22 => nth < 30,
                22..30 => (25..37).contains(&nth),
                _ => false,
            };
            calls.push(Span {
                trace,
                own: trace,
                parent: 0,
                name: "/pay.v1.Pay/Charge",
                kind: CLIENT,
                at_ms: second * 1_000 + nth * 20,
                ms: if refused { 0 } else { 5 },
                message: if refused {
                    BROKEN
                } else if failed {
                    FAILED
                } else {
                    ""
                },
                attributes: vec![peer.clone()],
            });
        }
    }
    let served = |version: &'static str, at_ms: i64| {
        let span = Span { trace: trace + 1, own: trace + 1, kind: SERVER, at_ms, message: "", ..calls[0].clone() };
        let resource = [("service.name", "pay"), ("service.instance.id", version), ("service.version", version)];
        send_from(&loaded, &resource, "kratos", &[span]);
    };
    served("1.0", -400_000);
    served("1.1", -30_000);
    let of_order = [("service.name", "order"), ("service.instance.id", "o-1"), ("service.version", "3.2")];
    send_from(&loaded, &of_order, "kratos", &calls);
    loaded
}

#[tokio::test]
async fn an_adaptive_breaker_lets_go_after_its_dependency_is_well() {
    const WINDOW: &str = "start=2026-09-21T14:10:00Z&end=2026-09-21T14:20:00Z";
    let trip = trip_of(&shed(), ("order", "op:/pay.v1.Pay/Charge"), WINDOW).await;
    let recovery = &trip["recovery"];
    assert_eq!(recovery["recovered_at"], "2026-09-21T14:13:50.000000000Z", "{trip}");
    // Refused from 22.0 s to 39.48 s.
    assert_eq!((&recovery["dependency_ns"], &recovery["release_ns"]), (&json!(8 * S), &json!(9_480_000_000_i64)));
    assert_eq!(recovery["drop_ratio"][3], json!(0.625));
    assert_eq!((&trip["codes"][0]["code"], &trip["trip"]["refused"]), (&json!("INTERNAL"), &json!(450.0)));
    assert_eq!(kinds(&trip), ["last_failure", "first_refused", "last_refused", "healthy"]);
    let changes: Vec<String> = trip["changes"]
        .as_array()
        .expect("changes")
        .iter()
        .map(|one| format!("{} {} {} {}", one["kind"], one["service"], one["what"], one["before_ns"]).replace('"', ""))
        .collect();
    assert_eq!(changes, ["version pay 1.1 52000000000"]);
}
