//! Trips out of refused calls alone, and who refused.

use super::{
    build::{Given, at, evidence, kratos, kratos_total, refused, refused_total, signal, span, trace},
    show::show,
};
use crate::{
    facts::{
        Amount, Evidence, Rejection, RejectionKind, Signal, Source, SpanKind,
        State::{ForcedOpen, HalfOpen, Open},
    },
    fold::{Input, Scope, TraceShape, fold},
};

const OP: &str = "order op:/user.v1.User/Get/i1: ";

#[track_caller]
fn check(name: &str, given: &Given, expected: &str) {
    assert_eq!(show(&given.fold()), expected, "{name}");
}

#[test]
fn bursts_of_refusals() {
    let at_times = |times: &[f64]| Given::default().reject(times.iter().map(|time| kratos("order", *time)));
    check("1: one is no trip", &at_times(&[0.0]), &format!("{OP} | "));
    check(
        "2: three within two seconds",
        &at_times(&[0.0, 1.0, 2.0]),
        &format!("{OP}C>O 0 rejection_burst, O>C 2 rejection_burst | 0-2 closed x3"),
    );
    let folded = at_times(&[0.0, 1.0, 2.0]).fold();
    let closed = folded.breakers[0].trips[0].trip.closed.expect("closed");
    assert_eq!((closed.lo, closed.hi), (Some(at(2.0)), at(5.0)), "it may have let go within its window of 3 s");
    check("3: two are no trip", &at_times(&[0.0, 4.0]), &format!("{OP} | "));
    check("not over yet", &at_times(&[3595.0, 3596.0, 3597.0]), &format!("{OP}C>O 3595 rejection_burst | 3595- ongoing x3"));
    let half = |time| Rejection { kind: RejectionKind::HalfOpenLimit, ..refused("resilience4j", "backendA", time) };
    let seen = |time, state| signal("resilience4j", "backendA", time, Signal::Seen { state });
    check(
        "18, e14: a half open breaker refuses, and that opens nothing",
        &Given::default().reject((0..9).map(|nth| half(f64::from(nth)))).signal([seen(0.0, HalfOpen)]),
        "order backendA/i1:  | ",
    );
    check(
        "half open within a trip is told",
        &Given::default().reject((0..4).map(|nth| refused("resilience4j", "backendA", f64::from(nth)))).reject([half(63.0)]),
        "order backendA/i1: C>O 0 rejection_burst, O>H 63 rejection_burst, H>C 63 rejection_burst | 0-63 closed p1 x5",
    );
    check(
        "a text that says open, and one that says by hand",
        &Given::default().signal([seen(0.0, Open), seen(600.0, ForcedOpen)]),
        "order backendA/i1: C>O 0 rejection_burst, O>C 0 rejection_burst, C>F 600 rejection_burst, F>C 600 rejection_burst | 0-0 closed, 600-600 closed",
    );
}

#[test]
fn who_refused() {
    let propagated = |service: &str, id: u64, parent: u64, kind| {
        let evidence = Evidence {
            trace_id: Some(trace(1)),
            span_id: Some(span(id)),
            parent_span_id: Some(span(parent)),
            ..evidence(Source::Span, "kratos.span", 95)
        };
        Rejection { span_kind: Some(kind), evidence, ..kratos(service, 0.0) }
    };
    let chain =
        [propagated("a", 1, 100, SpanKind::Client), propagated("b", 2, 1, SpanKind::Server), propagated("b", 3, 2, SpanKind::Client)];
    let scopes = |rejections: &[Rejection], shape: Option<&TraceShape>| -> Vec<Scope> {
        let input = Input { spans: shape, ..Input::new(rejections, &[], at(-10.0), at(10.0)) };
        fold(&input).verdicts.iter().map(|verdict| verdict.scope).collect()
    };
    use Scope::{Local, Propagated, Unknown};
    assert_eq!(scopes(&chain, None), [Propagated, Propagated, Local], "5: only the deepest");
    let mut shape = TraceShape::default();
    shape.add(trace(1), span(2), Some(span(1)));
    assert_eq!(scopes(&[chain[0].clone(), chain[2].clone()], Some(&shape)), [Propagated, Local], "5: a span between that is no rejection");
    let said = Rejection { says_propagated: true, ..chain[0].clone() };
    assert_eq!(scopes(&[said], None), [Propagated], "4: the text says so");
    assert_eq!(scopes(&[chain[0].clone()], Some(&shape)), [Propagated], "4: a client span with a child");
    assert_eq!(scopes(&[chain[2].clone()], Some(&shape)), [Local]);
    let loose = |service: &str| Rejection {
        evidence: Evidence { source: Source::Log, ..chain[0].evidence.clone() },
        ..propagated(service, 9, 0, SpanKind::Client)
    };
    assert_eq!(scopes(&[loose("a")], None), [Local]);
    let lines = [
        loose("a"),
        Rejection { evidence: Evidence { span_id: Some(span(8)), parent_span_id: None, ..loose("b").evidence }, ..loose("b") },
    ];
    let lines = lines.map(|line| Rejection { evidence: Evidence { parent_span_id: None, ..line.evidence.clone() }, ..line });
    assert_eq!(scopes(&lines, None), [Unknown, Unknown], "log lines of two services, spans not seen");
    let answered = [loose("a"), Rejection { kind: RejectionKind::Unknown503, ..loose("b") }];
    assert_eq!(scopes(&answered, None)[0], Local, "the other service only tells with what status it was answered");
    let limited = Rejection { kind: RejectionKind::RateLimit, ..kratos("a", 0.0) };
    let at_server = Rejection { span_kind: Some(SpanKind::Server), ..limited.clone() };
    assert_eq!(scopes(&[limited, at_server], None), [Propagated, Local], "7: the server limits");
}

