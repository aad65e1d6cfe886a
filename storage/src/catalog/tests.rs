use std::path::PathBuf;

use rusqlite::ErrorCode;
use schemas::{TenantId, UnixNanos};

use super::*;
use crate::{
    block::{BlockKeys, Bound, ColumnKeys, ColumnStatistics, Hour, NewBlock, TextSidecars, TimeRange},
    io::RealIo,
    wal::Lsn,
};

const RECEIVED_AT: i32 = 1;

/// A block of spans with the statistics of these columns, none of which is null.
fn block(number: u64, columns: &[i32]) -> NewBlock {
    let of_column = |field_id: &i32| ColumnStatistics {
        field_id: *field_id,
        compressed_bytes: 100,
        values: 10,
        nulls: 0,
        range: Some((Bound::Text("a".repeat(300)), Bound::Text("b".repeat(300)))),
    };
    NewBlock {
        tenant: TenantId::DEFAULT,
        table: Table::Spans,
        path: PathBuf::from(format!("data/1/spans/20261122T10-{number:016x}.parquet")),
        rows: 10,
        bytes: 1000,
        footer_bytes: 100,
        time: TimeRange { first: UnixNanos(1), last: UnixNanos(2) },
        hour: Hour::Of(0),
        lsn: Lsn(number),
        traces: 1,
        trace_index: None,
        text: TextSidecars::default(),
        attribute_index: None,
        sums: None,
        statistics: columns.iter().map(of_column).collect(),
        keys: BlockKeys(vec![ColumnKeys { field_id: 127, keys: "order.id\nretry.count".into() }]),
    }
}

fn number(catalog: &Catalog, query: &str) -> i64 {
    catalog.connection.query_row(query, [], |row| row.get(0)).expect("a number")
}

/// What readers plan with: all of it belongs to one commit or to the one before.
fn figures(catalog: &Catalog) -> Vec<i64> {
    let queries = [
        "SELECT lsn FROM fusebox_wal_position",
        "SELECT count(*) FROM ducklake_data_file",
        "SELECT count(*) FROM fusebox_block",
        "SELECT count(*) FROM ducklake_file_column_stats",
        "SELECT max(snapshot_id) FROM ducklake_snapshot",
        "SELECT count(*) FROM ducklake_snapshot_changes",
        "SELECT coalesce(sum(record_count), 0) FROM ducklake_table_stats",
        "SELECT count(*) FROM ducklake_table_column_stats",
    ];
    queries.iter().map(|query| number(catalog, query)).collect()
}

fn cut(blocks: Vec<NewBlock>, lsn: Lsn) -> Cut {
    Cut { blocks, known: Vec::new(), lsn }
}

/// SQLite runs out of room at every page that a commit can add: the commit is whole or did not happen, and works later.
#[test]
fn a_full_disk_inside_a_commit() {
    let columns: Vec<i32> = (RECEIVED_AT..RECEIVED_AT + 60).collect();
    let blocks = |cut: u64| -> Vec<NewBlock> { (0..8).map(|part| block(cut * 100 + part, &columns)).collect() };
    let dir = tempfile::tempdir().expect("temporary directory");
    let mut catalog = Catalog::open(&RealIo, dir.path()).expect("a new catalog");
    catalog.commit(&RealIo, &cut(blocks(1), Lsn(1))).expect("room");
    let before = figures(&catalog);
    let pages = number(&catalog, "PRAGMA page_count");

    let mut failures = 0;
    for pages_max in pages.. {
        catalog.connection.pragma_update(None, "max_page_count", pages_max).expect("set");
        match catalog.commit(&RealIo, &cut(blocks(2), Lsn(2))) {
            Err(CatalogError::Sqlite { source, .. }) => {
                assert_eq!(source.sqlite_error_code(), Some(ErrorCode::DiskFull));
                assert_eq!(figures(&catalog), before, "{pages_max} pages");
                failures += 1;
            }
            Err(other) => panic!("{other:?}"),
            Ok(live) => {
                assert_eq!(live.len(), 8);
                break;
            }
        }
    }
    assert!(failures > 10, "{failures} failures show little");
    let after = figures(&catalog);
    assert_eq!(&after[..3], [2, 16, 16]);
    drop(catalog);
    let catalog = Catalog::open(&RealIo, dir.path()).expect("after a restart");
    assert_eq!(figures(&catalog), after);
    assert_eq!(catalog.blocks().expect("readable").len(), 16);
}

/// The same at the last moment: every statement went well and the commit itself does not.
#[test]
fn a_commit_that_another_writer_holds_up() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let mut catalog = Catalog::open(&RealIo, dir.path()).expect("a new catalog");
    let before = figures(&catalog);
    let other = Connection::open(dir.path().join(FILE_NAME)).expect("opened");
    other.execute_batch("BEGIN IMMEDIATE").expect("alone");
    catalog.connection.busy_timeout(std::time::Duration::ZERO).expect("set");
    let refused = catalog.commit(&RealIo, &cut(vec![block(1, &[RECEIVED_AT])], Lsn(1))).expect_err("the other one writes");
    let CatalogError::Sqlite { source, .. } = refused else { panic!("{refused:?}") };
    assert_eq!(source.sqlite_error_code(), Some(ErrorCode::DatabaseBusy));
    assert_eq!(figures(&catalog), before);
    other.execute_batch("ROLLBACK").expect("ended");
    catalog.commit(&RealIo, &cut(vec![block(1, &[RECEIVED_AT])], Lsn(1))).expect("free again");
    assert_eq!(catalog.wal_position().expect("readable"), Lsn(1));
}

/// DuckDB answers `IS NULL` with nothing where the table's statistics say that there is none.
#[test]
fn a_column_that_comes_later_is_null_in_earlier_files() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let mut catalog = Catalog::open(&RealIo, dir.path()).expect("a new catalog");
    let contains_null = |catalog: &Catalog, column: i32| {
        number(catalog, &format!("SELECT contains_null FROM ducklake_table_column_stats WHERE column_id = {column}"))
    };
    catalog.commit(&RealIo, &cut(vec![block(1, &[1, 2]), block(2, &[1, 2])], Lsn(1))).expect("committed");
    assert_eq!((contains_null(&catalog, 1), contains_null(&catalog, 2)), (0, 0));
    catalog.commit(&RealIo, &cut(vec![block(3, &[1, 2, 3])], Lsn(2))).expect("committed");
    assert_eq!((contains_null(&catalog, 1), contains_null(&catalog, 3)), (0, 1));
    catalog.commit(&RealIo, &cut(vec![block(4, &[1, 2, 3])], Lsn(3))).expect("committed");
    assert_eq!(contains_null(&catalog, 3), 1);
}

#[test]
fn a_catalog_that_has_everything_is_not_written_when_it_is_opened() {
    let dir = tempfile::tempdir().expect("temporary directory");
    drop(Catalog::open(&RealIo, dir.path()).expect("a new catalog"));
    let bytes = || std::fs::read(dir.path().join(FILE_NAME)).expect("there");
    let before = bytes();
    let other = Connection::open(dir.path().join(FILE_NAME)).expect("opened");
    other.execute_batch("BEGIN IMMEDIATE").expect("nobody else may write now");
    drop(Catalog::open(&RealIo, dir.path()).expect("nothing to write"));
    other.execute_batch("ROLLBACK").expect("ended");
    drop(other);
    assert_eq!(bytes(), before);
}
