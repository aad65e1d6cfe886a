//! One order for facts, whatever the order of arrival, and each fact once.

use std::{cmp::Ordering, collections::HashMap, ops::Deref};

use schemas::{SpanId, TraceId, UnixNanos};

use super::{Refusal, Series, hash::Plain};
use crate::facts::{Amount, BreakerSignal, Emitter, Evidence, Rejection, RejectionKind, Signal, Source, SpanKind, State};

pub(crate) struct Sorted<'a> {
    /// Index in the input, and the fact.
    pub rejections: Vec<(u32, &'a Refusal<'a>)>,
    /// What is asked of each of them again and again.
    pub briefs: Vec<Brief>,
    pub signals: Vec<Said<'a>>,
    /// (index in the input, place of its equal in `rejections`).
    pub repeats: Vec<(u32, u32)>,
    /// Facts left out because they are later than the present.
    pub future: u64,
}

/// A signal at its time, which of a series is not that of the fact.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said<'a> {
    pub time: UnixNanos,
    pub signal: Signal,
    /// Samples of its series before it that said the same.
    pub left_out: u32,
    pub of: &'a BreakerSignal,
}

impl Deref for Said<'_> {
    type Target = BreakerSignal;

    fn deref(&self) -> &BreakerSignal {
        self.of
    }
}

/// The part of a rejection that the fold goes over several times: side by side, where the facts themselves lie far apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Brief {
    pub time: i64,
    /// `None`: a running total.
    pub count: Option<f64>,
    pub trace: Option<TraceId>,
    pub span: Option<SpanId>,
    pub kind: RejectionKind,
    pub source: Source,
    pub span_kind: Option<SpanKind>,
    pub confidence: u8,
    pub says_propagated: bool,
}

impl Brief {
    fn of(rejection: &Refusal<'_>) -> Self {
        let Refusal { of, time, amount, trace_id, span_id, .. } = *rejection;
        let Rejection { kind, span_kind, says_propagated, evidence, .. } = of;
        let count = match amount {
            Amount::Count(count) => Some(count),
            Amount::Cumulative { .. } => None,
        };
        Self {
            time: time.0,
            count,
            trace: trace_id,
            span: span_id,
            kind: *kind,
            source: evidence.source,
            span_kind: *span_kind,
            confidence: evidence.confidence,
            says_propagated: *says_propagated,
        }
    }

    pub fn is_metric(&self) -> bool {
        matches!(self.source, Source::Sum | Source::Gauge | Source::Histogram)
    }
}

impl<'a> Sorted<'a> {
    pub fn of(rejections: &'a [Refusal<'a>], (signals, series): (&[&'a BreakerSignal], &'a [Series]), latest: i64) -> Self {
        let by_all = |a: u32, b: u32| compare_rejections(&rejections[a as usize], &rejections[b as usize]);
        let order = ordered(rejections.iter().map(|rejection| rejection.time.0), latest, by_all);
        let mut future = rejections.len() - order.len();
        let mut kept: Vec<(u32, &Refusal<'_>)> = Vec::with_capacity(order.len());
        let mut repeats = Vec::new();
        for (time, index) in order {
            let rejection = &rejections[index as usize];
            match kept.last() {
                Some((_, last)) if last.time.0 == time && compare_rejections(last, rejection).is_eq() => {
                    repeats.push((index, kept.len() as u32 - 1));
                }
                _ => kept.push((index, rejection)),
            }
        }
        let all = said(signals, series);
        let ranks = Ranks::of(signals, series);
        let by_all = |a: u32, b: u32| ranks.compare(&all[a as usize], &all[b as usize]);
        let order = ordered(all.iter().map(|signal| signal.time.0), latest, by_all);
        future += all.len() - order.len();
        let mut signals: Vec<Said<'_>> = order.into_iter().map(|(_, index)| all[index as usize]).collect();
        signals.dedup_by(|a, b| a.time == b.time && ranks.compare(a, b).is_eq());
        let briefs = kept.iter().map(|(_, rejection)| Brief::of(rejection)).collect();
        Self { rejections: kept, briefs, signals, repeats, future: future as u64 }
    }
}

fn said<'a>(signals: &[&'a BreakerSignal], series: &'a [Series]) -> Vec<Said<'a>> {
    let alone = signals.iter().map(|&of| Said { time: of.time, signal: of.signal, left_out: 0, of });
    let of_series = series.iter().flat_map(|Series { of, samples }| {
        samples.iter().map(|sample| Said { time: sample.time, signal: sample.signal(of.signal), left_out: sample.left_out, of })
    });
    alone.chain(of_series).collect()
}

