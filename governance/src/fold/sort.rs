//! One order for facts, whatever the order of arrival, and each fact once.

use std::{cmp::Ordering, collections::HashMap, ops::Deref};

use schemas::{SpanId, TraceId, UnixNanos};

use super::{
    Input, Refusal, RefusedCalls, Scope, Series,
    hash::Plain,
    refused_calls::{Changed, over_edge},
    scope::scopes,
};
use crate::facts::{Amount, BreakerSignal, Emitter, Evidence, Rejection, RejectionKind, Signal, Source, SpanKind, State};

pub(crate) struct Sorted<'a> {
    /// Rejections, each once.
    pub briefs: Vec<Brief>,
    /// What they have in common.
    kinds: Vec<&'a Rejection>,
    pub signals: Vec<Said<'a>>,
    /// (place among the verdicts, place of its equal in `briefs`).
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

/// What a rejection has of its own, and what of the rest the fold asks again and again: side by side, where the facts themselves lie far
/// apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Brief {
    pub time: i64,
    pub amount: Amount,
    pub trace: Option<TraceId>,
    pub span: Option<SpanId>,
    pub kind: RejectionKind,
    pub source: Source,
    pub span_kind: Option<SpanKind>,
    pub confidence: u8,
    pub scope: Scope,
    /// Among those that are alike.
    pub of: u32,
    /// Place among the verdicts.
    pub place: u32,
}

impl Brief {
    fn of(refusal: &Refusal<'_>, scope: Scope, of: u32, place: u32) -> Self {
        let Refusal { of: rejection, time, amount, trace_id, span_id, .. } = *refusal;
        let Rejection { kind, span_kind, evidence, .. } = rejection;
        let (source, confidence) = (evidence.source, evidence.confidence);
        Self {
            time: time.0,
            amount,
            trace: trace_id,
            span: span_id,
            kind: *kind,
            source,
            span_kind: *span_kind,
            confidence,
            scope,
            of,
            place,
        }
    }

    /// `None`: a running total.
    pub fn count(&self) -> Option<f64> {
        match self.amount {
            Amount::Count(count) => Some(count),
            Amount::Cumulative { .. } => None,
        }
    }
}

impl<'a> Sorted<'a> {
    /// Facts not after `latest`.
    pub fn of(input: &'a Input<'_>, latest: i64) -> Self {
        let mut kinds = Kinds::default();
        let mut sorted = Self { briefs: Vec::new(), kinds: Vec::new(), signals: Vec::new(), repeats: Vec::new(), future: 0 };
        let loose = sorted.loose(input, latest, &mut kinds);
        sorted.merge(loose, input, latest, &mut kinds);
        sorted.kinds = kinds.all;

        let all = said(&input.signals, input.series);
        let ranks = Ranks::of(input.series);
        let by_all = |a: u32, b: u32| ranks.compare(&all[a as usize], &all[b as usize]);
        let order = ordered(all.iter().map(|signal| signal.time.0), latest, by_all);
        sorted.future += (all.len() - order.len()) as u64;
        sorted.signals = order.into_iter().map(|(_, index)| all[index as usize]).collect();
        sorted.signals.dedup_by(|a, b| a.time == b.time && ranks.compare(a, b).is_eq());
        sorted
    }

