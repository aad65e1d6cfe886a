//! Sums by minute in the store: written with the spans, limited, and kept apart from spans that are in no sum.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use schemas::{Table, TenantId, UnixNanos};
use storage::{
    Config, Snapshot,
    io::RealIo,
    rollup::{BEYOND_OPERATIONS, MinuteRows, OperationMinutes},
    verify,
};

use crate::rows::{Row, append, check_minutes, config, reopen};

const NOW: i64 = 500_000 * 3_600_000_000_000;

/// Rows of the test have five names: `text 0` to `text 4`, by the key.
fn spans(keys: std::ops::Range<u64>) -> Vec<Row> {
    keys.map(|key| Row::span(key, 0, NOW + key as i64)).collect()
}

fn small(dir: &Path) -> Config {
    let mut config = config(dir);
    config.rollup_values_max = 2;
    config
}

/// How many spans each operation has; the empty one stands for all that are beyond the limit.
fn operations(snapshot: &Snapshot) -> BTreeMap<String, i64> {
    let mut sums = OperationMinutes::default();
    snapshot.scan(Table::OperationMinutes).unwrap().batches.iter().for_each(|rows| sums.add_rows(rows).unwrap());
    let rows = sums.finish().unwrap();
    let rows = MinuteRows::of(&rows).unwrap();
    let mut found = BTreeMap::new();
    for row in (0..rows.len()).map(|row| rows.get(row)) {
        assert_eq!(row.operation.is_none(), row.beyond_limit == BEYOND_OPERATIONS, "{row:?}");
        *found.entry(row.operation.unwrap_or_default().to_owned()).or_default() += row.spans;
    }
    found
}

#[test]
fn operations_beyond_the_limit_are_one_and_all_flushes_agree_which() {
    let dir = tempfile::tempdir().unwrap();
    let store = reopen(small(dir.path()), Arc::new(RealIo));
    let check = |snapshot: &Snapshot, expected: &[(&str, i64)]| {
        let expected: BTreeMap<String, i64> = expected.iter().map(|(name, spans)| ((*name).to_owned(), *spans)).collect();
        assert_eq!(operations(snapshot), expected);
    };
    // The most frequent of those that come together: two of `text 0`, two of `text 1`, one of each other.
    append(&store, &spans(0..7), NOW).unwrap().wait().unwrap();
    check(&store.snapshot(TenantId::DEFAULT), &[("", 3), ("text 0", 2), ("text 1", 2)]);
    store.flush().unwrap();
    check(&store.snapshot(TenantId::DEFAULT), &[("", 3), ("text 0", 2), ("text 1", 2)]);
    // Others may be more frequent later.
    append(&store, &spans(12..15), NOW).unwrap().wait().unwrap();
    append(&store, &spans(17..20), NOW).unwrap().wait().unwrap();
    let after = [("", 9), ("text 0", 2), ("text 1", 2)];
    check(&store.snapshot(TenantId::DEFAULT), &after);
    drop(store);
    let store = reopen(small(dir.path()), Arc::new(RealIo));
    check(&store.snapshot(TenantId::DEFAULT), &after);
    store.flush().unwrap();
    check(&store.snapshot(TenantId::DEFAULT), &after);
    store.compact(UnixNanos(i64::MAX)).unwrap();
    check(&store.snapshot(TenantId::DEFAULT), &after);
    assert_eq!(verify(Arc::new(RealIo), dir.path(), &mut |_| {}).unwrap().findings, []);
}

#[test]
fn compaction_adds_rows_of_one_key_up() {
    let dir = tempfile::tempdir().unwrap();
    let store = reopen(config(dir.path()), Arc::new(RealIo));
    let rows = || store.stats().tables.into_iter().find(|table| table.table == Table::OperationMinutes).unwrap();
    for flush in 0..4u64 {
        append(&store, &spans(flush * 10..flush * 10 + 10), NOW).unwrap().wait().unwrap();
        store.flush().unwrap();
    }
    assert_eq!((rows().blocks, rows().block_rows), (4, 20));
    store.compact(UnixNanos(i64::MAX)).unwrap();
    assert_eq!((rows().blocks, rows().block_rows), (1, 5), "five operations in one minute");
    check_minutes(&store.snapshot(TenantId::DEFAULT), "compacted");
}

/// As a snapshot names it: an answer that was kept is good as long as nothing was added.
#[test]
fn a_version_is_of_the_spans_too() {
    let dir = tempfile::tempdir().unwrap();
    let store = reopen(config(dir.path()), Arc::new(RealIo));
    let version = || store.snapshot(TenantId::DEFAULT).version(Table::OperationMinutes, None);
    append(&store, &spans(0..3), NOW).unwrap().wait().unwrap();
    assert_eq!(version(), None, "in memory, where more may come");
    store.flush().unwrap();
    let flushed = version();
    assert!(flushed.is_some() && flushed == version());
    append(&store, &spans(3..6), NOW).unwrap().wait().unwrap();
    store.flush().unwrap();
    assert!(version().is_some() && version() != flushed);
}
