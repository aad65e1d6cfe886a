//! Columns whose rows in a row group are all alike, so that the footer tells them and none of their pages is read: most columns of a wide
//! table are null nearly everywhere, and a reader for pages that hold nothing costs as much as one for pages that do.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, UInt32Array, new_null_array},
    compute::{cast, take},
    datatypes::{DataType, Field, SchemaRef},
    error::ArrowError,
    record_batch::{RecordBatch, RecordBatchOptions},
};
use parquet::{
    arrow::arrow_reader::{ArrowReaderMetadata, statistics::StatisticsConverter},
    file::statistics::Statistics,
};

/// What all rows of a row group have in a column.
#[derive(Debug, Clone)]
pub(super) enum Told {
    Null,
    /// One row.
    Value(ArrayRef),
}

/// Of a column of the table in a row group; `None`: its pages have to be read.
pub(super) fn told(footer: &ArrowReaderMetadata, row_group: usize, field: &Field) -> Option<Told> {
    let leaf = leaf(footer, field.name())?;
    let group = footer.metadata().row_groups().get(row_group)?;
    let statistics = group.column(leaf).statistics()?;
    let nulls = statistics.null_count_opt()?;
    if i64::try_from(nulls).ok()? == group.num_rows() {
        return Some(Told::Null);
    }
    let is_one = nulls == 0
        && statistics.min_is_exact()
        && statistics.max_is_exact()
        && statistics.min_bytes_opt().is_some_and(|min| statistics.max_bytes_opt() == Some(min))
        // Bounds of floating-point numbers leave NaN out.
        && !matches!(statistics, Statistics::Float(_) | Statistics::Double(_));
    if !is_one || !is_simple(field.data_type()) {
        return None;
    }
    let converter = StatisticsConverter::try_new(field.name(), footer.schema(), footer.parquet_schema()).ok()?;
    let value = converter.row_group_mins([group]).ok()?;
    let value = cast(&value, field.data_type()).ok().filter(|value| value.len() == 1 && value.is_valid(0))?;
    Some(Told::Value(value))
}

/// The only leaf of a column that is not nested; what a nested one has at its leaves does not tell empty from null.
fn leaf(footer: &ArrowReaderMetadata, name: &str) -> Option<usize> {
    let columns = footer.parquet_schema().columns();
    // In the order of the schema.
    let leaf = columns.iter().position(|column| column.path().parts().first().is_some_and(|root| root == name))?;
    (columns[leaf].path().parts().len() == 1 && columns[leaf].max_rep_level() == 0).then_some(leaf)
}

fn is_simple(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_simple(values),
        DataType::Utf8 | DataType::Boolean | DataType::Timestamp(..) => true,
        other => other.is_integer(),
    }
}

/// The columns of `schema`, in that order, of a batch that lacks those that are told; those that neither tells are of a later build, and
/// null.
pub(super) fn conform(schema: &SchemaRef, batch: &RecordBatch, told: &[Option<Told>]) -> Result<RecordBatch, ArrowError> {
    let rows = batch.num_rows();
    let column = |(place, field): (usize, &Arc<Field>)| match (told.get(place).and_then(Option::as_ref), batch.column_by_name(field.name()))
    {
        (Some(Told::Value(value)), _) => take(value, &UInt32Array::from(vec![0; rows]), None),
        (None, Some(column)) => Ok(Arc::clone(column)),
        (Some(Told::Null), _) | (None, None) => Ok(new_null_array(field.data_type(), rows)),
    };
    let columns = schema.fields().iter().enumerate().map(column).collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &RecordBatchOptions::new().with_row_count(Some(rows)))
}
