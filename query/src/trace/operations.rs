//! Statistics per operation: which (service, span name) the time of a trace went to.

use serde::Serialize;
use utoipa::ToSchema;

use super::shape::{Interval, TraceShape};

/// One (service, name). Times are nanoseconds; percentiles are nearest-rank, so each is the duration of a real span.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Operation<'a> {
    pub service_name: Option<&'a str>,
    pub name: &'a str,
    pub count: u64,
    pub error_count: u64,
    /// Of all its spans together; spans that ran side by side or inside each other count each.
    pub total_ns: i64,
    /// While none of their children ran.
    pub self_ns: i64,
    /// Of `self_ns` of the whole trace: 0 to 1.
    pub self_share: f64,
    /// On the critical path of the trace.
    pub critical_path_ns: i64,
    pub min_ns: i64,
    pub p50_ns: i64,
    pub p95_ns: i64,
    pub max_ns: i64,
}

/// What is known of each span, each list in the order of [`TraceShape::spans`].
#[derive(Debug, Clone, Copy)]
pub struct SpanTimes<'a> {
    pub intervals: &'a [Interval],
    pub self_ns: &'a [i64],
    pub critical_path_ns: &'a [i64],
}

/// Every operation of the trace, most self time first. n spans cost n log n steps and 4 bytes each.
pub fn operations<'a>(shape: &'a TraceShape, times: &SpanTimes<'_>) -> Vec<Operation<'a>> {
    let key = |index: u32| {
        let span = &shape.spans[index as usize];
        (span.service, span.name)
    };
    let duration_ns = |index: u32| times.intervals[index as usize].duration_ns();
    let mut by_operation: Vec<u32> = (0..).take(shape.spans.len()).collect();
    by_operation.sort_unstable_by_key(|index| (key(*index), duration_ns(*index)));

    let trace_self_ns = times.self_ns.iter().fold(0, |sum: i64, self_ns| sum.saturating_add(*self_ns));
    let groups = by_operation.chunk_by(|one, other| key(*one) == key(*other));
    let mut operations: Vec<Operation<'a>> = groups.map(|spans| operation(shape, times, spans, trace_self_ns)).collect();
    operations.sort_by_key(|operation| (std::cmp::Reverse(operation.self_ns), operation.service_name, operation.name));
    operations
}

/// `spans` are of one operation, ordered by duration.
fn operation<'a>(shape: &'a TraceShape, times: &SpanTimes<'_>, spans: &[u32], trace_self_ns: i64) -> Operation<'a> {
    let first = &shape.spans[spans[0] as usize];
    let sum = |of: &dyn Fn(usize) -> i64| spans.iter().fold(0, |sum: i64, index| sum.saturating_add(of(*index as usize)));
    let percentile = |percent: usize| {
        let rank = (spans.len() * percent).div_ceil(100).max(1);
        times.intervals[spans[rank - 1] as usize].duration_ns()
    };
    let self_ns = sum(&|index| times.self_ns[index]);
    Operation {
        service_name: shape.service_name(first),
        name: shape.name(first),
        count: spans.len() as u64,
        error_count: spans.iter().filter(|index| shape.spans[**index as usize].is_error()).count() as u64,
        total_ns: sum(&|index| times.intervals[index].duration_ns()),
        self_ns,
        self_share: if trace_self_ns == 0 { 0.0 } else { self_ns as f64 / trace_self_ns as f64 },
        critical_path_ns: sum(&|index| times.critical_path_ns[index]),
        min_ns: percentile(0),
        p50_ns: percentile(50),
        p95_ns: percentile(95),
        max_ns: percentile(100),
    }
}

#[cfg(test)]
mod tests {
    use crate::trace::{analysis::Analysis, sample::shape};

    /// One line per operation: service, name, count, errors, total, self, on the critical path, min, p50, p95, max.
    fn check(outline: &str, expected: &[&str]) {
        let shape = shape(outline);
        let analysis = Analysis::of(&shape);
        let operations = analysis.operations(&shape);
        let lines = operations.iter().map(|o| {
            let service = o.service_name.unwrap_or("-");
            let totals = format!("{} {} {}", o.total_ns, o.self_ns, o.critical_path_ns);
            format!("{service} {} {} {} {totals} {} {} {} {}", o.name, o.count, o.error_count, o.min_ns, o.p50_ns, o.p95_ns, o.max_ns)
        });
        assert_eq!(lines.collect::<Vec<_>>(), expected, "{outline}");
        let shares: f64 = operations.iter().map(|operation| operation.self_share).sum();
        assert!(operations.iter().all(|operation| operation.self_ns == 0) || (shares - 1.0).abs() < 1e-9, "{shares}");
    }

    #[test]
    fn spans_are_summed_up_by_service_and_name() {
        check("a root server 0..100", &["a root 1 0 100 100 100 100 100 100 100"]);
        let outline = "
            a get server 0..100
              b get server 10..40 error
                db select client 20..30
              b get server 50..60
              db select client 60..90 error";
        check(outline, &["db select 2 1 40 40 40 10 10 30 30", "a get 1 0 100 30 30 100 100 100 100", "b get 2 1 40 30 30 10 10 30 30"]);
    }

    #[test]
    fn percentiles_are_durations_of_real_spans() {
        let rows: String = (1..=100).map(|n| format!("  a step internal {}..{}\n", n * 1000, n * 1000 + n)).collect();
        let outline = format!("a root server 0..200000\n{rows}");
        check(&outline, &["a root 1 0 200000 194950 194950 200000 200000 200000 200000", "a step 100 0 5050 5050 5050 1 50 95 100"]);
    }

    #[test]
    fn a_trace_without_time_has_no_shares() {
        check("a root server 5..5", &["a root 1 0 0 0 0 0 0 0 0"]);
    }
}
