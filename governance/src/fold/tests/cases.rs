//! Explicit transitions and how sources meet.

use super::{
    build::{Given, at, counted, kratos, log, number, one_hot, refused, signal},
    show::show,
};
use crate::{
    facts::{
        Evidence, Mechanism, Signal, Source,
        State::{Closed, Disabled, ForcedOpen, HalfOpen, Open},
    },
    fold::{BreakerId, Method},
};

#[track_caller]
fn check(name: &str, given: &Given, expected: &str) {
    assert_eq!(show(&given.fold()), expected, "{name}");
}

#[test]
fn explicit_transitions() {
    let hystrix = |time, from, to| log("hystrix-go", "pay", time, from, to);
    check(
        "13: a failed probe of hystrix-go is silent",
        &Given::default().signal([
            hystrix(0.0, None, Open),
            hystrix(5.0, Some(Open), HalfOpen),
            hystrix(10.0, Some(Open), HalfOpen),
            hystrix(10.2, None, Closed),
        ]),
        "order pay/i1: C>O 0 explicit, O>H 5 explicit, H>O 6 gap_fill, O>H 10 explicit, H>C 10.2 explicit | 0-10.2 closed p2 r1",
    );
    check(
        "21: Linkerd, whose words the rules turn round",
        &Given::default().signal([log("linkerd", "pay", 0.0, None, Open), log("linkerd", "pay", 30.0, None, Closed)]),
        "order pay/i1: C>O 0 explicit, O>C 30 explicit | 0-30 closed",
    );
    check(
        "e9: `opening` twice means that it was flushed between",
        &Given::default().signal([hystrix(0.0, None, Open), hystrix(60.0, None, Open)]),
        "order pay/i1: C>O 0 explicit, O>C 60 gap_fill, C>O 60 explicit | 0-60 restart, 60- ongoing",
    );
    check(
        "two loggers of one process tell of the same trip",
        &Given::default().signal([
            log("resilience4j", "pay", 0.0, Some(Closed), Open),
            log("resilience4j", "pay", 0.001, Some(Closed), Open),
            log("resilience4j", "pay", 5.0, Some(Open), HalfOpen),
            log("resilience4j", "pay", 5.002, Some(Open), HalfOpen),
            log("resilience4j", "pay", 5.2, Some(HalfOpen), Closed),
            log("resilience4j", "pay", 5.2, Some(HalfOpen), Closed),
        ]),
        "order pay/i1: C>O 0 explicit, O>H 5 explicit, H>C 5.2 explicit | 0-5.2 closed p1",
    );
    check(
        "a second trip soon after is another one",
        &Given::default().signal([log("", "pay", 0.0, Some(Closed), Open), log("", "pay", 0.5, Some(Closed), Open)]),
        "order pay/i1: C>O 0 explicit, O>C 0.5 gap_fill, C>O 0.5 explicit | 0-0.5 closed, 0.5- ongoing",
    );
    check(
        "e11: disabled is no trip, forced open is",
        &Given::default().signal([
            log("resilience4j", "pay", 0.0, Some(Closed), Disabled),
            log("resilience4j", "pay", 10.0, Some(Disabled), ForcedOpen),
            log("resilience4j", "pay", 20.0, Some(ForcedOpen), Closed),
        ]),
        "order pay/i1: C>D 0 explicit, D>F 10 explicit, F>C 20 explicit | 10-20 closed",
    );
    check(
        "a line that was lost is filled in",
        &Given::default().signal([log("", "pay", 0.0, Some(Closed), Open), log("", "pay", 30.0, Some(HalfOpen), Closed)]),
        "order pay/i1: C>O 0 explicit, O>H 30 gap_fill, H>C 30 explicit | 0-30 closed p1",
    );
    check(
        "a trip that was open before anything was read",
        &Given::default().signal([log("", "pay", 0.0, Some(Open), HalfOpen), log("", "pay", 1.0, Some(HalfOpen), Closed)]),
        "order pay/i1: O>H 0 explicit, H>C 1 explicit | -3600-1 closed p1",
    );
    check(
        "s6: rules loaded anew close",
        &Given::default().signal([
            log("sentinel-go", "pay", 0.0, Some(Closed), Open),
            signal("sentinel-go", "", 5.0, Signal::ConfigReload),
            signal("kitex", "", 2.0, Signal::ConfigReload),
        ]),
        "order pay/i1: C>O 0 explicit, O>C 5 explicit | 0-5 restart",
    );
}

