//! One transaction per cut: its blocks, their statistics, the tables' statistics, the log position.
//!
//! The trap: DuckDB plans with `ducklake_table_stats` and `ducklake_table_column_stats`. Blocks outside what those say
//! are not found, so every commit widens them.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params};
use schemas::{SCHEMA_VERSION, Table, TenantId, UnixNanos, columns::RECEIVED_AT};

use super::{Catalog, CatalogError, During, keys, open::Head, rollups::remember, values};
use crate::{
    block::{Block, Bound, ColumnStatistics, Hour, NewBlock, widen},
    io::Io,
    rollup::Change,
    wal::Lsn,
};

/// What a flush made of everything up to some place in the log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cut {
    pub blocks: Vec<NewBlock>,
    /// What the sums made known.
    pub known: Vec<(TenantId, Vec<Change>)>,
    pub lsn: Lsn,
}

impl Catalog {
    /// Makes the blocks of `cut` live and says that every record up to its end is in them or in earlier ones. All of it or nothing.
    pub(crate) fn commit(&mut self, io: &dyn Io, cut: &Cut) -> Result<Vec<Block>, CatalogError> {
        let Cut { blocks, known, lsn } = cut;
        self.make_writable(io)?;
        for block in blocks {
            if !self.tables.contains_key(&(block.tenant, block.table)) {
                self.add_tenant(block.tenant)?;
            }
        }
        step(io, "catalog.commit.before")?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).during("begin")?;
        let live = if blocks.is_empty() { Vec::new() } else { list(&transaction, &self.tables, blocks, &[])? };
        known.iter().try_for_each(|(tenant, changes)| remember(&transaction, *tenant, changes))?;
        transaction.execute("UPDATE fusebox_wal_position SET lsn = ?", [stored(*lsn)]).during("write the log position")?;
        step(io, "catalog.commit.inside")?;
        transaction.commit().during("commit blocks")?;
        step(io, "catalog.commit.after")?;
        Ok(live)
    }
}

/// Lists `blocks` in one new snapshot, which no longer has the blocks with the ids `retired`.
pub(super) fn list(
    transaction: &Transaction<'_>,
    tables: &HashMap<(TenantId, Table), i64>,
    blocks: &[NewBlock],
    retired: &[i64],
) -> Result<Vec<Block>, CatalogError> {
    let mut live = Vec::with_capacity(blocks.len());
    let head = Head::read(transaction)?;
    let snapshot = head.snapshot + 1;
    let mut changes = Vec::new();
    let kind = if retired.is_empty() { "inserted_into_table" } else { "compacted_table" };
    for (block, file_id) in blocks.iter().zip(head.next_file_id..) {
        let table_id = tables[&(block.tenant, block.table)];
        insert_block(transaction, block, table_id, file_id, snapshot)?;
        widen_table(transaction, block, (table_id, file_id))?;
        let change = format!("{kind}:{table_id}");
        if !changes.contains(&change) {
            changes.push(change);
        }
        live.push(live_block(block, file_id));
    }
    for id in retired {
        retire(transaction, *id, snapshot)?;
        // A table may lose rows that are in none of the new blocks.
        let table_id: i64 = transaction
            .prepare("SELECT table_id FROM ducklake_data_file WHERE data_file_id = ?")
            .and_then(|mut query| query.query_row([id], |row| row.get(0)))
            .during("look for the table of a block")?;
        if !changes.contains(&format!("{kind}:{table_id}")) {
            let change = format!("deleted_from_table:{table_id}");
            if !changes.contains(&change) {
                changes.push(change);
            }
        }
    }
    Head { snapshot, next_file_id: head.next_file_id + blocks.len() as i64, ..head }.write(transaction, &changes.join(","))?;
    Ok(live)
}

/// Its rows are in other blocks, or nobody wants them any more.
pub(super) fn retire(transaction: &Transaction<'_>, file_id: i64, snapshot: i64) -> Result<(), CatalogError> {
    let retired = transaction
        .prepare("UPDATE ducklake_data_file SET end_snapshot = ? WHERE data_file_id = ? AND end_snapshot IS NULL")
        .and_then(|mut update| update.execute([snapshot, file_id]))
        .during("retire a block")?;
    if retired != 1 {
        return Err(CatalogError::Inconsistent { what: format!("block {file_id}, which is to be retired") });
    }
    transaction
        .prepare(
            "UPDATE ducklake_table_stats SET record_count = ducklake_table_stats.record_count - file.record_count, \
             file_size_bytes = ducklake_table_stats.file_size_bytes - file.file_size_bytes \
             FROM ducklake_data_file file WHERE file.data_file_id = ? AND file.table_id = ducklake_table_stats.table_id",
        )
        .and_then(|mut update| update.execute([file_id]))
        .during("narrow table statistics")
        .map(drop)
}

