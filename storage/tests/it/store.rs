//! The store from outside: acknowledged means visible, whatever happens next.

use std::sync::Arc;

use schemas::{Table, TenantId};
use storage::{Ack, OpenError, Store, Stretch, io::RealIo};
use testkit::FaultIo;

use crate::rows::{Row, all_rows, append, as_found, config, derive, open, reopen, trace_rows};

const HOUR_NS: i64 = 3_600_000_000_000;
const NOW: i64 = 500_000 * HOUR_NS;

fn mixed(first_key: u64, count: u64) -> Vec<Row> {
    (first_key..first_key + count)
        .map(|key| Row { table: Table::SENT[key as usize % 3], key, trace: key % 7, time: NOW + key as i64 })
        .collect()
}

#[test]
fn an_acknowledged_row_is_visible_before_and_after_a_flush_and_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let rows = mixed(0, 100);
    let mut expected: Vec<Row> = rows.iter().copied().map(as_found).collect();
    expected.sort_unstable();
    let store = open(config(dir.path()), Arc::new(RealIo));
    assert_eq!(append(&store, &rows, NOW).unwrap().wait(), Ok(Ack { duplicate: false }));
    assert_eq!(all_rows(&store.snapshot(TenantId::DEFAULT)), expected, "in memory");
    let before = store.snapshot(TenantId::DEFAULT);
    store.flush().unwrap();
    assert_eq!(all_rows(&store.snapshot(TenantId::DEFAULT)), expected, "in blocks");
    assert_eq!(all_rows(&before), expected, "in a snapshot from before the flush");
    assert_eq!(store.stats().tables.iter().take(3).map(|table| (table.blocks, table.memory_rows)).collect::<Vec<_>>(), [(1, 0); 3]);
    drop(store);
    let store = reopen(config(dir.path()), Arc::new(RealIo));
    assert_eq!(all_rows(&store.snapshot(TenantId::DEFAULT)), expected, "after a restart");
}

#[test]
fn a_trace_is_found_in_memory_and_in_blocks_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(config(dir.path()), Arc::new(RealIo));
    let rows: Vec<Row> = (0..90).map(|key| Row::span(key, key % 6, NOW + (90 - key as i64) * 1_000_000)).collect();
    for part in rows.chunks(30) {
        append(&store, part, NOW).unwrap().wait().unwrap();
        if part[0].key < 60 {
            store.flush().unwrap();
        }
    }
    for trace in 0..7 {
        let expected: Vec<Row> = rows.iter().copied().filter(|row| row.trace == trace).collect();
        assert_eq!(trace_rows(&store.snapshot(TenantId::DEFAULT), trace), expected, "trace {trace}");
    }
}

#[test]
fn small_requests_become_few_batches() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(config(dir.path()), Arc::new(RealIo));
    let rows: Vec<Row> = (0..1000).map(|key| Row::span(key, key % 10, NOW + key as i64)).collect();
    for row in &rows {
        append(&store, &[*row], NOW).unwrap().wait().unwrap();
    }
    let snapshot = store.snapshot(TenantId::DEFAULT);
    assert_eq!(all_rows(&snapshot), rows);
    assert!(snapshot.scan(Table::Spans).unwrap().batches.len() < 40);
    assert_eq!(trace_rows(&snapshot, 3).len(), 100);
}

#[test]
fn a_retry_adds_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(config(dir.path()), Arc::new(RealIo));
    let rows = mixed(0, 10);
    drop(append(&store, &rows, NOW).unwrap());
    assert_eq!(append(&store, &rows, NOW + 1).unwrap().wait(), Ok(Ack { duplicate: true }), "the client went away and came back");
    store.flush().unwrap();
    assert_eq!(append(&store, &rows, NOW + 2).unwrap().wait(), Ok(Ack { duplicate: true }), "after a flush");
    drop(store);
    let store = reopen(config(dir.path()), Arc::new(RealIo));
    assert_eq!(append(&store, &rows, NOW + 3).unwrap().wait(), Ok(Ack { duplicate: true }), "after a restart");
    assert_eq!(all_rows(&store.snapshot(TenantId::DEFAULT)).len(), 10);
}

