//! The tables of the store as DataFusion sees them, over one snapshot.

use std::{cmp::Reverse, fmt, sync::Arc};

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::{
    catalog::{Session, TableProvider},
    common::{ColumnStatistics, DFSchema, Result, Statistics, stats::Precision},
    logical_expr::{Expr, TableProviderFilterPushDown, TableType, utils::conjunction},
    physical_expr::PhysicalExpr,
    physical_plan::ExecutionPlan,
};
use schemas::Table;
use storage::{Snapshot, Split};

use super::scan::{ByAttributes, SplitScan, SplitStatistics, prune};

/// One table of a snapshot.
pub(super) struct StoreTable {
    table: Table,
    snapshot: Arc<Snapshot>,
}

impl StoreTable {
    pub(super) fn new(table: Table, snapshot: Arc<Snapshot>) -> Self {
        Self { table, snapshot }
    }
}

impl fmt::Debug for StoreTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StoreTable").field(&self.table).finish()
    }
}

#[async_trait]
impl TableProvider for StoreTable {
    fn schema(&self) -> SchemaRef {
        self.table.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let predicate = self.predicate(state, filters)?;
        let mut splits = self.snapshot.splits(self.table);
        if let Some(predicate) = &predicate {
            splits = wanted(self.table, splits, predicate);
        }
        // Rows in memory are the newest; blocks follow by their last row.
        splits.sort_by_key(|split| Reverse(split.time().map_or(i64::MAX, |time| time.last.0)));
        let columns = projection.cloned().unwrap_or_else(|| (0..self.table.schema().fields().len()).collect());
        let statistics = statistics(self.table, &splits, &columns, predicate.is_none() && splits.iter().all(Split::is_counted));
        let ids = splits.iter().map(|split| split.id).collect();
        let partitions = state.config().target_partitions();
        Ok(Arc::new(SplitScan::new(self.table, ids, columns, predicate, limit, statistics, partitions)?))
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        // The scan asks them of every row itself, whatever the indexes say. A filter operator above it would gather rows before it
        // passes them on, and a sort with a limit could not tell the scan in time that it has enough.
        Ok(vec![TableProviderFilterPushDown::Exact; filters.len()])
    }
}

impl StoreTable {
    fn predicate(&self, state: &dyn Session, filters: &[Expr]) -> Result<Option<Arc<dyn PhysicalExpr>>> {
        let Some(filter) = conjunction(filters.iter().cloned()) else { return Ok(None) };
        let schema = DFSchema::try_from(self.table.schema())?;
        state.create_physical_expr(unqualified(filter)?, &schema).map(Some)
    }
}

/// The splits that may hold rows that `predicate` keeps, by what the catalog knows of each.
fn wanted(table: Table, splits: Vec<Split>, predicate: &Arc<dyn PhysicalExpr>) -> Vec<Split> {
    let by_attributes = ByAttributes::new(Arc::clone(predicate), table.schema());
    // Few different predicates are left of it, and bounds of many splits are compared at once.
    let mut groups: Vec<(Arc<dyn PhysicalExpr>, Vec<Split>)> = Vec::new();
    for split in splits {
        let Some(left) = by_attributes.left(|column, key| split.may_have_key(column, key)) else { continue };
        match groups.iter_mut().find(|(predicate, _)| Arc::ptr_eq(predicate, &left)) {
            Some((_, group)) => group.push(split),
            None => groups.push((left, vec![split])),
        }
    }
    let mut kept = Vec::new();
    for (predicate, splits) in groups {
        let wanted = prune(&predicate, &table.schema(), &SplitStatistics { table, splits: &splits });
        kept.extend(splits.into_iter().zip(wanted).filter_map(|(split, wanted)| wanted.then_some(split)));
    }
    kept
}

/// Filters name their columns with the table, whose schema does not.
fn unqualified(filter: Expr) -> Result<Expr> {
    use datafusion::common::{
        Column,
        tree_node::{Transformed, TreeNode},
    };
    let strip = |expr| match expr {
        Expr::Column(column) => Ok(Transformed::yes(Expr::Column(Column::new_unqualified(column.name)))),
        other => Ok(Transformed::no(other)),
    };
    Ok(filter.transform(strip)?.data)
}

/// What is known of the rows before any is read. Row counts are exact unless a predicate leaves some out.
fn statistics(table: Table, splits: &[Split], columns: &[usize], exact: bool) -> Statistics {
    let precise = |value: usize| if exact { Precision::Exact(value) } else { Precision::Inexact(value) };
    let sum = |value: fn(&Split) -> u64| usize::try_from(splits.iter().map(value).sum::<u64>()).unwrap_or(usize::MAX);
    let schema = table.schema();
    let column_statistics = columns.iter().map(|column| column_statistics(table, splits, schema.field(*column).name()));
    Statistics {
        num_rows: precise(sum(|split| split.rows)),
        total_byte_size: Precision::Inexact(sum(|split| split.bytes)),
        column_statistics: column_statistics.collect(),
    }
}

fn column_statistics(table: Table, splits: &[Split], name: &str) -> ColumnStatistics {
    let nulls = splits.iter().map(|split| split.column(table, name).map(|column| column.nulls)).sum::<Option<u64>>();
    let nulls = nulls.and_then(|nulls| usize::try_from(nulls).ok());
    ColumnStatistics { null_count: nulls.map_or(Precision::Absent, Precision::Inexact), ..ColumnStatistics::new_unknown() }
}
