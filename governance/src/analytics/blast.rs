//! Whom a trip hurt, and who was spared by a fallback.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use schemas::{SpanId, TraceId};

/// Ancestors looked at.
const DEPTH_MAX: usize = 64;

/// A span of a trace in which the breaker refused a call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TracedSpan<'a> {
    pub trace: TraceId,
    pub span: SpanId,
    pub parent: Option<SpanId>,
    pub service: &'a str,
    pub operation: &'a str,
    pub failed: bool,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Blast {
    /// Traces in which a call was refused.
    pub requests: usize,
    /// Of these, whose root did not fail: a fallback absorbed it.
    pub contained: usize,
    /// Failed spans for each refused call.
    pub amplification: f64,
    /// Services above the refusal, by distance: the owner of the breaker is at 0.
    pub callers: Vec<Caller>,
    pub entry_points: Vec<EntryPoint>,
    /// (caller, called, calls), between services, on the way from entry to refusal.
    pub edges: Vec<(String, String, usize)>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Caller {
    pub distance: usize,
    pub service: String,
    pub requests: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryPoint {
    pub service: String,
    pub operation: String,
    pub requests: usize,
    pub failed: usize,
}

impl Blast {
    /// 0: nobody was hurt; 1: nobody was spared.
    pub fn hurt_share(&self, all_requests: f64) -> f64 {
        if all_requests <= 0.0 { 0.0 } else { ((self.requests - self.contained) as f64 / all_requests).min(1.0) }
    }
}

/// `refused`: where, each once. Spans that are missing end the way up: what is above is then not told.
pub fn blast(spans: &[TracedSpan<'_>], refused: &[(TraceId, SpanId)]) -> Blast {
    let by_id: HashMap<(TraceId, SpanId), &TracedSpan<'_>> = spans.iter().map(|span| ((span.trace, span.span), span)).collect();
    let traces: BTreeSet<TraceId> = refused.iter().map(|(trace, _)| *trace).collect();
    let mut callers: BTreeMap<(usize, &str), BTreeSet<TraceId>> = BTreeMap::new();
    let mut edges: BTreeMap<(&str, &str), HashSet<(TraceId, SpanId)>> = BTreeMap::new();
    let mut roots: BTreeMap<TraceId, &TracedSpan<'_>> = BTreeMap::new();
    for (trace, span) in refused {
        let Some(mut here) = by_id.get(&(*trace, *span)).copied() else { continue };
        let mut distance = 0;
        callers.entry((0, here.service)).or_default().insert(*trace);
        for _ in 0..DEPTH_MAX {
            let Some(above) = here.parent.and_then(|parent| by_id.get(&(*trace, parent)).copied()) else { break };
            if above.service != here.service {
                distance += 1;
                callers.entry((distance, above.service)).or_default().insert(*trace);
                edges.entry((above.service, here.service)).or_default().insert((*trace, here.span));
            }
            here = above;
        }
        roots.entry(*trace).or_insert(here);
    }
    let mut entry_points: BTreeMap<(&str, &str), (usize, usize)> = BTreeMap::new();
    for root in roots.values() {
        let entry = entry_points.entry((root.service, root.operation)).or_default();
        entry.0 += 1;
        entry.1 += usize::from(root.failed);
    }
    let failed_spans = spans.iter().filter(|span| span.failed && traces.contains(&span.trace)).count();
    let mut entry_points: Vec<EntryPoint> = entry_points
        .into_iter()
        .map(|((service, operation), (requests, failed))| EntryPoint {
            service: service.into(),
            operation: operation.into(),
            requests,
            failed,
        })
        .collect();
    entry_points.sort_by(|a, b| b.requests.cmp(&a.requests).then_with(|| (&a.service, &a.operation).cmp(&(&b.service, &b.operation))));
    let callers = callers.into_iter().map(|((distance, service), of)| Caller { distance, service: service.into(), requests: of.len() });
    Blast {
        requests: traces.len(),
        contained: roots.values().filter(|root| !root.failed).count(),
        amplification: if refused.is_empty() { 0.0 } else { failed_spans as f64 / refused.len() as f64 },
        callers: callers.collect(),
        entry_points,
        edges: edges.into_iter().map(|((from, to), calls)| (from.to_owned(), to.to_owned(), calls.len())).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_entry_points_and_fallbacks() {
        let trace = |id: u8| TraceId([id; 16]);
        let id = |id: u8| SpanId([id; 8]);
        let span = |of: u8, span: u8, parent: u8, service: &'static str, failed| TracedSpan {
            trace: trace(of),
            span: id(span),
            parent: (parent > 0).then(|| id(parent)),
            service,
            operation: "op",
            failed,
        };
        // gateway > cart > order (refuses), twice; the second time cart falls back.
        let spans: Vec<TracedSpan<'_>> = [(1, true), (2, false)]
            .into_iter()
            .flat_map(|(of, failed)| {
                [
                    span(of, 1, 0, "gateway", failed),
                    span(of, 2, 1, "cart", failed),
                    span(of, 3, 2, "order", true),
                    span(of, 4, 3, "order", true),
                ]
            })
            .collect();
        let told = blast(&spans, &[(trace(1), id(4)), (trace(2), id(4)), (trace(3), id(4))]);
        assert_eq!((told.requests, told.contained), (3, 1));
        let callers: Vec<(usize, &str, usize)> =
            told.callers.iter().map(|caller| (caller.distance, &*caller.service, caller.requests)).collect();
        assert_eq!(callers, [(0, "order", 2), (1, "cart", 2), (2, "gateway", 2)]);
        assert_eq!(told.entry_points, [EntryPoint { service: "gateway".into(), operation: "op".into(), requests: 2, failed: 1 }]);
        assert_eq!(told.edges, [("cart".to_owned(), "order".to_owned(), 2), ("gateway".to_owned(), "cart".to_owned(), 2)]);
        assert_eq!(told.amplification, 2.0);
        assert_eq!((told.hurt_share(10.0), told.hurt_share(0.0)), (0.2, 0.0));
        assert_eq!(blast(&[], &[]), Blast::default());
    }
}