    /// What the rejection has in common with others.
    pub fn kind(&self, rejection: u32) -> &'a Rejection {
        self.kinds[self.briefs[rejection as usize].of as usize]
    }

    pub fn kinds(&self) -> &[&'a Rejection] {
        &self.kinds
    }

    /// Those that stand alone, in order.
    fn loose(&mut self, input: &'a Input<'_>, latest: i64, kinds: &mut Kinds<'a>) -> Vec<Brief> {
        let refusals = &input.rejections;
        let scopes = scopes(refusals, input.spans);
        let by_all = |a: u32, b: u32| compare_rejections(&refusals[a as usize], &refusals[b as usize]);
        let order = ordered(refusals.iter().map(|refusal| refusal.time.0), latest, by_all);
        self.future += (refusals.len() - order.len()) as u64;
        let brief = |(_, index): (i64, u32)| {
            let refusal = &refusals[index as usize];
            Brief::of(refusal, scopes[index as usize], kinds.place_of(refusal.of), index)
        };
        order.into_iter().map(brief).collect()
    }

    /// All in one order: stretches of calls are in order already.
    fn merge(&mut self, loose: Vec<Brief>, input: &'a Input<'_>, latest: i64, kinds: &mut Kinds<'a>) {
        let mut stretches: Vec<(u32, &RefusedCalls)> = Vec::with_capacity(input.refused.len());
        let mut place = input.rejections.len() as u32;
        for calls in input.refused {
            stretches.push((place, calls));
            place += calls.len() as u32;
        }
        stretches.sort_by_key(|(place, calls)| (calls.start(), *place));
        let changed = changed_at_edges(&stretches);
        self.briefs.reserve(place as usize);
        let mut loose = loose.into_iter().peekable();
        for ((first, calls), changed) in stretches.iter().zip(changed) {
            let of: Vec<u32> = calls.alike().iter().map(|of| kinds.place_of(of)).collect();
            let mut changed = changed.into_iter().peekable();
            for (place, (refusal, alike, known)) in calls.scoped().enumerate() {
                let scope = changed.next_if(|(of, _)| *of == place).map_or(known, |(_, scope)| scope);
                if refusal.time.0 > latest {
                    self.future += 1;
                    continue;
                }
                let brief = Brief::of(&refusal, scope, of[alike as usize], first + place as u32);
                while let Some(earlier) = loose.next_if(|next| kinds.compare(next, &brief).is_le()) {
                    self.push(earlier, kinds);
                }
                self.push(brief, kinds);
            }
        }
        loose.for_each(|brief| self.push(brief, kinds));
    }

    fn push(&mut self, brief: Brief, kinds: &Kinds<'_>) {
        let again = self.briefs.last().is_some_and(|last| last.time == brief.time && kinds.compare(last, &brief).is_eq());
        if again {
            self.repeats.push((brief.place, self.briefs.len() as u32 - 1));
        } else {
            self.briefs.push(brief);
        }
    }
}

/// What rejections have in common, each once.
#[derive(Default)]
struct Kinds<'a> {
    all: Vec<&'a Rejection>,
    places: HashMap<*const Rejection, u32, Plain>,
}

impl<'a> Kinds<'a> {
    fn place_of(&mut self, of: &'a Rejection) -> u32 {
        *self.places.entry(std::ptr::from_ref(of)).or_insert_with(|| {
            self.all.push(of);
            self.all.len() as u32 - 1
        })
    }

    fn compare(&self, a: &Brief, b: &Brief) -> Ordering {
        let ids = |of: &Brief| (of.source, of.span, of.trace);
        let what = || if a.of == b.of { Ordering::Equal } else { compare_what(self.all[a.of as usize], self.all[b.of as usize]) };
        let amounts = || amount_key(&a.amount).cmp(&amount_key(&b.amount));
        a.time.cmp(&b.time).then_with(|| ids(a).cmp(&ids(b))).then_with(what).then_with(amounts)
    }
}

/// Of each stretch, the calls whose scope the ones next to it tell, in order.
fn changed_at_edges(stretches: &[(u32, &RefusedCalls)]) -> Vec<Vec<Changed>> {
    let mut changed = vec![Vec::new(); stretches.len()];
    for (nth, pair) in stretches.windows(2).enumerate() {
        let [before, after] = over_edge(pair[0].1, pair[1].1);
        changed[nth].extend(before);
        changed[nth + 1].extend(after);
    }
    for of_stretch in &mut changed {
        // One that is near both edges went further if either says so.
        of_stretch.sort_by_key(|(place, scope)| (*place, *scope != Scope::Propagated));
        of_stretch.dedup_by_key(|(place, _)| *place);
    }
    changed
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

/// Where the facts of series stand among them in the order of what they say beside time and value; equal ones are at one place. Samples of
/// several series have one time: they are compared by it, not by texts again and again.
struct Ranks(HashMap<*const BreakerSignal, u32, Plain>);

impl Ranks {
    fn of(series: &[Series]) -> Self {
        let mut facts: Vec<&BreakerSignal> = series.iter().map(|series| &*series.of).collect();
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
        let what = match (rank(a), rank(b)) {
            (Some(a), Some(b)) => a.cmp(b),
            _ => compare_signals(a.of, b.of),
        };
        what.then_with(|| signal_key(&a.signal).cmp(&signal_key(&b.signal)))
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
