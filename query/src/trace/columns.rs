//! Typed access to the columns of a batch. A column that is not there (older file, narrower batch) reads as null;
//! one of another type than `schemas` says is an error.

use arrow::{
    array::{Array, ArrayRef, AsArray, ListArray, StringArray, StructArray},
    datatypes::{ArrowPrimitiveType, DataType, Int32Type},
    record_batch::RecordBatch,
};

/// A column does not have the type that the table's schema promises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column} has the unexpected type {actual}")]
pub struct UnexpectedType {
    pub column: String,
    pub actual: String,
}

/// Where columns come from: a batch, or the struct inside a list.
pub(crate) trait Columns {
    fn column(&self, name: &str) -> Option<&ArrayRef>;
}

impl Columns for RecordBatch {
    fn column(&self, name: &str) -> Option<&ArrayRef> {
        self.column_by_name(name)
    }
}

impl Columns for StructArray {
    fn column(&self, name: &str) -> Option<&ArrayRef> {
        self.column_by_name(name)
    }
}

/// Plain or dictionary-encoded strings.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TextColumn<'a> {
    Absent,
    Plain(&'a StringArray),
    Dictionary(&'a arrow::array::DictionaryArray<Int32Type>, &'a StringArray),
}

impl<'a> TextColumn<'a> {
    pub(crate) fn of(columns: &'a impl Columns, name: &str) -> Result<Self, UnexpectedType> {
        let Some(array) = columns.column(name) else { return Ok(Self::Absent) };
        if let Some(plain) = array.as_string_opt::<i32>() {
            return Ok(Self::Plain(plain));
        }
        if let Some(dictionary) = array.as_dictionary_opt::<Int32Type>()
            && let Some(values) = dictionary.values().as_string_opt::<i32>()
        {
            return Ok(Self::Dictionary(dictionary, values));
        }
        null_or_unexpected(array, name, Self::Absent)
    }

    pub(crate) fn get(&self, row: usize) -> Option<&'a str> {
        match self {
            Self::Absent => None,
            Self::Plain(strings) => strings.is_valid(row).then(|| strings.value(row)),
            Self::Dictionary(dictionary, values) => {
                let key = dictionary.key(row)?;
                values.is_valid(key).then(|| values.value(key))
            }
        }
    }

    pub(crate) fn get_owned(&self, row: usize) -> Option<String> {
        self.get(row).map(str::to_owned)
    }
}

/// Numbers and times.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NumberColumn<'a, T: ArrowPrimitiveType>(Option<&'a arrow::array::PrimitiveArray<T>>);

impl<'a, T: ArrowPrimitiveType> NumberColumn<'a, T> {
    pub(crate) fn of(columns: &'a impl Columns, name: &str) -> Result<Self, UnexpectedType> {
        let Some(array) = columns.column(name) else { return Ok(Self(None)) };
        match array.as_primitive_opt::<T>() {
            Some(numbers) => Ok(Self(Some(numbers))),
            None => null_or_unexpected(array, name, Self(None)),
        }
    }

    pub(crate) fn get(&self, row: usize) -> Option<T::Native> {
        self.0.filter(|numbers| numbers.is_valid(row)).map(|numbers| numbers.value(row))
    }
}

/// Ids.
#[derive(Debug, Clone, Copy)]
pub(crate) enum BytesColumn<'a> {
    Absent,
    Fixed(&'a arrow::array::FixedSizeBinaryArray),
    Variable(&'a arrow::array::BinaryArray),
}

impl<'a> BytesColumn<'a> {
    pub(crate) fn of(columns: &'a impl Columns, name: &str) -> Result<Self, UnexpectedType> {
        let Some(array) = columns.column(name) else { return Ok(Self::Absent) };
        if let Some(fixed) = array.as_fixed_size_binary_opt() {
            return Ok(Self::Fixed(fixed));
        }
        match array.as_binary_opt::<i32>() {
            Some(variable) => Ok(Self::Variable(variable)),
            None => null_or_unexpected(array, name, Self::Absent),
        }
    }

    pub(crate) fn get(&self, row: usize) -> Option<&'a [u8]> {
        match self {
            Self::Absent => None,
            Self::Fixed(ids) => ids.is_valid(row).then(|| ids.value(row)),
            Self::Variable(ids) => ids.is_valid(row).then(|| ids.value(row)),
        }
    }
}

/// Lists of structs: events and links.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StructsColumn<'a>(Option<&'a ListArray>);

impl<'a> StructsColumn<'a> {
    pub(crate) fn of(columns: &'a impl Columns, name: &str) -> Result<Self, UnexpectedType> {
        let Some(array) = columns.column(name) else { return Ok(Self(None)) };
        match array.as_list_opt::<i32>() {
            Some(lists) if lists.values().as_struct_opt().is_some() => Ok(Self(Some(lists))),
            _ => null_or_unexpected(array, name, Self(None)),
        }
    }

    /// The table has null where there is none, so this needs no look into the list.
    pub(crate) fn has_any(&self, row: usize) -> bool {
        self.0.is_some_and(|lists| lists.is_valid(row))
    }

    /// The structs of `row`; `None` when the list is null or empty.
    pub(crate) fn get(&self, row: usize) -> Option<StructArray> {
        let lists = self.0.filter(|lists| lists.is_valid(row))?;
        let structs = lists.value(row).as_struct_opt()?.clone();
        (!structs.is_empty()).then_some(structs)
    }
}

fn null_or_unexpected<T>(array: &ArrayRef, name: &str, absent: T) -> Result<T, UnexpectedType> {
    match array.data_type() {
        DataType::Null => Ok(absent),
        other => Err(UnexpectedType { column: name.to_owned(), actual: other.to_string() }),
    }
}
