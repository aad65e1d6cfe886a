//! What a Parquet footer says about the values of each column, in the types the catalog compares.

use std::cmp::Ordering;

use parquet::{
    basic::{LogicalType, TimeUnit, Type as PhysicalType},
    file::{metadata::ParquetMetaData, statistics::Statistics},
    schema::types::ColumnDescriptor,
};
use schemas::UnixNanos;

/// Statistics of one leaf column over a whole block.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ColumnStatistics {
    pub field_id: i32,
    pub compressed_bytes: u64,
    /// Values that are not null.
    pub values: u64,
    pub nulls: u64,
    /// Smallest and largest value, where they are known exactly.
    pub range: Option<(Bound, Bound)>,
}

/// A value that bounds a column. Only values of one kind are ever compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bound {
    Integer(i128),
    Time(UnixNanos),
    Text(String),
}

/// Statistics of every column of the file that has a field id, in file order.
pub(super) fn of_file(metadata: &ParquetMetaData) -> Vec<ColumnStatistics> {
    let columns = metadata.file_metadata().schema_descr().columns();
    columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.self_type().get_basic_info().has_id())
        .map(|(i, c)| of_column(metadata, i, c))
        .collect()
}

fn of_column(metadata: &ParquetMetaData, index: usize, column: &ColumnDescriptor) -> ColumnStatistics {
    let mut total =
        ColumnStatistics { field_id: column.self_type().get_basic_info().id(), compressed_bytes: 0, values: 0, nulls: 0, range: None };
    let mut known = true;
    for group in metadata.row_groups() {
        let chunk = group.column(index);
        let nulls = chunk.statistics().and_then(Statistics::null_count_opt);
        let values = chunk.num_values().unsigned_abs();
        total.compressed_bytes += chunk.compressed_size().unsigned_abs();
        total.nulls += nulls.unwrap_or(0);
        total.values += values - nulls.unwrap_or(0).min(values);
        if nulls == Some(values) {
            continue;
        }
        match chunk.statistics().and_then(|statistics| range(statistics, column)) {
            Some(range) => total.range = Some(widen(total.range.take(), range)),
            None => known = false,
        }
    }
    total.range = total.range.filter(|_| known);
    total
}

/// The smallest range that covers both.
pub(crate) fn widen(range: Option<(Bound, Bound)>, other: (Bound, Bound)) -> (Bound, Bound) {
    match range {
        None => other,
        Some((min, max)) => (
            if min.cmp(&other.0) == Ordering::Less { min } else { other.0 },
            if max.cmp(&other.1) == Ordering::Greater { max } else { other.1 },
        ),
    }
}

fn range(statistics: &Statistics, column: &ColumnDescriptor) -> Option<(Bound, Bound)> {
    if !statistics.min_is_exact() || !statistics.max_is_exact() {
        return None;
    }
    let logical = column.logical_type_ref();
    match (statistics, column.physical_type()) {
        (Statistics::Int64(values), _) => {
            let (min, max) = (*values.min_opt()?, *values.max_opt()?);
            Some(match logical {
                Some(LogicalType::Timestamp(t)) if t.unit == TimeUnit::NANOS => (Bound::Time(UnixNanos(min)), Bound::Time(UnixNanos(max))),
                Some(LogicalType::Integer(t)) if !t.is_signed => (Bound::Integer((min as u64).into()), Bound::Integer((max as u64).into())),
                _ => (Bound::Integer(min.into()), Bound::Integer(max.into())),
            })
        }
        (Statistics::Int32(values), _) => {
            let (min, max) = (*values.min_opt()?, *values.max_opt()?);
            Some(match logical {
                Some(LogicalType::Integer(t)) if !t.is_signed => (Bound::Integer((min as u32).into()), Bound::Integer((max as u32).into())),
                _ => (Bound::Integer(min.into()), Bound::Integer(max.into())),
            })
        }
        (Statistics::ByteArray(values), PhysicalType::BYTE_ARRAY) if matches!(logical, Some(LogicalType::String)) => {
            let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(|text| Bound::Text(text.to_owned()));
            Some((text(values.min_opt()?.data())?, text(values.max_opt()?.data())?))
        }
        _ => None,
    }
}
