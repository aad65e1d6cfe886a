//! The page of a trip, from OTLP as libraries send it: why it opened and what ended it.

use serde_json::{Value, json};

use crate::{
    limits::{BROKEN, CLIENT, SERVER, Span, send_from},
    loaded::Loaded,
    made_spans::{S, ask},
};

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

fn kinds(trip: &Value) -> Vec<&str> {
    trip["exemplars"].as_array().expect("exemplars").iter().filter_map(|one| one["kind"].as_str()).collect()
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
