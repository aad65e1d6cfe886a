//! The disk fails, or the machine stops, at every place in turn: no acknowledged row is lost, none is doubled, no request is
//! there by half, no file is left that nobody knows.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use schemas::{Table, TenantId};
use storage::{Store, io::RealIo};
use testkit::fault_io::{Fault, FaultIo, Lasting, Op};

use crate::rows::{Row, all_rows, append, as_found, check_minutes, config, derive, reopen, rows_of};

const NOW: i64 = 500_000 * 3_600_000_000_000;

/// Each with rows of all tables.
fn requests() -> Vec<Vec<Row>> {
    let row = |key: u64| Row { table: Table::SENT[key as usize % 3], key, trace: key % 4, time: NOW + key as i64 };
    [0..9, 9..12, 12..60, 60..63, 63..90].map(|keys: std::ops::Range<u64>| keys.map(row).collect()).into()
}

#[derive(Debug, Default)]
struct Outcome {
    acked: BTreeSet<usize>,
}

/// Appends and flushes; whatever fails, fails.
fn live(dir: &Path, io: &FaultIo) -> Outcome {
    let mut outcome = Outcome::default();
    let Ok(store) = Store::open(config(dir), Arc::new(io.clone()), Arc::new(derive)) else { return outcome };
    for (number, rows) in requests().iter().enumerate() {
        if append(&store, rows, NOW).is_ok_and(|receipt| receipt.wait().is_ok()) {
            outcome.acked.insert(number);
        }
        if (number == 1 || number == 3) && store.flush().is_ok() && !outcome.acked.is_empty() {
            assert_eq!(io.unsynced_dirs(), [] as [PathBuf; 0], "a power cut would take what is committed");
        }
        match found(&store) {
            Some(rows) => check(&rows, &outcome, "while running"),
            None => assert!(io.is_down(), "a block cannot be read"),
        }
    }
    outcome
}

/// Every row, unless one cannot be read.
pub fn found(store: &Store) -> Option<Vec<Row>> {
    let snapshot = store.snapshot(TenantId::DEFAULT);
    let mut found = Vec::new();
    for table in Table::SENT {
        let rows = snapshot.scan(table).unwrap();
        found.extend(rows.partial.is_empty().then(|| rows_of(table, &rows.batches))?);
    }
    Some(found)
}

/// What was acknowledged is there once, what was not is there once or not at all.
fn check(found: &[Row], outcome: &Outcome, when: &str) {
    let mut counts: BTreeMap<Row, usize> = BTreeMap::new();
    found.iter().for_each(|row| *counts.entry(*row).or_default() += 1);
    for (number, rows) in requests().iter().enumerate() {
        let of_request: BTreeSet<usize> = rows.iter().map(|row| counts.remove(&as_found(*row)).unwrap_or(0)).collect();
        let expected =
            if outcome.acked.contains(&number) { vec![BTreeSet::from([1])] } else { vec![BTreeSet::from([0]), BTreeSet::from([1])] };
        assert!(expected.contains(&of_request), "{when}: request {number} is there {of_request:?} times, acked {:?}", outcome.acked);
    }
    assert!(counts.is_empty(), "{when}: nobody sent {counts:?}");
}

fn survive(what: &str, prepare: impl Fn(&FaultIo)) -> FaultIo {
    let dir = tempfile::tempdir().unwrap();
    let io = FaultIo::new(Arc::new(RealIo));
    prepare(&io);
    let mut outcome = live(dir.path(), &io);
    assert_eq!(io.violations(), [] as [PathBuf; 0], "{what}");

    let store = reopen(config(dir.path()), Arc::new(RealIo));
    let rows = || {
        let snapshot = store.snapshot(TenantId::DEFAULT);
        check_minutes(&snapshot, what);
        all_rows(&snapshot)
    };
    check(&rows(), &outcome, what);
    for (number, rows) in requests().iter().enumerate() {
        let ack = append(&store, rows, NOW + 1).unwrap().wait().unwrap();
        assert!(ack.duplicate || !outcome.acked.contains(&number), "{what}: request {number} was forgotten");
        outcome.acked.insert(number);
    }
    check(&rows(), &outcome, &format!("{what}, after retries"));
    store.flush().unwrap();
    check(&rows(), &outcome, &format!("{what}, after retries and a flush"));

    let blocks: usize = store.stats().tables.iter().map(|table| table.blocks).sum();
    let with_rows = [Table::Spans, Table::Logs, Table::Metrics, Table::OperationMinutes, Table::EdgeHalves];
    let files = with_rows.iter().flat_map(|table| std::fs::read_dir(dir.path().join("data/1").join(table.name())).unwrap());
    let names: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    let parquet = names.iter().filter(|path| path.extension().is_some_and(|extension| extension == "parquet")).count();
    let of_table = |table| store.stats().tables.into_iter().find(|stats| stats.table == table).unwrap().blocks;
    let indexes = blocks + 3 * of_table(Table::Spans) + 2 * of_table(Table::Logs);
    assert_eq!((parquet, names.len()), (blocks, blocks + indexes), "{what}: {names:?}");
    io
}

