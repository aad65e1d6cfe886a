//! Calls by caller, called and operation, and how they ended.

use std::collections::{BTreeMap, HashMap};

use schemas::{SpanId, TraceId};

use super::{
    answers::{Answers, CLIENT, EDGES_MAX},
    peer::NodeKind,
    spans::{Detail, Spans, key_of},
};

/// Traces shown of each kind, the newest.
const TRACES_MAX: usize = 3;
const SECOND_NS: f64 = 1e9;

/// What the errors of a span say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fault {
    /// The one that was called is to blame.
    pub failed: bool,
    pub timed_out: bool,
}

/// By span.
#[derive(Debug, Default)]
pub struct Faults(HashMap<u64, Fault>);

impl Faults {
    /// A span may have several errors: it failed when one of them says so.
    pub fn add(&mut self, trace: TraceId, span: SpanId, fault: Fault) {
        let known = self.0.entry(key_of(trace, span)).or_default();
        *known = Fault { failed: known.failed | fault.failed, timed_out: known.timed_out | fault.timed_out };
    }
}

/// Calls of one operation from one service to a node.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CallsOf {
    pub caller: String,
    pub called: String,
    pub operation: String,
    /// Instrumentation that made most of the spans.
    pub scope: String,
    pub calls: f64,
    pub failed: f64,
    pub timed_out: f64,
    /// A breaker or limiter refused them.
    pub refused: f64,
    /// Most calls of one instance within the window that was asked for; 0: none was.
    pub at_once: f64,
    /// Calls that did not fail, to a service that begins traces of its own, without a span of that service in the same trace.
    pub unanswered: f64,
    pub failed_in: Vec<TraceId>,
    pub unanswered_in: Vec<TraceId>,
    pub seen_in: Vec<TraceId>,
}

#[derive(Default)]
struct Counted {
    calls: CallsOf,
    scopes: BTreeMap<u32, u64>,
    failed_in: Newest,
    unanswered_in: Newest,
    seen_in: Newest,
    /// By instance and stretch of the window.
    at_once: HashMap<(u32, i64), f64>,
}

/// The newest traces, by time and id.
#[derive(Default)]
struct Newest(Vec<(i64, TraceId)>);

impl Newest {
    fn add(&mut self, detail: &Detail) {
        let one = (detail.start_ns, detail.trace);
        if self.0.iter().any(|(_, trace)| *trace == detail.trace) {
            return;
        }
        let place = self.0.partition_point(|known| *known > one);
        self.0.insert(place, one);
        self.0.truncate(TRACES_MAX);
    }

    fn traces(self) -> Vec<TraceId> {
        self.0.into_iter().map(|(_, trace)| trace).collect()
    }
}

/// Calls that wait for an answer, of detailed spans, in order of caller, called and operation. `window_s` is that of the breaker which
/// spans of a service and an instrumentation may have around them.
pub fn by_operation(spans: &Spans, faults: &Faults, window_s: impl Fn(&str, &str) -> Option<f64>) -> Vec<CallsOf> {
    let text = |number: u32| -> &str { &spans.texts[number as usize] };
    let answers = Answers::of(spans);
    let mut edges: BTreeMap<(u32, &str, u32), Counted> = BTreeMap::new();
    for (key, detail) in spans.details.iter().flatten() {
        let Some(span) = spans.spans.get(key).filter(|span| span.kind == CLIENT && !answers.wrappers.contains(key)) else { continue };
        let Some(called) = answers.called(spans, *key) else { continue };
        let place = (span.service, called, span.operation);
        if edges.len() >= EDGES_MAX && !edges.contains_key(&place) {
            continue;
        }
        let fault = faults.0.get(key).copied().unwrap_or_default();
        let of = edges.entry(place).or_default();
        of.calls.calls += detail.weight;
        *of.scopes.entry(detail.scope).or_default() += 1;
        of.seen_in.add(detail);
        if detail.refused {
            of.calls.refused += detail.weight;
        } else if fault.failed {
            of.calls.failed += detail.weight;
            of.calls.timed_out += if fault.timed_out { detail.weight } else { 0.0 };
            of.failed_in.add(detail);
        } else if !span.failed && answers.is_unanswered(*key) && answers.own_roots.contains(called) && asks_a_service(spans, span.peer) {
            of.calls.unanswered += detail.weight;
            of.unanswered_in.add(detail);
        }
        if let Some(window_s) = window_s(text(span.service), text(detail.scope)) {
            let stretch = (detail.start_ns as f64 / (window_s * SECOND_NS)).floor() as i64;
            *of.at_once.entry((detail.instance, stretch)).or_default() += detail.weight;
        }
    }
    let told = edges.into_iter().map(|((caller, called, operation), of)| CallsOf {
        caller: text(caller).to_owned(),
        called: called.to_owned(),
        operation: text(operation).to_owned(),
        scope: of
            .scopes
            .iter()
            .max_by_key(|(scope, count)| (**count, **scope))
            .map(|(scope, _)| text(*scope).to_owned())
            .unwrap_or_default(),
        at_once: of.at_once.values().copied().fold(0.0, f64::max),
        failed_in: of.failed_in.traces(),
        unanswered_in: of.unanswered_in.traces(),
        seen_in: of.seen_in.traces(),
        ..of.calls
    });
    let mut told: Vec<CallsOf> = told.collect();
    told.sort_by(|a, b| (&a.caller, &a.called, &a.operation).cmp(&(&b.caller, &b.called, &b.operation)));
    told
}

fn asks_a_service(spans: &Spans, peer: u32) -> bool {
    let peer = peer.checked_sub(1).and_then(|peer| spans.peers.get(peer as usize));
    peer.is_some_and(|peer| peer.0 != NodeKind::Queue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_traces_each_once() {
        let detail = |start_ns, trace| Detail { trace: TraceId([trace; 16]), start_ns, instance: 0, scope: 0, refused: false, weight: 1.0 };
        let mut newest = Newest::default();
        for (start, trace) in [(1, 1), (5, 2), (3, 3), (5, 2), (4, 4)] {
            newest.add(&detail(start, trace));
        }
        assert_eq!(newest.traces(), [2, 4, 3].map(|trace| TraceId([trace; 16])));
    }
}
