//! Calls as `governance` asks for them: who called whom, what served it, and which calls were made below which.

use std::collections::{BTreeSet, HashMap};

use governance::analytics::attempts::{Attempt, Served};

use super::{
    answers::{ABOVE_MAX, Answers, CLIENT, EDGES_MAX, caller_above},
    spans::{Span, Spans},
    timed::Timed,
};

/// Links told apart; more tell nothing new of chains.
const LINKS_MAX: usize = 20_000;
/// OTLP's kind of a span within a process.
const INTERNAL: u8 = 1;

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
        let (answers, served, wraps) = (Answers::of(spans), served(timed), below_internal(spans));
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
                parent: Some(made_by(spans, &wraps, *key)).filter(|parent| *parent != 0),
                asks: timing.asks,
                start_ns: timing.start_ns,
                end_ns: timing.end_ns,
                ending: timing.ending,
                says_timeout: timing.says_timeout,
                says_resent: resent.contains(key),
                served: served.get(key).copied(),
                weight: timing.weight,
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

/// What makes this call and its retries: what is above it, above the calls that wrap it, and above spans of its own process that hold
/// nothing else, as some libraries make one for each attempt.
fn made_by(spans: &Spans, wraps: &HashMap<u64, u32>, key: u64) -> u64 {
    let mut here = key;
    for _ in 0..ABOVE_MAX {
        let Some(span) = spans.spans.get(&here) else { break };
        let Some(parent) = spans.spans.get(&span.parent).filter(|parent| parent.service == span.service) else { return span.parent };
        here = match caller_above(spans, span.parent) {
            Some(wrapper) => wrapper,
            None if parent.kind == INTERNAL && wraps.get(&span.parent) == Some(&1) => span.parent,
            None => return span.parent,
        };
    }
    here
}

/// By internal span: how many spans are right below it.
fn below_internal(spans: &Spans) -> HashMap<u64, u32> {
    let mut below: HashMap<u64, u32> = HashMap::new();
    for span in spans.spans.values() {
        if spans.spans.get(&span.parent).is_some_and(|parent| parent.kind == INTERNAL) {
            *below.entry(span.parent).or_default() += 1;
        }
    }
    below
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

/// By call: when that was served, by the span that ended last.
fn served(timed: &Timed) -> HashMap<u64, Served> {
    let spans = &timed.spans;
    let mut served: HashMap<u64, Served> = HashMap::new();
    for (key, span) in spans.spans.iter().filter(|(_, span)| span.is_entry()) {
        let Some(timing) = timed.timings.get(key) else { continue };
        let Some(above) = call_from_elsewhere(spans, span) else { continue };
        let one = Served { start_ns: timing.start_ns, end_ns: timing.end_ns };
        let known = served.entry(above).or_insert(one);
        if one.end_ns > known.end_ns {
            *known = one;
        }
    }
    served
}

/// The call of another service that `span` answers.
fn call_from_elsewhere(spans: &Spans, span: &Span) -> Option<u64> {
    let parent = spans.spans.get(&span.parent)?;
    (parent.service != span.service).then(|| caller_above(spans, span.parent))?
}