#[test]
fn an_old_import_beside_live_data_makes_few_blocks() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(config(dir.path()), Arc::new(RealIo));
    let old = (0..200).map(|key| Row::span(key, key, key as i64 * 30 * HOUR_NS));
    let live = (200..700).map(|key| Row::span(key, key, NOW + key as i64));
    let rows: Vec<Row> = old.chain(live).collect();
    append(&store, &rows, NOW).unwrap().wait().unwrap();
    store.flush().unwrap();
    assert_eq!(store.stats().tables[0].blocks, 3);
    assert_eq!(all_rows(&store.snapshot(TenantId::DEFAULT)), rows);
}

#[test]
fn memory_is_bounded_by_a_named_refusal() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(dir.path());
    config.unflushed_bytes_max = 1;
    let store = open(config, Arc::new(RealIo));
    append(&store, &mixed(0, 3), NOW).unwrap().wait().unwrap();
    assert!(matches!(append(&store, &mixed(3, 3), NOW), Err(storage::Refused::MemtableFull { limit: 1, .. })));
    assert!(matches!(store.readiness().ingest, Err(storage::Refused::MemtableFull { .. })));
    store.flush().unwrap();
    assert_eq!(append(&store, &mixed(3, 3), NOW).unwrap().wait(), Ok(Ack { duplicate: false }), "refused is not remembered as stored");
}

#[test]
fn memtables_are_written_when_they_are_full() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(dir.path());
    config.memtable_bytes_max = 1;
    let store = open(config, Arc::new(RealIo));
    for request in 0..5 {
        append(&store, &mixed(request * 10, 10), NOW).unwrap().wait().unwrap();
        while store.stats().tables.iter().any(|table| table.memory_rows > 0) {
            assert_eq!(store.stats().flush_failures, 0);
            std::thread::yield_now();
        }
    }
    assert_eq!(all_rows(&store.snapshot(TenantId::DEFAULT)).len(), 50);
}

#[test]
fn a_memtable_ends_at_its_limit_also_while_none_can_be_written() {
    let (dir, io) = (tempfile::tempdir().unwrap(), FaultIo::new(Arc::new(RealIo)));
    let mut config = config(dir.path());
    let store = open(config.clone(), Arc::new(RealIo));
    append(&store, &mixed(0, 30), NOW).unwrap().wait().unwrap();
    config.memtable_bytes_max = store.stats().memtable_bytes;
    drop(store);

    let store = reopen(config, Arc::new(io.clone()));
    store.flush().unwrap();
    io.fail_step("flush.block.before", std::io::ErrorKind::StorageFull);
    for part in 1..=20 {
        append(&store, &mixed(part * 30, 30), NOW).unwrap().wait().unwrap();
    }
    io.heal();
    store.flush().unwrap();
    assert_eq!(store.stats().tables.iter().take(3).map(|table| table.blocks).collect::<Vec<_>>(), [21; 3], "a request fills a memtable");
    assert_eq!(all_rows(&store.snapshot(TenantId::DEFAULT)).len(), 630);
}

#[test]
fn hashes_are_written_when_the_log_lets_go_of_them() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(dir.path());
    config.wal.bytes_max = 2 * config.wal.segment_bytes;
    let file = dir.path().join("request-hashes");
    let store = open(config.clone(), Arc::new(RealIo));
    for part in 0..5 {
        append(&store, &mixed(part * 10, 10), NOW).unwrap().wait().unwrap();
        store.flush().unwrap();
        assert!(!file.exists(), "the log has them all");
    }
    // One segment that is not full, all of it in blocks, and a request that fits only when it goes.
    let large = mixed(1000, 2200);
    append(&store, &mixed(5000, 1800), NOW).unwrap().wait().unwrap();
    store.flush().unwrap();
    assert!(!file.exists());
    while append(&store, &large, NOW).is_err() {
        std::thread::yield_now();
    }
    drop(store);
    assert!(file.exists());
    let store = reopen(config, Arc::new(RealIo));
    for part in 0..5 {
        assert!(append(&store, &mixed(part * 10, 10), NOW).unwrap().wait().unwrap().duplicate, "part {part}");
    }
}