#[test]
fn refusals_that_name_nothing_are_no_breaker_where_others_are_named() {
    let nameless = || (0..9).map(|nth| refused("", "", 100.0 + f64::from(nth)));
    let named = ["pay", "stock"].map(|name| log("", name, 0.0, Some(Closed), Open));
    let folded = Given::default().signal(named).reject(nameless()).fold();
    assert_eq!(folded.breakers.len(), 2, "{}", show(&folded));
    assert!(folded.breakers.iter().all(|breaker| !breaker.key.name.is_empty()), "{}", show(&folded));
    let alone = Given::default().reject(nameless()).fold();
    assert_eq!(alone.breakers.len(), 1, "all that is known of them: {}", show(&alone));
}

#[test]
fn states_without_a_name_are_of_the_only_name_that_was_refused_then() {
    let observed =
        || Given::default().signal([log("sentinel-java", "", 0.0, Some(Closed), Open), log("sentinel-java", "", 20.0, Some(Open), Closed)]);
    let refusals = |family, name, from: f64| (0..6).map(move |nth| refused(family, name, from + f64::from(nth)));
    let check = |about: &str, given: Given, expected: &[&str]| {
        let folded = given.fold();
        let names: Vec<&str> = folded.breakers.iter().map(|breaker| breaker.key.name.as_str()).collect();
        assert_eq!(names, expected, "{about}: {}", show(&folded));
    };
    let both = observed().reject(refusals("sentinel-java", "pay", 1.0)).reject(refusals("sentinel-java", "op:Charge", 1.0));
    let folded = both.fold();
    assert_eq!(show(&folded), "order pay/i1: C>O 0 explicit, O>C 20 explicit | 0-20 closed x12");
    assert_eq!(folded.breakers[0].aliases, ["op:Charge"]);
    let two = observed().reject(refusals("sentinel-java", "pay", 1.0)).reject(refusals("sentinel-java", "stock", 9.0));
    check("either of two", two, &["", "pay", "stock"]);
    check("another library", observed().reject(refusals("hystrix", "pay", 1.0)), &["", "pay"]);
    check("refused while it was closed", observed().reject(refusals("sentinel-java", "pay", 100.0)), &["", "pay"]);
}

#[test]
fn breakers_of_one_service_that_open_together_are_told_apart() {
    let open = |family, name| [log(family, name, 0.0, Some(Closed), Open), log(family, name, 20.0, Some(Open), Closed)];
    let refusals = |family, name| (0..6).map(move |nth| refused(family, name, 1.0 + f64::from(nth)));
    let three = || Given::default().signal(open("", "pay")).signal(open("hystrix-go", "stock")).signal(open("sentinel-go", "cart"));
    let check = |name: &str, given: Given, expected: &[(&str, &[&str], f64)]| {
        let folded = given.fold();
        let found: Vec<_> = folded
            .breakers
            .iter()
            .map(|breaker| {
                let aliases: Vec<&str> = breaker.aliases.iter().map(String::as_str).collect();
                (breaker.key.name.as_str(), aliases, breaker.trips.iter().map(|trip| trip.trip.refused).sum::<f64>())
            })
            .collect();
        let found: Vec<_> = found.iter().map(|(name, aliases, refused)| (*name, aliases.as_slice(), *refused)).collect();
        assert_eq!(found, expected, "{name}: {}", show(&folded));
    };
    check(
        "by the library that the refusals tell",
        three().reject(refusals("hystrix-go", "op:GET /stock")).reject(refusals("sentinel-go", "op:GET /cart")),
        &[("cart", &["op:GET /cart"], 6.0), ("pay", &[], 0.0), ("stock", &["op:GET /stock"], 6.0)],
    );
    check(
        "refusals of an unknown library are of the breaker whose library nothing tells",
        three().reject(refusals("", "op:POST /pay")),
        &[("cart", &[], 0.0), ("pay", &["op:POST /pay"], 6.0), ("stock", &[], 0.0)],
    );
    check(
        "two that fit alike: nobody knows of which, and it is no third one",
        Given::default()
            .signal(open("hystrix-go", "stock"))
            .signal(open("hystrix-go", "price"))
            .reject(refusals("hystrix-go", "op:GET /a")),
        &[("price", &[], 0.0), ("stock", &[], 0.0)],
    );
    check(
        "now the one and now the other was open",
        Given::default()
            .signal(open("hystrix-go", "stock"))
            .signal([log("hystrix-go", "price", 60.0, Some(Closed), Open), log("hystrix-go", "price", 80.0, Some(Open), Closed)])
            .reject(refusals("hystrix-go", "op:GET /a"))
            .reject((0..9).map(|nth| refused("hystrix-go", "op:GET /a", 61.0 + f64::from(nth)))),
        &[("price", &[], 9.0), ("stock", &[], 6.0)],
    );
    check(
        "none was open: a breaker of its own",
        Given::default().signal(open("", "pay")).reject((0..6).map(|nth| refused("", "op:GET /a", 600.0 + f64::from(nth)))),
        &[("op:GET /a", &[], 6.0), ("pay", &[], 0.0)],
    );
}

