//! What the catalog says: the live blocks and the log position.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use rusqlite::Row;
use schemas::{Table, TenantId, UnixNanos};

use super::{Catalog, CatalogError, During, values};
use crate::{
    block::{Block, BlockKeys, ColumnStatistics, Hour, Sidecar, TextSidecars, TimeRange},
    wal::Lsn,
};

impl Catalog {
    /// Every record up to here is in a block.
    pub(crate) fn wal_position(&self) -> Result<Lsn, CatalogError> {
        let lsn: i64 =
            self.connection.query_row("SELECT lsn FROM fusebox_wal_position", [], |row| row.get(0)).during("read the log position")?;
        Ok(Lsn(lsn.unsigned_abs()))
    }

    pub(crate) fn format(&self) -> Result<u64, CatalogError> {
        self.connection.pragma_query_value(None, "user_version", |row| count(row, 0)).during("read the catalog's format")
    }

    /// The newest, and how many are kept.
    pub(crate) fn snapshots(&self) -> Result<(u64, u64), CatalogError> {
        self.connection
            .query_row("SELECT max(snapshot_id), count(*) FROM ducklake_snapshot", [], |row| Ok((count(row, 0)?, count(row, 1)?)))
            .during("count snapshots")
    }

    /// The live blocks of all tenants and tables, oldest first.
    pub(crate) fn blocks(&self) -> Result<Vec<Block>, CatalogError> {
        self.blocks_where("file.end_snapshot IS NULL")
    }

    /// Blocks that are not live any more, of which files may be left.
    pub(crate) fn retired_blocks(&self) -> Result<Vec<Block>, CatalogError> {
        self.blocks_where("file.end_snapshot IS NOT NULL")
    }

    /// Those of them that retention let go.
    pub(crate) fn let_go_ids(&self) -> Result<HashSet<u64>, CatalogError> {
        let mut query = self.connection.prepare("SELECT data_file_id FROM fusebox_let_go").during("read what was let go")?;
        let ids = query.query_map([], |row| count(row, 0)).during("read what was let go")?;
        ids.map(|id| id.during("read what was let go")).collect()
    }

    fn blocks_where(&self, condition: &str) -> Result<Vec<Block>, CatalogError> {
        let mut query = self
            .connection
            .prepare(&format!(
                "SELECT file.data_file_id, block.tenant, block.\"table\", file.path, file.record_count, file.file_size_bytes, file.footer_size, \
                 block.first_time, block.last_time, tix.path, tix.bytes, bloom.path, bloom.bytes, inverted.path, inverted.bytes, \
                 sums.path, sums.bytes, block.late, block.lsn, coalesce(block.last_received, block.last_time), \
                 attributes.path, attributes.bytes \
                 FROM ducklake_data_file file JOIN fusebox_block block USING (data_file_id) \
                 LEFT JOIN fusebox_block_index tix ON tix.data_file_id = file.data_file_id AND tix.kind = 'tix' \
                 LEFT JOIN fusebox_block_index bloom ON bloom.data_file_id = file.data_file_id AND bloom.kind = 'bloom' \
                 LEFT JOIN fusebox_block_index inverted ON inverted.data_file_id = file.data_file_id AND inverted.kind = 'text' \
                 LEFT JOIN fusebox_block_index attributes ON attributes.data_file_id = file.data_file_id AND attributes.kind = 'attr' \
                 LEFT JOIN fusebox_block_index sums ON sums.data_file_id = file.data_file_id AND sums.kind = 'sum' \
                 WHERE {condition} ORDER BY file.data_file_id",
            ))
            .during("read blocks")?;
        let mut statistics = self.statistics()?;
        let mut keys = self.keys()?;
        let mut rows = query.query([]).during("read blocks")?;
        let mut blocks = Vec::new();
        while let Some(row) = rows.next().during("read blocks")? {
            let name: String = row.get(2).during("read blocks")?;
            let table = Table::from_name(&name).ok_or_else(|| CatalogError::Inconsistent { what: format!("table {name}") })?;
            let mut block = block(row, table).during("read blocks")?;
            block.statistics = statistics.remove(&block.id).unwrap_or_default().into();
            block.keys = keys.remove(&block.id).unwrap_or_default();
            blocks.push(block);
        }
        Ok(blocks)
    }

    /// What the live blocks say of their columns, by block.
    fn statistics(&self) -> Result<HashMap<u64, Vec<ColumnStatistics>>, CatalogError> {
        let mut query = self
            .connection
            .prepare(
                "SELECT column.data_file_id, block.\"table\", column.column_id, column.column_size_bytes, column.value_count, \
                 column.null_count, column.min_value, column.max_value \
                 FROM ducklake_file_column_stats column JOIN fusebox_block block USING (data_file_id) \
                 JOIN ducklake_data_file file USING (data_file_id) WHERE file.end_snapshot IS NULL",
            )
            .during("read block statistics")?;
        let mut rows = query.query([]).during("read block statistics")?;
        let mut statistics: HashMap<u64, Vec<ColumnStatistics>> = HashMap::new();
        while let Some(row) = rows.next().during("read block statistics")? {
            let (block, column) = column(row).during("read block statistics")?;
            statistics.entry(block).or_default().push(column);
        }
        Ok(statistics)
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
    let time = TimeRange { first: UnixNanos(row.get(7)?), last: UnixNanos(row.get(8)?) };
    Ok(Block {
        id: count(row, 0)?,
        tenant,
        table,
        path: Path::new("data").join(tenant.0.to_string()).join(table.name()).join(file_name),
        rows: count(row, 4)?,
        bytes: count(row, 5)?,
        footer_bytes: count(row, 6)?,
        time,
        hour: if row.get(17)? { Hour::Late } else { Hour::containing(time.first) },
        last_received: UnixNanos(row.get(19)?),
        lsn: Lsn(count(row, 18)?),
        trace_index: sidecar(row, 9)?,
        text: TextSidecars { bloom: sidecar(row, 11)?, inverted: sidecar(row, 13)? },
        attribute_index: sidecar(row, 20)?,
        sums: sidecar(row, 15)?,
        statistics: Arc::default(),
        keys: BlockKeys::default(),
    })
}

/// A row of `ducklake_file_column_stats`, and the block it belongs to.
fn column(row: &Row<'_>) -> rusqlite::Result<(u64, ColumnStatistics)> {
    let table: String = row.get(1)?;
    let field_id: i32 = row.get(2)?;
    let (min, max): (Option<String>, Option<String>) = (row.get(6)?, row.get(7)?);
    let kind = Table::from_name(&table).and_then(|table| table.columns().find(|column| column.id == field_id)).map(|column| column.kind);
    let range = kind.zip(min.zip(max)).and_then(|(kind, (min, max))| values::range(kind, &min, &max));
    let (compressed_bytes, values, nulls) = (count(row, 3)?, count(row, 4)?, count(row, 5)?);
    Ok((count(row, 0)?, ColumnStatistics { field_id, compressed_bytes, values, nulls, range }))
}

/// Path and bytes of an index, from two columns.
fn sidecar(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Sidecar>> {
    let path: Option<String> = row.get(column)?;
    path.map(|path| Ok(Sidecar { path: PathBuf::from(path), bytes: count(row, column + 1)? })).transpose()
}

fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::unsigned_abs)
}
