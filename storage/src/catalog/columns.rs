//! The columns of a table as DuckLake writes them down: nested ones are rows that name their parent.

use arrow::datatypes::{DataType, Field};
use rusqlite::{Transaction, params};
use schemas::{Table, column::PARQUET_FIELD_ID};

use super::{CatalogError, During};

/// A row of `ducklake_column`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CatalogColumn {
    pub id: i64,
    pub parent: Option<i64>,
    pub name: String,
    pub kind: &'static str,
    pub nullable: bool,
}

/// Parents before their children.
pub(super) fn of_table(table: Table) -> Vec<CatalogColumn> {
    let mut columns = Vec::new();
    table.schema().fields().iter().for_each(|field| add(&mut columns, field, None));
    columns
}

fn add(columns: &mut Vec<CatalogColumn>, field: &Field, parent: Option<i64>) {
    let id = field.metadata().get(PARQUET_FIELD_ID).and_then(|id| id.parse().ok()).expect("every field of a table has a field id");
    let is_element = matches!(parent.and_then(|parent| columns.iter().find(|c| c.id == parent)), Some(parent) if parent.kind == "list");
    let name = if is_element { "element".to_owned() } else { field.name().clone() };
    columns.push(CatalogColumn { id, parent, name, kind: kind(field.data_type()), nullable: field.is_nullable() });
    match field.data_type() {
        DataType::List(element) => add(columns, element, Some(id)),
        DataType::Struct(fields) => fields.iter().for_each(|field| add(columns, field, Some(id))),
        _ => {}
    }
}

fn kind(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::FixedSizeBinary(_) | DataType::Binary => "blob",
        DataType::Utf8 | DataType::Dictionary(_, _) => "varchar",
        // DuckDB has no nanoseconds with a time zone: it reads our files in microseconds.
        DataType::Timestamp(_, _) => "timestamptz",
        DataType::Boolean => "boolean",
        DataType::Int32 => "int32",
        DataType::Int64 => "int64",
        DataType::UInt32 => "uint32",
        DataType::UInt64 => "uint64",
        DataType::Float64 => "float64",
        DataType::List(_) => "list",
        DataType::Struct(_) => "struct",
        other => unreachable!("no table has a column of type {other}"),
    }
}

/// Adds the columns that the catalog does not know yet; returns whether there were any.
pub(super) fn sync(transaction: &Transaction<'_>, table: Table, table_id: i64, snapshot: i64) -> Result<bool, CatalogError> {
    let mut query = transaction
        .prepare("SELECT column_type FROM ducklake_column WHERE table_id = ? AND column_id = ? AND end_snapshot IS NULL")
        .during("read columns")?;
    let mut insert = transaction
        .prepare("INSERT INTO ducklake_column VALUES (?, ?, NULL, ?, ?, ?, ?, NULL, 'NULL', ?, ?, ?, 'duckdb')")
        .during("add column")?;
    let mut added = false;
    for column in of_table(table) {
        let found: Option<String> =
            rusqlite::OptionalExtension::optional(query.query_row((table_id, column.id), |row| row.get(0))).during("read columns")?;
        match found {
            Some(found) if found == column.kind => {}
            Some(found) => {
                return Err(CatalogError::ColumnType { table: table.name(), column: column.name, found, expected: column.kind.to_owned() });
            }
            None => {
                let default_type = if matches!(column.kind, "list" | "struct") { "" } else { "literal" };
                let nullable = column.nullable || snapshot_has_rows(transaction, table_id)?;
                insert
                    .execute(params![
                        column.id,
                        snapshot,
                        table_id,
                        column.id,
                        column.name,
                        column.kind,
                        nullable,
                        column.parent,
                        default_type
                    ])
                    .during("add column")?;
                added = true;
            }
        }
    }
    Ok(added)
}

/// A column that comes to a table with rows is null in those.
fn snapshot_has_rows(transaction: &Transaction<'_>, table_id: i64) -> Result<bool, CatalogError> {
    transaction
        .query_row("SELECT EXISTS (SELECT 1 FROM ducklake_data_file WHERE table_id = ?)", [table_id], |row| row.get(0))
        .during("look for rows")
}
