//! Columns of a batch by name and type.

use arrow::{
    array::{Array, AsArray, FixedSizeBinaryArray, PrimitiveArray, RecordBatch, StringArray},
    datatypes::{ArrowPrimitiveType, Int32Type},
    error::ArrowError,
};

/// Why rows cannot be added up: they are not rows of this version's tables.
#[derive(Debug, thiserror::Error)]
pub enum RollupError {
    #[error("column `{column}` is missing or has another type than this version's")]
    Column { column: &'static str },
    #[error("more distinct texts than a dictionary holds")]
    TooManyTexts,
    #[error("make the columns of a sum")]
    Arrow(#[from] ArrowError),
}

fn column<'a>(batch: &'a RecordBatch, name: &'static str) -> Result<&'a dyn Array, RollupError> {
    batch.column_by_name(name).map(AsRef::as_ref).ok_or(RollupError::Column { column: name })
}

pub(super) fn numbers<'a, T: ArrowPrimitiveType>(batch: &'a RecordBatch, name: &'static str) -> Result<&'a PrimitiveArray<T>, RollupError> {
    column(batch, name)?.as_primitive_opt().ok_or(RollupError::Column { column: name })
}

pub(super) fn ids<'a>(batch: &'a RecordBatch, name: &'static str, bytes: i32) -> Result<&'a FixedSizeBinaryArray, RollupError> {
    let ids = column(batch, name)?.as_fixed_size_binary_opt();
    ids.filter(|ids| ids.value_length() == bytes).ok_or(RollupError::Column { column: name })
}

pub(super) fn texts<'a>(batch: &'a RecordBatch, name: &'static str) -> Result<&'a StringArray, RollupError> {
    column(batch, name)?.as_string_opt().ok_or(RollupError::Column { column: name })
}

/// Keys and values of a dictionary of text.
pub(super) fn dictionary<'a>(
    batch: &'a RecordBatch,
    name: &'static str,
) -> Result<(&'a PrimitiveArray<Int32Type>, &'a StringArray), RollupError> {
    let dictionary = column(batch, name)?.as_dictionary_opt::<Int32Type>();
    let parts = dictionary.and_then(|dictionary| Some((dictionary.keys(), dictionary.values().as_string_opt()?)));
    parts.ok_or(RollupError::Column { column: name })
}

/// The value of a row, unless it is null.
pub(super) fn get<T: ArrowPrimitiveType>(numbers: &PrimitiveArray<T>, row: usize) -> Option<T::Native> {
    numbers.is_valid(row).then(|| numbers.value(row))
}
