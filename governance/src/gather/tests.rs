//! What is left of samples. That the fold sees no difference is shown in `fold::tests`.

use std::sync::Arc;

use arrow::array::{ArrayRef, FixedSizeBinaryArray, RecordBatch, TimestampNanosecondArray};
use schemas::{SpanId, TraceId, UnixNanos, columns as c};

use super::{
    FoldFacts, Stretches,
    quiet::{Mark, leave_out, marks, sort, unite},
    refusals,
};
use crate::{
    arrived::Arrived,
    facts::{Amount, Emitter, Evidence, Mechanism, Rejection, RejectionKind, Source, SpanKind},
    fold::{Sample, parameters::SECOND},
    tables,
};

/// (time in s, value) to those that stay, with what was left out before each. `happened`: other facts, in s.
#[track_caller]
fn check(name: &str, samples: &[(i64, f64)], happened: &[i64], expected: &[(i64, u32)]) {
    let mut samples: Vec<Sample> = samples
        .iter()
        .map(|(time, value)| Sample { time: UnixNanos(time * SECOND), value: *value, state: None, start_time: None, left_out: 0 })
        .collect();
    sort(&mut samples);
    let mut all: Vec<Mark> = happened.iter().map(|time| Mark::at(time * SECOND)).collect();
    marks(&samples, false, &mut all);
    unite(&mut all);
    leave_out(&mut samples, &all);
    let left: Vec<(i64, u32)> = samples.iter().map(|sample| (sample.time.0 / SECOND, sample.left_out)).collect();
    assert_eq!(left, expected, "{name}");
    let before = samples.clone();
    leave_out(&mut samples, &all);
    assert_eq!(samples, before, "{name}: once more");
}

fn each_15_s(from: i64, to: i64, value: f64) -> Vec<(i64, f64)> {
    (from..to).step_by(15).map(|time| (time, value)).collect()
}

/// All from `first` to `last`, of which the first comes after `left_out` that are not there.
fn kept(first: i64, last: i64, left_out: u32) -> Vec<(i64, u32)> {
    (first..=last).step_by(15).map(|time| (time, if time == first { left_out } else { 0 })).collect()
}

#[test]
fn what_is_left_of_samples() {
    let quiet = each_15_s(0, 3600, 1.0);
    let ends = |left_out: u32| [kept(0, 60, 0), kept(3525, 3585, left_out)];
    check("the same all the time", &quiet, &[], &ends(230).concat());
    check("in any order, some twice", &[&quiet[100..], &quiet[..130]].concat(), &[], &ends(230).concat());
    let [first, last] = ends(111);
    check("another fact of the process", &quiet, &[1795], &[first, kept(1740, 1845, 111), last].concat());
    let changed = [each_15_s(0, 1800, 0.0), each_15_s(1800, 3600, 1.0)].concat();
    let [first, last] = ends(110);
    check("a change", &changed, &[], &[first, kept(1725, 1860, 110), last].concat());
    let silent = [each_15_s(0, 150, 0.0), each_15_s(600, 750, 0.0)].concat();
    check("a silence", &silent, &[], &silent.iter().map(|(time, _)| (*time, 0)).collect::<Vec<_>>());
    let rare: Vec<(i64, f64)> = (0..20).map(|nth| (nth * 120, 0.0)).collect();
    check("too far from each other", &rare, &[], &rare.iter().map(|(time, _)| (*time, 0)).collect::<Vec<_>>());
}

const HOUR: i64 = 3600 * SECOND;

/// Span `span` of trace `trace`, whose parent is span 1.
fn refused(trace: u8, span: u8, time: i64) -> Rejection {
    let evidence = Evidence {
        source: Source::Span,
        rule: "kratos.span.reject".into(),
        confidence: 95,
        trace_id: Some(TraceId([trace; 16])),
        span_id: Some(SpanId([span; 8])),
        parent_span_id: Some(SpanId([1; 8])),
    };
    Rejection {
        time: UnixNanos(time),
        duration_ns: Some(40_000),
        emitter: Emitter { service: "order".into(), ..Emitter::default() },
        kind: RejectionKind::BreakerOpen,
        amount: Amount::Count(1.0),
        framework: "kratos".into(),
        mechanism: Mechanism::Adaptive,
        name: "op:/Get".into(),
        operation: "/Get".into(),
        target: "user".into(),
        span_kind: Some(SpanKind::Client),
        code: "503".into(),
        reason: "CIRCUITBREAKER".into(),
        http_status: Some(503),
        grpc_status: String::new(),
        says_propagated: false,
        evidence,
    }
}