/// Time and index of facts not after `latest`, in order of time, then of what `compare` says.
///
/// Facts are large and lie far apart; times alone decide nearly always, so that only facts of one time are looked at.
fn ordered(times: impl Iterator<Item = i64>, latest: i64, compare: impl Fn(u32, u32) -> Ordering) -> Vec<(i64, u32)> {
    let numbered = times.enumerate().map(|(index, time)| (time, index as u32));
    let mut order: Vec<(i64, u32)> = numbered.filter(|(time, _)| *time <= latest).collect();
    order.sort_unstable();
    for of_time in order.chunk_by_mut(|a, b| a.0 == b.0).filter(|of_time| of_time.len() > 1) {
        of_time.sort_by(|a, b| compare(a.1, b.1));
    }
    order
}

fn compare_rejections(a: &Refusal<'_>, b: &Refusal<'_>) -> Ordering {
    same_but_amount(a, b).then_with(|| amount_key(&a.amount).cmp(&amount_key(&b.amount)))
}

/// Equal: records of one call, or of calls that nothing tells apart.
pub(crate) fn same_but_amount(a: &Refusal<'_>, b: &Refusal<'_>) -> Ordering {
    let alike = std::ptr::eq(a.of, b.of);
    let ids = |of: &Refusal<'_>| (of.evidence.source, of.span_id, of.trace_id);
    a.time.cmp(&b.time).then_with(|| ids(a).cmp(&ids(b))).then_with(|| if alike { Ordering::Equal } else { compare_what(a.of, b.of) })
}

/// But for what each has of its own.
fn compare_what(a: &Rejection, b: &Rejection) -> Ordering {
    (a.evidence.rule.cmp(&b.evidence.rule))
        .then_with(|| compare_emitters(&a.emitter, &b.emitter))
        .then_with(|| (a.kind, &a.name, &a.operation, &a.target).cmp(&(b.kind, &b.name, &b.operation, &b.target)))
        .then_with(|| (&a.framework, a.mechanism, a.span_kind).cmp(&(&b.framework, b.mechanism, b.span_kind)))
        .then_with(|| (&a.code, &a.reason, a.says_propagated).cmp(&(&b.code, &b.reason, b.says_propagated)))
}

/// Where facts stand among all in the order of what they say beside time and value; equal ones are at one place. Samples of a series are
/// compared by it alone, not by texts again and again.
struct Ranks(HashMap<*const BreakerSignal, u32, Plain>);

impl Ranks {
    fn of(signals: &[&BreakerSignal], series: &[Series]) -> Self {
        let mut facts: Vec<&BreakerSignal> = signals.iter().copied().chain(series.iter().map(|series| &*series.of)).collect();
        facts.sort_by(|a, b| compare_signals(a, b));
        let mut rank = 0;
        let mut ranks = HashMap::default();
        for (place, fact) in facts.iter().enumerate() {
            rank += u32::from(place > 0 && compare_signals(facts[place - 1], fact).is_ne());
            ranks.insert(std::ptr::from_ref(*fact), rank);
        }
        Self(ranks)
    }

    fn compare(&self, a: &Said<'_>, b: &Said<'_>) -> Ordering {
        let rank = |of: &Said<'_>| self.0.get(&std::ptr::from_ref(of.of));
        rank(a).cmp(&rank(b)).then_with(|| signal_key(&a.signal).cmp(&signal_key(&b.signal)))
    }
}

fn compare_signals(a: &BreakerSignal, b: &BreakerSignal) -> Ordering {
    compare_evidence(&a.evidence, &b.evidence)
        .then_with(|| compare_emitters(&a.emitter, &b.emitter))
        .then_with(|| (&a.name, &a.operation, &a.target, a.series).cmp(&(&b.name, &b.operation, &b.target, b.series)))
        .then_with(|| (&a.framework, a.mechanism, &a.cause, &a.text).cmp(&(&b.framework, b.mechanism, &b.cause, &b.text)))
}

fn compare_evidence(a: &Evidence, b: &Evidence) -> Ordering {
    (a.source, a.span_id, a.trace_id, &a.rule).cmp(&(b.source, b.span_id, b.trace_id, &b.rule))
}

fn compare_emitters(a: &Emitter, b: &Emitter) -> Ordering {
    (&a.service, &a.instance, &a.namespace, &a.environment).cmp(&(&b.service, &b.instance, &b.namespace, &b.environment))
}

type AmountKey = (u64, Option<i64>, u64);

fn amount_key(amount: &Amount) -> AmountKey {
    match amount {
        Amount::Count(value) => (0, None, value.to_bits()),
        Amount::Cumulative { value, series, start_time } => (*series, start_time.map(|start| start.0), value.to_bits()),
    }
}

fn signal_key(signal: &Signal) -> (u8, Option<State>, Option<State>, AmountKey) {
    match signal {
        Signal::Transition { from, to } => (0, *from, Some(*to), (0, None, 0)),
        Signal::Counter { from, to, amount } => (1, *from, Some(*to), amount_key(amount)),
        Signal::OneHot { state, value } => (2, None, Some(*state), (0, None, value.to_bits())),
        Signal::Enum { value, state } => (3, None, *state, (0, None, value.to_bits())),
        Signal::Seen { state } => (4, None, Some(*state), (0, None, 0)),
        Signal::ConfigReload => (5, None, None, (0, None, 0)),
    }
}
