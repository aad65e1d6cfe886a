//! The same facts in any order, any of them twice, give the same answer; so do facts that come late.

use proptest::prelude::*;

use super::build::{Given, at, counted, kratos, kratos_total, log, number, one_hot, refused};
use crate::{
    facts::{
        BreakerSignal, Rejection, SpanKind,
        State::{self, Closed, HalfOpen, Open},
    },
    fold::{Breaker, Ended, Folded, History, Input, Notice, fold},
};

fn state() -> impl Strategy<Value = State> {
    prop_oneof![Just(Closed), Just(Open), Just(HalfOpen)]
}

fn a_time() -> impl Strategy<Value = f64> {
    (0..1200_i32).prop_map(|half| f64::from(half) / 2.0)
}

fn signals() -> impl Strategy<Value = Vec<BreakerSignal>> {
    let one = prop_oneof![
        (a_time(), proptest::option::of(state()), state()).prop_map(|(time, from, to)| vec![log("gobreaker", "pay", time, from, to)]),
        (a_time(), state()).prop_map(|(time, state)| one_hot("pay", time, state)),
        (a_time(), 0..3_u8).prop_map(|(time, value)| vec![number("", "pay", time, f64::from(value), None)]),
        (a_time(), state(), state(), 0..9_u8).prop_map(|(time, from, to, value)| vec![counted("pay", time, from, to, f64::from(value))]),
    ];
    proptest::collection::vec(one, 0..40).prop_map(|all| all.concat())
}

fn rejections() -> impl Strategy<Value = Vec<Rejection>> {
    let one = prop_oneof![
        a_time().prop_map(|time| kratos("order", time)),
        a_time().prop_map(|time| refused("gobreaker", "op:Charge", time)),
        (a_time(), 0..99_u8).prop_map(|(time, value)| kratos_total("order", SpanKind::Client, time, f64::from(value))),
    ];
    proptest::collection::vec(one, 0..60)
}

/// What a person sees.
fn seen(folded: &Folded) -> (&[Breaker], &[Notice]) {
    (&folded.breakers, &folded.notices)
}

/// One legal chain, times in order, trips that do not overlap.
fn sound(history: &History) {
    let mut state = history.initial;
    for pair in history.transitions.windows(2) {
        assert!(pair[0].at.time <= pair[1].at.time, "{pair:?}");
    }
    for transition in &history.transitions {
        assert_eq!(transition.from, state, "{transition:?}");
        assert_ne!(transition.to, state, "{transition:?}");
        assert_ne!((transition.from, transition.to), (Closed, HalfOpen));
        assert!(transition.at.lo.is_none_or(|lo| lo <= transition.at.time) && transition.at.time <= transition.at.hi, "{transition:?}");
        assert!(transition.evidence.len() <= 8 && transition.confidence < 100);
        state = transition.to;
    }
    for pair in history.trips.windows(2) {
        assert!(pair[0].closed.is_some_and(|closed| closed.time <= pair[1].opened.time), "{pair:?}");
    }
    for trip in &history.trips {
        assert_eq!(trip.closed.is_none(), trip.ended_by == Ended::Ongoing);
        assert!(trip.refused >= 0.0 && trip.reopens <= trip.probes + 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn order_and_duplicates_change_nothing(
        (signals, shuffled) in signals().prop_flat_map(|signals| (Just(signals.clone()), Just(signals).prop_shuffle())),
        (rejections, mixed) in rejections().prop_flat_map(|rejections| (Just(rejections.clone()), Just(rejections).prop_shuffle())),
        again in 0..40_usize,
    ) {
        let given = Given { rejections, signals };
        let first = given.fold();
        let mut other = Given { rejections: mixed, signals: shuffled };
        other.rejections.extend(other.rejections.clone().into_iter().take(again));
        other.signals.extend(other.signals.clone().into_iter().rev().take(again));
        let second = other.fold();
        prop_assert_eq!(seen(&first), seen(&second));
        first.breakers.iter().flat_map(|breaker| &breaker.instances).for_each(sound);
        for breaker in &first.breakers {
            let open: i64 = breaker.trips.iter().map(|trip| trip.trip.open_ns + trip.trip.half_open_ns).sum();
            let covered: i64 = breaker.trips.iter().map(|trip| trip.partial_ns + trip.majority_ns + trip.full_ns).sum();
            prop_assert_eq!(open, covered);
        }
        let refused: f64 = first.breakers.iter().flat_map(|breaker| &breaker.trips).map(|trip| trip.trip.refused).sum();
        prop_assert!(refused <= given.rejections.iter().map(|_| 99.0).sum::<f64>());
    }

    /// Whatever comes later than a closed trip and its look-back leaves the trip as it was.
    #[test]
    fn what_comes_after_changes_no_trip_before(late in proptest::collection::vec(2000..3000_i32, 0..30)) {
        let given = Given::default().reject([0.0, 1.0, 2.0, 3.0].map(|time| kratos("order", time)));
        let more = given.clone().reject(late.into_iter().map(|time| kratos("order", f64::from(time))));
        let of = |given: &Given| fold(&Input::new(&given.rejections, &given.signals, at(-3600.0), at(3600.0))).breakers[0].trips[0].clone();
        prop_assert_eq!(of(&given), of(&more));
    }
}
