//! What no breaker guards, and what hides from sight.

use schemas::TraceId;

use super::headroom::Adaptive;

/// Calls below which nothing is said.
const CALLS_MIN: f64 = 100.0;
/// Share of calls that fail or time out from which a guard is missed.
const FAILING: f64 = 0.01;

/// Calls from one service to an operation of another, in the window.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Edge {
    pub caller: String,
    pub called: String,
    pub operation: String,
    pub calls: f64,
    pub failed: f64,
    pub timed_out: f64,
    /// Of the caller, for this edge: any state, trip or refusal was seen.
    pub has_breaker: bool,
    /// Its framework, when it is adaptive.
    pub adaptive: Option<Adaptive>,
    pub instances: usize,
    pub window_s: f64,
    /// Refusals that logs or metrics of the caller tell, and those that have a span.
    pub refused: f64,
    pub refused_with_span: f64,
    /// Calls whose server span has another trace, or no parent.
    pub broken_context: f64,
    /// Failed calls without code, reason or exception type.
    pub untyped: f64,
    pub example: Option<TraceId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingKind {
    /// It fails or times out, and no breaker was ever seen.
    NoBreaker,
    /// Too few calls for the breaker to open, whatever fails.
    CannotTrip,
    /// Refusals are told by logs or metrics, and have no span: tracing sits inside the breaker.
    TracingInside,
    BrokenContext,
    ErrorsWithoutType,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub kind: FindingKind,
    pub caller: String,
    pub called: String,
    pub operation: String,
    /// Share of calls concerned; for a breaker that cannot trip, calls a second of one instance.
    pub measure: f64,
    pub example: Option<TraceId>,
    /// What to change.
    pub advice: String,
}

impl FindingKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::NoBreaker => "no_breaker",
            Self::CannotTrip => "cannot_trip",
            Self::TracingInside => "tracing_inside",
            Self::BrokenContext => "broken_context",
            Self::ErrorsWithoutType => "errors_without_type",
        }
    }
}

/// Findings, those that concern most calls first.
pub fn findings(edges: &[Edge]) -> Vec<Finding> {
    let mut found: Vec<(f64, Finding)> = edges.iter().filter(|edge| edge.calls >= CALLS_MIN).flat_map(of_edge).collect();
    let place = |finding: &Finding| (finding.kind, finding.caller.clone(), finding.called.clone(), finding.operation.clone());
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| place(&a.1).cmp(&place(&b.1))));
    found.into_iter().map(|(_, finding)| finding).collect()
}

fn of_edge(edge: &Edge) -> Vec<(f64, Finding)> {
    let mut found = Vec::new();
    let mut add = |kind, concerned: f64, measure: f64, advice: String| {
        let Edge { caller, called, operation, example, .. } = edge;
        let (caller, called, operation) = (caller.clone(), called.clone(), operation.clone());
        found.push((concerned, Finding { kind, caller, called, operation, measure, example: *example, advice }));
    };
    let share = |part: f64| part / edge.calls;
    let failing = edge.failed + edge.timed_out;
    if !edge.has_breaker && share(failing) >= FAILING {
        let advice = format!("put a breaker around calls of {} to {}", edge.caller, edge.called);
        add(FindingKind::NoBreaker, failing, share(failing), advice);
    }
    if let Some(adaptive) = edge.adaptive {
        let per_instance = edge.calls / edge.window_s.max(1.0) / edge.instances.max(1) as f64;
        if !adaptive.can_trip(per_instance) {
            let advice = format!(
                "it needs {:.0} calls a second of one instance to open: lower its minimum of requests, or use a breaker that counts errors",
                adaptive.calls_per_s_min().ceil()
            );
            add(FindingKind::CannotTrip, edge.calls, per_instance, advice);
        }
    }
    if edge.refused >= 10.0 && edge.refused_with_span / edge.refused < 0.1 {
        let advice = "put the tracing middleware before the breaker, so that refused calls have a span".to_owned();
        add(FindingKind::TracingInside, edge.refused, edge.refused / (edge.calls + edge.refused), advice);
    }
    if share(edge.broken_context) >= 0.05 {
        let advice = format!("{} does not take up the trace context that {} sends, or it is not sent", edge.called, edge.caller);
        add(FindingKind::BrokenContext, edge.broken_context, share(edge.broken_context), advice);
    }
    if edge.failed >= 10.0 && edge.untyped / edge.failed >= 0.5 {
        let advice = "set `error.type`, or an error code, on failed spans".to_owned();
        add(FindingKind::ErrorsWithoutType, edge.untyped, share(edge.untyped), advice);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_finding_has_its_edge_and_a_healthy_one_has_none() {
        let healthy = Edge {
            caller: "order".into(),
            called: "pay".into(),
            calls: 10_000.0,
            failed: 50.0,
            has_breaker: true,
            adaptive: Some(Adaptive::AEGIS),
            instances: 2,
            window_s: 100.0,
            refused: 20.0,
            refused_with_span: 20.0,
            ..Edge::default()
        };
        let check = |edge: Edge, expected: &[FindingKind]| {
            let kinds: Vec<FindingKind> = findings(&[edge]).iter().map(|finding| finding.kind).collect();
            assert_eq!(kinds, expected);
        };
        check(healthy.clone(), &[]);
        check(Edge { has_breaker: false, timed_out: 100.0, ..healthy.clone() }, &[FindingKind::NoBreaker]);
        check(Edge { instances: 4, ..healthy.clone() }, &[FindingKind::CannotTrip]);
        check(Edge { refused_with_span: 1.0, ..healthy.clone() }, &[FindingKind::TracingInside]);
        check(
            Edge { broken_context: 600.0, untyped: 40.0, ..healthy.clone() },
            &[FindingKind::BrokenContext, FindingKind::ErrorsWithoutType],
        );
        check(Edge { calls: 99.0, has_breaker: false, failed: 99.0, adaptive: None, ..healthy }, &[]);
    }
}
