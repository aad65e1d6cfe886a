//! How a table is written down: columns as constants, turned into Arrow fields once.

use std::{collections::HashMap, sync::Arc};

use arrow::datatypes::{DataType, Field, TimeUnit};

use crate::columns;

/// The metadata key under which an Arrow field carries its Parquet field id.
pub const PARQUET_FIELD_ID: &str = "PARQUET:field_id";

/// One column of a table, or one field inside a nested column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Append-only and unique in its table: the Parquet field id and the catalog's column id.
    pub id: i32,
    pub name: &'static str,
    pub kind: Kind,
    pub nullable: bool,
    /// What it holds, with its unit, in one sentence for people.
    pub doc: &'static str,
}

/// What a column holds.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// An id of this many bytes.
    Id(i32),
    /// Nanoseconds since 1970-01-01 UTC.
    Time,
    Text,
    /// Text that repeats for whole groups of rows: one dictionary value per resource, scope or metric of a request.
    GroupText,
    Bool,
    I32,
    I64,
    U32,
    U64,
    F64,
    /// A list of numbers.
    List {
        item_id: i32,
        of: &'static Kind,
    },
    /// A list of structs.
    Structs {
        item_id: i32,
        fields: &'static [Column],
    },
}

impl Column {
    /// A column that holds a value in every row.
    pub(crate) const fn required(id: i32, name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self { id, name, kind, nullable: false, doc }
    }

    pub(crate) const fn optional(id: i32, name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self { id, name, kind, nullable: true, doc }
    }

    pub(crate) fn field(&self) -> Field {
        identified(Field::new(self.name, self.kind.data_type(), self.nullable), self.id)
    }
}

impl Kind {
    pub fn data_type(&self) -> DataType {
        match self {
            Self::Id(bytes) => DataType::FixedSizeBinary(*bytes),
            Self::Time => DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())),
            Self::Text => DataType::Utf8,
            Self::GroupText => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
            Self::Bool => DataType::Boolean,
            Self::I32 => DataType::Int32,
            Self::I64 => DataType::Int64,
            Self::U32 => DataType::UInt32,
            Self::U64 => DataType::UInt64,
            Self::F64 => DataType::Float64,
            Self::List { item_id, of } => list(*item_id, of.data_type()),
            Self::Structs { item_id, fields } => list(*item_id, DataType::Struct(fields.iter().map(Column::field).collect())),
        }
    }
}

fn list(item_id: i32, of: DataType) -> DataType {
    DataType::List(Arc::new(identified(Field::new(columns::ITEM, of, false), item_id)))
}

fn identified(field: Field, id: i32) -> Field {
    field.with_metadata(HashMap::from([(PARQUET_FIELD_ID.to_owned(), id.to_string())]))
}