/// Spans as `errors` has them.
fn spans(of: &[(u8, u8, i64)]) -> RecordBatch {
    let ids = |ids: Vec<Vec<u8>>| -> ArrayRef { Arc::new(FixedSizeBinaryArray::try_from_iter(ids.into_iter()).expect("of one size")) };
    let times: TimestampNanosecondArray = of.iter().map(|(.., time)| Some(*time)).collect();
    let columns: [(&str, ArrayRef); 4] = [
        (c::TIME, Arc::new(times.with_timezone("UTC"))),
        (c::TRACE_ID, ids(of.iter().map(|(trace, ..)| vec![*trace; 16]).collect())),
        (c::SPAN_ID, ids(of.iter().map(|(_, span, _)| vec![*span; 8]).collect())),
        (c::PARENT_SPAN_ID, ids(of.iter().map(|_| vec![1; 8]).collect())),
    ];
    RecordBatch::try_from_iter(columns).expect("columns of one length")
}

#[test]
fn refusals_that_are_alike_share_what_they_have_in_common() {
    let rejections =
        [refused(7, 2, 10), refused(8, 2, HOUR - 1), refused(9, 2, HOUR), Rejection { target: "pay".into(), ..refused(7, 3, 11) }];
    let mut stretches = Stretches::new(HOUR);
    stretches.push_rejections(&tables::rejections::write(&rejections, UnixNanos(0)).batch).expect("rows");
    // The first says what the refusal says itself; the second is of a span that only passed it on.
    stretches.push_refused_spans(&spans(&[(7, 2, 10), (7, 4, 10), (9, 2, HOUR)])).expect("spans");
    assert_eq!(stretches.alone(), (4, 0));
    let (mut facts, mut starts) = (FoldFacts::default(), Vec::new());
    for (start, mut settled) in stretches.settle() {
        facts.share(&mut settled);
        starts.push((start, settled.rows()));
        facts.add(&Arc::new(settled));
    }
    assert_eq!(starts, [(0, (3, 0)), (HOUR, (1, 0))]);
    let gathered = facts.finish();
    let mut found: Vec<Rejection> = Vec::new();
    for refusal in refusals(&gathered.rejections, &gathered.refused) {
        let (trace_id, span_id, parent_span_id) = (refusal.trace_id, refusal.span_id, refusal.parent_span_id);
        let evidence = Evidence { trace_id, span_id, parent_span_id, ..refusal.evidence.clone() };
        found.push(Rejection { time: refusal.time, amount: refusal.amount, evidence, ..refusal.of.clone() });
    }
    found.sort_by_key(|rejection| (rejection.evidence.span_id, rejection.time));
    assert_eq!(found, rejections, "each as it was");
    let mut kinds: Vec<*const Rejection> = gathered.refused.iter().flat_map(|calls| calls.alike()).map(Arc::as_ptr).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds.len(), 2, "what they have in common is in memory once");
}

#[test]
fn how_rows_came_is_known_of_all_of_them() {
    let minute = 60 * SECOND;
    let sampled = |time: i64, count: f64| Rejection { amount: Amount::Count(count), ..refused(1, 2, time) };
    let counted = |time: i64| {
        let evidence = Evidence { source: Source::Sum, ..refused(1, 2, time).evidence };
        Rejection { evidence, ..sampled(time, 50.0) }
    };
    let mut stretches = Stretches::new(HOUR);
    let mut push = |rejections: &[Rejection], received_at: i64| {
        stretches.push_rejections(&tables::rejections::write(rejections, UnixNanos(received_at)).batch).expect("rows");
    };
    push(&[sampled(0, 4.0), sampled(minute, 1.0), counted(minute + 1)], 2 * minute);
    push(&[sampled(HOUR, 2.0), sampled(1, 1.0)], HOUR + 2 * minute);
    // Not a fact of a breaker or limiter by itself.
    stretches.push_refused_spans(&spans(&[(7, 2, 10)])).expect("spans");
    let mut facts = FoldFacts::default();
    stretches.settle().for_each(|(_, settled)| facts.add(&Arc::new(settled)));
    let arrivals = facts.finish().arrivals;
    let check = |start: i64, end: i64, newest_ns: i64, late: u64, sampled_out: f64| {
        assert_eq!(arrivals.within(start, end), Arrived { newest_ns: Some(newest_ns), late, sampled_out }, "{start} to {end}");
    };
    check(0, minute, HOUR + 2 * minute, 2, 3.0);
    check(minute, HOUR, 2 * minute, 0, 0.0);
    check(0, 2 * HOUR, HOUR + 2 * minute, 3, 4.0);
}
