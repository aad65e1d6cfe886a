//! What the catalog lists.

use std::path::Path;

use schemas::{Table, UnixNanos};

use super::{InspectError, List, Report, Value, places};
use crate::block::{Block, Damage, hour_name};

const TABLE_COLUMNS: &[&str] = &["table", "blocks", "rows", "bytes", "index_bytes", "first_time", "last_time"];
const BLOCK_COLUMNS: &[&str] = &[
    "id",
    "tenant",
    "table",
    "hour",
    "rows",
    "bytes",
    "index_bytes",
    "first_time",
    "last_time",
    "last_received",
    "lsn",
    "indexes",
    "file",
];

const DAMAGED_COLUMNS: &[&str] = &["id", "since", "reason", "file"];

/// `place`: a data directory, or the catalog in it.
///
/// # Errors
/// When there is no catalog that can be read.
pub fn catalog(place: &Path) -> Result<Report, InspectError> {
    let (_, catalog) = places::open_catalog(place)?;
    let (live, retired) = (catalog.blocks()?, catalog.retired_blocks()?);
    let (snapshot, snapshots) = catalog.snapshots()?;
    let damaged = catalog.damaged()?;
    let facts = vec![
        ("format", catalog.format()?.into()),
        ("wal_position", catalog.wal_position()?.0.into()),
        ("newest_snapshot", snapshot.into()),
        ("snapshots", snapshots.into()),
        ("blocks", live.len().into()),
        ("retired_blocks", retired.len().into()),
        ("damaged_blocks", damaged.len().into()),
        ("unfinished_rewrites", catalog.rewrites()?.len().into()),
    ];
    let tables = Table::ALL.map(|table| of_table(table, live.iter().filter(|block| block.table == table)));
    let lists = vec![
        List { name: "tables", columns: TABLE_COLUMNS, rows: tables.into() },
        List { name: "blocks", columns: BLOCK_COLUMNS, rows: live.iter().map(row).collect() },
        List { name: "retired", columns: BLOCK_COLUMNS, rows: retired.iter().map(row).collect() },
        List { name: "damaged", columns: DAMAGED_COLUMNS, rows: damaged.into_iter().map(|damaged| of_damaged(&live, damaged)).collect() },
    ];
    Ok(Report { facts, lists })
}

fn of_table<'a>(table: Table, blocks: impl Iterator<Item = &'a Block>) -> Vec<Value> {
    let (mut count, mut rows, mut bytes, mut index_bytes) = (0u64, 0, 0, 0);
    let mut time: Option<(UnixNanos, UnixNanos)> = None;
    for block in blocks {
        count += 1;
        rows += block.rows;
        bytes += block.bytes;
        index_bytes += block.sidecar_bytes();
        let (first, last) = time.unwrap_or((block.time.first, block.time.last));
        time = Some((first.min(block.time.first), last.max(block.time.last)));
    }
    let (first, last) = time.unzip();
    vec![table.name().into(), count.into(), rows.into(), bytes.into(), index_bytes.into(), first.into(), last.into()]
}

fn of_damaged(live: &[Block], (id, Damage { since, reason }): (u64, Damage)) -> Vec<Value> {
    let file = live.iter().find(|block| block.id == id).map(|block| block.path.display().to_string());
    vec![id.into(), since.into(), reason.into(), file.into()]
}

fn row(block: &Block) -> Vec<Value> {
    let indexes: Vec<String> = block.files().skip(1).filter_map(|path| Some(path.extension()?.to_string_lossy().into_owned())).collect();
    vec![
        block.id.into(),
        u64::from(block.tenant.0).into(),
        block.table.name().into(),
        hour_name(block.hour).into(),
        block.rows.into(),
        block.bytes.into(),
        block.sidecar_bytes().into(),
        block.time.first.into(),
        block.time.last.into(),
        block.last_received.into(),
        block.lsn.0.into(),
        indexes.join(" ").into(),
        block.path.display().to_string().into(),
    ]
}
