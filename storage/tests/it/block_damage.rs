//! A block damaged in every byte: its rows are right, or they are missing and it is said so. Never a wrong row.

use std::{fs, path::PathBuf, sync::Arc};

use schemas::{Table, TenantId};
use storage::{Store, io::RealIo};

use crate::rows::{Row, append, as_found, config, open, rows_of, trace_rows};

const NOW: i64 = 500_000 * 3_600_000_000_000;

fn rows() -> Vec<Row> {
    (0..30).map(|key| Row { table: Table::SENT[key as usize % 3], key, trace: key % 7, time: NOW + key as i64 }).collect()
}

fn expected(table: Table) -> Vec<Row> {
    rows().into_iter().map(as_found).filter(|row| row.table == table).collect()
}

fn one_block_of_each_table() -> (tempfile::TempDir, Arc<Store>) {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(dir.path());
    config.block_cache_bytes_max = 0;
    config.trace_index_cache_bytes_max = 0;
    let store = open(config, Arc::new(RealIo));
    append(&store, &rows(), NOW).unwrap().wait().unwrap();
    store.flush().unwrap();
    (dir, store)
}

fn file(dir: &tempfile::TempDir, table: Table, extension: &str) -> PathBuf {
    let files = fs::read_dir(dir.path().join("data/1").join(table.name())).unwrap();
    files.map(|entry| entry.unwrap().path()).find(|path| path.extension().unwrap() == extension).unwrap()
}

/// Whether the rows of `table` were read; they are the right ones, or none, with a reason.
fn is_read(store: &Store, table: Table, case: &str) -> bool {
    let found = store.snapshot(TenantId::DEFAULT).scan(table).unwrap();
    let mut rows = rows_of(table, &found.batches);
    rows.sort_unstable();
    let (is_whole, is_partial) = (rows == expected(table), rows.is_empty() && found.partial.len() == 1);
    assert!(is_whole && found.partial.is_empty() || is_partial, "{case}: {rows:?} {:?}", found.partial);
    is_whole
}

#[test]
fn every_flipped_byte_of_a_block() {
    let (dir, store) = one_block_of_each_table();
    for (table, step) in [(Table::Logs, 1), (Table::Spans, 23), (Table::Metrics, 23)] {
        let path = file(&dir, table, "parquet");
        let whole = fs::read(&path).unwrap();
        assert!(is_read(&store, table, "undamaged"));
        for at in (0..whole.len()).step_by(step) {
            let mut damaged = whole.clone();
            damaged[at] ^= [0x01, 0x80, 0xff][at % 3];
            fs::write(&path, damaged).unwrap();
            assert!(!is_read(&store, table, &format!("{table} byte {at}")), "{table} byte {at} is not covered by a checksum");
        }
        for len in (0..whole.len()).step_by(97) {
            fs::write(&path, &whole[..len]).unwrap();
            assert!(!is_read(&store, table, &format!("{table} cut to {len}")));
        }
        fs::write(&path, whole).unwrap();
        assert!(is_read(&store, table, "repaired"));
    }
}

#[test]
fn checksums_that_are_damaged_or_gone_cost_no_answer() {
    let (dir, store) = one_block_of_each_table();
    for table in Table::SENT {
        let path = file(&dir, table, "sum");
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0xff;
            fs::write(&path, damaged).unwrap();
            assert!(is_read(&store, table, &format!("{table} byte {at} of the checksums")));
        }
        fs::remove_file(path).unwrap();
        assert!(is_read(&store, table, "no checksums"));
    }
}

/// Whether the index says so or the block is asked instead: a trace is found whole, and nothing else is.
#[test]
fn every_flipped_byte_of_a_trace_index_costs_no_answer() {
    let (dir, store) = one_block_of_each_table();
    let path = file(&dir, Table::Spans, "tix");
    let whole = fs::read(&path).unwrap();
    let check = |case: &str| {
        for trace in 0..8 {
            let expected: Vec<Row> = rows().into_iter().filter(|row| row.table == Table::Spans && row.trace == trace).collect();
            assert_eq!(trace_rows(&store.snapshot(TenantId::DEFAULT), trace), expected, "trace {trace}, {case}");
        }
    };
    for at in 0..whole.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut damaged = whole.clone();
            damaged[at] ^= flip;
            fs::write(&path, damaged).unwrap();
            check(&format!("byte {at} ^ {flip:02x}"));
        }
    }
    for len in 0..whole.len() {
        fs::write(&path, &whole[..len]).unwrap();
        check(&format!("cut to {len}"));
    }
    fs::remove_file(&path).unwrap();
    check("gone");
    fs::write(&path, whole).unwrap();
    check("repaired");
}
