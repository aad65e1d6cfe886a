//! Pairs of spans to edges between services; calls that nobody answered to edges to peers.
//!
//! 1. A span whose parent is of another service is a call between the two. The parent is answered.
//! 2. A client or producer span with such a span of its own service below it is only a wrapper: the one below calls.
//! 3. A client or producer span that is not answered calls its peer: a database, a queue, an address. A peer with the name of a service
//!    is that service, whose half is missing.

use std::collections::{BTreeMap, HashSet};

use super::{
    peer::NodeKind,
    spans::{Span, Spans},
};
use crate::analytics::red::Red;

/// Operations of an edge that are told apart.
const OPERATIONS_MAX: usize = 100;
/// Spans between a call and the span that wraps it.
const ABOVE_MAX: usize = 16;

#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub kind: NodeKind,
    pub name: String,
    /// Of a database or queue.
    pub system: String,
    /// Its spans within the window; 0 of those that send none.
    pub spans: u64,
    /// What came in: by its own spans, or by those of its callers where it sends none.
    pub calls: Red,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    /// Indices into the nodes.
    pub from: usize,
    pub to: usize,
    /// As the caller sees it: its own duration where it has a client span, and a failure of either half.
    pub calls: Red,
    /// Calls of which one half is known: that of the caller.
    pub one_sided: f64,
    /// Of the calling spans, or of those that were called where the caller has none; the commonest first.
    pub operations: Vec<(String, f64)>,
    /// The commonest; empty where nothing says.
    pub protocol: String,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Graph {
    /// In order of kind and name.
    pub nodes: Vec<Node>,
    /// In order of `from` and `to`.
    pub edges: Vec<Edge>,
    /// Calls of which nothing says whom they reach.
    pub unlinked: f64,
    /// Calls that came in with a caller whose span is not there.
    pub orphans: f64,
}

#[derive(Debug, Default)]
struct Counted {
    calls: Red,
    one_sided: f64,
    operations: BTreeMap<u32, f64>,
    protocols: BTreeMap<u32, f64>,
}

impl Counted {
    fn add(&mut self, duration_ns: i64, failed: bool, operation: u32, protocol: u32) {
        self.calls.add(duration_ns, failed, 1.0);
        if self.operations.len() < OPERATIONS_MAX || self.operations.contains_key(&operation) {
            *self.operations.entry(operation).or_default() += 1.0;
        }
        *self.protocols.entry(protocol).or_default() += 1.0;
    }
}

/// A node while it is counted: kind, name, system.
type Key<'a> = (NodeKind, &'a str, &'a str);

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

/// The graph of the calls that were answered, or made where nobody answered, within the window.
pub fn calls(spans: &Spans) -> Graph {
    let text = |number: u32| -> &str { &spans.texts[number as usize] };
    let service = |span: &Span| (NodeKind::Service, text(span.service), "");
    let mut answered: HashSet<u64> = HashSet::new();
    let mut edges: BTreeMap<(Key<'_>, Key<'_>), Counted> = BTreeMap::new();
    let mut graph = Graph::default();
    for span in spans.spans.values() {
        let Some(parent) = spans.spans.get(&span.parent) else {
            graph.orphans += f64::from(u8::from(span.counts && span.is_entry() && span.parent != 0));
            continue;
        };
        if parent.service == span.service {
            if span.calls() {
                answered.extend(caller_above(spans, span.parent));
            }
            continue;
        }
        answered.extend(caller_above(spans, span.parent));
        if span.counts {
            let waits = parent.kind == 3;
            let duration_ns = if waits { parent.duration_ns } else { span.duration_ns };
            let operation = if parent.calls() { parent.operation } else { span.operation };
            let protocol = if text(parent.protocol).is_empty() { span.protocol } else { parent.protocol };
            let edge = edges.entry((service(parent), service(span))).or_default();
            edge.add(duration_ns, span.failed || (waits && parent.failed), operation, protocol);
        }
    }

    let mut nodes: BTreeMap<Key<'_>, Node> = BTreeMap::new();
    let mut all: BTreeMap<Key<'_>, Red> = BTreeMap::new();
    let node = |key: Key<'_>| Node { kind: key.0, name: key.1.to_owned(), system: key.2.to_owned(), spans: 0, calls: Red::default() };
    for span in spans.spans.values().filter(|span| span.counts) {
        let own = nodes.entry(service(span)).or_insert_with(|| node(service(span)));
        own.spans += 1;
        if span.is_entry() {
            own.calls.add(span.duration_ns, span.failed, 1.0);
        }
        all.entry(service(span)).or_default().add(span.duration_ns, span.failed, 1.0);
    }
    for (key, span) in spans.spans.iter().filter(|(_, span)| span.counts && span.calls()) {
        if answered.contains(key) {
            continue;
        }
        let Some(peer) = span.peer.checked_sub(1).and_then(|peer| spans.peers.get(peer as usize)) else {
            graph.unlinked += 1.0;
            continue;
        };
        let (kind, name, system) = (peer.0, text(peer.1), text(peer.2));
        let named = (NodeKind::Service, name, "");
        let to = if nodes.contains_key(&named) && named != service(span) { named } else { (kind, name, system) };
        let edge = edges.entry((service(span), to)).or_default();
        edge.add(span.duration_ns, span.failed, span.operation, span.protocol);
        edge.one_sided += 1.0;
    }

    for (from, to) in edges.keys() {
        [from, to].into_iter().for_each(|key| {
            nodes.entry(*key).or_insert_with(|| node(*key));
        });
    }
    for ((_, to), edge) in &edges {
        if let Some(called) = nodes.get_mut(to).filter(|called| called.spans == 0) {
            called.calls.merge(&edge.calls);
        }
    }
    // A service that nobody calls, such as a job, shows its own spans.
    for (key, own) in &mut nodes {
        if own.calls.count == 0.0 && own.spans > 0 {
            own.calls = all.remove(key).unwrap_or_default();
        }
    }
    let places: BTreeMap<Key<'_>, usize> = nodes.keys().enumerate().map(|(place, key)| (*key, place)).collect();
    let sorted = |counts: &BTreeMap<u32, f64>| {
        let mut sorted: Vec<(String, f64)> = counts.iter().map(|(number, count)| (text(*number).to_owned(), *count)).collect();
        sorted.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        sorted
    };
    graph.edges = edges
        .iter()
        .map(|((from, to), edge)| Edge {
            from: places[from],
            to: places[to],
            calls: edge.calls.clone(),
            one_sided: edge.one_sided,
            operations: sorted(&edge.operations),
            protocol: sorted(&edge.protocols)
                .into_iter()
                .map(|(protocol, _)| protocol)
                .find(|protocol| !protocol.is_empty())
                .unwrap_or_default(),
        })
        .collect();
    graph.nodes = nodes.into_values().collect();
    graph
}
