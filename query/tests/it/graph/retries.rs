//! Retries and timeouts of spans over HTTP: half of them in blocks.

use governance::{
    facts::{Action, Amount, Emitter, Evidence, Facts, ResilienceAction, Source},
    tables::to_batches,
};
use schemas::UnixNanos;
use serde_json::{Value, json};

use crate::{
    loaded::Loaded,
    made_spans::{Made, S, START_NS, ask, loaded, made, refused, trace_id},
};

const WINDOW: &str = "start=2026-09-21T14:10:00Z&end=2026-09-21T14:23:20Z";
const MS: i64 = 1_000_000;
const URL: (&str, &str) = ("url.full", "http://pay/charge");

/// gateway > order > pay, ten seconds apart: order asks pay twice where pay fails first, and the gateway asks order again where both fail.
/// The gateway waits for 300 ms at most, order for 800.
fn request(nth: u64) -> Vec<Made> {
    let id = |own: u64| nth * 100 + own;
    let at = nth as i64 * 10 * S;
    let of = |own, parent, service, kind, from_ms: i64, ms: i64| made(nth, id(own), parent, service, kind, at + from_ms * MS, ms * MS);
    let call = |one: Made, failed: bool, url: &'static str| Made { name: "POST", failed, attributes: vec![("url.full", url)], ..one };
    let late = |one: Made| Made { attributes: [one.attributes.clone(), vec![("error.type", "HttpTimeoutException")]].concat(), ..one };
    let order = |own, from_ms, ms, failed| call(of(own, id(1), "gateway", 3, from_ms, ms), failed, "http://order/buy");
    let pay = |own, parent, from_ms, ms, failed| Made {
        attributes: vec![URL, ("peer.service", "pay")],
        ..call(of(own, id(parent), "order", 3, from_ms, ms), failed, "")
    };
    let mut spans = vec![of(1, 0, "gateway", 2, 0, 900)];
    match nth % 4 {
        // All well.
        0 => spans.extend([order(2, 0, 100, false), of(3, id(2), "order", 2, 5, 90), pay(4, 3, 10, 50, false)]),
        // pay fails once.
        1 => spans.extend([order(2, 0, 200, false), of(3, id(2), "order", 2, 5, 190), pay(4, 3, 10, 50, true), pay(5, 3, 80, 50, false)]),
        // It fails twice, and once more for the second request.
        2 => spans.extend([
            order(2, 0, 200, true),
            of(3, id(2), "order", 2, 5, 190),
            pay(4, 3, 10, 50, true),
            pay(5, 3, 80, 50, true),
            order(6, 250, 200, true),
            of(7, id(6), "order", 2, 255, 190),
            pay(8, 7, 260, 50, true),
            pay(9, 7, 330, 50, true),
        ]),
        // pay is slow: the gateway is gone after 300 ms, order waits for 800.
        _ => spans.extend([
            late(order(2, 0, 300, true)),
            of(3, id(2), "order", 2, 5, 830),
            late(pay(4, 3, 10, 800, true)),
            of(5, id(4), "pay", 2, 15, 1_995),
        ]),
    }
    spans
}

fn shop() -> Loaded {
    loaded(&(1..=40).flat_map(request).collect::<Vec<_>>())
}

async fn retries(loaded: &Loaded, parameters: &str) -> Value {
    ask(loaded, &format!("/api/v1/graph/retries?{WINDOW}{parameters}")).await
}

fn edge<'a>(answer: &'a Value, caller: &str) -> &'a Value {
    let edges = answer["edges"].as_array().expect("edges");
    edges.iter().find(|edge| edge["caller"] == caller).unwrap_or_else(|| panic!("{caller}: {answer}"))
}

