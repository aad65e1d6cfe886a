//! `log_id`: what names a log record. OTLP gives log records no id of their own.
//!
//! ```text
//! 18d7a1f0c3b2a190-9f86d081884c7d65     time in nanoseconds - hash of all that was sent, and when it arrived
//! ```
//! The text says the same wherever the row is: it stays when memory becomes a block and blocks become one. Rows that are equal in
//! everything have the same id; nothing tells them apart.

use std::{fmt::Write, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, StringArray},
    compute::cast,
    datatypes::{DataType, Int64Type},
    error::ArrowError,
    record_batch::RecordBatch,
};
use datafusion::{
    common::{Result, exec_datafusion_err},
    logical_expr::{ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, ident},
};
use schemas::{Table, column::Column, columns as c};
use xxhash_rust::xxh3::Xxh3;

/// What the sender did not say, or what is about how a row is stored. `time` stands in front.
const NOT_HASHED: [&str; 6] = [c::TIME, c::ERROR_CODE, c::ERROR_REASON, c::RENAMED_KEYS, c::RESOURCE_RENAMED_KEYS, c::RESOURCE_ENTITY_REFS];

/// The id of a row of `logs`, as text.
pub(in crate::engine) fn log_id() -> Expr {
    let arguments = std::iter::once(c::TIME).chain(hashed().map(|column| column.name)).map(ident);
    ScalarUDF::from(LogId { signature: Signature::any(1 + hashed().count(), Volatility::Immutable) }).call(arguments.collect())
}

/// The ids of rows that have all columns of `logs`.
///
/// # Errors
/// When a column is not there.
pub(crate) fn log_ids(rows: &RecordBatch) -> Result<StringArray, ArrowError> {
    let column = |name: &str| rows.column_by_name(name).cloned().ok_or_else(|| ArrowError::SchemaError(format!("no column {name}")));
    let columns: Vec<ArrayRef> = hashed().map(|hashed| column(hashed.name)).collect::<Result<_, _>>()?;
    Ok(ids(&column(c::TIME)?, &columns)?)
}

fn hashed() -> impl Iterator<Item = &'static Column> {
    Table::Logs.columns().filter(|column| !NOT_HASHED.contains(&column.name))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct LogId {
    signature: Signature,
}

impl ScalarUDFImpl for LogId {
    fn name(&self) -> &'static str {
        "log_id"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&arguments.args)?;
        let Some((times, columns)) = columns.split_first() else { return Err(exec_datafusion_err!("log_id takes the columns of a log")) };
        Ok(ColumnarValue::Array(Arc::new(ids(times, columns)?)))
    }
}

/// Absent values leave no trace in the hash, so a column that is added later changes no id.
fn ids(times: &ArrayRef, columns: &[ArrayRef]) -> Result<StringArray> {
    let mut hashes: Vec<Xxh3> = (0..times.len()).map(|_| Xxh3::new()).collect();
    for (column, values) in hashed().zip(columns) {
        add(column.id, values, &mut hashes)?;
    }
    let times = cast(times, &DataType::Int64)?;
    let mut id = String::new();
    let id_of = |(time, hash): (&i64, Xxh3)| {
        id.clear();
        write!(id, "{time:016x}-{:016x}", hash.digest()).expect("writing to memory cannot fail");
        id.clone()
    };
    Ok(StringArray::from_iter_values(times.as_primitive::<Int64Type>().values().iter().zip(hashes).map(id_of)))
}

/// A value goes in with the id of its column and its length, so that no two rows run together to the same bytes.
fn add(column: i32, values: &ArrayRef, hashes: &mut [Xxh3]) -> Result<()> {
    let mut one = |row: usize, value: &[u8]| {
        hashes[row].update(&column.to_le_bytes());
        hashes[row].update(&(value.len() as u64).to_le_bytes());
        hashes[row].update(value);
    };
    if let Some(ids) = values.as_fixed_size_binary_opt() {
        ids.iter().enumerate().filter_map(|(row, id)| Some((row, id?))).for_each(|(row, id)| one(row, id));
        return Ok(());
    }
    let values = match values.data_type() {
        DataType::Timestamp(..) => cast(values, &DataType::Int64)?,
        _ => Arc::clone(values),
    };
    let texts = cast(&values, &DataType::Utf8)?;
    texts
        .as_string::<i32>()
        .iter()
        .enumerate()
        .filter_map(|(row, text)| Some((row, text?)))
        .for_each(|(row, text)| one(row, text.as_bytes()));
    Ok(())
}
