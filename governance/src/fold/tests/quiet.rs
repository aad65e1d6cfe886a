//! The fold of what [`crate::gather`] leaves is the fold of all rows.

use std::{collections::BTreeSet, sync::Arc};

use arrow::array::{ArrayRef, FixedSizeBinaryArray, RecordBatch, TimestampNanosecondArray};
use proptest::prelude::*;
use schemas::{UnixNanos, columns as c};

use super::build::{
    BreakerSignalIn, Given, at, counted, evidence, kratos, kratos_total, log, number, one_hot, refused, refused_total, span, trace,
};
use crate::{
    facts::{
        BreakerSignal, Evidence, Rejection, RejectionKind, Source, SpanKind,
        State::{self, Closed, HalfOpen, Open},
    },
    fold::{Input, Link, Parameters, Refusal, TraceShape, Verdict, fold},
    gather::{FoldFacts, Gathered, Stretches, refusals},
    tables,
};

/// Seconds that are looked at.
const SPAN: i32 = 3600;

/// A metric that is read again and again.
#[derive(Debug, Clone)]
struct Scraped {
    what: u8,
    instance: u8,
    /// Seconds between two readings, and between the first and the window's begin.
    step: f64,
    offset: f64,
    /// When its value changes, in seconds, and to what.
    changes: Vec<(i32, u8)>,
    /// When nobody reads it.
    silences: Vec<(i32, i32)>,
}

fn scraped() -> impl Strategy<Value = Scraped> {
    let step = prop::sample::select(vec![0.9, 5.0, 15.0, 15.0, 15.003, 30.0, 60.0, 99.0, 130.0, 310.0]);
    let changes = prop::collection::vec((0..SPAN, 0..4_u8), 0..6);
    let silences = prop::collection::vec((0..SPAN, 20..1200_i32), 0..2);
    (0..6_u8, 0..2_u8, step, 0.0..60.0_f64, changes, silences).prop_map(|(what, instance, step, offset, mut changes, silences)| {
        changes.sort_unstable();
        Scraped { what, instance, step, offset, changes, silences }
    })
}

impl Scraped {
    fn read(&self, given: &mut Given) {
        let instance = ["i1", "i2"][usize::from(self.instance)];
        let mut time = self.offset;
        let mut nth = 0_u32;
        while time < f64::from(SPAN) {
            let silent = self.silences.iter().any(|(from, long)| (f64::from(*from)..f64::from(from + long)).contains(&time));
            let now: Vec<u8> = self.changes.iter().take_while(|(at, _)| f64::from(*at) <= time).map(|(_, value)| *value).collect();
            if !silent {
                self.point(given, instance, time, (now.last().copied().unwrap_or(0), now.len()));
            }
            nth += 1;
            // Nobody reads at exactly even times.
            time = self.offset + f64::from(nth) * self.step + f64::from(nth % 7) * 0.001;
        }
    }

    fn point(&self, given: &mut Given, instance: &str, time: f64, (value, total): (u8, usize)) {
        let state = [Closed, Open, HalfOpen, Closed][usize::from(value)];
        let total = total as f64 * 3.0;
        let signals = match self.what {
            0 => one_hot("pay", time, state),
            1 => vec![number("", "pay", time, f64::from(value % 2), None)],
            2 => vec![number("failsafe-go", "ship", time, f64::from(value), Some(state))],
            3 => vec![counted("pay", time, Closed, Open, total), counted("pay", time, Open, Closed, (total - 3.0).max(0.0))],
            _ => Vec::new(),
        };
        let rejections = match self.what {
            4 => vec![refused_total("resilience4j", "pay", time, total)],
            5 => vec![kratos_total("order", SpanKind::Client, time, total)],
            _ => Vec::new(),
        };
        given.signals.extend(signals.into_iter().map(|signal| signal.of(instance)));
        given.rejections.extend(rejections.into_iter().map(|rejection| of(rejection, instance)));
    }
}

fn of(mut rejection: Rejection, instance: &str) -> Rejection {
    rejection.emitter.instance = instance.into();
    rejection
}