#[tokio::test]
async fn how_often_calls_are_sent_again() {
    let answer = retries(&shop(), "").await;
    // Of each ten requests: pay is asked 1, 2, 2 + 2 and 1 times, by 1, 1, 2 and 1 requests of order.
    let pay = edge(&answer, "order");
    assert_eq!((&pay["called"], &pay["operation"]), (&json!("pay"), &json!("POST")));
    assert_eq!((&pay["calls"], &pay["logical_calls"], &pay["amplification"]), (&json!(80.0), &json!(50.0), &json!(1.6)));
    assert_eq!((&pay["retries"], &pay["retry_share"]), (&json!(30.0), &json!(0.375)));
    assert_eq!((&pay["retried_calls"], &pay["rescued_calls"], &pay["attempts_max"]), (&json!(30.0), &json!(10.0), &json!(2)));
    let order = edge(&answer, "gateway");
    assert_eq!((&order["calls"], &order["logical_calls"], &order["rescued_calls"]), (&json!(50.0), &json!(40.0), &json!(0.0)));
    assert_eq!(order["retry_traces"], json!([trace_id(38), trace_id(34), trace_id(30)]));
    assert_eq!(
        (&answer["totals"]["calls"], &answer["totals"]["retries"], &answer["edges_total"]),
        (&json!(130.0), &json!(40.0), &json!(2))
    );
    let [chain] = &answer["chains"].as_array().expect("chains")[..] else { panic!("{answer}") };
    assert_eq!((&chain["amplification"], &chain["attempts_max"]), (&json!(2.0), &json!(4)), "1.25 times 1.6");
    assert_eq!((&chain["calls"][0]["caller"], &chain["calls"][1]["called"]), (&json!("gateway"), &json!("pay")));
    assert_eq!((&answer["completeness"]["partial"], &answer["meta"]["truncated"]), (&json!(false), &json!(false)));
}

#[tokio::test]
async fn who_gives_up_while_the_called_one_goes_on() {
    let answer = retries(&shop(), "").await;
    let order = edge(&answer, "gateway");
    assert_eq!((&order["gave_up"], &order["abandoned"], &order["timeout_ns"]), (&json!(10.0), &json!(10.0), &json!(300 * MS)));
    assert_eq!((&order["wasted_ns"], &order["wasted_max_ns"]), (&json!(10 * 535 * MS), &json!(535 * MS)));
    assert_eq!(order["wasted_traces"], json!([trace_id(39), trace_id(35), trace_id(31)]));
    let expected = json!([{"caller": "order", "called": "pay", "operation": "POST", "timeout_ns": 800 * MS, "longest_ns": 800 * MS}]);
    assert_eq!(order["inversions"], expected);
    let pay = edge(&answer, "order");
    assert_eq!((&pay["abandoned"], &pay["wasted_ns"], &pay["inversions"]), (&json!(10.0), &json!(10 * 1_200 * MS), &json!([])));
    assert_eq!((&answer["totals"]["abandoned"], &answer["totals"]["wasted_ns"]), (&json!(20.0), &json!(10 * 1_735 * MS)));
}

#[tokio::test]
async fn what_spans_say_of_themselves() {
    let of = |own: u64, from_ms: i64, count: &'static str| Made {
        name: "GET",
        failed: count == "0",
        attributes: vec![("url.full", if count == "0" { "http://a/1" } else { "http://b/1" }), ("http.request.resend_count", count)],
        ..made(7, own, 1, "web", 3, from_ms * MS, 10 * MS)
    };
    let peer = |one: Made| Made { attributes: [one.attributes.clone(), vec![("peer.service", "mail")]].concat(), ..one };
    // To another host, which is no other call where the second says that it is sent again; the attribute has the type of a text here.
    let loaded = loaded(&[made(7, 1, 0, "web", 2, 0, 100 * MS), peer(of(2, 0, "0")), peer(of(3, 20, "1"))]);
    let answer = retries(&loaded, "").await;
    assert_eq!((&edge(&answer, "web")["calls"], &edge(&answer, "web")["retries_said"]), (&json!(2.0), &json!(1.0)));
}

#[tokio::test]
async fn a_call_that_reached_nobody_is_sent_again_to_somebody() {
    // The first attempt finds nobody at its address and has no span below it; of the second, pay has one.
    let call = |trace, own, from_ms: i64, failed: bool, peer: &'static str| Made {
        name: "pay.v1.Pay/Charge",
        failed,
        attributes: vec![("server.address", peer)],
        ..made(trace, own, trace * 100, "web", 3, from_ms * MS, 10 * MS)
    };
    let served = |trace, own, parent| made(trace, own, parent, "pay", 2, 25 * MS, MS);
    let root = |trace| made(trace, trace * 100, 0, "web", 2, 0, 100 * MS);
    let spans = [
        root(1),
        call(1, 101, 0, true, "10.1.0.7"),
        call(1, 102, 20, false, "10.1.0.8"),
        served(1, 103, 102),
        root(2),
        call(2, 201, 20, false, "10.1.0.7"),
        served(2, 202, 201),
    ];
    let answer = retries(&loaded(&spans), "").await;
    let web = edge(&answer, "web");
    assert_eq!(
        (&web["called"], &web["calls"], &web["retries"], &web["rescued_calls"]),
        (&json!("pay"), &json!(3.0), &json!(1.0), &json!(1.0)),
        "{answer}"
    );
}