#[test]
fn one_process_per_directory_and_the_directory_may_move() {
    let dir = tempfile::tempdir().unwrap();
    let (here, there) = (dir.path().join("here"), dir.path().join("there"));
    let store = open(config(&here), Arc::new(RealIo));
    assert!(matches!(Store::open(config(&here), Arc::new(RealIo), Arc::new(derive)), Err(OpenError::Locked { .. })));
    append(&store, &mixed(0, 30), NOW).unwrap().wait().unwrap();
    store.flush().unwrap();
    drop(store);
    std::fs::rename(&here, &there).unwrap();
    let store = reopen(config(&there), Arc::new(RealIo));
    assert_eq!(all_rows(&store.snapshot(TenantId::DEFAULT)).len(), 30);
}

#[test]
fn blocks_without_their_catalog_are_not_touched() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(config(dir.path()), Arc::new(RealIo));
    append(&store, &mixed(0, 30), NOW).unwrap().wait().unwrap();
    store.flush().unwrap();
    drop(store);
    std::fs::remove_file(dir.path().join("catalog.sqlite")).unwrap();
    let opened = Store::open(config(dir.path()), Arc::new(RealIo), Arc::new(derive));
    assert!(matches!(opened, Err(OpenError::CatalogMissing { .. })));
}

#[test]
fn files_without_a_catalog_entry_are_cleared_away_at_start() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(config(dir.path()), Arc::new(RealIo));
    append(&store, &mixed(0, 30), NOW).unwrap().wait().unwrap();
    store.flush().unwrap();
    append(&store, &mixed(30, 30), NOW).unwrap().wait().unwrap();
    drop(store);
    let spans = dir.path().join("data/1/spans");
    let files = || std::fs::read_dir(&spans).unwrap().count();
    assert_eq!(files(), 5);
    let of_the_log = "0000000000000002";
    let removed =
        [format!("late-{of_the_log}.parquet"), format!("late-{of_the_log}.bloom"), "20260101T00-00000000000000ff.tix.tmp".to_owned()];
    let kept = ["late-0000000000000001.parquet", "late-00000000000000ff.tix", "notes.txt"];
    for leftover in removed.iter().map(String::as_str).chain(kept) {
        std::fs::write(spans.join(leftover), "half or whole").unwrap();
    }
    let store = reopen(config(dir.path()), Arc::new(RealIo));
    // The rows of the log may be on their way to a block of the same name by now.
    let left = removed.iter().find(|name| std::fs::read(spans.join(name)).is_ok_and(|bytes| bytes == b"half or whole"));
    assert_eq!(left, None);
    assert_eq!(all_rows(&store.snapshot(TenantId::DEFAULT)).len(), 60);
    let mut aside: Vec<_> = std::fs::read_dir(dir.path().join("quarantine")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    aside.sort();
    assert_eq!(aside, kept, "removed is only what the log has again, or what is incomplete");
}

#[test]
fn a_block_says_the_version_of_its_tables_and_a_newer_one_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(config(dir.path()), Arc::new(RealIo));
    append(&store, &mixed(0, 30), NOW).unwrap().wait().unwrap();
    store.flush().unwrap();
    for table in Table::SENT {
        let files = std::fs::read_dir(dir.path().join("data/1").join(table.name())).unwrap();
        let block = files.map(|entry| entry.unwrap().path()).find(|path| path.extension().unwrap() == "parquet").unwrap();
        let mut bytes = std::fs::read(&block).unwrap();
        let key = b"fusebox.schema";
        let at = bytes.windows(key.len()).position(|window| window == key).unwrap() + key.len();
        let version = bytes[at..at + 4].iter_mut().find(|byte| byte.is_ascii_digit()).unwrap();
        assert_eq!(*version, b'0' + schemas::SCHEMA_VERSION as u8);
        *version = b'9';
        std::fs::write(&block, bytes).unwrap();
        std::fs::remove_file(block.with_extension("sum")).unwrap();
        let rows = store.snapshot(TenantId::DEFAULT).scan(table).unwrap();
        assert!(matches!(&rows.partial[..], [reason] if reason.contains("tables of version 9 are newer")), "{:?}", rows.partial);
    }
}

