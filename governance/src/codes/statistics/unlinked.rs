//! Traces whose errors do not tell whether one came of another.

use std::collections::HashSet;

use schemas::{SpanId, TraceId};

use super::reported::Reported;

/// Traces in which an error may have come of another one of another name, because its time lies within that one's, and a parent between
/// them is a span that did not fail: only the spans of the trace tell. Newest first.
pub fn unlinked<'a>(errors: impl IntoIterator<Item = Reported<'a>>) -> Vec<TraceId> {
    let mut by_trace: Vec<(TraceId, Reported<'a>)> =
        errors.into_iter().filter(|error| error.hop.is_span).filter_map(|error| Some((error.trace?, error))).collect();
    by_trace.sort_by_key(|(trace, _)| *trace);
    let mut found: Vec<(i64, TraceId)> = Vec::new();
    for of_trace in by_trace.chunk_by(|a, b| a.0 == b.0).filter(|of_trace| of_trace.len() > 1) {
        let spans: HashSet<SpanId> = of_trace.iter().filter_map(|(_, error)| error.hop.span).collect();
        let is_lost = |error: &Reported<'_>| error.hop.parent.is_some_and(|parent| !spans.contains(&parent));
        let lost = of_trace.iter().map(|(_, error)| error).filter(|error| is_lost(error));
        if lost.into_iter().any(|error| of_trace.iter().any(|(_, other)| may_be_above(other, error))) {
            found.extend(of_trace.iter().map(|(trace, error)| (error.time(), *trace)).max());
        }
    }
    found.sort_unstable_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, trace)| trace).collect()
}

fn may_be_above(other: &Reported<'_>, error: &Reported<'_>) -> bool {
    let (outer, inner) = (&other.hop, &error.hop);
    let encloses = outer.start <= inner.start && inner.end <= outer.end && outer.end - outer.start > inner.end - inner.start;
    encloses && outer.span != inner.span && !outer.is_same(inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        codes::lineage::Hop,
        facts::{CodeSource, Source},
    };

    fn error(trace: u8, span: u8, parent: u8, time: (i64, i64), code: &'static str) -> Reported<'static> {
        let hop = Hop {
            span: SpanId::from_slice(&[span; 8]),
            parent: SpanId::from_slice(&[parent; 8]),
            service: "order",
            code,
            reason: "",
            message: "",
            fingerprint: 0,
            code_source: CodeSource::Attribute,
            span_kind: None,
            is_span: true,
            start: time.0,
            end: time.1,
        };
        let trace = TraceId::from_slice(&[trace; 16]);
        let (environment, solution, grpc_status, source) = ("", "", "", Source::Span);
        let (http_status, is_rejection, span_failed, weight, received_ns) = (None, false, true, 1.0, 0);
        Reported { hop, trace, environment, solution, http_status, grpc_status, is_rejection, span_failed, source, weight, received_ns }
    }

    #[test]
    fn only_where_spans_may_tell_more() {
        let check = |name: &str, errors: &[Reported<'static>], expected: &[u8]| {
            let expected: Vec<TraceId> = expected.iter().map(|trace| TraceId([*trace; 16])).collect();
            assert_eq!(unlinked(errors.iter().copied()), expected, "{name}");
        };
        let above = error(1, 1, 0, (0, 100), "a");
        check("a span between them did not fail", &[error(1, 3, 2, (10, 20), "b"), above], &[1]);
        check("its parent failed", &[error(1, 3, 1, (10, 20), "b"), above], &[]);
        check("the same error is known without", &[error(1, 3, 2, (10, 20), "a"), above], &[]);
        check("one after the other", &[error(1, 3, 2, (90, 120), "b"), above], &[]);
        check("another trace", &[error(2, 3, 2, (10, 20), "b"), above], &[]);
        let other = [error(2, 1, 0, (50, 200), "a"), error(2, 3, 2, (60, 70), "b")];
        check("the newest first", &[[above, error(1, 3, 2, (10, 20), "b")], other].concat(), &[2, 1]);
    }
}
