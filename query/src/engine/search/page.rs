//! The order of a list of records, and what comes after a place in it.
//!
//! The order is total but for records that are alike in all that is compared: time or duration first, then what tells records
//! apart and never changes. Log records of one request and one time come in the order of their content.
//!
//! Their content is wide, and a sort that compares it reads it of every record that is found. So the places of a page are asked for
//! first, by times alone, and then the records at these places.

use arrow::{
    array::{AsArray, RecordBatch},
    datatypes::TimestampNanosecondType,
};
use datafusion::logical_expr::{Expr, SortExpr, ident, in_list, lit};
use schemas::{SpanId, Table, TraceId, columns as c};

use super::{
    super::functions::id,
    leaf::timestamp,
    plan::{SearchOrder, SearchQuestion, newest_first},
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

/// More different times of a page are said by the first and the last of them.
const TIMES_MAX: usize = 1000;

/// Where the records of a page are: time and arrival of each, in the order of the list.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places(Vec<(i64, i64)>);

impl Places {
    /// Adds the rows of [`narrow_order`].
    pub(in super::super) fn add(&mut self, rows: &RecordBatch) {
        let times = |column: usize| rows.column(column).as_primitive::<TimestampNanosecondType>().values().iter().copied();
        self.0.extend(times(0).zip(times(1)));
    }

    /// Holds for the records at these places, and for few others. Of a full page nothing is behind the last place.
    pub(super) fn holds(&self, question: &SearchQuestion) -> Expr {
        let time = || key(question.table, question.order);
        let (Some(first), Some(last)) = (self.0.first(), self.0.last()) else { return lit(false) };
        let (min, max) = (first.0.min(last.0), first.0.max(last.0));
        let mut holds = time().gt_eq(timestamp(min)).and(time().lt_eq(timestamp(max)));
        let mut times: Vec<i64> = self.0.iter().map(|(time, _)| *time).collect();
        times.dedup();
        if times.len() <= TIMES_MAX {
            holds = holds.and(in_list(time(), times.into_iter().map(timestamp).collect(), false));
        }
        if self.0.len() == question.limit {
            let before = if question.order == SearchOrder::Oldest { time().lt(timestamp(last.0)) } else { time().gt(timestamp(last.0)) };
            holds = holds.and(before.or(ident(c::RECEIVED_AT).lt_eq(timestamp(last.1))));
        }
        holds
    }
}

/// The columns that places consist of, and the order of a list as far as these say it; `None` where they say it all.
pub(super) fn narrow_order(table: Table, order: SearchOrder) -> Option<([&'static str; 2], Vec<SortExpr>)> {
    let columns = [c::TIME, c::RECEIVED_AT];
    (table == Table::Logs).then(|| (columns, self::order(table, order).into_iter().take(columns.len()).collect()))
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
