//! Error codes: where they are born, how they travel, and what a deployment brings.

use std::collections::{BTreeMap, BTreeSet};

use demo::{Config, ScenarioKind, Scenarios};
use opentelemetry_proto::tonic::trace::v1::Span;

use crate::{Day, shape::int_of, text_of, trips::body};

fn played(kind: ScenarioKind) -> Day {
    Day::live_as(Config { seed: 8, scenarios: Scenarios::Only(kind), ..Config::default() }, 110, 110)
}

fn status(span: &Span) -> &str {
    span.status.as_ref().map_or("", |status| status.message.as_str())
}

/// Server spans of `service` by trace.
fn served<'a>(day: &'a Day, service: &str) -> BTreeMap<&'a [u8], &'a Span> {
    let spans = day.spans.iter().filter(|(owner, _, span)| owner == service && span.kind == 2);
    spans.map(|(_, _, span)| (span.trace_id.as_slice(), span)).collect()
}

fn count(day: &Day, code: u32, within_scenario: bool) -> usize {
    day.truth.governance.codes.iter().filter(|born| born.code == code && born.scenario.is_some() == within_scenario).count()
}

#[test]
fn a_code_is_born_passed_on_and_shown_with_message_and_solution() {
    let day = played(ScenarioKind::CodeSpike);
    assert!(count(&day, 5_001_003, true) > 60 && count(&day, 5_001_003, false) < 10, "no spike");
    let (inventory, cart, storefront) = (served(&day, "inventory"), served(&day, "cart"), served(&day, "storefront"));
    let mut languages = BTreeSet::new();
    for born in day.truth.governance.codes.iter().filter(|born| born.service == "inventory" && born.translated_from.is_none()) {
        let trace = born.trace.as_bytes().as_slice();
        // The other way to it is checkout; see below.
        let Some(cart) = cart.get(trace).filter(|span| span.name == "/cart.v1.Cart/AddItem") else { continue };
        let text = status(inventory[trace]);
        assert!(text.starts_with("error: code = 409 reason = INSUFFICIENT_STOCK message = "), "{text}");
        assert!(text.contains(" metadata = map[code:5001003 solution:") && text.ends_with("] cause = <nil>"), "{text}");
        assert!(status(cart).starts_with("rpc error: code = Aborted desc = "), "{}", status(cart));
        let shown = storefront[trace];
        let (code, http) = (int_of(shown, "error.code"), int_of(shown, "http.response.status_code"));
        assert_eq!((code, http), (Some(5_001_003), Some(409)));
        let log = day.logs.iter().find(|(owner, _, log)| owner == "storefront" && log.span_id == shown.span_id);
        let line: serde_json::Value = serde_json::from_str(body(&log.expect("an access log").2)).expect("JSON");
        let answer: serde_json::Value = serde_json::from_str(line["msg"].as_str().expect("a text")).expect("JSON within");
        assert_eq!(answer["code"], 5_001_003);
        languages.insert((answer["message"].to_string(), answer["solution"].to_string()));
    }
    assert_eq!(languages.len(), 2, "{languages:?}");
}

#[test]
fn a_code_is_translated_on_its_way_up() {
    let day = played(ScenarioKind::TranslatedChain);
    let (inventory, order) = (served(&day, "inventory"), served(&day, "order"));
    let (storefront, gateway) = (served(&day, "storefront"), served(&day, "edge-gateway"));
    let mut chains = 0;
    for said in day.truth.governance.codes.iter().filter(|said| said.code == 4_002_001) {
        assert_eq!((said.service, said.translated_from), ("order", Some(5_001_003)));
        let trace = said.trace.as_bytes().as_slice();
        assert!(status(inventory[trace]).contains("code:5001003"), "{}", status(inventory[trace]));
        let text = status(order[trace]);
        assert!(text.starts_with("error: code = 500 reason = ORDER_NOT_PLACED message = "), "{text}");
        assert!(text.contains(" metadata = map[code:4002001 solution:"), "{text}");
        assert!(text.contains("] cause = rpc error: code = Aborted desc = "), "{text}");
        let shown = storefront[trace];
        assert_eq!((int_of(shown, "error.code"), int_of(shown, "http.response.status_code")), (Some(4_002_001), Some(500)));
        assert_eq!(text_of(&gateway[trace].attributes, "http.status_code").as_deref(), Some("500"));
        chains += 1;
    }
    assert!(chains > 20, "{chains} chains");
    let born = day.truth.governance.codes.iter().filter(|born| born.code == 5_001_003 && born.service == "inventory").count();
    assert!(born >= chains, "{born} born, {chains} translated");
}

#[test]
fn a_deployment_brings_a_new_version_and_a_code_nobody_has_seen() {
    let day = played(ScenarioKind::NewCodeAfterDeploy);
    let deploys = &day.truth.governance.deploys;
    assert_eq!(deploys.len(), 2);
    let new_pods: BTreeSet<&str> = deploys.iter().map(|deploy| deploy.to_pod.as_str()).collect();
    let mut seen = 0;
    for ((_, scope, span), (pod, version)) in day.spans.iter().zip(&day.span_senders) {
        let deploy = deploys.iter().find(|deploy| deploy.to_pod == *pod || deploy.from_pod == *pod);
        let Some(deploy) = deploy else { continue };
        let is_new = new_pods.contains(pod.as_str());
        assert_eq!(version, if is_new { &deploy.to_version } else { &deploy.from_version });
        let start = span.start_time_unix_nano as i64;
        assert!(if is_new { start >= deploy.at.0 } else { start < deploy.at.0 + 2_000_000_000 }, "{pod} at {start}");
        if scope.ends_with("otelgin") && int_of(span, "error.code") == Some(3_002_007) {
            assert!(is_new, "the old version said the new code");
            assert_eq!(int_of(span, "http.response.status_code"), Some(422));
            seen += 1;
        }
    }
    let born = day.truth.governance.codes.iter().filter(|born| born.code == 3_002_007);
    assert_eq!(seen, born.count());
    assert!(seen > 20, "{seen} times");
    // New series start with the new pod.
    let first = deploys[0].at.0 as u64;
    for (instance, point) in crate::trips::points(&day, "sentinel_go_handled_total") {
        assert!(!instance.starts_with("catalog") && point.start_time_unix_nano < first);
    }
    let logged =
        day.logs.iter().filter(|(service, _, log)| service == "catalog" && log.attributes.iter().any(|field| field.key == "error.code"));
    assert_eq!(logged.count(), seen);
}
