//! Who calls whom over HTTP, against a naive recount of the same spans: half of them in blocks.

mod interleaved;
mod retries;

use std::collections::BTreeMap;

use governance::{
    facts::{Amount, Emitter, Evidence, Facts, Mechanism, Rejection, RejectionKind, Source, SpanKind},
    tables::to_batches,
};
use schemas::UnixNanos;
use serde_json::{Value, json};

use crate::{
    loaded::Loaded,
    made_spans::{MIN, Made, S, START_NS, about, ask, loaded, made, refused, send},
};

const WINDOW: &str = "start=2026-09-21T14:10:00Z&end=2026-09-21T14:23:20Z";

/// A request: web > order > pay > redis, order > kafka > mail, order > an address; each call with a client span, pay's inside another.
fn request(nth: u64) -> Vec<Made> {
    let (trace, id, at_ns) = (nth, |own: u64| nth * 100 + own, nth as i64 * S);
    let fails = nth.is_multiple_of(4);
    let with =
        |made: Made, attributes: &[(&'static str, &'static str)], failed: bool| Made { attributes: attributes.to_vec(), failed, ..made };
    vec![
        with(made(trace, id(1), 0, "web", 2, at_ns, 900_000 + nth as i64 * 1_000), &[], fails),
        with(made(trace, id(2), id(1), "web", 3, at_ns, 800_000), &[("peer.service", "order")], fails),
        with(made(trace, id(3), id(2), "order", 2, at_ns, 700_000), &[], fails),
        // A wrapper around the client span that really calls.
        with(made(trace, id(4), id(3), "order", 3, at_ns, 500_000 + nth as i64 * 1_000), &[("server.address", "pay:8080")], fails),
        Made { name: "inner", ..made(trace, id(5), id(4), "order", 1, at_ns, 450_000) },
        Made {
            name: "Charge",
            ..with(made(trace, id(6), id(5), "order", 3, at_ns, 400_000 + nth as i64 * 1_000), &[("rpc.system", "grpc")], fails)
        },
        with(made(trace, id(7), id(6), "pay", 2, at_ns, 300_000), &[], fails),
        with(made(trace, id(8), id(7), "pay", 3, at_ns, 100_000), &[("db.system.name", "redis"), ("server.address", "cache-1")], false),
        with(
            made(trace, id(9), id(3), "order", 4, at_ns, 1_000),
            &[("messaging.system", "kafka"), ("messaging.destination.name", "mails")],
            false,
        ),
        with(made(trace, id(10), id(3), "order", 3, at_ns, 50_000), &[("server.address", "tax.example")], false),
        with(made(trace, id(11), id(3), "order", 3, at_ns, 50_000), &[], false),
        // Its caller's half never came.
        made(trace, id(12), id(99), "mail", 5, at_ns, 7_000),
    ]
}

fn spans() -> Vec<Made> {
    (1..=40).flat_map(request).chain([Made { name: "tick", ..made(900, 90_000, 0, "batch", 1, 0, 5_000) }]).collect()
}

fn edges(graph: &Value) -> BTreeMap<(String, String), &Value> {
    let text = |edge: &Value, end: &str| edge[end].as_str().expect("an id").to_owned();
    graph["edges"].as_array().expect("edges").iter().map(|edge| ((text(edge, "from"), text(edge, "to")), edge)).collect()
}

fn names(graph: &Value) -> Vec<&str> {
    graph["nodes"].as_array().expect("nodes").iter().map(|node| node["id"].as_str().expect("an id")).collect()
}

