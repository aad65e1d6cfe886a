//! What was seen of a window --> findings.

use schemas::TraceId;

use super::super::headroom::Adaptive;

/// Calls below which nothing is said of an edge.
const CALLS_MIN: f64 = 100.0;
/// Share of calls that fail or time out from which a guard is missed.
const FAILING: f64 = 0.01;
/// Refused calls below which the lack of their spans may be chance.
const REFUSED_MIN: f64 = 10.0;
/// A breaker that was open for so long has refused calls, if anybody called.
const OPEN_NS_MIN: i64 = 10_000_000_000;
/// Share of calls without the span that answers them from which the context is broken; fewer are lost or sampled.
const BROKEN: f64 = 0.05;
/// Failed records below which nothing is said of them, and the share of those without a type.
const ERRORS_MIN: f64 = 10.0;
const UNTYPED: f64 = 0.5;
/// Codes that one finding names, the most frequent ones.
const CODES_MAX: usize = 20;

/// Calls of one operation from one service to another, to a database or to an address.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Edge {
    pub caller: String,
    pub called: String,
    pub operation: String,
    pub calls: f64,
    /// As a breaker counts: not what the caller did wrong.
    pub failed: f64,
    /// Of these, by time-out.
    pub timed_out: f64,
    /// A breaker of the caller, or a limiter on the way, ever showed.
    pub guarded: bool,
    /// Of the framework that makes the calls, when its breaker is adaptive.
    pub adaptive: Option<Adaptive>,
    /// Most calls that one instance made within the window of that breaker.
    pub calls_at_once: f64,
    /// Calls that did not fail, and that the called service, which sends spans, has no span for in the same trace.
    pub unanswered: f64,
    /// Traces: of failed calls, of unanswered ones, of any.
    pub failed_in: Vec<TraceId>,
    pub unanswered_in: Vec<TraceId>,
    pub seen_in: Vec<TraceId>,
}

/// A breaker that refused calls, or ought to have.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Guard {
    pub service: String,
    pub name: String,
    pub operation: String,
    /// Calls, each counted once.
    pub refused: f64,
    /// Spans that tell of one.
    pub refused_spans: f64,
    pub open_ns: i64,
    pub seen_in: Vec<TraceId>,
}

/// Failed spans of a service.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Errors {
    pub service: String,
    pub errors: f64,
    /// Without code, reason, status and type of the exception.
    pub untyped: f64,
    pub seen_in: Vec<TraceId>,
}

/// Codes of a service that no catalogue knows, most frequent first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Codes {
    pub service: String,
    pub codes: Vec<(String, f64)>,
    pub seen_in: Vec<TraceId>,
}

/// All of a window.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seen {
    pub edges: Vec<Edge>,
    pub guards: Vec<Guard>,
    pub errors: Vec<Errors>,
    pub codes: Vec<Codes>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingKind {
    /// It fails or times out, and no breaker or limiter ever showed.
    NoBreaker,
    /// Too few calls for the breaker to open, whatever fails.
    CannotTrip,
    /// Calls are refused and have no span: tracing sits inside the breaker.
    TracingInside,
    /// The called service begins traces of its own.
    BrokenContext,
    ErrorsWithoutType,
    /// Codes that no catalogue knows.
    UnknownCodes,
}

impl FindingKind {
    pub const ALL: [Self; 6] =
        [Self::NoBreaker, Self::CannotTrip, Self::TracingInside, Self::BrokenContext, Self::ErrorsWithoutType, Self::UnknownCodes];

    pub fn word(self) -> &'static str {
        match self {
            Self::NoBreaker => "no_breaker",
            Self::CannotTrip => "cannot_trip",
            Self::TracingInside => "tracing_inside",
            Self::BrokenContext => "broken_context",
            Self::ErrorsWithoutType => "errors_without_type",
            Self::UnknownCodes => "unknown_codes",
        }
    }
}

