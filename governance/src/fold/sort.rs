//! One order for facts, whatever the order of arrival, and each fact once.

use std::cmp::Ordering;

use crate::facts::{Amount, BreakerSignal, Emitter, Evidence, Rejection, Signal, State};

pub(crate) struct Sorted<'a> {
    /// Index in the input, and the fact.
    pub rejections: Vec<(u32, &'a Rejection)>,
    pub signals: Vec<&'a BreakerSignal>,
    /// (index in the input, place of its equal in `rejections`).
    pub repeats: Vec<(u32, u32)>,
    /// Facts left out because they are later than the present.
    pub future: u64,
}

impl<'a> Sorted<'a> {
    pub fn of(rejections: &'a [Rejection], signals: &'a [BreakerSignal], latest: i64) -> Self {
        let mut future = 0;
        let mut present = |time: i64| {
            let early = time <= latest;
            future += u64::from(!early);
            early
        };
        let numbered = rejections.iter().enumerate().map(|(index, rejection)| (index as u32, rejection));
        let mut all: Vec<_> = numbered.filter(|(_, rejection)| present(rejection.time.0)).collect();
        let mut signals: Vec<_> = signals.iter().filter(|signal| present(signal.time.0)).collect();
        all.sort_by(|(_, a), (_, b)| compare_rejections(a, b));
        signals.sort_by(|a, b| compare_signals(a, b));
        signals.dedup_by(|a, b| compare_signals(a, b).is_eq());
        let mut kept: Vec<(u32, &Rejection)> = Vec::with_capacity(all.len());
        let mut repeats = Vec::new();
        for (index, rejection) in all {
            match kept.last() {
                Some((_, last)) if compare_rejections(last, rejection).is_eq() => repeats.push((index, kept.len() as u32 - 1)),
                _ => kept.push((index, rejection)),
            }
        }
        Self { rejections: kept, signals, repeats, future }
    }
}

fn compare_rejections(a: &Rejection, b: &Rejection) -> Ordering {
    (a.time.cmp(&b.time))
        .then_with(|| compare_evidence(&a.evidence, &b.evidence))
        .then_with(|| compare_emitters(&a.emitter, &b.emitter))
        .then_with(|| (a.kind, &a.name, &a.operation, &a.target).cmp(&(b.kind, &b.name, &b.operation, &b.target)))
        .then_with(|| (&a.framework, a.mechanism, a.span_kind).cmp(&(&b.framework, b.mechanism, b.span_kind)))
        .then_with(|| (&a.code, &a.reason, a.says_propagated).cmp(&(&b.code, &b.reason, b.says_propagated)))
        .then_with(|| amount_key(&a.amount).cmp(&amount_key(&b.amount)))
}

fn compare_signals(a: &BreakerSignal, b: &BreakerSignal) -> Ordering {
    (a.time.cmp(&b.time))
        .then_with(|| compare_evidence(&a.evidence, &b.evidence))
        .then_with(|| compare_emitters(&a.emitter, &b.emitter))
        .then_with(|| (&a.name, &a.operation, &a.target, a.series).cmp(&(&b.name, &b.operation, &b.target, b.series)))
        .then_with(|| (&a.framework, a.mechanism, &a.cause, &a.text).cmp(&(&b.framework, b.mechanism, &b.cause, &b.text)))
        .then_with(|| signal_key(&a.signal).cmp(&signal_key(&b.signal)))
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
