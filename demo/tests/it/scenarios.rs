//! Each scenario shows what it is there for, at the rate the demo runs with, at any hour and with any seed.

use std::{collections::BTreeMap, sync::OnceLock};

use demo::{BreakerState, Config, ScenarioKind, Scenarios, Shop, TripTruth};
use schemas::UnixNanos;

use crate::{
    Day, OPENING, SECOND_NS,
    shape::int_of,
    text_of,
    trips::{body, totals},
};

/// A shop that has played `kind` once, from the start of the slot to its end.
fn played(kind: ScenarioKind) -> &'static Day {
    static DAYS: [OnceLock<Day>; 9] = [const { OnceLock::new() }; 9];
    DAYS[kind as usize].get_or_init(|| Day::live_as(config(kind, 3), 118, 118))
}

fn config(kind: ScenarioKind, seed: u64) -> Config {
    Config { seed, scenarios: Scenarios::Only(kind), ..Config::default() }
}

/// Trips the scenario caused, by breaker.
fn caused(day: &Day) -> BTreeMap<(&'static str, &str), Vec<&TripTruth>> {
    let mut caused: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for trip in day.truth.governance.trips().filter(|trip| trip.scenario.is_some()) {
        caused.entry((trip.breaker.service, trip.breaker.name.as_str())).or_default().push(trip);
    }
    caused
}

fn seconds_in(trip: &TripTruth, at: UnixNanos) -> f64 {
    let start = trip.scenario.map_or(0, |run| run.start.0);
    (at.0 - start) as f64 / SECOND_NS as f64
}

#[test]
fn a_clean_trip_opens_once_per_instance_and_closes() {
    let caused = caused(played(ScenarioKind::CleanTrip));
    let trips = &caused[&("storefront", "user")];
    assert_eq!(trips.len(), 3, "{trips:?}");
    for trip in trips {
        assert!((0.0..15.0).contains(&seconds_in(trip, trip.opened)), "{trip:?}");
        let closed = trip.closed.expect("user came back");
        assert!((30.0..45.0).contains(&seconds_in(trip, closed)), "{trip:?}");
        assert!(trip.refused > 10, "{trip:?}");
    }
}

#[test]
fn a_flapping_breaker_opens_again_and_again() {
    let caused = caused(played(ScenarioKind::FlappingBreaker));
    let mut opened: BTreeMap<&str, usize> = BTreeMap::new();
    for trip in &caused[&("storefront", "catalog:product")] {
        *opened.entry(&trip.pod).or_default() += 1;
    }
    assert!(opened.len() == 3 && opened.values().all(|times| *times >= 3), "{opened:?}");
}

#[test]
fn an_adaptive_breaker_lets_go_long_after_its_dependency_is_well() {
    let caused = caused(played(ScenarioKind::AdaptiveShed));
    let trips = &caused[&("cart", "op:/inventory.v1.Inventory/CheckAvailability")];
    let released: Vec<f64> = trips.iter().filter_map(|trip| trip.closed.map(|closed| seconds_in(trip, closed))).collect();
    assert_eq!(trips.iter().map(|trip| trip.breaker.mechanism).collect::<Vec<_>>(), ["adaptive"; 2]);
    assert!(trips.iter().all(|trip| trip.refused > 100), "{trips:?}");
    assert!(released.iter().all(|second| (30.0..60.0).contains(second)), "well since second 28: {released:?}");
}

#[test]
fn one_caller_is_limited_and_a_bare_429_is_all_there_is() {
    let day = played(ScenarioKind::RateLimitBurst);
    let limited: Vec<_> = day
        .spans
        .iter()
        .filter(|(_, scope, span)| scope.ends_with("otelgin") && int_of(span, "http.response.status_code") == Some(429))
        .collect();
    let mut of_scraper = 0;
    for (_, _, span) in &limited {
        assert_eq!(span.status.as_ref().map_or((0, ""), |status| (status.code, status.message.as_str())), (0, ""));
        assert!(span.events.is_empty() && text_of(&span.attributes, "error.type").is_none());
        of_scraper += u64::from(text_of(&span.attributes, "user_agent.original").as_deref() == Some("python-requests/2.32.3"));
    }
    let truth = |count: fn(&demo::LimitTruth) -> u64| day.truth.governance.limits().map(count).sum::<u64>();
    assert_eq!((limited.len() as u64, of_scraper), (truth(|limit| limit.refused), truth(|limit| limit.refused_of_scraper)));
    assert!(limited.len() > 150 && of_scraper * 10 > limited.len() as u64 * 8, "{of_scraper} of {}", limited.len());
    let passed = totals(day, "sentinel_go_handled_total", &["resource", "result"]);
    let passed: f64 = passed.iter().filter(|(labels, _)| labels[1..] == ["GET:/api/v1/products", "pass"]).map(|(_, count)| count).sum();
    let served = day.spans.iter().filter(|(service, _, span)| service == "storefront" && span.name == "GET /api/v1/products");
    assert_eq!(passed, served.count() as f64 - limited.len() as f64);
}

