//! What is derived from stored rows is made again: blocks, derived rows and sums are swapped together or not at all, whatever fails.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{ArrayRef, AsArray, StringArray},
    datatypes::TimestampNanosecondType,
    record_batch::RecordBatch,
};
use schemas::{
    Table, TableBatch, TenantId, UnixNanos,
    columns::{ERROR_CODE, RECEIVED_AT},
};
use storage::{Snapshot, Store, io::RealIo};
use testkit::fault_io::{Fault, FaultIo, Lasting, Op};

use crate::{
    crash::fail_each,
    rows::{Row, all_rows, append, as_found, batch, check_minutes, config, reopen},
};

const NOW: i64 = 500_000 * 3_600_000_000_000;
const SECOND: i64 = 1_000_000_000;

/// One request arrives each second; spans of the second and the third start in one minute.
fn requests() -> Vec<Vec<Row>> {
    let row = |key: u64| Row { table: Table::SENT[key as usize % 3], key, trace: key % 4, time: NOW + key as i64 * 2 * SECOND };
    [0..12, 12..30, 30..48, 48..60].map(|keys: std::ops::Range<u64>| keys.map(row).collect()).into()
}

fn arrival(nth: usize) -> i64 {
    NOW + nth as i64 * SECOND
}

/// Every row has the error code `code`, and is an error.
fn anew(code: &str, TableBatch { table, batch: rows }: &TableBatch) -> Vec<TableBatch> {
    let mut columns = rows.columns().to_vec();
    if let Ok(index) = rows.schema().index_of(ERROR_CODE) {
        columns[index] = Arc::new(StringArray::from_iter_values(vec![code; rows.num_rows()])) as ArrayRef;
    }
    let own = TableBatch { table: *table, batch: RecordBatch::try_new(rows.schema(), columns).unwrap() };
    let errors = times(rows).into_iter().map(|arrival| {
        let row = Row { table: Table::Errors, key: 1, trace: 1, time: arrival };
        TableBatch { table: Table::Errors, batch: batch(Table::Errors, &[row], UnixNanos(arrival)) }
    });
    std::iter::once(own).chain(errors).collect()
}

fn times(rows: &RecordBatch) -> Vec<i64> {
    rows.column_by_name(RECEIVED_AT).unwrap().as_primitive::<TimestampNanosecondType>().values().to_vec()
}

/// (arrival, code) of spans and logs, and arrivals of errors, each with how many rows have it.
type Found = (BTreeMap<(i64, Option<String>), usize>, BTreeMap<i64, usize>);

fn found(snapshot: &Snapshot) -> Found {
    let mut found = Found::default();
    for table in [Table::Spans, Table::Logs] {
        for rows in snapshot.scan(table).unwrap().batches {
            let codes = rows.column_by_name(ERROR_CODE).unwrap().as_string::<i32>();
            for (arrival, code) in times(&rows).into_iter().zip(codes) {
                *found.0.entry((arrival, code.map(str::to_owned))).or_default() += 1;
            }
        }
    }
    for arrival in snapshot.scan(Table::Errors).unwrap().batches.iter().flat_map(times) {
        *found.1.entry(arrival).or_default() += 1;
    }
    found
}

/// What there is when the codes of the requests are `codes`; those without have no errors.
fn expected(codes: [Option<&str>; 4]) -> Found {
    let mut expected = Found::default();
    for (nth, (rows, code)) in requests().iter().zip(codes).enumerate() {
        let with_codes = rows.iter().filter(|row| row.table != Table::Metrics).count();
        expected.0.insert((arrival(nth), code.map(str::to_owned)), with_codes);
        if code.is_some() {
            expected.1.insert(arrival(nth), rows.len());
        }
    }
    expected
}