#[tokio::test]
async fn nodes_and_edges_are_those_of_the_spans() {
    let spans = spans();
    let loaded = loaded(&spans);
    let graph = ask(&loaded, &format!("/api/v1/graph?{WINDOW}")).await;
    let services = ["service:batch", "service:mail", "service:order", "service:pay", "service:web"];
    let all: Vec<&str> = services.into_iter().chain(["database:cache-1", "queue:mails", "external:tax.example"]).collect();
    assert_eq!(names(&graph), all);
    let edges = edges(&graph);
    let shown: Vec<(&str, &str)> = edges.keys().map(|(from, to)| (&**from, &**to)).collect();
    let expected = [
        ("service:order", "external:tax.example"),
        ("service:order", "queue:mails"),
        ("service:order", "service:pay"),
        ("service:pay", "database:cache-1"),
        ("service:web", "service:order"),
    ];
    assert_eq!(shown, expected);
    for ((from, to), edge) in &edges {
        let fails = from != "service:pay" && to.starts_with("service:");
        assert_eq!((edge["calls"].as_f64(), edge["errors"].as_f64()), (Some(40.0), Some(if fails { 10.0 } else { 0.0 })), "{from} {to}");
        assert_eq!(edge["one_sided"].as_f64(), Some(if to.starts_with("service:") { 0.0 } else { 40.0 }), "{from} {to}");
    }
    let of_pay = edges[&("service:order".to_owned(), "service:pay".to_owned())];
    assert_eq!((&of_pay["protocol"], &of_pay["operations"]), (&json!("grpc"), &json!([{"name": "Charge", "calls": 40.0}])));
    assert_eq!(of_pay["sum_ns"], (1..=40).map(|nth| 400_000 + nth * 1_000).sum::<i64>(), "as the caller sees it");
    assert!(about(&of_pay["p50_ns"], 420_000));
    assert_eq!((&graph["unlinked"], &graph["orphans"]), (&json!(40.0), &json!(40.0)));
    let node = |id: &str| &graph["nodes"][all.iter().position(|one| *one == id).expect("a node")];
    assert_eq!(
        (&node("database:cache-1")["system"], &node("database:cache-1")["calls"], &node("database:cache-1")["spans"]),
        (&json!("redis"), &json!(40.0), &json!(0))
    );
    assert_eq!(
        (&node("service:batch")["calls"], &node("service:batch")["sum_ns"]),
        (&json!(1.0), &json!(5_000)),
        "nothing came in: its own spans"
    );
    let web: i64 = spans.iter().filter(|span| span.service == "web" && span.kind == 2).map(|span| span.duration_ns).sum();
    assert_eq!((&node("service:web")["errors"], &node("service:web")["sum_ns"]), (&json!(10.0), &json!(web)));
}

#[tokio::test]
async fn halves_on_both_sides_of_an_end_are_one_call() {
    // The client begins before the window, the server within; the other way round at the end.
    let before = -200 * S - S;
    let spans = [
        made(1, 1, 0, "web", 3, before, 3 * S),
        made(1, 2, 1, "pay", 2, before + 2 * S, S),
        Made { attributes: vec![("peer.service", "pay-lb")], ..made(2, 3, 0, "web", 3, 10 * MIN - S, 3 * S) },
        made(2, 4, 3, "pay", 2, 10 * MIN + S, S),
    ];
    let loaded = loaded(&spans);
    let graph = ask(&loaded, &format!("/api/v1/graph?{WINDOW}")).await;
    let edges = edges(&graph);
    assert_eq!(edges.keys().collect::<Vec<_>>(), [&("service:web".to_owned(), "service:pay".to_owned())]);
    assert_eq!(edges.values().next().expect("one")["calls"], 1.0, "the second is a call of the next window, and no call of pay-lb");
}

#[tokio::test]
async fn what_is_near_a_node() {
    let loaded = loaded(&spans());
    let near = async |query: &str| {
        let graph = ask(&loaded, &format!("/api/v1/graph?{WINDOW}&{query}")).await;
        let distance = |node: &Value| (node["name"].as_str().expect("a name").to_owned(), node["distance"].as_u64().expect("a distance"));
        graph["nodes"].as_array().expect("nodes").iter().map(distance).collect::<Vec<_>>()
    };
    let of = |all: &[(&str, u64)]| all.iter().map(|(name, distance)| ((*name).to_owned(), *distance)).collect::<Vec<_>>();
    assert_eq!(near("service=pay").await, of(&[("order", 1), ("pay", 0), ("cache-1", 1)]));
    assert_eq!(near("service=web&depth=2").await, of(&[("order", 1), ("pay", 2), ("web", 0), ("mails", 2), ("tax.example", 2)]));
    assert_eq!(near("service=batch&depth=5").await, of(&[("batch", 0)]), "isolated nodes are there");
    assert_eq!(near("service=nobody").await, of(&[]));
    for wrong in ["depth=1", "service=pay&depth=11", "at=2026-09-21T15:00:00Z", "target=pay"] {
        assert_eq!(refused(&loaded, &format!("/api/v1/graph?{WINDOW}&{wrong}")).await, (400, "invalid_parameter".to_owned()), "{wrong}");
    }
}

/// A breaker of `order` around calls to `pay` refuses from 20 s to 22 s.
fn refusals() -> Facts {
    let rejection = |seconds: i64| Rejection {
        time: UnixNanos(START_NS + seconds * S / 10),
        duration_ns: Some(1_000),
        emitter: Emitter { service: "order".into(), instance: "pod-1".into(), ..Emitter::default() },
        kind: RejectionKind::BreakerOpen,
        amount: Amount::Count(1.0),
        framework: "kratos".into(),
        mechanism: Mechanism::Adaptive,
        name: "op:Charge".into(),
        operation: "Charge".into(),
        target: "pay".into(),
        span_kind: Some(SpanKind::Client),
        code: "503".into(),
        reason: "CIRCUITBREAKER".into(),
        http_status: Some(503),
        grpc_status: String::new(),
        says_propagated: false,
        evidence: Evidence {
            source: Source::Span,
            rule: "kratos.span.reject".into(),
            confidence: 95,
            trace_id: None,
            span_id: None,
            parent_span_id: None,
        },
    };
    Facts { rejections: (200..=220).map(rejection).collect(), ..Facts::default() }
}

