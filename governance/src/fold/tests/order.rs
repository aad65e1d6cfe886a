//! The same facts in any order, any of them twice, give the same answer; so do facts that come late.

use proptest::{option, prelude::*, sample::select};
use schemas::UnixNanos;

use super::build::{Given, at, counted, evidence, kratos, kratos_total, log, number, one_hot, refused, signal, span, trace};
use crate::{
    facts::{
        Amount, BreakerSignal, Emitter, Evidence, Rejection, RejectionKind, Signal, Source, SpanKind,
        State::{self, Closed, HalfOpen, Open},
    },
    fold::{Breaker, Ended, Folded, History, Input, Link, Notice, TraceShape, fold},
};

fn state() -> impl Strategy<Value = State> {
    prop_oneof![Just(Closed), Just(Open), Just(HalfOpen)]
}

fn a_time() -> impl Strategy<Value = f64> {
    (0..1200_i32).prop_map(|half| f64::from(half) / 2.0)
}

/// No id: processes that cannot be told apart.
fn instance() -> impl Strategy<Value = &'static str> {
    prop_oneof![3 => Just("i1"), 2 => Just("i2"), 1 => Just("")]
}

/// Long ago, before most facts, among them, or not told.
fn start() -> impl Strategy<Value = Option<UnixNanos>> {
    option::weighted(0.8, select(vec![-100_000.0, -50.0, 150.0, 150.4, 300.0, 450.0]).prop_map(at))
}

fn from_start(amount: Amount, start_time: Option<UnixNanos>) -> Amount {
    match amount {
        Amount::Cumulative { value, series, .. } => Amount::Cumulative { value, series, start_time },
        count => count,
    }
}

fn signals() -> impl Strategy<Value = Vec<BreakerSignal>> {
    let total = (a_time(), state(), state(), 0..9_u8, start()).prop_map(|(time, from, to, value, start)| {
        let mut counted = counted("pay", time, from, to, f64::from(value));
        if let Signal::Counter { amount, .. } = &mut counted.signal {
            *amount = from_start(*amount, start);
        }
        vec![counted]
    });
    // Delta temporality: what was counted since the last export.
    let delta = (a_time(), option::of(state()), state(), 0..4_u8)
        .prop_map(|(time, from, to, value)| (time, Signal::Counter { from, to, amount: Amount::Count(f64::from(value)) }));
    let one = prop_oneof![
        (a_time(), option::of(state()), state()).prop_map(|(time, from, to)| vec![log("gobreaker", "pay", time, from, to)]),
        (a_time(), state()).prop_map(|(time, state)| one_hot("pay", time, state)),
        (a_time(), 0..3_u8).prop_map(|(time, value)| vec![number("", "pay", time, f64::from(value), None)]),
        total,
        delta.prop_map(|(time, what)| vec![signal("polly", "pay", time, what)]),
        (a_time(), state()).prop_map(|(time, state)| vec![signal("hystrix", "pay", time, Signal::Seen { state })]),
        (a_time(), select(vec!["pay", "*"])).prop_map(|(time, name)| vec![signal("sentinel-go", name, time, Signal::ConfigReload)]),
    ];
    let of_instance = (one, instance()).prop_map(|(mut facts, instance)| {
        facts.iter_mut().for_each(|fact| fact.emitter.instance = instance.to_owned());
        facts
    });
    proptest::collection::vec(of_instance, 0..40).prop_map(|all| all.concat())
}

/// Of one of six traces, in which span 1 calls span 2, and so on: told by the span itself, by its event, or by a log line that knows no
/// parent. Odd spans are those of clients.
fn in_trace() -> impl Strategy<Value = Rejection> {
    let kind = select(vec![RejectionKind::BreakerOpen, RejectionKind::RateLimit, RejectionKind::Unknown429, RejectionKind::Unknown503]);
    let source = select(vec![Source::Span, Source::SpanEvent, Source::Log]);
    (1..7_u64, 1..6_u64, kind, source, any::<bool>()).prop_map(|(of_trace, own, kind, source, says_propagated)| {
        let parent_span_id = (source != Source::Log && own > 1).then(|| span(own - 1));
        let ids = Evidence { trace_id: Some(trace(of_trace)), span_id: Some(span(own)), parent_span_id, ..evidence(source, "any", 90) };
        Rejection {
            kind,
            says_propagated,
            span_kind: (source != Source::Log).then_some(if own % 2 == 1 { SpanKind::Client } else { SpanKind::Server }),
            evidence: ids,
            ..kratos(["edge", "order", "cart"][(own / 2) as usize], (of_trace * 2 + own) as f64 / 2.0)
        }
    })
}

