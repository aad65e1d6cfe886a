//! Many small blocks become few large ones, and nobody notices.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use schemas::{Table, TenantId, TraceId, UnixNanos};
use storage::{
    AttributeQuery, SplitId, Store,
    io::RealIo,
    text::{Candidates, TextFilter, TextQuery},
};

use crate::{
    duckdb,
    rows::{Row, all_rows, append, as_found, check_minutes, config, reopen, trace_rows},
};

const HOUR_NS: i64 = 3_600_000_000_000;
const START: i64 = 490_000 * HOUR_NS;
/// All hours are over.
const LATER: UnixNanos = UnixNanos(i64::MAX);

/// Rows of all tables over `hours`, traces across flushes.
fn rows(keys: std::ops::Range<u64>, hours: i64) -> Vec<Row> {
    let time = |key: u64| START + (key as i64 * 7_777_777_777) % (hours * HOUR_NS);
    keys.map(|key| Row { table: Table::SENT[key as usize % 3], key, trace: key % 50, time: time(key) }).collect()
}

/// Each part is a block, or one for each hour.
fn flush_parts(store: &Store, rows: &[Row], parts: usize) {
    for part in rows.chunks(rows.len().div_ceil(parts)) {
        append(store, part, START + 40 * HOUR_NS).unwrap().wait().unwrap();
        store.flush().unwrap();
    }
}

fn found(mut rows: Vec<Row>) -> Vec<Row> {
    rows.iter_mut().for_each(|row| *row = as_found(*row));
    rows.sort_unstable();
    rows
}

/// Of what was sent.
fn blocks(store: &Store) -> usize {
    store.stats().tables.iter().filter(|table| table.table.is_sent()).map(|table| table.blocks).sum()
}

/// Every file of every table.
fn files(dir: &Path) -> Vec<PathBuf> {
    let dirs = Table::SENT.map(|table| dir.join("data/1").join(table.name()));
    dirs.iter().flat_map(|dir| std::fs::read_dir(dir).unwrap()).map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn every_row_is_there_once_in_fewer_blocks_that_duckdb_reads_too() {
    let dir = tempfile::tempdir().unwrap();
    let store = reopen(config(dir.path()), Arc::new(RealIo));
    let rows = rows(0..3000, 2);
    flush_parts(&store, &rows, 20);
    let blocks_before = blocks(&store);
    assert!(blocks_before >= 60, "{blocks_before}");
    let traces: Vec<Vec<Row>> = (0..50).map(|trace| trace_rows(&store.snapshot(TenantId::DEFAULT), trace)).collect();

    assert!(store.compact(LATER).unwrap() > 0);
    assert_eq!(blocks(&store), 6, "three tables, two hours");
    assert_eq!(store.compact(LATER), Ok(0));
    let check = |store: &Store| {
        let snapshot = store.snapshot(TenantId::DEFAULT);
        assert_eq!(all_rows(&snapshot), found(rows.clone()));
        check_minutes(&snapshot, "compacted");
        (0..50).zip(&traces).for_each(|(trace, expected)| assert_eq!(&trace_rows(&snapshot, trace), expected));
    };
    check(&store);
    duckdb::compare(dir.path());
    let names = files(dir.path());
    assert_eq!(names.iter().filter(|path| path.extension().is_some_and(|extension| extension == "parquet")).count(), 6, "{names:?}");

    drop(store);
    let store = reopen(config(dir.path()), Arc::new(RealIo));
    assert_eq!(blocks(&store), 6);
    check(&store);
}

#[test]
fn stragglers_of_many_hours_end_up_in_blocks_of_their_hour() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(dir.path());
    config.compact.fan_in = 4;
    let store = reopen(config, Arc::new(RealIo));
    let rows = rows(0..1200, 40);
    flush_parts(&store, &rows, 8);
    let before = blocks(&store);
    store.compact(LATER).unwrap();
    assert!(blocks(&store) < before, "{} of {before}", blocks(&store));
    assert_eq!(all_rows(&store.snapshot(TenantId::DEFAULT)), found(rows));
}

#[test]
fn a_snapshot_reads_what_it_saw_and_files_go_with_their_last_reader() {
    let dir = tempfile::tempdir().unwrap();
    let store = reopen(config(dir.path()), Arc::new(RealIo));
    let rows = rows(0..300, 1);
    flush_parts(&store, &rows, 10);
    let before = files(dir.path()).len();
    let snapshot = store.snapshot(TenantId::DEFAULT);
    store.compact(LATER).unwrap();
    assert!(files(dir.path()).len() > before, "old and new are there");
    assert_eq!(all_rows(&snapshot), found(rows.clone()));
    drop(snapshot);
    assert_eq!(store.compact(LATER), Ok(0));
    assert!(files(dir.path()).len() < before);
    assert_eq!(all_rows(&store.snapshot(TenantId::DEFAULT)), found(rows));
}