#[test]
fn a_metric_counts_and_spans_are_examples_6() {
    let given = Given::default()
        .reject([kratos_total("order", SpanKind::Client, 3500.0, 10.0), kratos_total("order", SpanKind::Client, 3560.0, 250.0)])
        .reject((0..40).map(|nth| kratos("order", 3507.0 + f64::from(nth))));
    let folded = given.fold();
    assert_eq!(show(&folded), format!("{OP}C>O 3507 rejection_burst, O>C 3546 rejection_burst | 3507-3546 closed x240"));
    let opened = folded.breakers[0].trips[0].trip.opened;
    assert_eq!((opened.lo, opened.hi), (Some(at(3500.0)), at(3507.0)));
    assert_eq!(folded.verdicts.iter().filter(|verdict| verdict.duplicate).count(), 40);
}

#[test]
fn one_call_in_span_log_and_event_counts_once() {
    let mut event = kratos("order", 0.0);
    event.evidence.source = Source::SpanEvent;
    let mut line = kratos("order", 0.0);
    line.evidence.source = Source::Log;
    let given =
        Given::default().reject([kratos("order", 0.0), event, line, kratos("order", 1.0), kratos("order", 2.0), kratos("order", 2.0)]);
    let folded = given.fold();
    assert_eq!(folded.breakers[0].trips[0].trip.refused, 3.0);
    assert_eq!(folded.verdicts.iter().filter(|verdict| verdict.duplicate).count(), 3);
}

#[test]
fn counters_of_those_above_are_not_theirs() {
    let chain = |time, value| {
        [
            Rejection { operation: "/b".into(), name: "op:/b".into(), ..kratos_total("a", SpanKind::Client, time, value) },
            Rejection { operation: "/b".into(), name: "op:/b".into(), ..kratos_total("b", SpanKind::Server, time, value) },
            Rejection { operation: "/c".into(), name: "op:/c".into(), ..kratos_total("b", SpanKind::Client, time, value) },
        ]
    };
    let given = Given::default().reject([3400.0, 3460.0, 3520.0].into_iter().flat_map(|time| chain(time, (time - 3400.0) * 4.0)));
    assert_eq!(
        show(&given.fold()),
        "a op:/b/i1:  | \nb op:/c/i1: C>O 3460 rejection_burst, O>C 3520 rejection_burst | 3460-3520 closed x480"
    );
}

#[test]
fn a_hidden_trip_between_two_samples_of_closed_17() {
    let given = Given::default()
        .signal([3500.0, 3560.0].into_iter().flat_map(|time| super::build::one_hot("backendA", time, crate::facts::State::Closed)))
        .reject([refused_total("resilience4j", "backendA", 3500.0, 5.0), refused_total("resilience4j", "backendA", 3560.0, 35.0)]);
    let folded = given.fold();
    assert!(show(&folded).starts_with("order backendA/i1: C>O 3520 gap_fill, O>C 3540 gap_fill"), "{}", show(&folded));
    let trip = &folded.breakers[0].trips[0].trip;
    assert_eq!((trip.confidence, trip.refused), (70, 30.0));
    assert_eq!((trip.opened.lo, trip.closed.map(|closed| closed.hi)), (Some(at(3500.0)), Some(at(3560.0))));
}

