//! Several instances, restarts and silence.

use super::{
    build::{BreakerSignalIn, Given, at, kratos, log, one_hot, signal},
    show::{letter, show, show_trip},
};
use crate::{
    facts::{
        Amount, Rejection, Signal,
        State::{self, Closed, Open},
    },
    fold::{Ended, Input, Presence, fold},
};

/// Any cumulative point of an instance: it tells when its process began.
fn beat(instance: &str, time: f64, start: f64) -> crate::facts::BreakerSignal {
    let amount = Amount::Cumulative { value: 0.0, series: 1, start_time: Some(at(start)) };
    signal("gobreaker", "other", time, Signal::Counter { from: Some(Closed), to: Open, amount }).of(instance)
}

#[test]
fn two_instances_one_of_which_restarts_24() {
    let of = |instance: &'static str, time, from, to| log("gobreaker", "pay", time, Some(from), to).of(instance);
    let given = Given::default()
        .signal([of("i1", 0.0, Closed, Open), of("i2", 10.0, Closed, Open), of("i2", 20.0, Open, Closed)])
        .signal([beat("i1", 25.0, -9000.0), beat("i1", 40.0, 30.0)]);
    let folded = given.fold();
    let breaker = folded.breakers.iter().find(|breaker| breaker.key.name == "pay").expect("there");
    let instances: Vec<String> = breaker.instances.iter().map(|history| show_trip(&history.trips[0])).collect();
    assert_eq!(instances, ["0-30 restart", "10-20 closed"]);
    let [trip] = &breaker.trips[..] else { panic!("{:?}", breaker.trips) };
    assert_eq!(show_trip(&trip.trip), "0-30 restart");
    let seconds = |ns: i64| ns / 1_000_000_000;
    assert_eq!([trip.partial_ns, trip.majority_ns, trip.full_ns].map(seconds), [0, 20, 10]);
    assert_eq!(trip.members, [(0, 0), (1, 0)]);
    let segments: Vec<String> = breaker
        .segments
        .iter()
        .map(|segment| {
            format!("{} {} {}", (segment.start.0 - super::build::T0) / 1_000_000_000, letter(segment.state), segment.open_fraction)
        })
        .collect();
    assert_eq!(segments, ["-3600 C 0", "0 O 0.5", "10 O 1", "20 O 0.5", "30 C 0"]);
    assert_eq!((breaker.state_at(at(5.0)), breaker.state_at(at(31.0)), breaker.state_at(at(-4000.0))), (Open, Closed, State::Unknown));
}

#[test]
fn an_instance_that_is_gone_ends_its_trip() {
    let gauge = |instance: &'static str, times: &[(f64, State)]| {
        times.iter().flat_map(|(time, state)| one_hot("pay", *time, *state)).map(|signal| signal.of(instance)).collect::<Vec<_>>()
    };
    let steady: Vec<(f64, State)> = (0..240).map(|nth| (f64::from(nth) * 15.0, Closed)).collect();
    let given = Given::default().signal(gauge("old", &[(0.0, Closed), (15.0, Open), (30.0, Open)])).signal(gauge("new", &steady));
    let folded = given.fold();
    assert_eq!(show(&folded), "order pay/new:  | \norder pay/old: C>O 15 onehot, O>? 30 onehot | 15-30 gone");
    let trip = &folded.breakers[0].trips[0].trip;
    assert_eq!((trip.ended_by, trip.closed.map(|closed| closed.time)), (Ended::Gone, Some(at(30.0))));
    assert_eq!(folded.breakers[0].state_at(at(100.0)), Closed);
}

#[test]
fn who_is_known_to_be_silent_is_gone() {
    let given = Given::default().reject((0..4).map(|nth| kratos("order", f64::from(nth))));
    let presence = |last| [Presence { service: "order".into(), instance: "i1".into(), first: at(-3000.0), last: at(last) }];
    let ended = |last| fold(&Input { presence: &presence(last), ..given.input() }).breakers[0].trips[0].trip.ended_by;
    assert_eq!(ended(3590.0), Ended::Closed);
    assert_eq!(ended(4.0), Ended::Gone, "nothing was heard while the gap would have been");
}

#[test]
fn a_restart_splits_a_burst() {
    let given = Given::default()
        .reject([0.0, 1.0, 2.0, 6.0, 7.0, 8.0].map(|time| kratos("order", time)))
        .signal([beat("i1", 1.0, -9000.0), beat("i1", 30.0, 4.0)]);
    let folded = given.fold();
    let text = show(&folded);
    assert!(text.contains("0-4 restart x3, 6-8 closed x3"), "{text}");
}

#[test]
fn several_processes_behind_no_instance_id() {
    let shared = |time, from, to| log("gobreaker", "pay", time, Some(from), to).of("-");
    let given = Given::default().signal([
        shared(0.0, Closed, Open),
        shared(3.0, Closed, Open),
        shared(30.0, Open, Closed),
        shared(33.0, Open, Closed),
    ]);
    let folded = given.fold();
    assert_eq!(show(&folded), "order pay/-: C>O 0 explicit, O>C 30 explicit | 0-30 closed");
    assert_eq!(folded.breakers[0].trips[0].trip.confidence, 70, "twenty less");
    let empty = Given::default()
        .reject([0.0, 1.0, 2.0].map(|time| Rejection { emitter: super::build::emitter("order", ""), ..kratos("order", time) }));
    assert_eq!(empty.fold().breakers[0].instances[0].instance, "-");
}
