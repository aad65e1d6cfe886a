//! Gauges of states.

use super::{
    build::{Given, at, number, one_hot, refused, refused_total, signal},
    show::show,
};
use crate::{
    facts::{
        BreakerSignal, Signal,
        State::{self, Closed, HalfOpen, Open},
    },
    fold::Notice,
};

fn samples(samples: &[(f64, State)]) -> Vec<BreakerSignal> {
    samples.iter().flat_map(|(time, state)| one_hot("pay", *time, *state)).collect()
}

#[track_caller]
fn check(name: &str, given: &Given, expected: &str) {
    assert_eq!(show(&given.fold()), expected, "{name}");
}

#[test]
fn one_hot_gauges() {
    let of = |states: &[(f64, State)]| Given::default().signal(samples(states));
    check(
        "open and closed again",
        &of(&[(3500.0, Closed), (3515.0, Open), (3530.0, HalfOpen), (3545.0, Closed)]),
        "order pay/i1: C>O 3515 onehot, O>H 3530 onehot, H>C 3545 onehot | 3515-3545 closed p1",
    );
    let folded = of(&[(3500.0, Closed), (3515.0, Open)]).fold();
    let opened = folded.breakers[0].instances[0].transitions[0].at;
    assert_eq!((opened.lo, opened.hi), (Some(at(3500.0)), at(3515.0)), "somewhere between two samples");
    check(
        "16: closed, then half open: it must have opened",
        &of(&[(3500.0, Closed), (3515.0, HalfOpen)])
            .reject([refused_total("resilience4j", "pay", 3500.0, 0.0), refused_total("resilience4j", "pay", 3515.0, 12.0)]),
        "order pay/i1: C>O 3500 gap_fill, O>H 3515 gap_fill | 3500- ongoing p1 x12",
    );
    let folded = of(&[(3500.0, Closed), (3515.0, HalfOpen)]).fold();
    assert!(folded.breakers[0].instances[0].transitions.iter().all(|transition| transition.confidence == 60));
    check(
        "the first sample is open: nobody knows since when",
        &of(&[(3500.0, Open), (3515.0, Closed)]),
        "order pay/i1: ?>O 3500 onehot, O>C 3515 onehot | 3500-3515 closed",
    );
    let folded = of(&[(3500.0, Open), (3515.0, Closed)]).fold();
    assert!(!folded.breakers[0].trips[0].trip.start_known());
    check(
        "silence is no state",
        &of(&[(0.0, Closed), (15.0, Open), (1000.0, Closed), (1015.0, Closed)]),
        "order pay/i1: C>O 15 onehot, O>? 15 onehot, ?>C 1000 onehot, C>? 1015 onehot | 15-15 gone",
    );
    let series = |time, state, value| signal("resilience4j", "pay", time, Signal::OneHot { state, value });
    check(
        "collected while it changed: the next sample decides",
        &of(&[(3500.0, Closed), (3530.0, Open)]).signal([series(3515.0, Closed, 1.0), series(3515.0, Open, 1.0)]),
        "order pay/i1: C>O 3530 onehot | 3530- ongoing",
    );
    check(
        "and if that is no clearer, the value that rose last",
        &of(&[(3500.0, Closed)]).signal([3515.0, 3530.0].into_iter().flat_map(|time| [series(time, Closed, 1.0), series(time, Open, 1.0)])),
        "order pay/i1: C>O 3530 onehot | 3530- ongoing",
    );
    check(
        "a gauge of `open` alone",
        &Given::default().signal([series(3500.0, Open, 0.0), series(3515.0, Open, 1.0), series(3530.0, Open, 0.0)]),
        "order pay/i1: C>O 3515 onehot, O>C 3530 onehot | 3515-3530 closed",
    );
}

#[test]
fn numbers_without_a_meaning() {
    let of = |values: &[f64]| {
        let values = values.iter().enumerate();
        Given::default().signal(values.map(|(nth, value)| number("", "pay", 3500.0 + nth as f64 * 15.0, *value, None)))
    };
    let refusals = |from: f64| (0..4).map(move |nth| refused("", "pay", from + f64::from(nth)));
    check(
        "0 and 1 are closed and open",
        &of(&[0.0, 1.0, 0.0]),
        "order pay/i1: C>O 3515 enum_gauge, O>C 3530 enum_gauge | 3515-3530 closed",
    );
    let confidence = |given: &Given| given.fold().breakers[0].trips[0].trip.confidence;
    assert_eq!(confidence(&of(&[0.0, 1.0, 0.0])), 50);
    assert_eq!(confidence(&of(&[0.0, 1.0, 0.0]).reject(refusals(3516.0))), 80);
    check(
        "unless refusals say that 0 is open",
        &of(&[1.0, 0.0, 1.0]).reject(refusals(3516.0)),
        "order pay/i1: C>O 3515 enum_gauge, O>C 3520 enum_gauge | 3515-3520 closed x4",
    );
    check(
        "a half is half open",
        &of(&[0.0, 1.0, 0.5, 0.0]),
        "order pay/i1: C>O 3515 enum_gauge, O>H 3530 enum_gauge, H>C 3545 enum_gauge | 3515-3545 closed p1",
    );
    let folded = of(&[0.0, 1.0, 2.0]).fold();
    assert!(folded.breakers[0].trips.is_empty(), "15: 0, 1, 2 may mean anything");
    let [Notice::NeedsMapping { values, .. }] = &folded.notices[..] else { panic!("{:?}", folded.notices) };
    assert_eq!(values[..], [0.0, 1.0, 2.0]);
    let mapped =
        [(0.0, Closed), (1.0, Open), (2.0, HalfOpen)].map(|(value, state)| number("", "pay", 3500.0 + value * 15.0, value, Some(state)));
    check(
        "15: with a mapping",
        &Given::default().signal(mapped),
        "order pay/i1: C>O 3515 enum_gauge, O>H 3530 enum_gauge | 3515- ongoing p1",
    );
}

#[test]
fn refusals_tell_when_within_a_sample() {
    let given = Given::default()
        .signal(samples(&[(3500.0, Closed), (3515.0, Open), (3530.0, Open), (3545.0, Closed)]))
        .reject((0..20).map(|nth| refused("resilience4j", "pay", 3507.0 + f64::from(nth))));
    let folded = given.fold();
    assert_eq!(show(&folded), "order pay/i1: C>O 3507 onehot, O>C 3545 onehot | 3507-3545 closed x20");
    let trip = &folded.breakers[0].trips[0].trip;
    assert_eq!((trip.opened.lo, trip.opened.hi), (Some(at(3500.0)), at(3507.0)));
    assert!(trip.opened.time < at(3508.0));
}

#[test]
fn points_twice_and_back_dated() {
    let twice = samples(&[(3515.0, Open), (3500.0, Closed), (3515.0, Open), (3530.0, Closed), (3500.0, Closed)]);
    check("e16", &Given::default().signal(twice), "order pay/i1: C>O 3515 onehot, O>C 3530 onehot | 3515-3530 closed");
}

#[test]
fn a_breaker_that_is_registered_anew_begins_closed_and_its_counter_at_nothing() {
    let given = Given::default().signal(samples(&[(3500.0, Closed), (3515.0, Open), (3530.0, Closed), (3545.0, Closed)])).reject(
        [(3500.0, 0.0), (3515.0, 30.0), (3530.0, 0.0), (3545.0, 0.0)]
            .map(|(time, value)| refused_total("resilience4j", "pay", time, value)),
    );
    check("e10", &given, "order pay/i1: C>O 3515 onehot, O>C 3530 explicit | 3515-3530 restart x30");
}