#[test]
fn one_sampled_span_stands_for_many() {
    let sampled = |time| Rejection { amount: Amount::Count(10.0), ..kratos("order", time) };
    let folded = Given::default().reject([sampled(0.0)]).fold();
    assert_eq!((folded.breakers[0].trips.len(), folded.breakers[0].trips[0].trip.confidence), (1, 60));
}

#[test]
fn what_never_opens_a_breaker() {
    let of = |kind| Given::default().reject((0..9).map(|nth| Rejection { kind, ..kratos("order", f64::from(nth) / 2.0) }));
    for kind in [
        RejectionKind::RateLimit,
        RejectionKind::Unknown503,
        RejectionKind::LoadShed,
        RejectionKind::Bulkhead,
        RejectionKind::NoHealthyHost,
    ] {
        assert_eq!(show(&of(kind).fold()), "", "{kind:?}");
    }
    let future = Given::default().reject((0..9).map(|nth| kratos("order", 4000.0 + f64::from(nth))));
    let folded = future.fold();
    assert_eq!((show(&folded).as_str(), folded.notices.len()), ("", 1));
}

#[test]
fn too_many_requests_are_of_the_breaker_that_was_half_open() {
    use super::build::{emitter, log, with};
    use crate::facts::State::Closed;
    let text = |operation: &str, time: f64| Rejection {
        kind: RejectionKind::Unknown429,
        operation: operation.into(),
        reason: "too many requests".into(),
        evidence: Evidence { confidence: 30, ..evidence(Source::Log, "gobreaker.half_open.unsaid", 30) },
        ..refused("", &format!("op:{operation}"), time)
    };
    let trip = |framework: &str, name: &str| {
        [(Closed, Open, 0.0), (Open, HalfOpen, 10.0), (HalfOpen, Closed, 12.0)]
            .map(|(from, to, time)| log(framework, name, time, Some(from), to))
    };
    let check = |name: &str, given: Given, expected: &[Option<usize>]| {
        let folded = given.fold();
        let of: Vec<Option<usize>> = folded.verdicts.iter().map(|verdict| verdict.breaker).collect();
        assert_eq!(of, expected, "{name}: {}", show(&folded));
    };
    let pay = |framework: &str| Given::default().signal(trip(framework, "pay"));
    check("half open", pay("gobreaker").reject([text("POST /pay", 11.0)]), &[Some(0)]);
    check("of a library that nothing tells", pay("").reject([text("POST /pay", 11.0)]), &[Some(0)]);
    check("which opened, and was not half open", pay("").reject([text("POST /pay", 5.0)]), &[None]);
    check("gobreaker's own states may be coarse", pay("gobreaker").reject([text("POST /pay", 5.0)]), &[Some(0)]);
    check("closed", pay("gobreaker").reject([text("POST /pay", 20.0)]), &[None]);
    check("of another library", pay("hystrix-go").reject([text("POST /pay", 11.0)]), &[None]);
    let other = Rejection { evidence: evidence(Source::Log, "limiter", 30), ..text("POST /pay", 11.0) };
    check("another rule", pay("gobreaker").reject([other]), &[None]);
    let other = Rejection { emitter: emitter("order", "i2"), ..text("POST /pay", 11.0) };
    check("another process", pay("gobreaker").reject([other]), &[None]);
    check("which of two, nobody knows", pay("").signal(trip("", "stock")).reject([text("POST /pay", 11.0)]), &[None]);
    let refusals = || (1..4).map(|nth| with("POST /pay", refused("", "op:POST /pay", f64::from(nth))));
    check("what it guards is known", pay("").reject(refusals()).reject([text("POST /pay", 11.0)]), &[Some(0); 4]);
    check("and is not this", pay("").reject(refusals()).reject([text("GET /other", 11.0)]), &[Some(0), Some(0), Some(0), None]);
    let folded = pay("").reject(refusals()).reject([text("POST /pay", 11.0)]).fold();
    assert_eq!(show(&folded), "order pay/i1: C>O 0 explicit, O>H 10 explicit, H>C 12 explicit | 0-12 closed p1 x4");
    let alone = Given::default().reject((0..9).map(|nth| text("POST /pay", f64::from(nth)))).fold();
    assert_eq!(show(&alone), "", "no breaker by itself");
}