fn check(store: &Store, codes: [Option<&str>; 4], when: &str) {
    let snapshot = store.snapshot(TenantId::DEFAULT);
    let mut rows: Vec<Row> = requests().into_iter().flatten().map(as_found).collect();
    rows.sort_unstable();
    assert_eq!(all_rows(&snapshot), rows, "{when}");
    assert_eq!(found(&snapshot), expected(codes), "{when}");
    check_minutes(&snapshot, when);
}

fn rederive(store: &Store, requests: std::ops::Range<usize>, code: &'static str) -> Result<storage::Rederived, String> {
    store.rederive(UnixNanos(arrival(requests.start))..UnixNanos(arrival(requests.end)), &|rows| Ok(anew(code, rows)))
}

#[test]
fn rows_that_arrived_in_a_time_and_no_others() {
    let dir = tempfile::tempdir().unwrap();
    let store = reopen(config(dir.path()), Arc::new(RealIo));
    for (nth, rows) in requests().iter().enumerate() {
        append(&store, rows, arrival(nth)).unwrap().wait().unwrap();
        // The first three become blocks, the last is in memory; compaction brings two of them into one block.
        if nth == 1 {
            store.flush().unwrap();
            store.compact(UnixNanos(i64::MAX)).unwrap();
        }
    }
    check(&store, [None; 4], "as they were stored");
    let done = rederive(&store, 1..3, "a").unwrap();
    assert_eq!(done.rows, 36);
    assert_eq!(done.derived.iter().find(|(table, ..)| *table == Table::Errors), Some(&(Table::Errors, 0, 36)));
    check(&store, [None, Some("a"), Some("a"), None], "two requests");
    let done = rederive(&store, 2..4, "b").unwrap();
    assert_eq!(done.derived.iter().find(|(table, ..)| *table == Table::Errors), Some(&(Table::Errors, 18, 30)));
    check(&store, [None, Some("a"), Some("b"), Some("b")], "one of them and another one");
    let first = |since: i64| store.first_arrival(UnixNanos(since));
    assert_eq!(first(arrival(3)), Some(UnixNanos(arrival(3))));
    assert_eq!((first(0), first(arrival(3) + 1)), (Some(UnixNanos(arrival(0))), None));
    let before = store.stats().tables.iter().map(|table| table.blocks).sum::<usize>();
    assert_eq!(rederive(&store, 9..10, "c").unwrap(), storage::Rederived::default(), "nothing arrived then");
    store.compact(UnixNanos(i64::MAX)).unwrap();
    assert!(store.stats().tables.iter().map(|table| table.blocks).sum::<usize>() <= before);
    check(&store, [None, Some("a"), Some("b"), Some("b")], "compacted");
    drop(store);
    let store = reopen(config(dir.path()), Arc::new(RealIo));
    check(&store, [None, Some("a"), Some("b"), Some("b")], "opened again");
}

/// What a damaged block holds cannot be made again, nor what it added to sums: nothing of the time is, and the file stays as it is.
#[test]
fn a_damaged_block_is_named_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let store = reopen(config(dir.path()), Arc::new(RealIo));
    for (nth, rows) in requests().iter().enumerate() {
        append(&store, rows, arrival(nth)).unwrap().wait().unwrap();
        store.flush().unwrap();
    }
    let blocks = std::fs::read_dir(dir.path().join("data/1/spans")).unwrap().map(|entry| entry.unwrap().path());
    let mut blocks: Vec<_> = blocks.filter(|path| path.extension().is_some_and(|end| end == "parquet")).collect();
    blocks.sort_unstable();
    let damaged = blocks.swap_remove(1);
    let mut bytes = std::fs::read(&damaged).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    std::fs::write(&damaged, &bytes).unwrap();

    let before = found(&store.snapshot(TenantId::DEFAULT));
    let error = rederive(&store, 0..4, "9001").unwrap_err();
    assert!(error.contains(damaged.file_name().unwrap().to_str().unwrap()), "{error}");
    assert_eq!(found(&store.snapshot(TenantId::DEFAULT)), before, "nothing changed");
    assert_eq!(std::fs::read(&damaged).unwrap(), bytes, "the file is as it was");
    store.compact(UnixNanos(i64::MAX)).unwrap();
    let told: Vec<_> = store.stats().damaged.into_iter().map(|block| block.path).collect();
    assert_eq!(told, [damaged.strip_prefix(dir.path()).unwrap()], "it is found out");
    assert!(rederive(&store, 0..4, "9001").is_err(), "also when that is known");
    assert!(damaged.exists());
}

