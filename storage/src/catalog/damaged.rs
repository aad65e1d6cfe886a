//! Live blocks that cannot be read.

use rusqlite::TransactionBehavior;
use schemas::UnixNanos;

use super::{Catalog, CatalogError, During, commit::step};
use crate::{block::Damage, io::Io};

const TABLE: &str = "fusebox_damaged";

impl Catalog {
    /// What was marked, by block id. A catalog of an earlier version has nothing marked.
    pub(crate) fn damaged(&self) -> Result<Vec<(u64, Damage)>, CatalogError> {
        const DURING: &str = "read which blocks are damaged";
        if !self.connection.table_exists(None, TABLE).during(DURING)? {
            return Ok(Vec::new());
        }
        let mut query = self
            .connection
            .prepare(
                "SELECT data_file_id, since, reason FROM fusebox_damaged JOIN ducklake_data_file USING (data_file_id) \
                 WHERE end_snapshot IS NULL ORDER BY data_file_id",
            )
            .during(DURING)?;
        let rows = query.query_map([], |row| {
            let damage = Damage { since: UnixNanos(row.get(1)?), reason: row.get(2)? };
            Ok((row.get::<_, i64>(0)?.unsigned_abs(), damage))
        });
        rows.during(DURING)?.map(|row| row.during(DURING)).collect()
    }

    /// Marks blocks, which stay live: their files are not touched.
    pub(crate) fn mark_damaged(&mut self, io: &dyn Io, blocks: &[(u64, Damage)]) -> Result<(), CatalogError> {
        self.make_writable(io)?;
        step(io, "catalog.mark_damaged")?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).during("begin")?;
        for (id, Damage { since, reason }) in blocks {
            transaction
                .execute("INSERT OR REPLACE INTO fusebox_damaged VALUES (?, ?, ?)", (id.cast_signed(), since.0, reason))
                .during("mark a damaged block")?;
        }
        transaction.commit().during("commit which blocks are damaged")
    }

    /// Takes the mark from a block that is whole again.
    pub(crate) fn unmark_damaged(&mut self, io: &dyn Io, id: u64) -> Result<(), CatalogError> {
        self.make_writable(io)?;
        step(io, "catalog.unmark_damaged")?;
        let deleted = self.connection.execute("DELETE FROM fusebox_damaged WHERE data_file_id = ?", [id.cast_signed()]);
        deleted.map(|_| ()).during("take the mark of a damaged block away")
    }
}