fn single() -> impl Strategy<Value = Given> {
    let state = || prop::sample::select(vec![Closed, Open, HalfOpen]);
    let time = || (0..SPAN * 4).prop_map(|quarter| f64::from(quarter) / 4.0);
    let signal = |signal: BreakerSignal| Given::default().signal([signal]);
    prop_oneof![
        (time(), prop::option::of(state()), state()).prop_map(move |(time, from, to): (f64, Option<State>, State)| signal(log(
            "resilience4j",
            "pay",
            time,
            from,
            to
        ))),
        (time(), 1..9_u8).prop_map(|(time, count)| {
            Given::default().reject((0..count).map(|nth| refused("resilience4j", "pay", time + f64::from(nth))))
        }),
        time().prop_map(|time| Given::default().reject([refused("", "op:Charge", time)])),
    ]
}

/// A request over three services within a few seconds, of which some are around an edge between stretches: spans 1 to 6, each the parent
/// of the next, odd ones those of clients; which of them were refused, and what tells of it.
fn request() -> impl Strategy<Value = (Vec<Rejection>, Vec<Spanned>)> {
    let edge = prop::sample::select(vec![450.0, 900.0, 1200.0, 1350.0, 2400.0, 3000.0]);
    let source = || prop::sample::select(vec![Source::Span, Source::SpanEvent, Source::Log]);
    let kind = || prop::sample::select(vec![RejectionKind::BreakerOpen, RejectionKind::Unknown429, RejectionKind::Unknown503]);
    let refused = prop::collection::vec((1..7_u64, source(), kind()), 1..6);
    let seen = prop::collection::vec(1..7_u64, 0..4);
    (0..1_000_000_u64, edge, -9.0..3.0_f64, 0.1..2.0_f64, refused, seen).prop_map(|(id, edge, offset, step, refused, seen)| {
        let time = |nth: u64| edge + offset + nth as f64 * step;
        let parent = |nth: u64| (nth > 1).then(|| span(nth - 1));
        let refused = refused.into_iter().map(|(nth, source, kind)| {
            let ids = (Some(trace(id)), Some(span(nth)), if source == Source::Log { None } else { parent(nth) });
            let (trace_id, span_id, parent_span_id) = ids;
            let span_kind = if nth % 2 == 1 { SpanKind::Client } else { SpanKind::Server };
            Rejection {
                kind,
                span_kind: (source != Source::Log).then_some(span_kind),
                evidence: Evidence { trace_id, span_id, parent_span_id, ..evidence(source, "any", 90) },
                ..kratos(["edge", "order", "cart"][(nth as usize - 1) / 2], time(nth))
            }
        });
        let seen = seen.into_iter().map(|nth| (at(time(nth)), Link { trace: trace(id), span: span(nth), parent: parent(nth) }));
        (refused.collect(), seen.collect())
    })
}

/// A span that is seen at its time.
type Spanned = (UnixNanos, Link);

/// As errors tell of them.
fn rows_of(spans: &[Spanned]) -> RecordBatch {
    let times: TimestampNanosecondArray = spans.iter().map(|(time, _)| Some(time.0)).collect();
    let parents = spans.iter().map(|(_, link)| link.parent.map(|parent| parent.0));
    let traces = FixedSizeBinaryArray::try_from_iter(spans.iter().map(|(_, link)| link.trace.0)).expect("of one size");
    let own = FixedSizeBinaryArray::try_from_iter(spans.iter().map(|(_, link)| link.span.0)).expect("of one size");
    let columns: [(&str, ArrayRef); 4] = [
        (c::TIME, Arc::new(times.with_timezone("UTC"))),
        (c::TRACE_ID, Arc::new(traces)),
        (c::SPAN_ID, Arc::new(own)),
        (c::PARENT_SPAN_ID, Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(parents, 8).expect("of one size"))),
    ];
    RecordBatch::try_from_iter(columns).expect("columns of one length")
}