#[test]
fn a_failure_of_what_makes_them_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = reopen(config(dir.path()), Arc::new(RealIo));
    for (nth, rows) in requests().iter().enumerate() {
        append(&store, rows, arrival(nth)).unwrap().wait().unwrap();
    }
    let all = UnixNanos(i64::MIN)..UnixNanos(i64::MAX);
    let refused = store.rederive(all.clone(), &|_| Err("no rules".to_owned())).unwrap_err();
    assert!(refused.contains("no rules"), "{refused}");
    let lost = store.rederive(all, &|rows| Ok(vec![TableBatch { batch: rows.batch.slice(0, 0), ..rows.clone() }])).unwrap_err();
    assert!(lost.contains("other rows"), "{lost}");
    check(&store, [None; 4], "after two failures");
}

/// `arm` is called when there is nothing left to do but to derive.
fn survive(what: &str, arm: impl Fn(&FaultIo)) -> FaultIo {
    let dir = tempfile::tempdir().unwrap();
    let io = FaultIo::new(Arc::new(RealIo));
    let store = reopen(config(dir.path()), Arc::new(io.clone()));
    for (nth, rows) in requests().iter().enumerate() {
        append(&store, rows, arrival(nth)).unwrap().wait().unwrap();
        store.flush().unwrap();
    }
    rederive(&store, 2..4, "old").unwrap();
    drop(store);
    let before = [None, None, Some("old"), Some("old")];
    let after = [None, Some("new"), Some("new"), Some("old")];
    let store = reopen(config(dir.path()), Arc::new(io.clone()));
    arm(&io);
    let done = rederive(&store, 1..3, "new").is_ok();
    if !io.is_down() {
        io.heal();
        if done {
            check(&store, after, &format!("{what}, done"));
        }
        rederive(&store, 1..3, "new").unwrap();
        check(&store, after, &format!("{what}, tried again"));
    }
    let healthy = !io.is_down();
    drop(store);
    let store = reopen(config(dir.path()), Arc::new(RealIo));
    let is_after = healthy || done || found(&store.snapshot(TenantId::DEFAULT)) == expected(after);
    check(&store, if is_after { after } else { before }, &format!("{what}, opened again"));
    rederive(&store, 1..3, "new").unwrap();
    check(&store, after, &format!("{what}, once more"));
    assert!(!dir.path().join("quarantine").exists(), "{what}: a leftover was taken for somebody's rows");
    io
}

#[test]
fn a_crash_at_any_step() {
    let steps = survive("nothing", |_| {}).steps();
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    // The steps before are those of the flushes and of the first time; `crash_at` counts from its call.
    let begin = steps.iter().rposition(|step| *step == "catalog.replace.after").unwrap();
    let first = steps[..begin].iter().rposition(|step| *step == "catalog.replace.after").unwrap();
    for name in &steps[first + 1..] {
        let nth = counts.entry(name).or_default();
        *nth += 1;
        survive(&format!("crash at {name} {nth}"), |io| io.crash_at(name, *nth));
    }
    assert!(
        ["catalog.rewrite.begin", "catalog.replace.inside", "flush.block.before"].iter().all(|step| counts.contains_key(step)),
        "{counts:?}"
    );
}

/// Of the other operations `compact_crash` fails each in turn: what is done about it is the same.
#[test]
fn a_failure_to_finish_any_file() {
    fail_each(Op::Rename, Fault::Io, Lasting::Once, |what, arm| survive(what, arm));
}
