//! Refused calls, each counted once whatever number of records tell of it.

use std::collections::HashMap;

use super::{
    event::proof,
    hash::Plain,
    model::Proof,
    parameters::COUNT_WINDOW,
    registry::{Slot, is_gozero_drop},
    series::Prepared,
    sort::{Brief, Sorted},
};
use crate::facts::{RejectionKind, Signal, Source, State};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Refused,
    /// By a half open breaker, which lets only a few through.
    RefusedByHalfOpen,
    /// The record says the state itself.
    Seen(State),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Origin {
    Rejection(u32),
    Signal(u32),
}

/// `count` calls refused after `after`, not after `until`; one record when both are equal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Atom {
    pub after: i64,
    pub until: i64,
    pub count: f64,
    pub what: What,
    /// Whether it counts, or another source counts the same calls.
    pub counted: bool,
    pub sampled: bool,
    pub confidence: u8,
    pub origin: Origin,
}

impl Atom {
    pub fn is_point(&self) -> bool {
        self.after == self.until
    }

    pub fn proof_of(origin: Origin, sorted: &Sorted<'_>) -> Proof {
        match origin {
            Origin::Rejection(index) => {
                let Brief { time, trace, span, .. } = sorted.briefs[index as usize];
                Proof { trace_id: trace, span_id: span, ..proof(time, &sorted.kind(index).evidence) }
            }
            Origin::Signal(index) => {
                let signal = sorted.signals[index as usize];
                proof(signal.time.0, &signal.evidence)
            }
        }
    }
}

/// In order of `until`. Who counts: a metric where its intervals reach, else within five minutes access log before span before log.
pub(crate) fn atoms(slot: &Slot, prepared: &Prepared, sorted: &Sorted<'_>) -> Vec<Atom> {
    let mut atoms = Vec::with_capacity(prepared.points.len());
    let mut covered: Vec<(i64, i64)> = Vec::new();
    for series in &prepared.refusals {
        for delta in &series.deltas {
            covered.push((delta.after, delta.until));
            if delta.value > 0.0 {
                let origin = Origin::Rejection(series.example);
                let confidence = sorted.briefs[series.example as usize].confidence;
                let (after, until, count) = (delta.after.min(delta.until), delta.until, delta.value);
                atoms.push(Atom { after, until, count, what: what(series.kind), counted: true, sampled: false, confidence, origin });
            }
        }
    }
    points(prepared, sorted, &covered_union(covered), &mut atoms);
    for index in &slot.signals {
        let signal = sorted.signals[*index as usize];
        if let Signal::Seen { state } = signal.signal {
            let (time, origin) = (signal.time.0, Origin::Signal(*index));
            let confidence = signal.evidence.confidence;
            atoms.push(Atom {
                after: time,
                until: time,
                count: 0.0,
                what: What::Seen(state),
                counted: true,
                sampled: false,
                confidence,
                origin,
            });
        }
    }
    atoms.sort_by_key(|atom| (atom.until, atom.after));
    atoms
}

fn points(prepared: &Prepared, sorted: &Sorted<'_>, covered: &[(i64, i64)], atoms: &mut Vec<Atom>) {
    let mut best: HashMap<(i64, RejectionKind), u8, Plain> = HashMap::default();
    let window = |brief: &Brief| (brief.time.div_euclid(COUNT_WINDOW), brief.kind);
    // Points are in order of time, so nearly always the one before is of the same window.
    let mut last: Option<((i64, RejectionKind), u8)> = None;
    for index in &prepared.points {
        let brief = &sorted.briefs[*index as usize];
        let (window, rank) = (window(brief), rank(brief.source));
        if last.is_some_and(|(known, best)| known == window && best <= rank) {
            continue;
        }
        let entry = best.entry(window).or_insert(u8::MAX);
        *entry = rank.min(*entry);
        last = Some((window, *entry));
    }
    let mut last_span = None;
    let mut chosen: Option<((i64, RejectionKind), u8)> = None;
    for index in &prepared.points {
        let brief = &sorted.briefs[*index as usize];
        let Some(count) = brief.count().filter(|count| count.is_finite() && *count >= 0.0) else { continue };
        let Brief { time, source, kind, .. } = *brief;
        let by_metric = {
            let place = covered.partition_point(|(_, until)| *until < time);
            covered.get(place).is_some_and(|(after, _)| *after < time)
        };
        let window = window(brief);
        if chosen.is_none_or(|(known, _)| known != window) {
            chosen = best.get(&window).map(|rank| (window, *rank));
        }
        let chosen = chosen.is_some_and(|(_, best)| best == rank(source));
        // The event of a span and the span itself.
        let span = brief.trace.zip(brief.span).filter(|_| rank(source) == rank(Source::Span));
        let again = last_span.is_some_and(|(last, other)| Some(last) == span && other != source);
        last_span = span.map(|span| (span, source)).or(last_span);
        let sampled = matches!(source, Source::Span | Source::SpanEvent) && count > 1.0;
        let unsure = kind == RejectionKind::Unknown503 && is_gozero_drop(sorted.kind(*index));
        let confidence = if unsure { 70 } else { brief.confidence };
        let (counted, what) = (chosen && !by_metric && !again, what(kind));
        atoms.push(Atom { after: time, until: time, count, what, counted, sampled, confidence, origin: Origin::Rejection(*index) });
    }
}

fn what(kind: RejectionKind) -> What {
    match kind {
        // Of who refused without saying why, only what a half open breaker says is ever given to a breaker.
        RejectionKind::HalfOpenLimit | RejectionKind::Unknown429 => What::RefusedByHalfOpen,
        _ => What::Refused,
    }
}

fn rank(source: Source) -> u8 {
    match source {
        Source::Sum | Source::Gauge | Source::Histogram => 0,
        Source::AccessLog => 1,
        Source::Span | Source::SpanEvent => 2,
        Source::Log => 3,
    }
}

fn covered_union(mut covered: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    covered.sort_unstable();
    let mut union: Vec<(i64, i64)> = Vec::with_capacity(covered.len());
    for (after, until) in covered {
        match union.last_mut() {
            Some(last) if after <= last.1 => last.1 = last.1.max(until),
            _ => union.push((after, until)),
        }
    }
    union
}
