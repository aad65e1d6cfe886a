//! Columns of a batch in their types.

use std::borrow::Cow;

use arrow::{
    array::{
        Array, DictionaryArray, FixedSizeBinaryArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
        TimestampNanosecondArray, UInt64Array,
    },
    datatypes::Int32Type,
};
use schemas::UnixNanos;

/// Text that repeats for groups of rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct GroupText<'a> {
    pub keys: &'a Int32Array,
    pub values: &'a StringArray,
}

impl<'a> GroupText<'a> {
    pub fn get(&self, row: usize) -> Option<&'a str> {
        let key = usize::try_from(number(self.keys, row)?).ok()?;
        text(self.values, key)
    }
}

/// The column `name` as `T`; `None` for a batch without the schema of its table, of which nothing is said.
pub(super) fn column<'a, T: 'static>(batch: &'a RecordBatch, name: &str) -> Option<&'a T> {
    batch.column_by_name(name)?.as_any().downcast_ref()
}

pub(super) fn group<'a>(batch: &'a RecordBatch, name: &str) -> Option<GroupText<'a>> {
    let dictionary: &DictionaryArray<Int32Type> = column(batch, name)?;
    Some(GroupText { keys: dictionary.keys(), values: dictionary.values().as_any().downcast_ref()? })
}

pub(super) fn text(array: &StringArray, row: usize) -> Option<&str> {
    (row < array.len() && array.is_valid(row)).then(|| array.value(row))
}

pub(super) fn number(array: &Int32Array, row: usize) -> Option<i32> {
    (row < array.len() && array.is_valid(row)).then(|| array.value(row))
}

pub(super) fn integer(array: &Int64Array, row: usize) -> Option<i64> {
    array.is_valid(row).then(|| array.value(row))
}

pub(super) fn unsigned(array: &UInt64Array, row: usize) -> Option<u64> {
    array.is_valid(row).then(|| array.value(row))
}

pub(super) fn double(array: &Float64Array, row: usize) -> Option<f64> {
    array.is_valid(row).then(|| array.value(row))
}

pub(super) fn time(array: &TimestampNanosecondArray, row: usize) -> Option<UnixNanos> {
    array.is_valid(row).then(|| UnixNanos(array.value(row)))
}

pub(super) fn bytes(array: &FixedSizeBinaryArray, row: usize) -> Option<&[u8]> {
    array.is_valid(row).then(|| array.value(row))
}

/// The promoted attribute in the column at `position`, as text.
pub(super) fn promoted(batch: &RecordBatch, position: usize, row: usize) -> Option<Cow<'_, str>> {
    let column = batch.columns().get(position)?.as_any();
    if let Some(texts) = column.downcast_ref::<StringArray>() {
        return text(texts, row).map(Cow::Borrowed);
    }
    let numbers: &Int64Array = column.downcast_ref()?;
    integer(numbers, row).map(|number| Cow::Owned(number.to_string()))
}
