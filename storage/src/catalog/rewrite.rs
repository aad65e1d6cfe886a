//! Blocks that take the place of others, and blocks that are gone for good.
//!
//! 1. [`Catalog::begin_rewrite`]: a number for each block that is going to be written, remembered first: after a crash everything of
//!    that number is a leftover, for the blocks it was made of are live.
//! 2. [`Catalog::replace`]: the new blocks are live, the old ones retired, the numbers forgotten. All of it or nothing.
//! 3. [`Catalog::forget`]: the files of retired blocks are deleted, and so is what is known of them, with the snapshots that had them.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params};
use schemas::TenantId;

use super::{
    Catalog, CatalogError, During,
    commit::{list, retire, step},
    narrow::narrow_columns,
    open::Head,
    rollups::remember,
};
use crate::{
    block::{Block, NewBlock},
    io::Io,
    rollup::Change,
};

/// What is said of a block that is not live any more.
const TABLES_OF_FILE: [&str; 7] = [
    "ducklake_data_file",
    "ducklake_file_column_stats",
    "fusebox_block",
    "fusebox_block_index",
    "fusebox_block_keys",
    "fusebox_let_go",
    "fusebox_damaged",
];

impl Catalog {
    /// Numbers under which `count` blocks are going to be written; none was used before.
    pub(crate) fn begin_rewrite(&mut self, io: &dyn Io, count: usize) -> Result<Vec<u64>, CatalogError> {
        self.make_writable(io)?;
        step(io, "catalog.rewrite.begin")?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).during("begin")?;
        let numbers = (0..count)
            .map(|_| {
                transaction.execute("INSERT INTO fusebox_rewrite DEFAULT VALUES", []).during("announce a rewrite")?;
                Ok(transaction.last_insert_rowid().unsigned_abs())
            })
            .collect::<Result<_, CatalogError>>()?;
        transaction.commit().during("commit the announcement of a rewrite")?;
        Ok(numbers)
    }

    /// Makes `blocks`, written under `numbers`, live instead of the blocks with the ids `retired`, and remembers what their sums made known.
    pub(crate) fn replace(
        &mut self,
        io: &dyn Io,
        retired: &[u64],
        blocks: &[NewBlock],
        numbers: &[u64],
        known: &[(TenantId, Vec<Change>)],
    ) -> Result<Vec<Block>, CatalogError> {
        self.make_writable(io)?;
        step(io, "catalog.replace.before")?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).during("begin")?;
        let retired: Vec<i64> = retired.iter().map(|id| id.cast_signed()).collect();
        let live = list(&transaction, &self.tables, blocks, &retired)?;
        known.iter().try_for_each(|(tenant, changes)| remember(&transaction, *tenant, changes))?;
        end_rewrite(&transaction, numbers)?;
        step(io, "catalog.replace.inside")?;
        transaction.commit().during("commit a rewrite")?;
        step(io, "catalog.replace.after")?;
        Ok(live)
    }

    /// Retires blocks whose rows nobody wants any more.
    pub(crate) fn let_go(&mut self, io: &dyn Io, ids: &[u64]) -> Result<(), CatalogError> {
        self.make_writable(io)?;
        step(io, "catalog.let_go.before")?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).during("begin")?;
        let head = Head::read(&transaction)?;
        let snapshot = head.snapshot + 1;
        let mut tables: BTreeSet<i64> = BTreeSet::new();
        for id in ids.iter().map(|id| id.cast_signed()) {
            retire(&transaction, id, snapshot)?;
            let table = transaction
                .query_row("SELECT table_id FROM ducklake_data_file WHERE data_file_id = ?", [id], |row| row.get(0))
                .during("look for the table of a block")?;
            tables.insert(table);
            transaction.execute("INSERT INTO fusebox_let_go VALUES (?)", [id]).during("let a block go")?;
        }
        for ((_, table), id) in self.tables.iter().filter(|(_, id)| tables.contains(id)) {
            narrow_columns(&transaction, *table, *id)?;
        }
        let changes: Vec<String> = tables.iter().map(|table| format!("deleted_from_table:{table}")).collect();
        Head { snapshot, ..head }.write(&transaction, &changes.join(","))?;
        transaction.commit().during("commit what is let go")?;
        step(io, "catalog.let_go.after")
    }

    /// Rewrites that were begun and neither committed nor abandoned.
    pub(crate) fn rewrites(&self) -> Result<Vec<u64>, CatalogError> {
        let mut query = self.connection.prepare("SELECT number FROM fusebox_rewrite").during("read rewrites")?;
        let numbers = query.query_map([], |row| row.get::<_, i64>(0)).during("read rewrites")?;
        numbers.map(|number| number.map(i64::unsigned_abs).during("read rewrites")).collect()
    }

    /// Call when nothing of `numbers` is left on disk.
    pub(crate) fn abandon(&mut self, io: &dyn Io, numbers: &[u64]) -> Result<(), CatalogError> {
        if numbers.is_empty() {
            return Ok(());
        }
        self.make_writable(io)?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).during("begin")?;
        end_rewrite(&transaction, numbers)?;
        transaction.commit().during("commit the end of a rewrite")
    }

    /// Call when nothing of the retired blocks with these ids is left on disk.
    pub(crate) fn forget(&mut self, io: &dyn Io, ids: &[u64]) -> Result<(), CatalogError> {
        self.make_writable(io)?;
        step(io, "catalog.forget.before")?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).during("begin")?;
        for id in ids.iter().map(|id| id.cast_signed()) {
            let ended: Option<i64> = transaction
                .query_row("SELECT end_snapshot FROM ducklake_data_file WHERE data_file_id = ?", [id], |row| row.get(0))
                .optional()
                .during("look for a retired block")?
                .flatten();
            let Some(ended) = ended else { continue };
            for table in TABLES_OF_FILE {
                transaction
                    .prepare(&format!("DELETE FROM {table} WHERE data_file_id = ?"))
                    .and_then(|mut delete| delete.execute([id]))
                    .during("forget a block")?;
            }
            for table in ["ducklake_snapshot", "ducklake_snapshot_changes"] {
                transaction
                    .prepare(&format!("DELETE FROM {table} WHERE snapshot_id < ?"))
                    .and_then(|mut delete| delete.execute(params![ended]))
                    .during("expire snapshots")?;
            }
        }
        transaction.commit().during("commit what is forgotten")?;
        step(io, "catalog.forget.after")
    }
}

fn end_rewrite(transaction: &Transaction<'_>, numbers: &[u64]) -> Result<(), CatalogError> {
    for number in numbers {
        transaction
            .prepare("DELETE FROM fusebox_rewrite WHERE number = ?")
            .and_then(|mut delete| delete.execute([number.cast_signed()]))
            .during("end a rewrite")?;
    }
    Ok(())
}