/// As it is read: stretch by stretch, in order or against it.
fn gathered((given, spans): (&Given, &[Spanned]), stretch: i64, backwards: bool) -> Gathered {
    let end = at(f64::from(SPAN)).0;
    let mut starts: Vec<i64> = (at(0.0).0..end).step_by(stretch as usize).collect();
    if backwards {
        starts.reverse();
    }
    let mut facts = FoldFacts::default();
    for start in starts {
        let mut rows = Stretches::new(stretch);
        let within = |time: UnixNanos| (start..start + stretch).contains(&time.0);
        let signals: Vec<BreakerSignal> = given.signals.iter().filter(|signal| within(signal.time)).cloned().collect();
        let rejections: Vec<Rejection> = given.rejections.iter().filter(|rejection| within(rejection.time)).cloned().collect();
        // In two batches, the later half first.
        for half in [signals.len() / 2..signals.len(), 0..signals.len() / 2] {
            rows.push_signals(&tables::breaker_signals::write(&signals[half], at(0.0)).batch).expect("rows");
        }
        rows.push_rejections(&tables::rejections::write(&rejections, at(0.0)).batch).expect("rows");
        let spans: Vec<Spanned> = spans.iter().filter(|(time, _)| within(*time)).copied().collect();
        if !spans.is_empty() {
            rows.push_refused_spans(&rows_of(&spans)).expect("rows");
        }
        for (_, mut settled) in rows.settle() {
            facts.share(&mut settled);
            facts.add(&Arc::new(settled));
        }
    }
    facts.finish()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_left_out_tells_nothing(
        scraped in prop::collection::vec(scraped(), 1..5),
        singles in prop::collection::vec(single(), 0..6),
        requests in prop::collection::vec(request(), 0..6),
        stretch in prop::sample::select(vec![450_i64, 1200, 3600]),
        backwards in any::<bool>(),
    ) {
        let mut given = Given::default();
        scraped.iter().for_each(|scraped| scraped.read(&mut given));
        singles.into_iter().for_each(|single| given = given.clone().signal(single.signals).reject(single.rejections));
        let mut spans: Vec<Spanned> = Vec::new();
        for (refused, seen) in requests {
            given = given.reject(refused);
            spans.extend(seen);
        }
        // What falls out of the window is told to neither.
        let end = at(f64::from(SPAN));
        given.signals.retain(|signal| signal.time < end);
        given.rejections.retain(|rejection| rejection.time < end);
        spans.retain(|(time, _)| *time < end);
        let left = gathered((&given, &spans), stretch * 1_000_000_000, backwards);
        let own = given.rejections.iter().filter_map(|of| {
            Some(Link { trace: of.evidence.trace_id?, span: of.evidence.span_id?, parent: of.evidence.parent_span_id })
        });
        let shape: TraceShape = own.chain(spans.iter().map(|(_, link)| *link)).collect();
        let whole = fold(&Input { spans: Some(&shape), ..Input::new(&given.rejections, &given.signals, at(0.0), end) });
        let folded = fold(&left.input(Parameters::default(), (at(0.0), end)));
        prop_assert_eq!(folded.breakers, whole.breakers);
        prop_assert_eq!(folded.notices, whole.notices);
        // What became of each call, too. Those of totals have no trace.
        let traced = |refusal: &Refusal<'_>, verdict: &Verdict| {
            let what = (refusal.time, refusal.trace_id?, refusal.span_id, refusal.kind, refusal.evidence.source);
            Some(format!("{what:?} {:?}", verdict.scope))
        };
        let told = refusals(&left.rejections, &left.refused).zip(&folded.verdicts);
        let all = given.rejections.iter().map(Refusal::from).zip(&whole.verdicts);
        let told: BTreeSet<String> = told.filter_map(|(refusal, verdict)| traced(&refusal, verdict)).collect();
        let all: BTreeSet<String> = all.filter_map(|(refusal, verdict)| traced(&refusal, verdict)).collect();
        prop_assert_eq!(told, all);
    }
}

#[test]
fn a_quiet_hour_leaves_little_but_where_two_gauges_tell_of_one_breaker() {
    let mut given = Given::default();
    for what in 0..6 {
        Scraped { what, instance: 0, step: 15.0, offset: 1.0, changes: Vec::new(), silences: Vec::new() }.read(&mut given);
    }
    let rows = given.signals.len() + given.rejections.len();
    let left = gathered((&given, &[]), 3_600_000_000_000, false);
    let samples = refusals(&left.rejections, &left.refused).count()
        + left.signals.len()
        + left.series.iter().map(|series| series.samples.len()).sum::<usize>();
    assert_eq!((rows, samples), (240 * 12, 240 * 7 + 10 * 5));
}