pub(super) fn step(io: &dyn Io, step: &'static str) -> Result<(), CatalogError> {
    io.step(step).map_err(|source| CatalogError::Step { step, source })
}

fn live_block(block: &NewBlock, file_id: i64) -> Block {
    Block {
        id: file_id.unsigned_abs(),
        tenant: block.tenant,
        table: block.table,
        path: block.path.clone(),
        rows: block.rows,
        bytes: block.bytes,
        footer_bytes: block.footer_bytes,
        time: block.time,
        hour: block.hour,
        last_received: received(block).map_or(block.time.last, |(_, last)| UnixNanos(last)),
        lsn: block.lsn,
        trace_index: block.trace_index.clone(),
        text: block.text.clone(),
        attribute_index: block.attribute_index.clone(),
        sums: block.sums.clone(),
        statistics: block.statistics.clone().into(),
        keys: block.keys.clone(),
    }
}

/// SQLite knows no unsigned numbers; a log has fewer than 2^63 records.
fn stored(lsn: Lsn) -> i64 {
    i64::try_from(lsn.0).unwrap_or(i64::MAX)
}

fn insert_block(transaction: &Transaction<'_>, block: &NewBlock, table_id: i64, file_id: i64, snapshot: i64) -> Result<(), CatalogError> {
    let next_row_id: Option<i64> = transaction
        .query_row("SELECT next_row_id FROM ducklake_table_stats WHERE table_id = ?", [table_id], |row| row.get(0))
        .optional()
        .during("read table statistics")?;
    let file_name = block.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    transaction
        .prepare("INSERT INTO ducklake_data_file VALUES (?, ?, ?, NULL, NULL, ?, 1, 'parquet', ?, ?, ?, ?, NULL, NULL, NULL, NULL)")
        .and_then(|mut insert| {
            let (rows, bytes, footer_bytes) = (block.rows as i64, block.bytes as i64, block.footer_bytes as i64);
            insert.execute(params![file_id, table_id, snapshot, file_name, rows, bytes, footer_bytes, next_row_id.unwrap_or(0)])
        })
        .during("insert a block")?;

    let mut insert = transaction
        .prepare("INSERT INTO ducklake_file_column_stats VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)")
        .during("insert block statistics")?;
    for column in &block.statistics {
        let (min, max) = column.range.as_ref().map(|(min, max)| (values::text(min), values::text(max))).unzip();
        let (bytes, values, nulls) = (column.compressed_bytes as i64, column.values as i64, column.nulls as i64);
        insert.execute(params![file_id, table_id, column.field_id, bytes, values, nulls, min, max]).during("insert block statistics")?;
    }

    let (first_received, last_received) = received(block).unzip();
    transaction
        .prepare("INSERT INTO fusebox_block VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .and_then(|mut insert| {
            insert.execute(params![
                file_id,
                block.tenant.0,
                block.table.name(),
                block.hour == Hour::Late,
                block.time.first.0,
                block.time.last.0,
                first_received,
                last_received,
                block.traces as i64,
                SCHEMA_VERSION,
                stored(block.lsn)
            ])
        })
        .during("describe a block")?;
    keys::insert(transaction, file_id, &block.keys)?;
    let indexes = [
        ("tix", &block.trace_index),
        ("bloom", &block.text.bloom),
        ("text", &block.text.inverted),
        ("attr", &block.attribute_index),
        ("sum", &block.sums),
    ];
    for (kind, index) in indexes {
        let Some(index) = index else { continue };
        transaction
            .execute(
                "INSERT INTO fusebox_block_index VALUES (?, ?, ?, ?)",
                params![file_id, kind, index.path.to_string_lossy(), index.bytes as i64],
            )
            .during("insert an index")?;
    }
    Ok(())
}

/// Arrival of the first and the last row, from the statistics of their column.
fn received(block: &NewBlock) -> Option<(i64, i64)> {
    let id = block.table.columns().find(|column| column.name == RECEIVED_AT)?.id;
    match &block.statistics.iter().find(|column| column.field_id == id)?.range {
        Some((Bound::Time(first), Bound::Time(last))) => Some((first.0, last.0)),
        _ => None,
    }
}

