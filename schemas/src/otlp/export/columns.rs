//! Typed access to the columns of a batch, or of the structs in a list column.

use arrow::{
    array::{
        Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, FixedSizeBinaryArray, Int32Array, ListArray, PrimitiveArray,
        RecordBatch, StringArray, StructArray,
    },
    datatypes::{Int32Type, TimestampNanosecondType},
};

use super::ExportError;

/// Where columns are looked up by name.
#[derive(Clone, Copy)]
pub(super) enum Columns<'a> {
    Batch(&'a RecordBatch),
    Structs(&'a StructArray),
}

/// Text that repeats for groups of rows.
pub(super) struct GroupText<'a> {
    keys: &'a Int32Array,
    values: &'a StringArray,
}

/// A list column of structs: which of `items` belong to a row.
pub(super) struct Lists<'a> {
    list: &'a ListArray,
    pub items: &'a StructArray,
}

impl<'a> Columns<'a> {
    pub fn text(self, column: &'static str) -> Result<&'a StringArray, ExportError> {
        self.array(column)?.as_string_opt().ok_or(ExportError::Column { column })
    }

    pub fn group_text(self, column: &'static str) -> Result<GroupText<'a>, ExportError> {
        let dictionary = self.array(column)?.as_dictionary_opt::<Int32Type>().ok_or(ExportError::Column { column })?;
        let values = dictionary.values().as_string_opt().ok_or(ExportError::Column { column })?;
        Ok(GroupText { keys: dictionary.keys(), values })
    }

    pub fn ids(self, column: &'static str) -> Result<&'a FixedSizeBinaryArray, ExportError> {
        self.array(column)?.as_fixed_size_binary_opt().ok_or(ExportError::Column { column })
    }

    pub fn numbers<T: ArrowPrimitiveType>(self, column: &'static str) -> Result<&'a PrimitiveArray<T>, ExportError> {
        self.array(column)?.as_primitive_opt().ok_or(ExportError::Column { column })
    }

    pub fn times(self, column: &'static str) -> Result<&'a PrimitiveArray<TimestampNanosecondType>, ExportError> {
        self.numbers(column)
    }

    pub fn booleans(self, column: &'static str) -> Result<&'a BooleanArray, ExportError> {
        self.array(column)?.as_boolean_opt().ok_or(ExportError::Column { column })
    }

    pub fn lists(self, column: &'static str) -> Result<&'a ListArray, ExportError> {
        self.array(column)?.as_list_opt().ok_or(ExportError::Column { column })
    }

    pub fn struct_lists(self, column: &'static str) -> Result<Lists<'a>, ExportError> {
        let list = self.lists(column)?;
        let items = list.values().as_struct_opt().ok_or(ExportError::Column { column })?;
        Ok(Lists { list, items })
    }

    fn array(self, column: &'static str) -> Result<&'a ArrayRef, ExportError> {
        match self {
            Self::Batch(batch) => batch.column_by_name(column),
            Self::Structs(structs) => structs.column_by_name(column),
        }
        .ok_or(ExportError::Column { column })
    }
}

impl<'a> GroupText<'a> {
    pub fn get(&self, row: usize) -> Option<&'a str> {
        let key = number(self.keys, row)?;
        text(self.values, key as usize)
    }

    pub fn is_all_null(&self) -> bool {
        self.keys.null_count() == self.keys.len()
    }

    /// Equal for rows that share their text. Rows whose texts are only equal may differ.
    pub fn group(&self, row: usize) -> i64 {
        number(self.keys, row).map_or(-1, i64::from)
    }
}

impl Lists<'_> {
    /// The rows of `items`.
    pub fn range(&self, row: usize) -> std::ops::Range<usize> {
        if self.list.is_null(row) {
            return 0..0;
        }
        let offsets = self.list.value_offsets();
        offsets[row] as usize..offsets[row + 1] as usize
    }
}

pub(super) fn text(array: &StringArray, row: usize) -> Option<&str> {
    array.is_valid(row).then(|| array.value(row))
}

pub(super) fn id(array: &FixedSizeBinaryArray, row: usize) -> Option<&[u8]> {
    array.is_valid(row).then(|| array.value(row))
}

pub(super) fn number<T: ArrowPrimitiveType>(array: &PrimitiveArray<T>, row: usize) -> Option<T::Native> {
    array.is_valid(row).then(|| array.value(row))
}

pub(super) fn boolean(array: &BooleanArray, row: usize) -> Option<bool> {
    array.is_valid(row).then(|| array.value(row))
}

/// A time as OTLP has it; times before 1970 cannot come from OTLP.
pub(super) fn time(array: &PrimitiveArray<TimestampNanosecondType>, row: usize) -> Option<u64> {
    number(array, row).map(i64::cast_unsigned)
}