#[test]
fn a_crash_at_any_step() {
    let steps = survive("nothing", |_| {}).steps();
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for name in steps {
        let nth = counts.entry(name).or_default();
        *nth += 1;
        survive(&format!("crash at {name} {nth}"), |io| io.crash_at(name, *nth));
    }
    let expected = ["catalog.commit.after", "catalog.commit.before", "catalog.commit.inside", "flush.block.before", "flush.rename.before"];
    assert!(expected.iter().all(|step| counts.contains_key(step)), "{counts:?}");
}

#[test]
fn a_failure_of_any_operation() {
    fail_every_operation(|what, prepare| survive(what, prepare));
}

/// Fails each operation of each kind in turn. `survive` is told what fails and how to make it fail, and gives back the disk.
pub fn fail_every_operation(survive: impl Fn(&str, &dyn Fn(&FaultIo)) -> FaultIo + Sync) {
    use Fault::*;
    use Lasting::*;
    let once = [
        (Op::Create, Io),
        (Op::Sync, Io),
        (Op::Sync, Late),
        (Op::Rename, Io),
        (Op::Rename, Late),
        (Op::Remove, Io),
        (Op::Remove, Late),
        (Op::SyncDir, Io),
        (Op::SyncDir, Late),
        (Op::Write, ShortWrite),
    ];
    let plans = once.map(|(op, fault)| (op, fault, Once)).into_iter().chain([(Op::Write, NoSpace, Sticky), (Op::Any, Io, Sticky)]);
    // Most of the time is spent waiting for the disk and for retries, so the plans run beside each other.
    std::thread::scope(|scope| {
        for (op, fault, lasting) in plans {
            let survive = &survive;
            scope.spawn(move || fail_each(op, fault, lasting, survive));
        }
    });
}

/// Fails the first operation, then the second, until there is none left to fail.
pub fn fail_each(op: Op, fault: Fault, lasting: Lasting, survive: impl Fn(&str, &dyn Fn(&FaultIo)) -> FaultIo) {
    for nth in 1.. {
        let io = survive(&format!("{op:?} {nth} fails with {fault:?}, {lasting:?}"), &|io| io.fail(op, nth, fault, lasting));
        if io.fired() == 0 {
            assert!(nth > 1, "nothing here does {op:?}");
            return;
        }
    }
}

#[test]
fn a_snapshot_never_sees_half_a_request() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(dir.path());
    config.memtable_bytes_max = 100_000;
    let store = reopen(config, Arc::new(RealIo));
    let request = |number: u64| -> Vec<Row> {
        (number * 6..number * 6 + 6)
            .map(|key| Row { table: Table::SENT[key as usize % 3], key, trace: number, time: NOW + key as i64 })
            .collect()
    };
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for number in 0..60 {
                append(&store, &request(number), NOW).unwrap().wait().unwrap();
            }
        });
        while !writer.is_finished() {
            let rows = all_rows(&store.snapshot(TenantId::DEFAULT));
            let mut per_request: BTreeMap<u64, usize> = BTreeMap::new();
            rows.iter().for_each(|row| *per_request.entry(row.key / 6).or_default() += 1);
            assert!(per_request.values().all(|rows| *rows == 6), "{per_request:?}");
        }
    });
    assert_eq!(all_rows(&store.snapshot(TenantId::DEFAULT)).len(), 360);
}
