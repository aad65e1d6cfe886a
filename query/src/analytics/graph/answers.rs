//! Who answered whom: whose calls spans are.

use std::collections::{HashMap, HashSet};

use super::spans::{Span, Spans};

/// Edges told apart; calls of further ones are left out.
pub(super) const EDGES_MAX: usize = 5_000;
/// OTLP's kind of a span that calls and waits.
pub(super) const CLIENT: u8 = 3;
/// Spans between a call and the span that wraps it.
pub(super) const ABOVE_MAX: usize = 16;

#[derive(Default)]
pub(super) struct Answers<'a> {
    /// By call: the service that has the span below it.
    answered: HashMap<u64, u32>,
    /// By caller and peer, and by caller and operation: the one service that answers such calls; `None`: there are several.
    of_peer: HashMap<(u32, u32), Option<u32>>,
    of_operation: HashMap<(u32, u32), Option<u32>>,
    /// Calls around another call of the same service.
    pub wrappers: HashSet<u64>,
    /// Services that begin traces with a call that came in.
    pub own_roots: HashSet<&'a str>,
    /// Services that send spans.
    senders: HashSet<&'a str>,
}

impl<'a> Answers<'a> {
    pub fn of(spans: &'a Spans) -> Self {
        let text = |number: u32| -> &'a str { &spans.texts[number as usize] };
        let mut found = Self::default();
        for span in spans.spans.values() {
            found.senders.insert(text(span.service));
            if span.is_entry() && span.parent == 0 {
                found.own_roots.insert(text(span.service));
            }
            if let Some(parent) = spans.spans.get(&span.parent) {
                found.relate(spans, span, parent);
            }
        }
        for (call, service) in &found.answered {
            let Some(span) = spans.spans.get(call) else { continue };
            learn(&mut found.of_operation, (span.service, span.operation), *service);
            if span.peer != 0 {
                learn(&mut found.of_peer, (span.service, span.peer), *service);
            }
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

    pub fn is_unanswered(&self, call: u64) -> bool {
        !self.answered.contains_key(&call)
    }

    /// The service that was called, or what the call itself says that it asked; `None`: nothing tells.
    ///
    /// One that nobody answered is a call like those that somebody did: of the same peer, or, where no peer is named, of the same operation.
    pub fn called(&self, spans: &'a Spans, call: u64) -> Option<&'a str> {
        let text = |number: u32| -> &'a str { &spans.texts[number as usize] };
        let span = spans.spans.get(&call)?;
        let likely = || match span.peer {
            0 => self.of_operation.get(&(span.service, span.operation)).copied()?,
            peer => self.of_peer.get(&(span.service, peer)).copied()?,
        };
        if let Some(service) = self.answered.get(&call).copied().or_else(likely) {
            return Some(text(service));
        }
        let peer = span.peer.checked_sub(1)?;
        Some(service_in(text(spans.peers.get(peer as usize)?.1), &self.senders))
    }
}

fn learn(known: &mut HashMap<(u32, u32), Option<u32>>, of: (u32, u32), service: u32) {
    let only = known.entry(of).or_insert(Some(service));
    if *only != Some(service) {
        *only = None;
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
fn service_in<'a>(name: &'a str, senders: &HashSet<&'a str>) -> &'a str {
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
}