fn rejections() -> impl Strategy<Value = Vec<Rejection>> {
    let total = (a_time(), select(vec![SpanKind::Client, SpanKind::Server]), 0..99_u8, start()).prop_map(|(time, kind, value, start)| {
        let total = kratos_total("order", kind, time, f64::from(value));
        Rejection { amount: from_start(total.amount, start), ..total }
    });
    let delta = (a_time(), 0..9_u8).prop_map(|(time, value)| Rejection {
        amount: Amount::Count(f64::from(value)),
        evidence: evidence(Source::Sum, "kratos.metric", 95),
        ..kratos("order", time)
    });
    let one = prop_oneof![
        a_time().prop_map(|time| kratos("order", time)),
        a_time().prop_map(|time| refused("gobreaker", "op:Charge", time)),
        total,
        delta,
        in_trace(),
    ];
    let of_instance = (one, instance()).prop_map(|(rejection, instance)| {
        // A span is of one instance, whoever tells of it.
        let instance = if rejection.evidence.span_id.is_some() { "i1" } else { instance };
        Rejection { emitter: Emitter { instance: instance.to_owned(), ..rejection.emitter.clone() }, ..rejection }
    });
    proptest::collection::vec(of_instance, 0..60)
}

/// As errors tell it, in the order of the facts.
fn shape(rejections: &[Rejection]) -> TraceShape {
    let link = |of: &Rejection| Some(Link { trace: of.evidence.trace_id?, span: of.evidence.span_id?, parent: of.evidence.parent_span_id });
    rejections.iter().filter_map(link).collect()
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
        let shapes = [shape(&given.rejections), shape(&mixed)];
        let folded = |given: &Given, spans: &TraceShape| fold(&Input { spans: Some(spans), ..given.input() });
        let first = folded(&given, &shapes[0]);
        let mut other = Given { rejections: mixed, signals: shuffled };
        other.rejections.extend(other.rejections.clone().into_iter().take(again));
        other.signals.extend(other.signals.clone().into_iter().rev().take(again));
        let second = folded(&other, &shapes[1]);
        prop_assert_eq!(seen(&first), seen(&second));
        // Who refused, too: each fact gets the same answer wherever it stands.
        let answers = |given: &Given, folded: &Folded| {
            let told = given.rejections.iter().zip(&folded.verdicts);
            let mut told: Vec<String> = told.map(|(fact, verdict)| format!("{fact:?} {:?} {:?}", verdict.scope, verdict.breaker)).collect();
            told.sort();
            told.dedup();
            told
        };
        prop_assert_eq!(answers(&given, &first), answers(&other, &second));
        first.breakers.iter().flat_map(|breaker| &breaker.instances).for_each(sound);
        for breaker in &first.breakers {
            let open: i64 = breaker.trips.iter().map(|trip| trip.trip.open_ns + trip.trip.half_open_ns).sum();
            let covered: i64 = breaker.trips.iter().map(|trip| trip.partial_ns + trip.majority_ns + trip.full_ns).sum();
            prop_assert_eq!(open, covered);
        }
        let refused: f64 = first.breakers.iter().flat_map(|breaker| &breaker.trips).map(|trip| trip.trip.refused).sum();
        prop_assert!(refused <= given.rejections.iter().map(|_| 99.0).sum::<f64>());
    }

    /// What comes after the pause that ends a trip leaves it as it was, and so does what others say at any time.
    #[test]
    fn what_comes_after_changes_no_trip_before(
        late in proptest::collection::vec((14..3000_i32, 0..3_u8), 0..30),
        others in proptest::collection::vec((0..3000_i32, option::of(state()), state()), 0..10),
    ) {
        let given = Given::default().reject([0.0, 1.0, 2.0, 3.0].map(|time| kratos("order", time)));
        let more = late.into_iter().map(|(time, nth)| {
            let mut rejection = kratos("order", f64::from(time));
            rejection.emitter.instance = format!("i{nth}");
            rejection
        });
        let others = others.into_iter().map(|(time, from, to)| {
            let mut other = log("gobreaker", "pay", f64::from(time), from, to);
            other.emitter.service = "cart".into();
            other
        });
        let more = given.clone().reject(more).signal(others);
        let of = |given: &Given| {
            let folded = fold(&Input::new(&given.rejections, &given.signals, at(-3600.0), at(3600.0)));
            let breaker = folded.breakers.iter().find(|breaker| breaker.key.service == "order").expect("it refused");
            breaker.instances.iter().find(|history| history.instance == "i1").expect("it refused").trips[0].clone()
        };
        prop_assert_eq!(of(&given), of(&more));
    }
}
