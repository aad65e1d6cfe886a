//! The machine stops, or the catalog fails, at every step of retention: what is young is there once, what is old is there whole or gone, and
//! no file is left that nobody knows.

use std::{collections::BTreeMap, sync::Arc};

use schemas::{Table, TenantId, UnixNanos};
use storage::{Retain, Store, io::RealIo};
use testkit::fault_io::FaultIo;

use crate::rows::{Row, all_rows, append, as_found, config, reopen};

const HOUR_NS: i64 = 3_600_000_000_000;
const START: i64 = 490_000 * HOUR_NS;
/// Spans and logs of the first hour are too old, nothing else is.
const WHEN: UnixNanos = UnixNanos(START + 7 * 24 * HOUR_NS);

fn rows(hour: i64) -> Vec<Row> {
    let row = |key: u64| Row { table: Table::SENT[key as usize % 3], key, trace: key % 4, time: START + hour * HOUR_NS };
    (hour as u64 * 30..hour as u64 * 30 + 30).map(row).collect()
}

/// Whether the old rows are there.
fn check(store: &Store, what: &str) -> bool {
    let found = all_rows(&store.snapshot(TenantId::DEFAULT));
    let expected = |with_old: bool| {
        let kept = rows(0).into_iter().filter(|row| with_old || row.table == Table::Metrics).chain(rows(5));
        let mut expected: Vec<Row> = kept.map(as_found).collect();
        expected.sort_unstable();
        expected
    };
    assert!(found == expected(true) || found == expected(false), "{what}: {found:?}");
    found == expected(true)
}

fn survive(what: &str, arm: impl Fn(&FaultIo)) -> FaultIo {
    let dir = tempfile::tempdir().unwrap();
    let io = FaultIo::new(Arc::new(RealIo));
    let store = reopen(config(dir.path()), Arc::new(io.clone()));
    for hour in [0, 5] {
        append(&store, &rows(hour), START + hour * HOUR_NS).unwrap().wait().unwrap();
        store.flush().unwrap();
    }
    drop(store);
    let store = reopen(config(dir.path()), Arc::new(io.clone()));
    arm(&io);
    let done = store.retain(WHEN, Retain::Carefully).and_then(|_| store.compact(UnixNanos(0)));
    assert!(done.is_ok() || io.is_down(), "{what}: {done:?}");
    drop(store);

    let store = reopen(config(dir.path()), Arc::new(RealIo));
    let has_old = check(&store, what);
    let preview = store.preview_retention(WHEN).unwrap();
    assert_eq!(preview.tables.iter().map(|(_, going, _)| going.rows).sum::<u64>(), if has_old { 20 } else { 0 }, "{what}");
    store.retain(WHEN, Retain::Carefully).unwrap();
    store.compact(UnixNanos(0)).unwrap();
    assert!(!check(&store, what), "{what}: the second time it goes");
    let dirs = Table::SENT.map(|table| dir.path().join("data/1").join(table.name()));
    let parquet = dirs.iter().flat_map(|dir| std::fs::read_dir(dir).unwrap()).map(|entry| entry.unwrap().path());
    let parquet = parquet.filter(|path| path.extension().is_some_and(|end| end == "parquet")).count();
    assert_eq!(parquet, 4, "{what}");
    assert!(!dir.path().join("quarantine").exists(), "{what}");
    io
}

#[test]
fn a_crash_at_any_step() {
    let steps = survive("nothing", |_| {}).steps();
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for name in steps.iter().skip_while(|step| **step != "catalog.let_go.before") {
        let nth = counts.entry(name).or_default();
        *nth += 1;
        survive(&format!("crash at {name} {nth}"), |io| io.crash_at(name, *nth));
    }
    let expected = ["catalog.let_go.before", "catalog.let_go.after", "catalog.forget.before", "catalog.forget.after"];
    assert!(expected.iter().all(|step| counts.contains_key(step)), "{counts:?}");
}