#[test]
fn a_log_a_gauge_and_refusals_are_one_event_14() {
    let spans = (0..5).map(|nth| refused("gobreaker", "op:Charge", 0.5 + f64::from(nth)));
    let mut log_line = log("", "pay", 0.0, Some(Closed), Open);
    log_line.text = "Circuit breaker state changed".into();
    let gauge =
        [-3.0, 12.0].map(|time| number("", "pay", time, if time < 0.0 { 0.0 } else { 2.0 }, Some(if time < 0.0 { Closed } else { Open })));
    let given = Given::default().signal([log_line]).signal(gauge).reject(spans);
    let folded = given.fold();
    assert_eq!(show(&folded), "order pay/i1: C>O 0 explicit, O>? 12 gap_fill | 0-12 gone x5");
    let breaker = &folded.breakers[0];
    assert_eq!(breaker.aliases, ["op:Charge"]);
    let opened = &breaker.instances[0].transitions[0];
    assert_eq!((opened.at.lo, opened.at.time, opened.at.hi), (Some(at(0.0)), at(0.0), at(0.0)));
    assert!(opened.confidence > 95, "{}", opened.confidence);
    assert_eq!(opened.evidence_total, 7);
    let mut rules: Vec<&str> = opened.evidence.iter().map(|proof| proof.rule.as_str()).collect();
    rules.sort_unstable();
    rules.dedup();
    assert_eq!(rules, ["enum", "log", "text.refused"]);
    assert!(folded.verdicts.iter().all(|verdict| verdict.breaker == Some(0)));
}

#[test]
fn polly_says_it_in_a_log_and_in_a_counter_19() {
    use crate::facts::Amount;
    let total = |time, value| {
        let amount = Amount::Cumulative { value, series: 9, start_time: None };
        signal("polly", "orders-http//cb", time, Signal::Counter { from: None, to: Open, amount })
    };
    let given = Given::default()
        .signal([log("polly", "orders-http//cb", 3500.0, None, Open), total(3480.0, 4.0), total(3540.0, 5.0)])
        .signal([log("polly", "orders-http//cb", 3530.0, None, Closed)]);
    let folded = given.fold();
    assert_eq!(show(&folded), "order orders-http//cb/i1: C>O 3500 explicit, O>C 3530 explicit | 3500-3530 closed");
    assert_eq!(folded.breakers[0].instances[0].transitions[0].evidence_total, 2);
}

#[test]
fn the_log_wins_over_what_refusals_suggest_23() {
    let refusals = (0..12).map(|nth| refused("hystrix-go", "pay", 0.8 + f64::from(nth) * 0.8));
    let bare = Given::default().reject(refusals.clone());
    assert_eq!(show(&bare.fold()), "order pay/i1: C>O 0.8 rejection_burst, O>C 9.6 rejection_burst | 0.8-9.6 closed x12");
    let given = Given::default().reject(refusals).signal([
        log("hystrix-go", "pay", 0.0, None, Open),
        log("hystrix-go", "pay", 10.0, None, HalfOpen),
        log("hystrix-go", "pay", 10.2, None, Closed),
    ]);
    let folded = given.fold();
    assert_eq!(show(&folded), "order pay/i1: C>O 0 explicit, O>H 10 explicit, H>C 10.2 explicit | 0-10.2 closed p1 x12");
    assert_eq!(folded.breakers[0].id, bare.fold().breakers[0].id);
    let trip = folded.breakers[0].trip_at(at(5.0)).expect("open then");
    assert_eq!(trip.trip.opened.time, at(0.0));
    assert!(folded.breakers[0].trip_at(at(11.0)).is_none());
}