#[tokio::test]
async fn breakers_stand_on_their_edge_as_they_were_then() {
    let loaded = loaded(&spans());
    loaded.append(to_batches(&refusals(), UnixNanos(START_NS)));
    for (at, state) in [("2026-09-21T14:13:41Z", "shedding"), ("2026-09-21T14:20:00Z", "closed")] {
        let graph = ask(&loaded, &format!("/api/v1/graph?{WINDOW}&at={at}")).await;
        let with: Vec<(String, String)> =
            edges(&graph).into_iter().filter(|(_, edge)| edge["breakers"] != json!([])).map(|(key, _)| key).collect();
        assert_eq!(with, [("service:order".to_owned(), "service:pay".to_owned())]);
        let breaker = &edges(&graph)[&with[0]]["breakers"][0];
        assert_eq!((&breaker["state"], &breaker["refused"], &breaker["name"]), (&json!(state), &json!(21.0), &json!("op:Charge")), "{at}");
        assert!(graph["nodes"].as_array().expect("nodes").iter().all(|node| node["breakers"] == json!([])), "it is on its edge");
    }
    let services = ask(&loaded, &format!("/api/v1/services?{WINDOW}")).await;
    let row = |name: &str| services["services"].as_array().expect("rows").iter().find(|row| row["name"] == name).expect("listed").clone();
    assert_eq!((&row("order")["breakers"]["own"], &row("order")["rejected"]), (&json!({"closed": 1}), &json!(21.0)));
    assert_eq!(row("pay")["breakers"], json!({"own": {}, "guarding": {"closed": 1}}));
}

#[tokio::test]
async fn whom_a_failure_hurts() {
    // order falls back in every eighth request, so that web is spared.
    let spared = |nth: u64| nth.is_multiple_of(8);
    let spans: Vec<Made> = (1..=40)
        .flat_map(|nth| {
            let mut spans = request(nth);
            let spares = spared(nth);
            spans
                .iter_mut()
                .filter(|span| spares && (span.service == "web" || (span.service == "order" && span.kind == 2)))
                .for_each(|span| span.failed = false);
            spans
        })
        .collect();
    let loaded = loaded(&spans);
    let blast = ask(&loaded, &format!("/api/v1/graph/blast?target=pay&{WINDOW}")).await;
    assert_eq!((&blast["traces"], &blast["traces_failed"], &blast["traces_spared"]), (&json!(10), &json!(10), &json!(5)));
    let caller = |caller: &Value| {
        let number = |field: &str| caller[field].as_f64().expect("a number");
        (
            caller["service"].as_str().expect("a name").to_owned(),
            number("distance"),
            number("reached"),
            number("failed"),
            number("requests"),
            number("share"),
        )
    };
    let callers: Vec<_> = blast["callers"].as_array().expect("callers").iter().map(caller).collect();
    assert_eq!(callers, [("order".to_owned(), 1.0, 10.0, 5.0, 40.0, 0.125), ("web".to_owned(), 2.0, 10.0, 5.0, 40.0, 0.125)]);
    assert_eq!(blast["entry_points"], json!([{"service": "web", "operation": "work", "reached": 10, "failed": 5}]));
    let quiet = ask(&loaded, &format!("/api/v1/graph/blast?target=cache-1&{WINDOW}")).await;
    assert_eq!((&quiet["traces_failed"], &quiet["callers"]), (&json!(0), &json!([])), "it did not fail, though traces with it did");
    assert_eq!(refused(&loaded, &format!("/api/v1/graph/blast?{WINDOW}")).await, (400, "invalid_parameter".to_owned()));
}

#[tokio::test]
async fn an_empty_store_has_an_empty_graph() {
    let loaded = Loaded::empty();
    let graph = ask(&loaded, "/api/v1/graph").await;
    assert_eq!((&graph["nodes"], &graph["edges"]), (&json!([]), &json!([])));
    send(&loaded, &[made(1, 1, 0, "pay", 2, 0, 5)]);
    assert_eq!(names(&ask(&loaded, &format!("/api/v1/graph?{WINDOW}")).await), ["service:pay"]);
}
