//! Old data goes, young data and files of others stay.

use std::{path::Path, sync::Arc, time::Duration};

use schemas::{Table, TenantId, UnixNanos};
use storage::{Retain, Retained, Store, io::RealIo};
use testkit::fault_io::{Fault, FaultIo, Lasting, Op};

use crate::{
    duckdb,
    rows::{Row, all_rows, append, as_found, config, reopen},
};

const HOUR_NS: i64 = 3_600_000_000_000;
const START: i64 = 490_000 * HOUR_NS;

/// So many hours after [`START`].
fn hour(hours: i64) -> UnixNanos {
    UnixNanos(START + hours * HOUR_NS)
}

/// A block of every table, its rows just happened and arrived.
fn flush_hour(store: &Store, number: i64) -> Vec<Row> {
    let UnixNanos(time) = hour(number);
    let keys = number as u64 * 30..number as u64 * 30 + 30;
    let rows: Vec<Row> = keys.map(|key| Row { table: Table::SENT[key as usize % 3], key, trace: key % 4, time }).collect();
    append(store, &rows, time).unwrap().wait().unwrap();
    store.flush().unwrap();
    rows
}

fn check(store: &Store, rows: &[&[Row]]) {
    let mut expected: Vec<Row> = rows.concat().into_iter().map(as_found).collect();
    expected.sort_unstable();
    assert_eq!(all_rows(&store.snapshot(TenantId::DEFAULT)), expected);
}

fn parquet_files(dir: &Path) -> usize {
    let dirs = Table::SENT.map(|table| dir.join("data/1").join(table.name()));
    let names = dirs.iter().flat_map(|dir| std::fs::read_dir(dir).unwrap()).map(|entry| entry.unwrap().path());
    names.filter(|path| path.extension().is_some_and(|extension| extension == "parquet")).count()
}

#[test]
fn data_goes_at_the_age_of_its_table() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(dir.path());
    let hours = |hours: u64| Some(Duration::from_secs(hours * 3600));
    (config.retain.spans_age_max, config.retain.logs_age_max, config.retain.metrics_age_max) = (hours(10), hours(20), None);
    let store = reopen(config.clone(), Arc::new(RealIo));
    let (first, second) = (flush_hour(&store, 0), flush_hour(&store, 5));
    let without = |rows: &[Row], tables: &[Table]| rows.iter().copied().filter(|row| !tables.contains(&row.table)).collect::<Vec<Row>>();

    assert_eq!(store.retain(hour(9), Retain::Carefully).unwrap(), Retained::default());
    let dry = store.retain(hour(10), Retain::DryRun).unwrap();
    assert_eq!((dry.blocks, dry.rows), (1, 10));
    check(&store, &[&first, &second]);
    assert_eq!(store.retain(hour(10), Retain::Carefully).unwrap(), dry);
    check(&store, &[&without(&first, &[Table::Spans]), &second]);
    assert_eq!(parquet_files(dir.path()), 6, "the files stay for a while");
    assert_eq!(store.compact(UnixNanos(0)), Ok(0));
    assert_eq!(parquet_files(dir.path()), 5, "and then go");
    duckdb::compare(dir.path());

    store.retain(hour(100), Retain::Carefully).unwrap();
    let left = [&without(&first, &[Table::Spans, Table::Logs])[..], &without(&second, &[Table::Spans, Table::Logs])[..]];
    check(&store, &left);
    drop(store);
    let store = reopen(config, Arc::new(RealIo));
    check(&store, &left);
    assert!(!dir.path().join("quarantine").exists(), "what was let go is known");
}

#[test]
fn a_file_of_somebody_else_stays() {
    let dir = tempfile::tempdir().unwrap();
    let store = reopen(config(dir.path()), Arc::new(RealIo));
    flush_hour(&store, 0);
    let notes = dir.path().join("data/1/spans/notes.txt");
    std::fs::write(&notes, "mine").unwrap();
    store.retain(UnixNanos(i64::MAX), Retain::Insist).unwrap();
    store.compact(UnixNanos(0)).unwrap();
    check(
        &store,
        &[&all_rows(&store.snapshot(TenantId::DEFAULT)).into_iter().filter(|row| row.table == Table::Metrics).collect::<Vec<_>>()],
    );
    assert!(notes.exists());
}

#[test]
fn a_commit_that_fails_lets_nothing_go_and_a_late_failure_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let io = FaultIo::new(Arc::new(RealIo));
    let store = reopen(config(dir.path()), Arc::new(io.clone()));
    let rows = flush_hour(&store, 0);
    let later = UnixNanos(hour(0).0 + 8 * 24 * HOUR_NS);
    io.fail_step("catalog.let_go.before", std::io::ErrorKind::Other);
    assert!(store.retain(later, Retain::Carefully).is_err());
    check(&store, &[&rows]);
    io.heal();
    io.fail_step("catalog.let_go.after", std::io::ErrorKind::Other);
    assert_eq!(store.retain(later, Retain::Carefully).unwrap().blocks, 2);
    io.heal();
    let metrics: Vec<Row> = rows.into_iter().filter(|row| row.table == Table::Metrics).collect();
    check(&store, &[&metrics]);
    // Deleting goes on where it was interrupted.
    io.fail(Op::Remove, 2, Fault::Io, Lasting::Once);
    assert!(store.compact(UnixNanos(0)).is_err());
    store.compact(UnixNanos(0)).unwrap();
    assert_eq!(parquet_files(dir.path()), 1);
    check(&store, &[&metrics]);
}
