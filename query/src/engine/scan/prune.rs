//! Bounds against a predicate: which splits and row groups cannot hold a row that is wanted.

use std::{collections::HashSet, ops::Range, sync::Arc};

use arrow::{
    array::{ArrayRef, BooleanArray, UInt64Array, new_null_array},
    datatypes::{DataType, SchemaRef, TimeUnit},
};
use datafusion::{
    common::{Column, ScalarValue, pruning::PruningStatistics},
    physical_expr::PhysicalExpr,
    physical_optimizer::pruning::PruningPredicateBuilder,
};
use schemas::Table;
use storage::{Bound, OpenBlock, Split};

/// Which containers may hold wanted rows. Everything when `predicate` says nothing about bounds.
pub(crate) fn prune(predicate: &Arc<dyn PhysicalExpr>, schema: &SchemaRef, statistics: &impl PruningStatistics) -> Vec<bool> {
    let everything = || vec![true; statistics.num_containers()];
    match PruningPredicateBuilder::new().with_file_schema(Arc::clone(schema)).try_build(Arc::clone(predicate)) {
        Ok(pruning) if !pruning.always_true() => pruning.prune(statistics).unwrap_or_else(|_| everything()),
        _ => everything(),
    }
}

/// What the catalog knows of the splits of a table.
pub(crate) struct SplitStatistics<'a> {
    pub table: Table,
    pub splits: &'a [Split],
}

impl SplitStatistics<'_> {
    fn bounds(&self, column: &Column, which: impl Fn((&Bound, &Bound)) -> Bound) -> Option<ArrayRef> {
        let schema = self.table.schema();
        let data_type = value_type(schema.field_with_name(column.name()).ok()?.data_type());
        let null = ScalarValue::try_from(&data_type).ok()?;
        let bounds = self.splits.iter().map(|split| {
            let range = split.column(self.table, column.name()).and_then(|column| column.range);
            range.and_then(|range| scalar(which(range), &data_type)).unwrap_or_else(|| null.clone())
        });
        ScalarValue::iter_to_array(bounds).ok()
    }
}

impl PruningStatistics for SplitStatistics<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column, |(min, _)| min.clone())
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column, |(_, max)| max.clone())
    }

    fn num_containers(&self) -> usize {
        self.splits.len()
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        let nulls = self.splits.iter().map(|split| split.column(self.table, column.name()).map(|column| column.nulls));
        Some(Arc::new(nulls.collect::<UInt64Array>()))
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        Some(Arc::new(self.splits.iter().map(|split| Some(split.rows)).collect::<UInt64Array>()))
    }

    fn contained(&self, _: &Column, _: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}

fn value_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Dictionary(_, values) => values.as_ref().clone(),
        other => other.clone(),
    }
}

fn scalar(bound: Bound, data_type: &DataType) -> Option<ScalarValue> {
    match (bound, data_type) {
        (Bound::Time(time), DataType::Timestamp(TimeUnit::Nanosecond, zone)) => {
            Some(ScalarValue::TimestampNanosecond(Some(time.0), zone.clone()))
        }
        (Bound::Text(text), DataType::Utf8) => Some(ScalarValue::Utf8(Some(text))),
        (Bound::Integer(value), DataType::Int32) => Some(ScalarValue::Int32(Some(value.try_into().ok()?))),
        (Bound::Integer(value), DataType::Int64) => Some(ScalarValue::Int64(Some(value.try_into().ok()?))),
        (Bound::Integer(value), DataType::UInt32) => Some(ScalarValue::UInt32(Some(value.try_into().ok()?))),
        (Bound::Integer(value), DataType::UInt64) => Some(ScalarValue::UInt64(Some(value.try_into().ok()?))),
        _ => None,
    }
}

/// What the footer of a block says of some of its row groups.
pub(super) struct GroupStatistics<'a> {
    pub block: &'a OpenBlock,
    pub schema: &'a SchemaRef,
    pub groups: Range<usize>,
}

impl GroupStatistics<'_> {
    fn slice(&self, array: &ArrayRef) -> ArrayRef {
        array.slice(self.groups.start, self.groups.len())
    }

    /// What a column that the file does not have holds.
    fn absent(&self, column: &Column) -> Option<ArrayRef> {
        let data_type = value_type(self.schema.field_with_name(column.name()).ok()?.data_type());
        (!self.block.has(column.name())).then(|| new_null_array(&data_type, self.groups.len()))
    }
}

impl PruningStatistics for GroupStatistics<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.absent(column).or_else(|| Some(self.slice(&self.block.bounds(column.name())?.min)))
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.absent(column).or_else(|| Some(self.slice(&self.block.bounds(column.name())?.max)))
    }

    fn num_containers(&self) -> usize {
        self.groups.len()
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        if !self.block.has(column.name()) {
            return self.row_counts();
        }
        let nulls: ArrayRef = Arc::new(self.block.bounds(column.name())?.nulls);
        Some(self.slice(&nulls))
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        let rows = self.block.row_groups().skip(self.groups.start).take(self.groups.len()).map(|rows| Some(rows as u64));
        Some(Arc::new(rows.collect::<UInt64Array>()))
    }

    fn contained(&self, _: &Column, _: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}
