//! Was a call refused here, or further down, and this record only repeats it?

use std::collections::{HashMap, HashSet};

use schemas::{SpanId, TraceId};

use super::{TraceShape, hash::Plain};
use crate::facts::{Rejection, RejectionKind, Source, SpanKind};

/// Ancestors looked at for one rejection.
const DEPTH_MAX: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Refused by a breaker or limiter of this service.
    Local,
    /// Refused further down, and reported again.
    Propagated,
    /// The records do not tell.
    Unknown,
}

type Node = (TraceId, SpanId);

/// The scope of each, by these rules, first hit wins:
///
/// 1. the text says so (`rpc error: …`), or a counter of the other side of the call says it;
/// 2. another rejection lies below it in the trace: propagated;
/// 3. it is a client span with a child: the call went out, so propagated;
/// 4. a log line whose span is not known, while other services of its trace were refused too: unknown;
/// 5. else local.
pub(crate) fn scopes(rejections: &[(u32, &Rejection)], shape: Option<&TraceShape>) -> Vec<Scope> {
    let parents = parents_of(rejections);
    let below = with_rejections_below(rejections, &parents, shape);
    let crossed = traces_of_several_services(rejections);
    let scope_of = |rejection: &Rejection| {
        if rejection.says_propagated || other_side(rejection) {
            return Scope::Propagated;
        }
        let evidence = &rejection.evidence;
        let Some(trace) = evidence.trace_id else { return Scope::Local };
        if let Some(span) = evidence.span_id {
            let node = (trace, span);
            let sent = rejection.span_kind == Some(SpanKind::Client) && shape.is_some_and(|shape| shape.has_child(trace, span));
            if below.contains(&node) || sent {
                return Scope::Propagated;
            }
            if parents.get(&node).is_some_and(|(_, is_span)| *is_span) {
                return Scope::Local;
            }
        }
        let loose = matches!(evidence.source, Source::Log | Source::AccessLog);
        if loose && crossed.contains(&trace) { Scope::Unknown } else { Scope::Local }
    };
    rejections.iter().map(|(_, rejection)| scope_of(rejection)).collect()
}

/// Counters and spans of the side that cannot have refused: a server only passes on what breakers refuse, a client what Kratos limits.
fn other_side(rejection: &Rejection) -> bool {
    let metric = matches!(rejection.evidence.source, Source::Sum | Source::Histogram | Source::Gauge);
    match rejection.kind {
        RejectionKind::BreakerOpen | RejectionKind::HalfOpenLimit => metric && rejection.span_kind == Some(SpanKind::Server),
        RejectionKind::RateLimit => rejection.framework.starts_with("kratos") && rejection.span_kind == Some(SpanKind::Client),
        _ => false,
    }
}

/// Of each span that was refused, or whose log says so: its parent, and whether the span itself was seen.
fn parents_of(rejections: &[(u32, &Rejection)]) -> HashMap<Node, (Option<SpanId>, bool), Plain> {
    let mut parents = HashMap::with_capacity_and_hasher(rejections.len(), Plain::default());
    for (_, rejection) in rejections {
        let evidence = &rejection.evidence;
        let (Some(trace), Some(span)) = (evidence.trace_id, evidence.span_id) else { continue };
        let is_span = matches!(evidence.source, Source::Span | Source::SpanEvent);
        let entry: &mut (Option<SpanId>, bool) = parents.entry((trace, span)).or_default();
        entry.0 = entry.0.max(evidence.parent_span_id);
        entry.1 |= is_span;
    }
    parents
}

fn with_rejections_below(
    rejections: &[(u32, &Rejection)],
    parents: &HashMap<Node, (Option<SpanId>, bool), Plain>,
    shape: Option<&TraceShape>,
) -> HashSet<Node, Plain> {
    let mut below = HashSet::default();
    for (_, rejection) in rejections {
        let (Some(trace), Some(start)) = (rejection.evidence.trace_id, rejection.evidence.span_id) else { continue };
        let mut span = start;
        for _ in 0..DEPTH_MAX {
            let known = parents.get(&(trace, span)).and_then(|(parent, _)| *parent);
            let Some(parent) = known.or_else(|| shape.and_then(|shape| shape.parent(trace, span))).filter(|parent| *parent != span) else {
                break;
            };
            span = parent;
            if parents.contains_key(&(trace, span)) {
                // What is above that one, it finds itself.
                below.insert((trace, span));
                break;
            }
        }
    }
    below
}

fn traces_of_several_services(rejections: &[(u32, &Rejection)]) -> HashSet<TraceId, Plain> {
    let mut first: HashMap<TraceId, &str, Plain> = HashMap::default();
    let mut several = HashSet::default();
    let loose = |rejection: &Rejection| matches!(rejection.evidence.source, Source::Log | Source::AccessLog);
    if !rejections.iter().any(|(_, rejection)| loose(rejection)) {
        return several;
    }
    for (_, rejection) in rejections {
        let Some(trace) = rejection.evidence.trace_id else { continue };
        let service = rejection.emitter.service.as_str();
        if *first.entry(trace).or_insert(service) != service {
            several.insert(trace);
        }
    }
    several
}
