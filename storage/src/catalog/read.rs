//! What the catalog says: the live blocks and the log position.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use rusqlite::Row;
use schemas::{Table, TenantId, UnixNanos};

use super::{Catalog, CatalogError, During};
use crate::{
    block::{Block, Sidecar, TimeRange},
    wal::Lsn,
};

impl Catalog {
    /// Every record up to here is in a block.
    pub(crate) fn wal_position(&self) -> Result<Lsn, CatalogError> {
        let lsn: i64 =
            self.connection.query_row("SELECT lsn FROM fusebox_wal_position", [], |row| row.get(0)).during("read the log position")?;
        Ok(Lsn(lsn.unsigned_abs()))
    }

    /// The live blocks of all tenants and tables, oldest first.
    pub(crate) fn blocks(&self) -> Result<Vec<Block>, CatalogError> {
        let mut query = self
            .connection
            .prepare(
                "SELECT file.data_file_id, block.tenant, block.\"table\", file.path, file.record_count, file.file_size_bytes, file.footer_size, \
                 block.first_time, block.last_time, tix.path, tix.bytes \
                 FROM ducklake_data_file file JOIN fusebox_block block USING (data_file_id) \
                 LEFT JOIN fusebox_block_index tix ON tix.data_file_id = file.data_file_id AND tix.kind = 'tix' \
                 WHERE file.end_snapshot IS NULL ORDER BY file.data_file_id",
            )
            .during("read blocks")?;
        let mut rows = query.query([]).during("read blocks")?;
        let mut blocks = Vec::new();
        while let Some(row) = rows.next().during("read blocks")? {
            let name: String = row.get(2).during("read blocks")?;
            let table = Table::from_name(&name).ok_or_else(|| CatalogError::Inconsistent { what: format!("table {name}") })?;
            blocks.push(block(row, table).during("read blocks")?);
        }
        Ok(blocks)
    }

    /// Every file that a block ever listed is made of, retired ones included; relative to the data directory.
    pub(crate) fn known_files(&self) -> Result<HashSet<PathBuf>, CatalogError> {
        let mut query = self
            .connection
            .prepare(
                "SELECT 'data/' || block.tenant || '/' || block.\"table\" || '/' || file.path \
                 FROM ducklake_data_file file JOIN fusebox_block block USING (data_file_id) UNION ALL SELECT path FROM fusebox_block_index",
            )
            .during("read files")?;
        let paths = query.query_map([], |row| row.get::<_, String>(0)).during("read files")?;
        paths.map(|path| path.map(PathBuf::from).during("read files")).collect()
    }

    /// Tenants that have tables.
    pub(crate) fn tenants(&self) -> Vec<TenantId> {
        let tenants: HashSet<TenantId> = self.tables.keys().map(|(tenant, _)| *tenant).collect();
        tenants.into_iter().collect()
    }
}

fn block(row: &Row<'_>, table: Table) -> rusqlite::Result<Block> {
    let tenant = TenantId(row.get(1)?);
    let file_name: String = row.get(3)?;
    let index: Option<String> = row.get(9)?;
    Ok(Block {
        id: count(row, 0)?,
        tenant,
        table,
        path: Path::new("data").join(tenant.0.to_string()).join(table.name()).join(file_name),
        rows: count(row, 4)?,
        bytes: count(row, 5)?,
        footer_bytes: count(row, 6)?,
        time: TimeRange { first: UnixNanos(row.get(7)?), last: UnixNanos(row.get(8)?) },
        trace_index: index
            .map(|path| Ok::<_, rusqlite::Error>(Sidecar { path: PathBuf::from(path), bytes: count(row, 10)? }))
            .transpose()?,
    })
}

fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::unsigned_abs)
}
