//! Calls as `governance` asks for them: who called whom, what served it, and which calls were made below which.

use std::collections::{BTreeSet, HashMap, HashSet};

use governance::analytics::attempts::{Attempt, Served};

use super::{
    operations::{ABOVE_MAX, CLIENT, EDGES_MAX, caller_above, service_in},
    spans::Spans,
    timed::Timed,
};

/// Links told apart; more tell nothing new of chains.
const LINKS_MAX: usize = 20_000;

/// Who calls whom, with which operation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EdgeOf {
    pub caller: String,
    pub called: String,
    pub operation: String,
}

/// Calls that wait for an answer, each once.
#[derive(Debug, Default)]
pub struct Attempts {
    /// By number.
    pub edges: Vec<EdgeOf>,
    pub attempts: Vec<Attempt>,
    /// (edge, one whose calls are made below those of the first).
    pub links: BTreeSet<(usize, usize)>,
    /// Calls of edges beyond the limit.
    pub left_out: u64,
}

impl Attempts {
    pub fn of(timed: &Timed) -> Self {
        let Timed { spans, timings, resent } = timed;
        let answers = Answers::of(timed);
        let mut told = Self::default();
        let mut numbers: HashMap<(u32, &str, u32), usize> = HashMap::new();
        let mut edge_of: HashMap<u64, usize> = HashMap::new();
        for (key, timing) in timings {
            let Some(span) = spans.spans.get(key).filter(|span| span.kind == CLIENT && !answers.wrappers.contains(key)) else { continue };
            if timing.refused {
                continue;
            }
            let Some(called) = answers.called(spans, *key) else { continue };
            let place = (span.service, called, span.operation);
            let number = match numbers.get(&place) {
                Some(number) => *number,
                None if told.edges.len() >= EDGES_MAX => {
                    told.left_out += u64::from(span.counts);
                    continue;
                }
                None => {
                    let text = |number: u32| spans.texts[number as usize].to_string();
                    told.edges.push(EdgeOf { caller: text(span.service), called: called.to_owned(), operation: text(span.operation) });
                    numbers.insert(place, told.edges.len() - 1);
                    told.edges.len() - 1
                }
            };
            edge_of.insert(*key, number);
            told.attempts.push(Attempt {
                edge: number,
                parent: Some(made_by(spans, *key)).filter(|parent| *parent != 0),
                asks: timing.asks,
                start_ns: timing.start_ns,
                end_ns: timing.end_ns,
                ending: timing.ending,
                says_timeout: timing.says_timeout,
                says_resent: resent.contains(key),
                served: answers.served.get(key).copied(),
                counts: span.counts,
                trace: timing.trace,
            });
        }
        for (key, below) in &edge_of {
            let link = made_for(spans, *key).and_then(|call| edge_of.get(&call)).map(|above| (*above, *below));
            if told.links.len() < LINKS_MAX {
                told.links.extend(link);
            }
        }
        told.in_order()
    }

    /// Numbers in the order of names, so that the same calls give the same answer.
    fn in_order(self) -> Self {
        let mut order: Vec<usize> = (0..self.edges.len()).collect();
        order.sort_by_key(|number| &self.edges[*number]);
        let mut places = vec![0; order.len()];
        order.iter().enumerate().for_each(|(place, number)| places[*number] = place);
        let attempts = self.attempts.into_iter().map(|one| Attempt { edge: places[one.edge], ..one }).collect();
        let links = self.links.into_iter().map(|(above, below)| (places[above], places[below])).collect();
        Self { edges: order.iter().map(|number| self.edges[*number].clone()).collect(), attempts, links, left_out: self.left_out }
    }
}

/// What makes this call and its retries: what is above it and above the calls that wrap it.
fn made_by(spans: &Spans, key: u64) -> u64 {
    let mut here = key;
    for _ in 0..ABOVE_MAX {
        let Some(span) = spans.spans.get(&here) else { break };
        let within = spans.spans.get(&span.parent).is_some_and(|parent| parent.service == span.service);
        let Some(wrapper) = caller_above(spans, span.parent).filter(|_| within) else { return span.parent };
        here = wrapper;
    }
    here
}

/// The call of another service that this one is made for.
fn made_for(spans: &Spans, key: u64) -> Option<u64> {
    let service = spans.spans.get(&key)?.service;
    let mut here = key;
    for _ in 0..ABOVE_MAX {
        let span = spans.spans.get(&here)?;
        let above = spans.spans.get(&span.parent)?;
        if above.service != service {
            return caller_above(spans, span.parent);
        }
        here = span.parent;
    }
    None
}

/// Who answered whom.
#[derive(Default)]
struct Answers<'a> {
    /// By call: the service that has the span below it.
    answered: HashMap<u64, u32>,
    /// By call: when that was served, by the span that ended last.
    served: HashMap<u64, Served>,
    /// By caller and peer, and by caller and operation: the one service that answers such calls; `None`: there are several.
    of_peer: HashMap<(u32, u32), Option<u32>>,
    of_operation: HashMap<(u32, u32), Option<u32>>,
    /// Calls around another call of the same service.
    wrappers: HashSet<u64>,
    /// Services that send spans.
    senders: HashSet<&'a str>,
}

impl<'a> Answers<'a> {
    fn of(timed: &'a Timed) -> Self {
        let spans = &timed.spans;
        let mut found = Self::default();
        for (key, span) in &spans.spans {
            found.senders.insert(&*spans.texts[span.service as usize]);
            let Some(parent) = spans.spans.get(&span.parent) else { continue };
            let Some(above) = caller_above(spans, span.parent) else { continue };
            if parent.service == span.service {
                if span.calls() {
                    found.wrappers.insert(above);
                }
                continue;
            }
            found.answered.insert(above, span.service);
            let Some(timing) = timed.timings.get(key).filter(|_| span.is_entry()) else { continue };
            let served = Served { start_ns: timing.start_ns, end_ns: timing.end_ns };
            let known = found.served.entry(above).or_insert(served);
            if served.end_ns > known.end_ns {
                *known = served;
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

    fn called(&self, spans: &'a Spans, call: u64) -> Option<&'a str> {
        let text = |number: u32| -> &'a str { &spans.texts[number as usize] };
        let span = spans.spans.get(&call)?;
        // One that nobody answered is a call like those that somebody did: its retry may be among them.
        let likely =
            || self.of_peer.get(&(span.service, span.peer)).or_else(|| self.of_operation.get(&(span.service, span.operation))).copied()?;
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
