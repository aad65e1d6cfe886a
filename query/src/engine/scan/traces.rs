//! Which traces a scan is asked for: by its predicate, or by a join that has collected those of its other side.

use std::{ops::Range, sync::Arc};

use datafusion::{
    common::ScalarValue,
    physical_expr::{
        PhysicalExpr,
        expressions::DynamicFilterPhysicalExpr,
        split_conjunction,
        utils::{Guarantee, LiteralGuarantee},
    },
};
use schemas::{Table, TraceId, columns::TRACE_ID};

use super::context::OpenSnapshot;

/// The trace ids that `predicate` leaves, when it names them; of one that changes, as it is now.
pub(super) fn named(predicate: &Arc<dyn PhysicalExpr>) -> Option<Vec<TraceId>> {
    let now = |part: &Arc<dyn PhysicalExpr>| match part.downcast_ref::<DynamicFilterPhysicalExpr>() {
        Some(dynamic) => dynamic.current().ok(),
        None => Some(Arc::clone(part)),
    };
    let parts: Vec<Arc<dyn PhysicalExpr>> = split_conjunction(predicate).into_iter().filter_map(now).collect();
    parts.iter().find_map(literal)
}

fn literal(predicate: &Arc<dyn PhysicalExpr>) -> Option<Vec<TraceId>> {
    let guarantees = LiteralGuarantee::analyze(predicate);
    let ids = guarantees.iter().find(|guarantee| guarantee.column.name() == TRACE_ID && guarantee.guarantee == Guarantee::In)?;
    let id = |literal: &ScalarValue| match literal {
        ScalarValue::FixedSizeBinary(_, Some(bytes)) => TraceId::from_slice(bytes),
        _ => None,
    };
    ids.literals.iter().map(id).collect()
}

/// The rows of a block that can belong to these traces, ascending and disjoint; `None` when its index cannot tell. Blocking.
pub(super) fn rows_of(open: &OpenSnapshot, table: Table, block: u64, traces: &[TraceId]) -> Option<Vec<Range<usize>>> {
    let mut rows = open.snapshot.rows_of_traces(table, block, traces)?;
    rows.sort_unstable_by_key(|range| range.start);
    // Ids that share their key in the index have the same rows.
    rows.dedup();
    Some(rows)
}
