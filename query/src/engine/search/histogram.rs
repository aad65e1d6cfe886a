//! How many records there are in each stretch of time, by the value of a field.
//!
//! ```text
//! records -> (bucket, value): count -> each value's total and rank -> (bucket, value or folded): count
//! ```
//! One pass over the records; what comes after works on the counts.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::{
    common::ScalarValue,
    functions_aggregate::{
        expr_fn::{count, max, sum},
        sum::sum_udaf,
    },
    functions_window::expr_fn::dense_rank,
    logical_expr::{Expr, ExprFunctionExt, LogicalPlan, cast, expr::WindowFunction, ident, lit, when},
};
use schemas::{UnixNanos, columns as c};
use storage::Snapshot;

use super::{super::EngineError, found::Found, plan::newest_first};
use crate::search::Field;

/// Counts in buckets: `bucket` (0 begins at `start`), `value` (null for records without the field, and without `by` for all), `folded`
/// (true for all values that have fewer records than those with a series), `count`, how many of these came `late`, when the `newest` came, and
/// how many different `values` there are.
#[derive(Debug, Clone)]
pub(crate) struct Histogram {
    /// INVARIANT: `found.time` does not begin before `start`.
    pub found: Found,
    pub by: Option<Field>,
    pub start: UnixNanos,
    pub width_ns: i64,
    /// Values that have a series of their own.
    pub series_max: usize,
}

/// A record that arrives so long after its time is late.
const LATE_NS: i64 = 60_000_000_000;
const RANK: &str = "rank";
const TOTAL: &str = "total";

/// In no particular order; buckets without records are left out.
pub(in super::super) fn histogram_plan(snapshot: &Arc<Snapshot>, question: &Histogram) -> Result<LogicalPlan, EngineError> {
    let Histogram { found, by, start, width_ns, series_max } = question;
    let bucket = (cast(found.time_column(), DataType::Int64) - lit(start.0)) / lit(*width_ns);
    let value = match by {
        Some(field) => found.compiler(snapshot).grouping(field)?,
        None => lit(ScalarValue::Utf8(None)),
    };
    let received_at = || cast(ident(c::RECEIVED_AT), DataType::Int64);
    let is_late = (received_at() - cast(found.time_column(), DataType::Int64)).gt(lit(LATE_NS));
    let measures =
        [count(lit(1_i64)).alias("count"), count(lit(1_i64)).filter(is_late).build()?.alias("late"), max(received_at()).alias("newest")];
    let counted = found.records(snapshot)?.aggregate([bucket.alias("bucket"), value.alias("value")], measures)?;

    let total = Expr::from(WindowFunction::new(sum_udaf(), vec![ident("count")])).partition_by(vec![ident("value")]).build()?;
    let totalled = counted.window([total.alias(TOTAL)])?;
    // Records without the field have no rank among the values.
    let order = vec![ident("value").is_null().sort(true, false), newest_first(ident(TOTAL)), ident("value").sort(true, false)];
    let ranked = totalled.window([dense_rank().order_by(order).build()?.alias(RANK)])?;

    let is_value = || ident("value").is_not_null();
    let folded = is_value().and(ident(RANK).gt(lit(*series_max as u64)));
    let shown = when(folded.clone(), lit(ScalarValue::Utf8(None))).otherwise(ident("value"))?;
    let values = when(is_value(), ident(RANK)).otherwise(lit(0_u64))?;
    let shown = ranked.project([
        ident("bucket"),
        shown.alias("value"),
        folded.alias("folded"),
        ident("count"),
        ident("late"),
        ident("newest"),
        cast(values, DataType::Int64).alias("values"),
    ])?;
    let [count, late] = ["count", "late"].map(|name| sum(ident(name)).alias(name));
    let [newest, values] = ["newest", "values"].map(|name| max(ident(name)).alias(name));
    let sums = [count, late, newest, values];
    let groups = ["bucket", "value", "folded"].map(ident);
    Ok(shown.aggregate(groups, sums)?.build()?)
}