#[test]
fn replaced_files_that_a_stop_left_go_after_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let mut kept = config(dir.path());
    kept.compact.delete_delay = Duration::from_secs(3600);
    let store = reopen(kept, Arc::new(RealIo));
    let rows = rows(0..300, 1);
    flush_parts(&store, &rows, 10);
    store.compact(LATER).unwrap();
    drop(store);
    let before = files(dir.path()).len();
    let store = reopen(config(dir.path()), Arc::new(RealIo));
    assert_eq!(files(dir.path()).len(), before, "nothing is deleted by starting");
    assert_eq!(all_rows(&store.snapshot(TenantId::DEFAULT)), found(rows));
    store.compact(LATER).unwrap();
    assert!(files(dir.path()).len() < before / 5, "{} of {before}", files(dir.path()).len());
    assert!(!dir.path().join("quarantine").exists(), "replaced blocks are known files");
}

#[test]
fn a_storm_of_small_flushes_leaves_few_blocks_while_questions_are_asked() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(dir.path());
    config.compact.enabled = true;
    config.compact.interval = Duration::from_millis(1);
    let store = reopen(config, Arc::new(RealIo));
    let rows = rows(0..1200, 1);
    for (part, seen) in rows.chunks(6).zip(1..) {
        append(&store, part, START + 40 * HOUR_NS).unwrap().wait().unwrap();
        store.flush().unwrap();
        assert_eq!(all_rows(&store.snapshot(TenantId::DEFAULT)).len(), seen * 6);
    }
    // 200 flushes of three tables: at most seven blocks of each table wait for an eighth, besides those being merged.
    let deadline = Instant::now() + Duration::from_secs(300);
    while blocks(&store) >= 3 * 8 {
        assert!(Instant::now() < deadline, "{} blocks are left", blocks(&store));
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(all_rows(&store.snapshot(TenantId::DEFAULT)), found(rows));
}

#[test]
fn a_damaged_block_is_left_out_and_the_others_are_compacted() {
    let dir = tempfile::tempdir().unwrap();
    let store = reopen(config(dir.path()), Arc::new(RealIo));
    flush_parts(&store, &rows(0..300, 1), 10);
    let damaged = files(dir.path()).into_iter().find(|path| path.extension().is_some_and(|extension| extension == "parquet")).unwrap();
    let mut bytes = std::fs::read(&damaged).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    std::fs::write(&damaged, &bytes).unwrap();
    let error = store.compact(LATER).unwrap_err();
    assert!(error.contains(damaged.file_name().unwrap().to_str().unwrap()), "{error}");
    store.compact(LATER).unwrap();
    assert_eq!(blocks(&store), 4, "one for each table and the damaged one");
    assert!(damaged.exists());
    let names = files(dir.path());
    assert!(names.iter().all(|path| path.extension().is_none_or(|extension| extension != "tmp")), "{names:?}");
}

#[test]
fn a_block_with_an_index_that_cannot_be_used_gets_new_ones() {
    let nowhere = AttributeQuery::Is { column: "attributes".to_owned(), key: "nowhere".to_owned(), value: "x".to_owned() };
    let check = |extension: &str, table: Table, harm: &dyn Fn(&Path)| {
        let dir = tempfile::tempdir().unwrap();
        let store = reopen(config(dir.path()), Arc::new(RealIo));
        let rows = rows(0..300, 1);
        flush_parts(&store, &rows, 1);
        let of_table = |path: &PathBuf| path.parent().unwrap().ends_with(table.name());
        let index = |path: &PathBuf| of_table(path) && path.extension().is_some_and(|other| other == extension);
        let block = |dir: &Path| files(dir).into_iter().filter(|path| index(path)).collect::<Vec<_>>();
        let [before] = <[PathBuf; 1]>::try_from(block(dir.path())).unwrap();
        harm(&before);
        let ask = |store: &Store| {
            let snapshot = store.snapshot(TenantId::DEFAULT);
            assert_eq!(all_rows(&snapshot), found(rows.clone()), "{extension}");
            let SplitId::Block(id) = snapshot.splits(table)[0].id else { panic!("flushed") };
            match extension {
                "tix" => snapshot.rows_of_trace(table, id, TraceId([0xff; 16])).map_or(usize::MAX, |rows| rows.len()),
                "attr" => match snapshot.rows_of_attributes(table, id, &nowhere) {
                    Candidates::Rows(rows) => rows.len(),
                    Candidates::All => usize::MAX,
                },
                _ => match snapshot.rows_of_text(table, id, &TextFilter::new(&TextQuery::Word("nowhere".to_owned()))) {
                    Candidates::Rows(rows) => rows.len(),
                    Candidates::All => usize::MAX,
                },
            }
        };
        assert_eq!(ask(&store), usize::MAX, "a damaged {extension} rules nothing out");
        assert_eq!(store.compact(UnixNanos(0)), Ok(1), "{extension}");
        assert_eq!(ask(&store), 0, "the new {extension} does");
        assert_eq!(store.compact(UnixNanos(0)), Ok(0), "{extension}");
    };
    let flip = |path: &Path| {
        let mut bytes = std::fs::read(path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(path, bytes).unwrap();
    };
    let remove = |path: &Path| std::fs::remove_file(path).unwrap();
    check("tix", Table::Spans, &remove);
    for (extension, table) in
        ["bloom", "attr"].into_iter().flat_map(|extension| [Table::Spans, Table::Logs].map(|table| (extension, table)))
    {
        check(extension, table, &flip);
        check(extension, table, &remove);
    }
}
