//! What DuckDB plans with, made anew from the blocks that are left: it answers `min` and `max` from there.

use std::collections::BTreeMap;

use rusqlite::{Transaction, params};
use schemas::Table;

use super::{CatalogError, During, values};

/// A column of a table, over its live blocks.
#[derive(Default)]
struct Narrowed {
    blocks: i64,
    has_nulls: bool,
    /// Some block has values and no bounds.
    unbounded: bool,
    min: Option<String>,
    max: Option<String>,
}

/// Call in the transaction that retired blocks whose rows are nowhere else.
pub(super) fn narrow_columns(transaction: &Transaction<'_>, table: Table, table_id: i64) -> Result<(), CatalogError> {
    let mut columns: BTreeMap<i32, Narrowed> = BTreeMap::new();
    let mut query = transaction
        .prepare(
            "SELECT column_id, value_count, null_count, min_value, max_value FROM ducklake_file_column_stats stats \
             JOIN ducklake_data_file file USING (data_file_id) WHERE stats.table_id = ? AND file.end_snapshot IS NULL",
        )
        .during("read block statistics")?;
    let mut rows = query.query([table_id]).during("read block statistics")?;
    while let Some(row) = rows.next().during("read block statistics")? {
        let (id, values, nulls, min, max): (i32, i64, i64, Option<String>, Option<String>) =
            row.try_into().during("read block statistics")?;
        let column = columns.entry(id).or_default();
        column.blocks += 1;
        column.has_nulls |= nulls > 0;
        if values == 0 {
            continue;
        }
        let kind = table.columns().find(|column| column.id == id).map(|column| column.kind);
        let bounds =
            min.zip(max).zip(kind).and_then(|((min, max), kind)| Some((values::key(kind, &min)?, values::key(kind, &max)?, min, max)));
        let Some((low, high, min, max)) = bounds else {
            column.unbounded = true;
            continue;
        };
        let known = |text: &Option<String>| text.as_deref().and_then(|text| values::key(kind?, text));
        if known(&column.min).is_none_or(|known| low < known) {
            column.min = Some(min);
        }
        if known(&column.max).is_none_or(|known| high > known) {
            column.max = Some(max);
        }
    }
    let blocks: i64 = transaction
        .query_row("SELECT count(*) FROM ducklake_data_file WHERE table_id = ? AND end_snapshot IS NULL", [table_id], |row| row.get(0))
        .during("count blocks")?;
    transaction.execute("DELETE FROM ducklake_table_column_stats WHERE table_id = ?", [table_id]).during("clear column statistics")?;
    for (id, column) in columns {
        let (min, max) = if column.unbounded { (None, None) } else { (column.min, column.max) };
        let contains_null = column.has_nulls || column.blocks < blocks;
        transaction
            .prepare("INSERT INTO ducklake_table_column_stats VALUES (?, ?, ?, NULL, ?, ?, NULL)")
            .and_then(|mut insert| insert.execute(params![table_id, id, contains_null, min, max]))
            .during("narrow column statistics")?;
    }
    Ok(())
}
