//! Counters of transitions.

use super::{
    build::{Given, at, counted, log, signal},
    show::show,
};
use crate::{
    facts::{
        Amount, BreakerSignal, Signal,
        State::{self, Closed, HalfOpen, Open},
    },
    fold::Notice,
};

const MOVES: [(State, State); 4] = [(Closed, Open), (Open, HalfOpen), (HalfOpen, Open), (HalfOpen, Closed)];

/// One scrape of the four counters.
fn scrape(time: f64, values: [f64; 4]) -> Vec<BreakerSignal> {
    MOVES.iter().zip(values).map(|((from, to), value)| counted("pay", time, *from, *to, value)).collect()
}

#[track_caller]
fn check(name: &str, scrapes: &[(f64, [f64; 4])], expected: &str) {
    let given = Given::default().signal(scrapes.iter().flat_map(|(time, values)| scrape(*time, *values)));
    assert_eq!(show(&given.fold()), expected, "{name}");
}

#[test]
fn walks_of_sentinel() {
    check(
        "11: seven changes in one scrape",
        &[(3500.0, [4.0, 5.0, 1.0, 4.0]), (3570.0, [5.0, 8.0, 3.0, 5.0])],
        "order pay/i1: C>O 3510 counter, O>H 3520 counter, H>O 3530 counter, O>H 3540 counter, H>O 3550 counter, O>H 3560 counter, \
         H>C 3570 counter | 3510-3570 closed p3 r2",
    );
    check(
        "12: a probe that another rule blocked is not counted",
        &[(3500.0, [4.0, 5.0, 1.0, 4.0]), (3570.0, [5.0, 8.0, 2.0, 5.0])],
        "order pay/i1: C>O 3510 counter, O>H 3520 counter, H>O 3530 counter, O>H 3540 counter, H>O! 3550 gap_fill, O>H 3560 counter, \
         H>C 3570 counter | 3510-3570 closed p3 r2",
    );
    check(
        "over several scrapes",
        &[(3500.0, [0.0; 4]), (3510.0, [1.0, 0.0, 0.0, 0.0]), (3520.0, [1.0, 0.0, 0.0, 0.0]), (3530.0, [1.0, 1.0, 0.0, 1.0])],
        "order pay/i1: C>O 3510 counter, O>H 3525 counter, H>C 3530 counter | 3510-3530 closed p1",
    );
}

#[test]
fn counters_of_several_breakers_count_the_open_ones() {
    let scrapes = [(3500.0, [0.0; 4]), (3510.0, [3.0, 0.0, 0.0, 0.0]), (3530.0, [3.0, 2.0, 0.0, 2.0]), (3540.0, [3.0, 3.0, 0.0, 3.0])];
    let given = Given::default().signal(scrapes.iter().flat_map(|(time, values)| scrape(*time, *values)));
    let folded = given.fold();
    assert_eq!(show(&folded), "order pay/i1: C>O 3510 counter, O>C 3540 counter | 3510-3540 closed");
    assert!(matches!(folded.notices[..], [Notice::SeveralBreakers { .. }]));
}

#[test]
fn new_states_only() {
    let total = |to, time, value| {
        let amount = Amount::Cumulative { value, series: to as u64, start_time: Some(at(-100_000.0)) };
        signal("failsafe", "pay", time, Signal::Counter { from: None, to, amount })
    };
    let scrape =
        |time, [opens, halves, closes]: [f64; 3]| [total(Open, time, opens), total(HalfOpen, time, halves), total(Closed, time, closes)];
    let given = Given::default().signal(scrape(3500.0, [1.0; 3])).signal(scrape(3560.0, [3.0; 3]));
    assert_eq!(
        show(&given.fold()),
        "order pay/i1: C>O 3510 counter, O>H 3520 counter, H>C 3530 counter, C>O 3540 counter, O>H 3550 counter, H>C 3560 counter | \
         3510-3530 closed p1, 3540-3560 closed p1"
    );
    let delta = |to, time| signal("polly", "pay", time, Signal::Counter { from: None, to, amount: Amount::Count(1.0) });
    let given = Given::default().signal([delta(Open, 3500.0), delta(HalfOpen, 3505.0), delta(Closed, 3506.0)]);
    assert_eq!(show(&given.fold()), "order pay/i1: C>O 3500 counter, O>H 3505 counter, H>C 3506 counter | 3500-3506 closed p1");
}

#[test]
fn first_points_and_restarts() {
    let point = |from, to, time, value, start: f64| {
        let amount = Amount::Cumulative { value, series: from as u64 * 10 + to as u64, start_time: Some(at(start)) };
        signal("sentinel-go", "pay", time, Signal::Counter { from: Some(from), to, amount })
    };
    let given = Given::default().signal([point(Closed, Open, 3500.0, 1.0, 3300.0)]);
    assert_eq!(show(&given.fold()), "order pay/i1: C>O 3500 counter | 3500- ongoing", "a young series counts");
    let given = Given::default().signal([point(Closed, Open, 3500.0, 1.0, -90_000.0)]);
    assert_eq!(show(&given.fold()), "order pay/i1:  | ", "an old one only from where it is first seen");
    let given = Given::default().signal([
        point(HalfOpen, Closed, 3440.0, 7.0, -90_000.0),
        point(HalfOpen, Closed, 3500.0, 7.0, -90_000.0),
        point(Closed, Open, 3500.0, 1.0, -90_000.0),
    ]);
    assert_eq!(show(&given.fold()), "order pay/i1: C>O 3500 counter | 3500- ongoing", "its siblings were seen without it");
    let given = Given::default().signal([
        point(Closed, Open, 3400.0, 1.0, -90_000.0),
        point(Closed, Open, 3410.0, 2.0, -90_000.0),
        point(Closed, Open, 3500.0, 0.0, 3450.0),
    ]);
    assert_eq!(show(&given.fold()), "order pay/i1: C>O 3410 counter, O>C 3450 explicit | 3410-3450 restart", "a new start closes");
}

#[test]
fn counters_and_the_log_of_a_listener() {
    let given = Given::default().signal(scrape(3500.0, [0.0; 4])).signal(scrape(3560.0, [1.0, 2.0, 1.0, 1.0])).signal([
        log("sentinel-go", "pay", 3503.0, Some(Closed), Open),
        log("sentinel-go", "pay", 3513.0, Some(Open), HalfOpen),
        log("sentinel-go", "pay", 3513.1, Some(HalfOpen), Open),
        log("sentinel-go", "pay", 3523.1, Some(Open), HalfOpen),
        log("sentinel-go", "pay", 3523.3, Some(HalfOpen), Closed),
    ]);
    let folded = given.fold();
    assert_eq!(
        show(&folded),
        "order pay/i1: C>O 3503 explicit, O>H 3513 explicit, H>O 3513.1 explicit, O>H 3523.1 explicit, H>C 3523.3 explicit | \
         3503-3523.3 closed p2 r1"
    );
    assert!(folded.breakers[0].instances[0].transitions.iter().all(|transition| transition.evidence_total == 2));
}
