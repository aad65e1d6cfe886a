//! What an answer's columns are called, and of which type they are.

use arrow::datatypes::{DataType, Schema};
use serde::Serialize;
use utoipa::ToSchema;

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Column {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: &'static str,
}

/// In order.
pub(crate) fn columns(schema: &Schema) -> Vec<Column> {
    schema.fields().iter().map(|field| Column { name: field.name().clone(), kind: kind(field.data_type()) }).collect()
}

/// A type in the words of the API: how its values look in JSON.
fn kind(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Null => "null",
        DataType::Boolean => "boolean",
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => "int64",
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => "uint64",
        DataType::Float16 | DataType::Float32 | DataType::Float64 => "float64",
        DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) | DataType::Decimal256(..) => "decimal",
        DataType::Timestamp(..) => "timestamp",
        DataType::Date32 | DataType::Date64 => "date",
        DataType::Time32(_) | DataType::Time64(_) => "time",
        DataType::Duration(_) | DataType::Interval(_) => "interval",
        DataType::FixedSizeBinary(_) => "id",
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => "binary",
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => "list",
        DataType::Struct(_) => "struct",
        DataType::Map(..) => "map",
        DataType::Dictionary(_, values) => kind(values),
        _ => "text",
    }
}