#[test]
fn a_cascade_climbs_over_three_services() {
    let caused = caused(played(ScenarioKind::Cascade));
    let first = |service, name| caused[&(service, name)].iter().map(|trip| (trip.opened, trip.breaker.framework)).min().expect("a trip");
    let chain = [first("payment", "acquirer"), first("order", "payment"), first("storefront", "order")];
    assert!(chain.is_sorted(), "{chain:?}");
    assert_eq!(chain.map(|(_, framework)| framework), ["resilience4j", "gobreaker", "hystrix-go"]);
    assert!(caused.values().flatten().all(|trip| trip.closed.is_some()), "{caused:?}");
}

#[test]
fn a_fallback_hides_a_trip_from_customers() {
    let day = played(ScenarioKind::TripBehindFallback);
    let caused = caused(day);
    let refused: u64 = caused[&("storefront", "recommendation")].iter().map(|trip| trip.refused).sum();
    let mut without = 0;
    for (_, _, log) in day.logs.iter().filter(|(service, _, _)| service == "storefront") {
        let line: serde_json::Value = serde_json::from_str(body(log)).expect("JSON");
        let is_open = ["circuit breaker is open", "too many requests"].iter().any(|text| line["error"] == *text);
        if !is_open || !line["msg"].as_str().is_some_and(|text| text.ends_with("going on without it")) {
            continue;
        }
        without += 1;
        let root = day.spans.iter().find(|(_, _, span)| span.trace_id == log.trace_id && span.parent_span_id.is_empty());
        let (_, _, root) = root.expect("every trace has a root");
        assert_eq!(text_of(&root.attributes, "http.status_code").as_deref().map(|code| code < "500"), Some(true));
    }
    let failing = "Error #01: circuit breaker is open\n";
    let shown = day.spans.iter().filter(|(_, _, span)| span.status.as_ref().is_some_and(|status| status.message == failing)).count() as u64;
    assert!(without > 50 && shown > 0, "{without} behind a fallback, {shown} shown");
    assert!(refused.abs_diff(without + shown) <= 2, "{refused} refused, {without} behind a fallback, {shown} shown");
}

#[test]
fn every_seed_and_hour_shows_the_trip() {
    for (position, kind) in ScenarioKind::ALL.into_iter().enumerate() {
        let breakers: &[_] = match kind {
            ScenarioKind::CleanTrip => &["user"],
            ScenarioKind::FlappingBreaker => &["catalog:product"],
            ScenarioKind::AdaptiveShed => &["op:/inventory.v1.Inventory/CheckAvailability"],
            ScenarioKind::Cascade => &["acquirer", "payment", "order"],
            ScenarioKind::TripBehindFallback => &["recommendation"],
            _ => continue,
        };
        let seed = 1_000 + position as u64;
        // From 04:00, the quietest hour.
        let opening = OPENING + 13 * 3_600 * SECOND_NS;
        let mut shop = Shop::new(config(kind, seed));
        drop(shop.advance(UnixNanos(opening), UnixNanos(opening + 118 * SECOND_NS)));
        for breaker in breakers {
            let trip = shop.truth().governance.trips().find(|trip| trip.breaker.name == *breaker && trip.scenario.is_some());
            assert!(trip.is_some_and(|trip| trip.refused > 0), "{kind:?} of seed {seed} never tripped {breaker}");
        }
    }
}

#[test]
fn the_truth_depends_on_seed_and_clock_alone() {
    let lived = |seed: u64, step: i64| {
        let mut shop = Shop::new(Config { seed, ..Config::default() });
        for second in (0..240).step_by(step as usize) {
            let at = |second: i64| UnixNanos(OPENING + second * SECOND_NS);
            drop(shop.advance(at(second), at(second + step)));
        }
        shop.truth().governance.to_ndjson()
    };
    let truth = lived(4, 240);
    assert_eq!(truth, lived(4, 240));
    assert_eq!(truth, lived(4, 3));
    assert_ne!(truth, lived(5, 240));
    let mut kinds = BTreeMap::new();
    for line in truth.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("a line is an object");
        *kinds.entry(line["record"].as_str().expect("says what it is").to_owned()).or_insert(0) += 1;
    }
    assert_eq!(kinds["scenario"], 2, "{kinds:?}");
}

#[test]
fn changes_of_a_trip_follow_each_other() {
    for kind in [ScenarioKind::CleanTrip, ScenarioKind::Cascade, ScenarioKind::FlappingBreaker] {
        for trip in played(kind).truth.governance.trips() {
            let mut state = BreakerState::Closed;
            for (_, to) in &trip.changes {
                use BreakerState::{Closed, HalfOpen, Open};
                // hystrix-go closes from open when a call that was on its way comes back well.
                let allowed = matches!((state, to), (Closed, Open) | (Open, HalfOpen) | (HalfOpen, Open | Closed))
                    || (state, *to, trip.breaker.framework) == (Open, Closed, "hystrix-go");
                assert!(allowed, "{state:?} to {to:?}: {trip:?}");
                state = *to;
            }
        }
    }
}