fn widen_table(transaction: &Transaction<'_>, block: &NewBlock, (table_id, file_id): (i64, i64)) -> Result<(), CatalogError> {
    let (rows, bytes) = (block.rows as i64, block.bytes as i64);
    let updated = transaction
        .prepare(
            "UPDATE ducklake_table_stats SET record_count = record_count + ?2, next_row_id = next_row_id + ?2, \
             file_size_bytes = file_size_bytes + ?3 WHERE table_id = ?1",
        )
        .and_then(|mut update| update.execute([table_id, rows, bytes]))
        .during("widen table statistics")?;
    if updated == 0 {
        transaction
            .execute("INSERT INTO ducklake_table_stats VALUES (?1, ?2, ?2, ?3)", [table_id, rows, bytes])
            .during("begin table statistics")?;
    }
    block.statistics.iter().try_for_each(|column| widen_column(transaction, (table_id, file_id), column))
}

struct TableColumn {
    contains_null: bool,
    min: Option<String>,
    max: Option<String>,
}

fn widen_column(transaction: &Transaction<'_>, (table_id, file_id): (i64, i64), column: &ColumnStatistics) -> Result<(), CatalogError> {
    let known = transaction
        .prepare("SELECT contains_null, min_value, max_value FROM ducklake_table_column_stats WHERE table_id = ? AND column_id = ?")
        .and_then(|mut query| {
            let read = |row: &rusqlite::Row<'_>| Ok(TableColumn { contains_null: row.get(0)?, min: row.get(1)?, max: row.get(2)? });
            query.query_row(params![table_id, column.field_id], read).optional()
        })
        .during("read column statistics")?;
    let Some(known) = known else {
        let (min, max) = column.range.as_ref().map(|(min, max)| (values::text(min), values::text(max))).unzip();
        let contains_null = column.nulls > 0 || has_earlier_files(transaction, table_id, file_id)?;
        return transaction
            .prepare("INSERT INTO ducklake_table_column_stats VALUES (?, ?, ?, NULL, ?, ?, NULL)")
            .and_then(|mut insert| insert.execute(params![table_id, column.field_id, contains_null, min, max]))
            .during("begin column statistics")
            .map(drop);
    };
    let (min, max) = match (&column.range, &known) {
        _ if column.values == 0 => (known.min, known.max),
        (Some(range), TableColumn { min: Some(min), max: Some(max), .. }) => {
            let before = values::parse(min, &range.0).zip(values::parse(max, &range.1));
            before.map(|before| widen(Some(before), range.clone())).map(|(min, max)| (values::text(&min), values::text(&max))).unzip()
        }
        (Some((min, max)), _) if !has_unbounded_values(transaction, table_id, column.field_id)? => {
            (Some(values::text(min)), Some(values::text(max)))
        }
        _ => (None, None),
    };
    transaction
        .prepare(
            "UPDATE ducklake_table_column_stats SET contains_null = ?, min_value = ?, max_value = ? WHERE table_id = ? AND column_id = ?",
        )
        .and_then(|mut update| update.execute(params![known.contains_null || column.nulls > 0, min, max, table_id, column.field_id]))
        .during("widen column statistics")
        .map(drop)
}

/// Whether the table has files from before a column came: for those it is null.
fn has_earlier_files(transaction: &Transaction<'_>, table_id: i64, file_id: i64) -> Result<bool, CatalogError> {
    transaction
        .prepare("SELECT EXISTS (SELECT 1 FROM ducklake_data_file WHERE table_id = ? AND data_file_id < ?)")
        .and_then(|mut query| query.query_row(params![table_id, file_id], |row| row.get(0)))
        .during("look for files without the column")
}

/// Whether some block has values of the column that no bounds are known for: then the table can have none either.
fn has_unbounded_values(transaction: &Transaction<'_>, table_id: i64, column_id: i32) -> Result<bool, CatalogError> {
    transaction
        .prepare(
            "SELECT EXISTS (SELECT 1 FROM ducklake_file_column_stats WHERE table_id = ? AND column_id = ? AND value_count > 0 AND min_value IS NULL)",
        )
        .and_then(|mut query| query.query_row(params![table_id, column_id], |row| row.get(0)))
        .during("look for unbounded values")
}