/// Something to change in `service`. Texts and counts that do not apply are empty and 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub kind: FindingKind,
    pub service: String,
    pub called: String,
    pub operation: String,
    pub breaker: String,
    /// Calls or records that it is about.
    pub concerned: f64,
    /// Of so many.
    pub of: f64,
    /// Of the concerned ones.
    pub timed_out: f64,
    /// Calls of one instance within the window of an adaptive breaker: at most seen, and needed for it to open.
    pub at_once: f64,
    pub needed: f64,
    pub window_s: f64,
    pub open_ns: i64,
    pub codes: Vec<(String, f64)>,
    pub seen_in: Vec<TraceId>,
}

/// Findings, those that concern most calls first; of equal ones by kind and place.
pub fn findings(seen: &Seen) -> Vec<Finding> {
    let mut found: Vec<Finding> = seen.edges.iter().filter(|edge| edge.calls >= CALLS_MIN).flat_map(of_edge).collect();
    found.extend(seen.guards.iter().filter_map(of_guard));
    found.extend(seen.errors.iter().filter_map(of_errors));
    found.extend(seen.codes.iter().filter(|codes| !codes.codes.is_empty()).map(of_codes));
    let place = |finding: &Finding| (finding.kind, finding.service.clone(), finding.called.clone(), finding.operation.clone());
    found.sort_by(|a, b| b.concerned.total_cmp(&a.concerned).then_with(|| place(a).cmp(&place(b))));
    found
}

fn of_edge(edge: &Edge) -> Vec<Finding> {
    let mut found = Vec::new();
    let of = |kind, concerned, seen_in: &Vec<TraceId>| Finding {
        called: edge.called.clone(),
        of: edge.calls,
        ..about(kind, (&edge.caller, &edge.operation), concerned, seen_in)
    };
    if !edge.guarded && edge.failed / edge.calls >= FAILING {
        found.push(Finding { timed_out: edge.timed_out, ..of(FindingKind::NoBreaker, edge.failed, &edge.failed_in) });
    }
    if let Some(adaptive) = edge.adaptive.filter(|adaptive| edge.calls_at_once < adaptive.requests_min) {
        let (at_once, needed, window_s) = (edge.calls_at_once, adaptive.requests_min, adaptive.window_s);
        found.push(Finding { at_once, needed, window_s, ..of(FindingKind::CannotTrip, edge.calls, &edge.seen_in) });
    }
    if edge.unanswered / edge.calls >= BROKEN {
        found.push(of(FindingKind::BrokenContext, edge.unanswered, &edge.unanswered_in));
    }
    found
}

fn of_guard(guard: &Guard) -> Option<Finding> {
    let told = guard.refused >= REFUSED_MIN || guard.refused == 0.0 && guard.open_ns >= OPEN_NS_MIN;
    let found = || Finding {
        breaker: guard.name.clone(),
        of: guard.refused,
        open_ns: guard.open_ns,
        ..about(FindingKind::TracingInside, (&guard.service, &guard.operation), guard.refused, &guard.seen_in)
    };
    (told && guard.refused_spans == 0.0).then(found)
}

fn of_errors(errors: &Errors) -> Option<Finding> {
    let untyped = errors.errors >= ERRORS_MIN && errors.untyped / errors.errors >= UNTYPED;
    let place = (&*errors.service, "");
    let found = || Finding { of: errors.errors, ..about(FindingKind::ErrorsWithoutType, place, errors.untyped, &errors.seen_in) };
    untyped.then(found)
}

fn of_codes(codes: &Codes) -> Finding {
    let concerned = codes.codes.iter().fold(0.0, |sum, (_, count)| sum + count);
    let named = codes.codes.iter().take(CODES_MAX).cloned().collect();
    Finding { codes: named, ..about(FindingKind::UnknownCodes, (&codes.service, ""), concerned, &codes.seen_in) }
}

