//! What is said of whole traces, and spans below spans.

use std::collections::{BTreeMap, BTreeSet};

use query::search::{Relation, Structure};

use super::{Record, World, values::service};
use crate::records::Span;

pub(super) struct Summary {
    /// The earliest span without a parent.
    pub(super) root: Option<Root>,
    pub(super) start_ns: i64,
    pub(super) end_ns: i64,
    pub(super) spans: usize,
    pub(super) errors: usize,
    pub(super) services: BTreeSet<String>,
}

pub(super) struct Root {
    start_ns: i64,
    pub(super) service: Option<String>,
    pub(super) name: String,
}

pub(super) fn summaries(spans: &[&Span]) -> BTreeMap<u128, Summary> {
    let mut traces: BTreeMap<u128, Summary> = BTreeMap::new();
    for span in spans {
        let end_ns = span.start_ns + span.duration_ns;
        let trace = traces.entry(span.trace).or_insert_with(|| Summary {
            root: None,
            start_ns: span.start_ns,
            end_ns,
            spans: 0,
            errors: 0,
            services: BTreeSet::new(),
        });
        trace.start_ns = trace.start_ns.min(span.start_ns);
        trace.end_ns = trace.end_ns.max(end_ns);
        trace.spans += 1;
        trace.errors += usize::from(span.status == 2);
        trace.services.extend(service(&span.source));
        if span.parent.is_none() && trace.root.as_ref().is_none_or(|root| span.start_ns < root.start_ns) {
            trace.root = Some(Root { start_ns: span.start_ns, service: service(&span.source), name: span.name.clone() });
        }
    }
    traces
}

/// Each step keeps the spans that stand so below one that the step before has found.
pub(super) fn structure<'a>(world: &World<'a>, structure: &Structure) -> Vec<&'a Span> {
    let that = |expr| world.spans.iter().copied().filter(move |span| world.holds(expr, Record::Span(span)));
    let mut found: Vec<&Span> = that(&structure.first).collect();
    for step in &structure.steps {
        let above: BTreeSet<(u128, u64)> = found.iter().map(|span| (span.trace, span.id)).collect();
        let stands = |span: &Span| match step.relation {
            Relation::Child => span.parent.is_some_and(|parent| above.contains(&(span.trace, parent))),
            Relation::Descendant => ancestors(world, span).iter().any(|ancestor| above.contains(&(span.trace, *ancestor))),
        };
        found = that(&step.spans).filter(|span| stands(span)).collect();
    }
    let holds = |span: &&Span| structure.traces.as_ref().is_none_or(|traces| world.holds(traces, Record::Span(span)));
    found.into_iter().filter(holds).collect()
}

/// The ids on the way up, until a span is missing or comes again.
fn ancestors(world: &World<'_>, span: &Span) -> BTreeSet<u64> {
    let mut ancestors = BTreeSet::new();
    let mut parent = span.parent;
    while let Some(id) = parent.filter(|id| !ancestors.contains(id)) {
        ancestors.insert(id);
        parent = world.spans.iter().find(|other| (other.trace, other.id) == (span.trace, id)).and_then(|other| other.parent);
    }
    ancestors
}
