//! The order of a list of records, and what comes after a place in it.
//!
//! The order is total but for records that are alike in all that is compared: time or duration first, then what tells records
//! apart and never changes. Log records of one request and one time come in the order of their content.

use datafusion::logical_expr::{Expr, SortExpr, ident, lit};
use schemas::{SpanId, Table, TraceId, columns as c};

use super::{
    super::functions::id,
    leaf::timestamp,
    plan::{SearchOrder, newest_first},
};

/// What is compared of a record, where it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct After {
    /// Time, or duration.
    pub key: i64,
    pub received_at: i64,
    /// Of a span.
    pub ids: Option<(TraceId, SpanId)>,
}

/// Log records have nothing else that tells them apart.
const LOG_CONTENT: [&str; 6] = [c::TRACE_ID, c::SPAN_ID, c::SEVERITY_NUMBER, c::SERVICE_NAME, c::BODY, c::ATTRIBUTES];

pub(super) fn order(table: Table, order: SearchOrder) -> Vec<SortExpr> {
    let first = match order {
        SearchOrder::Newest | SearchOrder::Longest => newest_first(key(table, order)),
        SearchOrder::Oldest => key(table, order).sort(true, false),
    };
    let then: &[&str] = if table == Table::Spans { &[c::TRACE_ID, c::SPAN_ID, c::RECEIVED_AT] } else { &[c::RECEIVED_AT] };
    let content: &[&str] = if table == Table::Logs { &LOG_CONTENT } else { &[] };
    let then = then.iter().chain(content).map(|name| ident(*name).sort(true, false));
    [first].into_iter().chain(then).collect()
}

/// Holds for the records at `after` and for those behind it.
pub(super) fn rest(table: Table, order: SearchOrder, after: &After) -> Expr {
    let key = || key(table, order);
    let at = || if order == SearchOrder::Longest { lit(after.key) } else { timestamp(after.key) };
    // The bound that blocks can be ruled out by is said by itself.
    let (bound, behind) = match order {
        SearchOrder::Newest | SearchOrder::Longest => (key().lt_eq(at()), key().lt(at())),
        SearchOrder::Oldest => (key().gt_eq(at()), key().gt(at())),
    };
    let received = ident(c::RECEIVED_AT).gt_eq(timestamp(after.received_at));
    let among_equals = match after.ids {
        Some((trace, span)) => {
            let [traces, spans] = [(c::TRACE_ID, id(trace.as_bytes())), (c::SPAN_ID, id(span.as_bytes()))].map(|(name, id)| {
                let (equal, later) = (ident(name).eq(id.clone()), ident(name).gt(id));
                (equal, later)
            });
            traces.1.or(traces.0.and(spans.1.or(spans.0.and(received))))
        }
        None => received,
    };
    bound.and(behind.or(among_equals))
}

fn key(table: Table, order: SearchOrder) -> Expr {
    match order {
        SearchOrder::Longest => ident(c::DURATION_NS),
        SearchOrder::Newest | SearchOrder::Oldest => ident(table.time_column()),
    }
}