#[tokio::test]
async fn each_attempt_in_a_span_of_its_own() {
    let call = |own, parent, from_ms: i64, failed: bool| Made {
        name: "POST",
        failed,
        attributes: vec![URL, ("peer.service", "pay")],
        ..made(1, own, parent, "web", 3, from_ms * MS, 10 * MS)
    };
    let within = |own, parent, from_ms: i64| Made { name: "attempt", ..made(1, own, parent, "web", 1, from_ms * MS, 12 * MS) };
    let spans = [
        made(1, 1, 0, "web", 2, 0, 100 * MS),
        within(2, 1, 0),
        call(3, 2, 1, true),
        within(4, 1, 20),
        call(5, 4, 21, false),
        // One that does more than that is no attempt.
        within(6, 1, 40),
        call(7, 6, 41, true),
        made(1, 8, 6, "web", 1, 51 * MS, MS),
        within(9, 1, 60),
        call(10, 9, 61, false),
    ];
    let answer = retries(&loaded(&spans), "").await;
    let web = edge(&answer, "web");
    assert_eq!((&web["calls"], &web["retries"], &web["rescued_calls"]), (&json!(4.0), &json!(1.0), &json!(1.0)), "{answer}");
}

#[tokio::test]
async fn a_sampled_call_stands_for_many() {
    // One trace of four is kept.
    let sampled = |one: Made| Made { trace_state: "ot=th:c", ..one };
    let mut spans = request(1);
    spans.extend(request(2).into_iter().map(sampled));
    let answer = retries(&loaded(&spans), "").await;
    let pay = edge(&answer, "order");
    let counts = ["calls", "logical_calls", "retries", "retried_calls", "rescued_calls"].map(|name| pay[name].as_f64());
    assert_eq!(counts, [18.0, 9.0, 9.0, 9.0, 1.0].map(Some), "{answer}");
    assert_eq!(answer["completeness"]["sampled_out"], json!(27.0), "three more of each of nine spans");
}

#[tokio::test]
async fn of_one_service_and_mistakes() {
    let loaded = shop();
    let answer = retries(&loaded, "&service=pay").await;
    assert_eq!(
        (&answer["edges_total"], &answer["totals"]["edges"], answer["chains"].as_array().map(Vec::len)),
        (&json!(1), &json!(1), Some(1))
    );
    let answer = retries(&loaded, "&limit=1").await;
    assert_eq!((&answer["edges"][0]["caller"], &answer["meta"]["truncated"]), (&json!("order"), &json!(true)));
    assert_eq!(
        retries(&loaded, "&environment=test").await["totals"],
        json!({"edges": 0, "calls": 0.0, "retries": 0.0, "retry_share": null, "abandoned": 0.0, "wasted_ns": 0})
    );
    for wrong in ["&target=pay", "&limit=0"] {
        assert_eq!(
            refused(&loaded, &format!("/api/v1/graph/retries?{WINDOW}{wrong}")).await,
            (400, "invalid_parameter".to_owned()),
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn what_libraries_say_that_they_did() {
    let action = |seconds: i64, action: Action, amount: Amount, outcome: &str| ResilienceAction {
        time: UnixNanos(START_NS + seconds * S),
        emitter: Emitter { service: "order".into(), instance: "a".into(), ..Emitter::default() },
        action,
        amount,
        framework: "resilience4j".into(),
        name: "pay".into(),
        operation: String::new(),
        target: String::new(),
        outcome: outcome.into(),
        attempt: None,
        evidence: Evidence { source: Source::Sum, rule: "r".into(), confidence: 90, trace_id: None, span_id: None, parent_span_id: None },
    };
    let total = |value| Amount::Cumulative { value, series: 9, start_time: None };
    let loaded = Loaded::empty();
    let resilience_actions = vec![
        action(-300, Action::Retry, total(100.0), "successful_with_retry"),
        action(10, Action::Retry, total(103.0), "successful_with_retry"),
        action(20, Action::Timeout, Amount::Count(2.0), ""),
    ];
    loaded.append(to_batches(&Facts { resilience_actions, ..Facts::default() }, UnixNanos(START_NS)));
    let answer = retries(&loaded, "").await;
    let row = |policy: &Value| (policy["action"].clone(), policy["count"].clone(), policy["outcomes"].clone(), policy["operation"].clone());
    let rows: Vec<_> = answer["policies"].as_array().expect("policies").iter().map(row).collect();
    let retries = json!([{"outcome": "successful_with_retry", "count": 3.0}]);
    assert_eq!(rows, [(json!("retry"), json!(3.0), retries, Value::Null), (json!("timeout"), json!(2.0), json!([]), Value::Null)]);
}
