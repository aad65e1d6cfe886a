//! The disk fails, or the machine stops, at every place of a compaction in turn: each row stays there once, and no file is left that
//! nobody knows.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use schemas::{Table, TenantId, UnixNanos};
use storage::{Store, io::RealIo};
use testkit::fault_io::FaultIo;

use crate::{
    crash::fail_every_operation,
    rows::{Row, all_rows, append, as_found, check_minutes, config, reopen, rows_of},
};

const NOW: i64 = 500_000 * 3_600_000_000_000;
/// All hours are over.
const LATER: UnixNanos = UnixNanos(i64::MAX);

/// Each becomes a block of every table.
fn requests() -> Vec<Vec<Row>> {
    let row = |key: u64| Row { table: Table::SENT[key as usize % 3], key, trace: key % 4, time: NOW + key as i64 };
    [0..12, 12..30, 30..48].map(|keys: std::ops::Range<u64>| keys.map(row).collect()).into()
}

fn check(store: &Store, when: &str) {
    let mut expected: Vec<Row> = requests().into_iter().flatten().map(as_found).collect();
    expected.sort_unstable();
    let snapshot = store.snapshot(TenantId::DEFAULT);
    assert_eq!(all_rows(&snapshot), expected, "{when}");
    check_minutes(&snapshot, when);
}

fn is_readable(store: &Store) -> bool {
    let snapshot = store.snapshot(TenantId::DEFAULT);
    Table::ALL.iter().all(|table| snapshot.scan(*table).is_ok_and(|rows| rows.partial.is_empty()))
}

fn names(dir: &Path) -> Vec<PathBuf> {
    let tables = [Table::Spans, Table::Logs, Table::Metrics, Table::OperationMinutes, Table::EdgeMinutes, Table::EdgeHalves];
    let dirs = tables.map(|table| dir.join("data/1").join(table.name()));
    dirs.iter().flat_map(|dir| std::fs::read_dir(dir).unwrap()).map(|entry| entry.unwrap().path()).collect()
}

/// `arm` is called when there is nothing left to do but to compact.
fn survive(what: &str, arm: impl Fn(&FaultIo)) -> FaultIo {
    let dir = tempfile::tempdir().unwrap();
    let io = FaultIo::new(Arc::new(RealIo));
    let store = reopen(config(dir.path()), Arc::new(io.clone()));
    for rows in requests() {
        append(&store, &rows, NOW).unwrap().wait().unwrap();
        store.flush().unwrap();
    }
    // Ends the threads: the last flush may still be trimming the log.
    drop(store);
    let store = reopen(config(dir.path()), Arc::new(io.clone()));
    arm(&io);
    if store.compact(LATER).is_ok() {
        let of_blocks = |path: &PathBuf| path.starts_with(dir.path().join("data"));
        assert!(!io.unsynced_dirs().iter().any(of_blocks), "{what}: a power cut would take what is committed, or bring back what is gone");
    }
    match is_readable(&store) {
        true => check(&store, &format!("{what}, while running")),
        false => assert!(io.is_down() || io.fired() > 0, "{what}: a block cannot be read"),
    }
    // A failure that passes does not need a restart.
    if !io.is_down() {
        io.heal();
        store.compact(LATER).unwrap();
        check(&store, &format!("{what}, tried again"));
    }
    drop(store);
    assert_eq!(io.violations(), [] as [PathBuf; 0], "{what}");

    let store = reopen(config(dir.path()), Arc::new(RealIo));
    check(&store, what);
    store.compact(LATER).unwrap();
    check(&store, &format!("{what}, compacted again"));
    let names = names(dir.path());
    let count = |extension: &str| names.iter().filter(|path| path.extension().is_some_and(|found| found == extension)).count();
    assert_eq!(["parquet", "sum", "bloom", "attr", "tix", "tmp"].map(count), [5, 5, 2, 2, 1, 0], "{what}: {names:?}");
    assert_eq!(names.len(), 15, "{what}: {names:?}");
    assert!(!dir.path().join("quarantine").exists(), "{what}: a leftover was taken for somebody's rows");
    assert_eq!(store.stats().tables.iter().take(3).map(|table| table.blocks).collect::<Vec<_>>(), [1, 1, 1], "{what}");
    assert_eq!(rows_of(Table::Spans, &store.snapshot(TenantId::DEFAULT).scan(Table::Spans).unwrap().batches).len(), 16, "{what}");
    io
}

#[test]
fn a_crash_at_any_step() {
    let steps = survive("nothing", |_| {}).steps();
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    // The steps before are those of the flushes; `crash_at` counts from its call.
    for name in steps.iter().skip_while(|step| **step != "catalog.rewrite.begin") {
        let nth = counts.entry(name).or_default();
        *nth += 1;
        survive(&format!("crash at {name} {nth}"), |io| io.crash_at(name, *nth));
    }
    let expected = [
        "catalog.forget.after",
        "catalog.forget.before",
        "catalog.replace.after",
        "catalog.replace.before",
        "catalog.replace.inside",
        "catalog.rewrite.begin",
        "flush.block.before",
        "flush.rename.before",
    ];
    assert!(expected.iter().all(|step| counts.contains_key(step)), "{counts:?}");
}

#[test]
fn a_failure_of_any_operation() {
    fail_every_operation(|what, arm| survive(what, arm));
}
