//! Refused calls of a stretch of time: put in order, and looked at in their traces, once and not for each fold.

use std::{collections::HashSet, sync::Arc};

use schemas::{SpanId, TraceId, UnixNanos};

use super::{Alike, Link, Refusal, Scope, TraceShape, hash::Plain, parameters::MINUTE, scope::scopes, sort::same_but_amount};
use crate::facts::{Amount, Rejection};

/// What a trace does on the other side of an edge of the stretch is found when its calls are this close to it.
const EDGE: i64 = MINUTE;

/// Refused calls of a stretch of time, in order, each once. Memory: 72 bytes a call.
#[derive(Debug, Default)]
pub struct RefusedCalls {
    /// When the stretch begins, in nanoseconds.
    start: i64,
    /// What calls that are alike have in common.
    alike: Vec<Arc<Rejection>>,
    calls: Vec<Call>,
    /// Spans near the edges: their traces may go on in the next stretch.
    links: Vec<Link>,
}

/// One of them.
#[derive(Debug, Clone, Copy)]
struct Call {
    time: UnixNanos,
    count: f64,
    trace_id: Option<TraceId>,
    span_id: Option<SpanId>,
    parent_span_id: Option<SpanId>,
    /// Place in `alike`.
    of: u32,
    /// As far as this stretch tells.
    scope: Scope,
}

impl RefusedCalls {
    /// The calls of `[start, end)`; running totals among them are left out. `links`: spans of their traces, and when each was.
    pub fn of(alike: &[Alike], links: &[(UnixNanos, Link)], (start, end): (UnixNanos, UnixNanos)) -> Self {
        let shape: TraceShape = links.iter().map(|(_, link)| *link).collect();
        let mut refusals: Vec<(u32, Refusal<'_>)> = Vec::with_capacity(alike.iter().map(|alike| alike.singles.len()).sum());
        for (of, alike) in alike.iter().enumerate() {
            let calls = alike.refusals().filter(|refusal| matches!(refusal.amount, Amount::Count(_)));
            refusals.extend(calls.map(|refusal| (of as u32, refusal)));
        }
        refusals.sort_by(|a, b| same_but_amount(&a.1, &b.1).then_with(|| count(&a.1).total_cmp(&count(&b.1))));
        refusals.dedup_by(|a, b| same_but_amount(&a.1, &b.1).is_eq() && count(&a.1).to_bits() == count(&b.1).to_bits());
        let (of, refusals): (Vec<u32>, Vec<Refusal<'_>>) = refusals.into_iter().unzip();
        let scopes = scopes(&refusals, Some(&shape));
        let calls = refusals.iter().zip(of).zip(scopes).map(|((refusal, of), scope)| {
            let Refusal { time, trace_id, span_id, parent_span_id, .. } = *refusal;
            Call { time, count: count(refusal), trace_id, span_id, parent_span_id, of, scope }
        });
        let is_near = |time: &UnixNanos| time.0 < start.0.saturating_add(EDGE) || time.0 >= end.0.saturating_sub(EDGE);
        let calls: Vec<Call> = calls.collect();
        let own = calls.iter().filter(|call| is_near(&call.time)).filter_map(Call::link);
        let links = links.iter().filter(|(time, _)| is_near(time)).map(|(_, link)| *link).chain(own).collect();
        Self { start: start.0, alike: alike.iter().map(|alike| Arc::clone(&alike.of)).collect(), calls, links }
    }

    pub fn len(&self) -> usize {
        self.calls.len()
    }

    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// A guess at the memory it takes, but for what calls have in common.
    pub fn bytes(&self) -> usize {
        self.calls.capacity() * size_of::<Call>() + self.links.capacity() * size_of::<Link>() + self.alike.len() * size_of::<usize>()
    }

    /// In order of time.
    pub fn refusals(&self) -> impl Iterator<Item = Refusal<'_>> {
        self.calls.iter().map(|call| call.refusal(&self.alike[call.of as usize]))
    }

    /// What calls that are alike have in common.
    pub fn alike(&self) -> &[Arc<Rejection>] {
        &self.alike
    }

    pub(crate) fn alike_mut(&mut self) -> &mut [Arc<Rejection>] {
        &mut self.alike
    }

    /// Each with its place in [`Self::alike`] and its scope.
    pub(super) fn scoped(&self) -> impl Iterator<Item = (Refusal<'_>, u32, Scope)> {
        self.calls.iter().map(|call| (call.refusal(&self.alike[call.of as usize]), call.of, call.scope))
    }

    pub(super) fn start(&self) -> i64 {
        self.start
    }

    fn from(&self, time: i64) -> usize {
        self.calls.partition_point(|call| call.time.0 < time)
    }
}

impl Call {
    fn refusal<'a>(&self, of: &'a Rejection) -> Refusal<'a> {
        let Self { time, count, trace_id, span_id, parent_span_id, .. } = *self;
        Refusal { of, time, amount: Amount::Count(count), trace_id, span_id, parent_span_id }
    }

    fn link(&self) -> Option<Link> {
        Some(Link { trace: self.trace_id?, span: self.span_id?, parent: self.parent_span_id })
    }
}

fn count(refusal: &Refusal<'_>) -> f64 {
    match refusal.amount {
        Amount::Count(count) => count,
        Amount::Cumulative { value, .. } => value,
    }
}

/// Where in a stretch a call is whose trace goes on in the next one, and its scope with what that one tells.
pub(super) type Changed = (usize, Scope);

/// What traces that reach over the edge between two stretches, the earlier one first, tell of their calls.
///
/// More of a trace can only show that a call went further, that its span was refused, or that another service refused, too.
pub(super) fn over_edge(before: &RefusedCalls, after: &RefusedCalls) -> [Vec<Changed>; 2] {
    let edge = after.start;
    let near = [(before, before.from(edge.saturating_sub(EDGE))..before.len()), (after, 0..after.from(edge.saturating_add(EDGE)))];
    let traces = |of: &RefusedCalls| of.links.iter().map(|link| link.trace).collect::<HashSet<TraceId, Plain>>();
    let loose = |place: usize| near[place].0.calls[near[place].1.clone()].iter().filter_map(|call| call.trace_id);
    let sides = [0, 1].map(|place| {
        let mut all = traces(near[place].0);
        all.extend(loose(place));
        all
    });
    let of_both = |trace: Option<TraceId>| trace.is_some_and(|trace| sides.iter().all(|side| side.contains(&trace)));
    let mut places: Vec<(usize, usize)> = Vec::new();
    let mut refusals: Vec<Refusal<'_>> = Vec::new();
    for (side, (of, range)) in near.iter().enumerate() {
        for place in range.clone().filter(|place| of_both(of.calls[*place].trace_id)) {
            places.push((side, place));
            refusals.push(of.calls[place].refusal(&of.alike[of.calls[place].of as usize]));
        }
    }
    let links = before.links.iter().chain(&after.links).filter(|link| of_both(Some(link.trace)));
    let shape: TraceShape = links.copied().collect();
    let mut changed = [Vec::new(), Vec::new()];
    for ((side, place), scope) in places.into_iter().zip(scopes(&refusals, Some(&shape))) {
        let known = near[side].0.calls[place].scope;
        if known != Scope::Propagated && known != scope {
            changed[side].push((place, scope));
        }
    }
    changed
}