#[test]
fn damage_to_one_block_is_named_and_the_rest_is_answered() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(config(dir.path()), Arc::new(RealIo));
    for half in [0, 30] {
        append(&store, &mixed(half, 30), NOW).unwrap().wait().unwrap();
        store.flush().unwrap();
    }
    let block = dir.path().join("data/1/spans");
    let first = std::fs::read_dir(&block)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().unwrap() == "parquet")
        .min()
        .unwrap();
    std::fs::write(&first, "not parquet").unwrap();
    let rows = store.snapshot(TenantId::DEFAULT).scan(Table::Spans).unwrap();
    assert_eq!(rows.partial.len(), 1);
    assert_eq!(rows.batches.iter().map(|batch| batch.num_rows()).sum::<usize>(), 10);
}

#[test]
fn a_damaged_trace_index_costs_time_but_no_answer() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(config(dir.path()), Arc::new(RealIo));
    let rows: Vec<Row> = (0..50).map(|key| Row::span(key, key % 5, NOW + key as i64)).collect();
    append(&store, &rows, NOW).unwrap().wait().unwrap();
    store.flush().unwrap();
    let files = std::fs::read_dir(dir.path().join("data/1/spans")).unwrap();
    let index = files.map(|entry| entry.unwrap().path()).find(|path| path.extension().unwrap() == "tix").unwrap();
    let mut bytes = std::fs::read(&index).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&index, bytes).unwrap();
    assert_eq!(trace_rows(&store.snapshot(TenantId::DEFAULT), 2).len(), 10);
}

/// What of a table is known hour by hour before any of it is read.
#[test]
fn stretches_tell_where_rows_are_and_when_they_are_others() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(config(dir.path()), Arc::new(RealIo));
    let starts = [NOW, NOW + HOUR_NS, NOW + 2 * HOUR_NS];
    let known = || store.snapshot(TenantId::DEFAULT).stretches(Table::Logs, &starts, HOUR_NS, 0);
    let around = || store.snapshot(TenantId::DEFAULT).stretches(Table::Logs, &starts, HOUR_NS, HOUR_NS / 60);
    let rows = |known: &[Stretch]| known.iter().map(|hour| (hour.rows, hour.version.is_some())).collect::<Vec<_>>();
    let log = |key: u64, time: i64| Row { table: Table::Logs, key, trace: 0, time };
    assert_eq!(rows(&known()), [(0, true); 3]);
    append(&store, &[log(1, NOW), log(2, NOW + HOUR_NS - 1), log(3, NOW + HOUR_NS)], NOW).unwrap().wait().unwrap();
    assert_eq!(rows(&known()), [(2, false), (1, false), (0, true)], "in memory, where more may come");
    store.flush().unwrap();
    let flushed = known();
    assert_eq!(rows(&flushed), [(2, true), (1, true), (0, true)]);
    let flushed_around = around();
    append(&store, &[log(4, NOW + 2 * HOUR_NS)], NOW).unwrap().wait().unwrap();
    assert_eq!(rows(&around()), [(2, true), (1, false), (1, false)], "of the hour before, too, a minute is in memory");
    assert_eq!((known()[0], known()[1], known()[2].version), (flushed[0], flushed[1], None), "elsewhere");
    store.flush().unwrap();
    append(&store, &[log(5, NOW + HOUR_NS)], NOW).unwrap().wait().unwrap();
    store.flush().unwrap();
    let late = known();
    assert!(around()[0].version != flushed_around[0].version, "what is late is near the hour before");
    assert!(late[0].version == flushed[0].version && late[1].version != flushed[1].version && late[1].version.is_some());
}