#[test]
fn refusals_while_a_reported_breaker_is_closed_are_a_missed_transition() {
    let given = Given::default()
        .signal([log("hystrix-go", "pay", 0.0, None, Open), log("hystrix-go", "pay", 10.0, None, Closed)])
        .reject((0..5).map(|nth| refused("hystrix-go", "pay", 60.0 + f64::from(nth))));
    let folded = given.fold();
    assert_eq!(show(&folded), "order pay/i1: C>O 0 explicit, O>C 10 explicit | 0-10 closed");
    let conflicts = &folded.breakers[0].instances[0].conflicts;
    assert_eq!(conflicts.len(), 1);
    assert!(conflicts[0].missed_transition);
    assert_eq!((conflicts[0].says, conflicts[0].stands, conflicts[0].method), (Open, Closed, Method::RejectionBurst));
}

#[test]
fn a_gauge_that_denies_a_log_in_the_same_window_is_a_conflict() {
    let given = Given::default()
        .signal([log("resilience4j", "pay", 0.0, Some(Closed), Open), log("resilience4j", "pay", 20.0, Some(Open), Closed)])
        .signal(
            [-15.0, 10.0, 25.0, 40.0]
                .into_iter()
                .flat_map(|time| one_hot("pay", time, if time == 10.0 || time == 25.0 { Open } else { Closed })),
        );
    let folded = given.fold();
    assert!(show(&folded).starts_with("order pay/i1: C>O 0 explicit, O>C 20 explicit"), "{}", show(&folded));
    assert_eq!(folded.breakers[0].instances[0].conflicts.len(), 1);
}

#[test]
fn who_is_the_same_breaker() {
    let statsd = number("hystrix-go", "svc-pay-charge", 3.0, 1.0, Some(Open));
    let given = Given::default()
        .signal([log("hystrix-go", "svc/pay.charge", 0.0, None, Open), log("hystrix-go", "svc/pay.charge", 9.0, None, Closed), statsd])
        .signal([counted("b", 0.0, Closed, Open, 1.0), log("", "b", 5.0, Some(Closed), Open), log("", "b", 6.0, Some(Open), Closed)]);
    let folded = given.fold();
    let names: Vec<(&str, &str)> = folded.breakers.iter().map(|breaker| (&*breaker.key.name, &*breaker.key.family)).collect();
    assert_eq!(names, [("b", "sentinel-go"), ("svc/pay.charge", "hystrix-go")]);
    assert_eq!(folded.breaker(BreakerId(1)), None);
    assert_eq!(folded.breaker(folded.breakers[1].id), Some(&folded.breakers[1]));
}

#[test]
fn capacity_of_envoy_27() {
    let gauge = |time, value, state| {
        let mut signal = number("envoy", "pay", time, value, Some(state));
        signal.mechanism = Mechanism::ConcurrencyCap;
        signal
    };
    let given = Given::default().signal([gauge(0.0, 0.0, Closed), gauge(10.0, 1.0, Open), gauge(20.0, 0.0, Closed)]);
    let folded = given.fold();
    assert!(show(&folded).starts_with("order pay/i1: C>O 10 enum_gauge, O>C 20 enum_gauge"), "{}", show(&folded));
    let breaker = &folded.breakers[0];
    assert_eq!(breaker.key.mechanism, Mechanism::ConcurrencyCap);
    assert!(breaker.instances[0].transitions[..2].iter().all(|transition| transition.cause == "capacity"));
}

#[test]
fn go_zero_drops_are_the_breaker_or_the_shedder_22() {
    use crate::facts::{Rejection, RejectionKind};
    let drop = |time: f64| Rejection {
        kind: RejectionKind::Unknown503,
        mechanism: Mechanism::Adaptive,
        evidence: Evidence { confidence: 30, ..super::build::evidence(Source::Log, "gozero.drop", 30) },
        ..refused("go-zero", "op:/a", time)
    };
    let shed = Rejection { kind: RejectionKind::LoadShed, ..drop(-0.2) };
    let alone = Given::default().reject([0.0, 1.0, 2.0].map(drop));
    assert_eq!(show(&alone.fold()), "order op:/a/i1: C>O 0 rejection_burst, O>C 2 rejection_burst | 0-2 closed x3");
    assert_eq!(alone.fold().breakers[0].trips[0].trip.confidence, 70);
    let with_shedder = Given::default().reject([0.0, 0.1, 0.2].map(drop)).reject([shed]);
    assert_eq!(show(&with_shedder.fold()), "");
    assert_eq!(show(&Given::default().reject([kratos("order", 0.0)]).fold()), "order op:/user.v1.User/Get/i1:  | ");
}
