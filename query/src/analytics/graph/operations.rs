//! Calls by caller, called and operation, and how they ended.

use std::collections::{BTreeMap, HashMap, HashSet};

use schemas::{SpanId, TraceId};

use super::{
    peer::NodeKind,
    spans::{Detail, Span, Spans, key_of},
};

/// Edges told apart; calls of further ones are left out.
pub(super) const EDGES_MAX: usize = 5_000;
/// Traces shown of each kind, the newest.
const TRACES_MAX: usize = 3;
const SECOND_NS: f64 = 1e9;
/// OTLP's kind of a span that calls and waits.
pub(super) const CLIENT: u8 = 3;
/// Spans between a call and the span that wraps it.
pub(super) const ABOVE_MAX: usize = 16;

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
    at_once: HashMap<(u32, i64), u32>,
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
/// spans of an instrumentation may have around them.
pub fn by_operation(spans: &Spans, faults: &Faults, window_s: impl Fn(&str) -> Option<f64>) -> Vec<CallsOf> {
    let text = |number: u32| -> &str { &spans.texts[number as usize] };
    let Answers { answered, wrappers, own_roots, senders } = Answers::of(spans);
    let mut edges: BTreeMap<(u32, &str, u32), Counted> = BTreeMap::new();
    for (key, detail) in spans.details.iter().flatten() {
        let Some(span) = spans.spans.get(key).filter(|span| span.kind == CLIENT && !wrappers.contains(key)) else { continue };
        let answer = answered.get(key).copied();
        let peer = span.peer.checked_sub(1).and_then(|peer| spans.peers.get(peer as usize));
        let Some(called) = answer.map(text).or_else(|| peer.map(|peer| service_in(text(peer.1), &senders))) else { continue };
        let place = (span.service, called, span.operation);
        if edges.len() >= EDGES_MAX && !edges.contains_key(&place) {
            continue;
        }
        let fault = faults.0.get(key).copied().unwrap_or_default();
        let of = edges.entry(place).or_default();
        of.calls.calls += 1.0;
        *of.scopes.entry(detail.scope).or_default() += 1;
        of.seen_in.add(detail);
        if detail.refused {
            of.calls.refused += 1.0;
        } else if fault.failed {
            of.calls.failed += 1.0;
            of.calls.timed_out += f64::from(u8::from(fault.timed_out));
            of.failed_in.add(detail);
        } else if answer.is_none() && !span.failed && own_roots.contains(called) && peer.is_some_and(|peer| peer.0 != NodeKind::Queue) {
            of.calls.unanswered += 1.0;
            of.unanswered_in.add(detail);
        }
        if let Some(window_s) = window_s(text(detail.scope)) {
            let stretch = (detail.start_ns as f64 / (window_s * SECOND_NS)).floor() as i64;
            *of.at_once.entry((detail.instance, stretch)).or_default() += 1;
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
        at_once: of.at_once.values().max().copied().unwrap_or_default().into(),
        failed_in: of.failed_in.traces(),
        unanswered_in: of.unanswered_in.traces(),
        seen_in: of.seen_in.traces(),
        ..of.calls
    });
    let mut told: Vec<CallsOf> = told.collect();
    told.sort_by(|a, b| (&a.caller, &a.called, &a.operation).cmp(&(&b.caller, &b.called, &b.operation)));
    told
}

/// Who answered whom.
struct Answers<'a> {
    /// Service that has the span below a call.
    answered: HashMap<u64, u32>,
    /// Calls around another call of the same service.
    wrappers: HashSet<u64>,
    /// Services that begin traces with a call that came in.
    own_roots: HashSet<&'a str>,
    /// Services that send spans.
    senders: HashSet<&'a str>,
}

impl<'a> Answers<'a> {
    fn of(spans: &'a Spans) -> Self {
        let text = |number: u32| -> &'a str { &spans.texts[number as usize] };
        let mut found = Self { answered: HashMap::new(), wrappers: HashSet::new(), own_roots: HashSet::new(), senders: HashSet::new() };
        for span in spans.spans.values() {
            found.senders.insert(text(span.service));
            if span.is_entry() && span.parent == 0 {
                found.own_roots.insert(text(span.service));
            }
            let Some(parent) = spans.spans.get(&span.parent) else { continue };
            found.relate(spans, span, parent);
        }
        found
    }

    fn relate(&mut self, spans: &Spans, span: &Span, parent: &Span) {
        let Some(above) = caller_above(spans, span.parent) else { return };
        if parent.service != span.service {
            self.answered.insert(above, span.service);
        } else if span.calls() {
            self.wrappers.insert(above);
        }
    }
}

/// The nearest span from this one upwards, within its service and the same request, that calls somebody.
pub(super) fn caller_above(spans: &Spans, key: u64) -> Option<u64> {
    let mut here = key;
    let service = spans.spans.get(&key)?.service;
    for _ in 0..ABOVE_MAX {
        let span = spans.spans.get(&here).filter(|span| span.service == service && !span.is_entry())?;
        if span.calls() {
            return Some(here);
        }
        here = span.parent;
    }
    None
}

/// The service that a peer's name is of: its own, or that of a host in a cluster (`pay.shop.svc.cluster.local`); else the name itself.
pub(super) fn service_in<'a>(name: &'a str, senders: &HashSet<&'a str>) -> &'a str {
    let host = name.split(':').next().unwrap_or(name);
    let mut labels = host.split('.');
    let first = labels.next().unwrap_or(host);
    let in_cluster = labels.any(|label| label == "svc");
    [name, host].into_iter().chain(in_cluster.then_some(first)).find(|name| senders.contains(name)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_services() {
        let senders = HashSet::from(["pay", "order"]);
        for (name, expected) in [
            ("pay", "pay"),
            ("pay:8080", "pay"),
            ("pay.shop.svc.cluster.local:8080", "pay"),
            ("pay.example.com", "pay.example.com"),
            ("redis-1", "redis-1"),
        ] {
            assert_eq!(service_in(name, &senders), expected);
        }
    }

    #[test]
    fn the_newest_traces_each_once() {
        let detail = |start_ns, trace| Detail { trace: TraceId([trace; 16]), start_ns, instance: 0, scope: 0, refused: false };
        let mut newest = Newest::default();
        for (start, trace) in [(1, 1), (5, 2), (3, 3), (5, 2), (4, 4)] {
            newest.add(&detail(start, trace));
        }
        assert_eq!(newest.traces(), [2, 4, 3].map(|trace| TraceId([trace; 16])));
    }
}
