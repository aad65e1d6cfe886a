//! Was a call refused here, or further down, and this record only repeats it?

use schemas::{SpanId, TraceId};

use super::{Refusal, TraceShape};
use crate::facts::{RejectionKind, Source, SpanKind};

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

/// The scope of each, by these rules, first hit wins:
///
/// 1. the text says so (`rpc error: …`), or a counter of the other side of the call says it;
/// 2. another rejection lies below it in the trace: propagated;
/// 3. it is a client span with a child: the call went out, so propagated;
/// 4. a log line whose span is not known, while other services of its trace were refused too: unknown. A bare status (503, 429) says
///    nothing of that: callers get it from whoever was refused;
/// 5. else local.
pub(crate) fn scopes(refusals: &[Refusal<'_>], shape: Option<&TraceShape>) -> Vec<Scope> {
    let mut scopes = Vec::with_capacity(refusals.len());
    let mut traced: Vec<(u128, u32)> = Vec::with_capacity(refusals.len());
    for (index, refusal) in refusals.iter().enumerate() {
        let repeats = refusal.says_propagated || other_side(refusal);
        scopes.push(if repeats { Scope::Propagated } else { Scope::Local });
        traced.extend(refusal.trace_id.map(|trace| (u128::from_be_bytes(trace.0), index as u32)));
    }
    traced.sort_unstable();
    for of_trace in traced.chunk_by(|a, b| a.0 == b.0) {
        if let [(_, index)] = of_trace {
            // No other rejection lies below it; so it went out, or was refused here.
            let refusal = &refusals[*index as usize];
            let sent = || refusal.span_kind == Some(SpanKind::Client) && has_child(shape, refusal.trace_id, refusal.span_id);
            if shape.is_some() && scopes[*index as usize] == Scope::Local && sent() {
                scopes[*index as usize] = Scope::Propagated;
            }
            continue;
        }
        let trace = OfTrace::of(TraceId(of_trace[0].0.to_be_bytes()), of_trace, refusals, shape);
        for (_, index) in of_trace {
            let scope = &mut scopes[*index as usize];
            if *scope == Scope::Local {
                *scope = trace.scope(&refusals[*index as usize]);
            }
        }
    }
    scopes
}

/// Counters and spans of the side that cannot have refused: a server only passes on what breakers refuse, a client what Kratos limits.
fn other_side(refusal: &Refusal<'_>) -> bool {
    match refusal.kind {
        RejectionKind::BreakerOpen | RejectionKind::HalfOpenLimit => {
            refusal.evidence.source.is_metric() && refusal.span_kind == Some(SpanKind::Server)
        }
        RejectionKind::RateLimit => refusal.span_kind == Some(SpanKind::Client) && refusal.framework.starts_with("kratos"),
        _ => false,
    }
}

/// A span that was refused, or whose log says so.
struct Node {
    span: SpanId,
    parent: Option<SpanId>,
    /// The span itself was seen.
    is_span: bool,
    /// Another one lies below it.
    has_below: bool,
}

/// What the rejections of one trace say together.
struct OfTrace<'a> {
    trace: TraceId,
    shape: Option<&'a TraceShape>,
    /// In order of their ids, each once.
    nodes: Vec<Node>,
    of_several_services: bool,
}

impl<'a> OfTrace<'a> {
    fn of(trace: TraceId, members: &[(u128, u32)], refusals: &[Refusal<'_>], shape: Option<&'a TraceShape>) -> Self {
        let of = |member: &(u128, u32)| &refusals[member.1 as usize];
        let says_what = |rejection: &&Refusal<'_>| !matches!(rejection.kind, RejectionKind::Unknown503 | RejectionKind::Unknown429);
        let mut services = members.iter().map(of).filter(says_what).map(|rejection| &rejection.emitter.service);
        let of_several_services = services.next().is_some_and(|first| services.any(|service| service != first));
        let mut found = Self { trace, shape, nodes: nodes(members.iter().map(of)), of_several_services };
        for index in 0..found.nodes.len() {
            if let Some(above) = found.above(index) {
                found.nodes[above].has_below = true;
            }
        }
        found
    }

    /// The nearest node above; what is above that one, it finds itself.
    fn above(&self, index: usize) -> Option<usize> {
        let mut span = self.nodes[index].span;
        for _ in 0..DEPTH_MAX {
            let known = self.place(span).and_then(|place| self.nodes[place].parent);
            let parent = known.or_else(|| self.shape?.parent(self.trace, span)).filter(|parent| *parent != span)?;
            span = parent;
            if let Some(place) = self.place(span) {
                return Some(place);
            }
        }
        None
    }

    fn place(&self, span: SpanId) -> Option<usize> {
        self.nodes.binary_search_by(|node| node.span.cmp(&span)).ok()
    }

    fn scope(&self, rejection: &Refusal<'_>) -> Scope {
        if let Some(span) = rejection.span_id {
            let node = self.place(span).map(|place| &self.nodes[place]);
            let sent = rejection.span_kind == Some(SpanKind::Client) && has_child(self.shape, Some(self.trace), Some(span));
            if sent || node.is_some_and(|node| node.has_below) {
                return Scope::Propagated;
            }
            if node.is_some_and(|node| node.is_span) {
                return Scope::Local;
            }
        }
        let loose = matches!(rejection.evidence.source, Source::Log | Source::AccessLog);
        if loose && self.of_several_services { Scope::Unknown } else { Scope::Local }
    }
}

fn has_child(shape: Option<&TraceShape>, trace: Option<TraceId>, span: Option<SpanId>) -> bool {
    shape.zip(trace.zip(span)).is_some_and(|(shape, (trace, span))| shape.has_child(trace, span))
}

fn nodes<'a, 'b: 'a>(rejections: impl Iterator<Item = &'a Refusal<'b>>) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    for rejection in rejections {
        let Some(span) = rejection.span_id else { continue };
        let is_span = matches!(rejection.evidence.source, Source::Span | Source::SpanEvent);
        nodes.push(Node { span, parent: rejection.parent_span_id, is_span, has_below: false });
    }
    nodes.sort_by_key(|node| node.span);
    nodes.dedup_by(|later, first| {
        let same = later.span == first.span;
        if same {
            first.parent = first.parent.max(later.parent);
            first.is_span |= later.is_span;
        }
        same
    });
    nodes
}