fn about(kind: FindingKind, (service, operation): (&str, &str), concerned: f64, seen_in: &[TraceId]) -> Finding {
    Finding {
        kind,
        service: service.to_owned(),
        called: String::new(),
        operation: operation.to_owned(),
        breaker: String::new(),
        concerned,
        of: concerned,
        timed_out: 0.0,
        at_once: 0.0,
        needed: 0.0,
        window_s: 0.0,
        open_ns: 0,
        codes: Vec::new(),
        seen_in: seen_in.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(seen: Seen, expected: &[FindingKind]) {
        let kinds: Vec<FindingKind> = findings(&seen).iter().map(|finding| finding.kind).collect();
        assert_eq!(kinds, expected, "{seen:?}");
    }

    #[test]
    fn calls() {
        let healthy = Edge {
            caller: "order".into(),
            called: "pay".into(),
            calls: 10_000.0,
            failed: 500.0,
            timed_out: 500.0,
            guarded: true,
            adaptive: Some(Adaptive::AEGIS),
            calls_at_once: 100.0,
            unanswered: 400.0,
            ..Edge::default()
        };
        let check = |edge: Edge, expected| check(Seen { edges: vec![edge], ..Seen::default() }, expected);
        check(healthy.clone(), &[]);
        check(Edge { guarded: false, ..healthy.clone() }, &[FindingKind::NoBreaker]);
        check(Edge { guarded: false, failed: 99.0, ..healthy.clone() }, &[]);
        check(Edge { calls_at_once: 99.0, ..healthy.clone() }, &[FindingKind::CannotTrip]);
        check(Edge { adaptive: None, calls_at_once: 0.0, ..healthy.clone() }, &[]);
        check(Edge { unanswered: 600.0, guarded: false, ..healthy.clone() }, &[FindingKind::BrokenContext, FindingKind::NoBreaker]);
        check(Edge { calls: 99.0, unanswered: 99.0, failed: 99.0, guarded: false, ..healthy }, &[]);
    }

    #[test]
    fn refused_calls() {
        let guard = Guard { service: "order".into(), name: "pay".into(), refused: 10.0, ..Guard::default() };
        let check = |guard: Guard, expected| check(Seen { guards: vec![guard], ..Seen::default() }, expected);
        check(guard.clone(), &[FindingKind::TracingInside]);
        check(Guard { refused: 9.0, open_ns: OPEN_NS_MIN, ..guard.clone() }, &[]);
        check(Guard { refused_spans: 1.0, ..guard.clone() }, &[]);
        check(Guard { refused: 0.0, open_ns: OPEN_NS_MIN, ..guard.clone() }, &[FindingKind::TracingInside]);
        check(Guard { refused: 0.0, open_ns: OPEN_NS_MIN - 1, ..guard }, &[]);
    }

    #[test]
    fn errors_and_codes() {
        let errors = Errors { service: "order".into(), errors: 10.0, untyped: 5.0, ..Errors::default() };
        check(Seen { errors: vec![errors.clone()], ..Seen::default() }, &[FindingKind::ErrorsWithoutType]);
        check(Seen { errors: vec![Errors { untyped: 4.0, ..errors.clone() }], ..Seen::default() }, &[]);
        check(Seen { errors: vec![Errors { errors: 9.0, untyped: 9.0, ..errors }], ..Seen::default() }, &[]);
        let codes = |codes: &[(&str, f64)]| Codes {
            service: "order".into(),
            codes: codes.iter().map(|(code, count)| ((*code).to_owned(), *count)).collect(),
            ..Codes::default()
        };
        check(Seen { codes: vec![codes(&[])], ..Seen::default() }, &[]);
        let found = findings(&Seen { codes: vec![codes(&[("5001003", 4.0), ("5001004", 3.0)])], ..Seen::default() });
        assert_eq!((found[0].kind, found[0].concerned, found[0].codes.len()), (FindingKind::UnknownCodes, 7.0, 2));
    }
}
