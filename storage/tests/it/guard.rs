//! Before the disk is full, new data is asked to come back; whoever filled it. What frees room works to the last byte.

use std::{path::Path, sync::Arc, time::Duration};

use schemas::{Table, TenantId, UnixNanos};
use storage::{Config, Refused, Retain, Store, io::RealIo};
use testkit::FaultIo;

use crate::{
    disk::{NOW, SMALL_DISK, append_until_taken, check_rows, fill, on_a_small_file_system, quick, rows},
    rows::{Row, all_rows, append, as_found, open, reopen},
};

/// Looks at the disk all the time.
fn watchful(dir: &Path) -> Config {
    let mut config = quick(dir);
    config.wal.space_interval = Duration::from_millis(5);
    config
}

fn wait_until(what: &str, mut reached: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !reached() {
        assert!(begun.elapsed() < crate::disk::RESUME_MAX, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn total_bytes(dir: &Path) -> u64 {
    storage::io::Io::disk_space(&RealIo, dir).unwrap().total_bytes
}

#[test]
fn new_data_waits_while_others_fill_the_disk_and_goes_on_by_itself() {
    let (dir, io) = (tempfile::tempdir().unwrap(), FaultIo::new(Arc::new(RealIo)));
    let total = total_bytes(dir.path());
    for (free_bytes_min, used_share_max, needed) in [(1 << 30, 1.0, 1 << 30), (0, 0.9, total - (total as f64 * 0.9) as u64)] {
        let mut config = watchful(&dir.path().join(needed.to_string()));
        (config.wal.free_bytes_min, config.wal.used_share_max) = (free_bytes_min, used_share_max);
        io.set_free_bytes(Some(needed));
        let store = open(config, Arc::new(io.clone()));
        append(&store, &rows(0, 30), NOW).unwrap().wait().unwrap();
        for round in 1..4 {
            io.set_free_bytes(Some(needed - 1));
            // Nobody writes, and it is noticed all the same.
            wait_until("the guard looks", || store.readiness().ingest.is_err());
            let refused = append(&store, &rows(round * 30, 30), NOW).unwrap_err();
            assert_eq!(refused, Refused::DiskFull { free_bytes: needed - 1, needed_bytes: needed });
            assert_eq!(refused.retry_after(), Some(Duration::from_secs(30)));
            let disk = store.stats().disk.unwrap();
            assert_eq!((disk.space.free_bytes, disk.space.total_bytes, disk.needed_bytes), (needed - 1, total, needed));
            check_rows(&store, round * 30);
            store.flush().unwrap();
            io.set_free_bytes(Some(needed));
            append_until_taken(&store, round * 30);
            assert_eq!(store.readiness().ingest, Ok(()));
        }
        check_rows(&store, 120);
    }
}

/// Blocks that were let go stay for a day, unless their room is needed before.
#[test]
fn what_was_let_go_makes_room_at_once_when_there_is_none() {
    let (dir, io) = (tempfile::tempdir().unwrap(), FaultIo::new(Arc::new(RealIo)));
    let mut config = watchful(dir.path());
    config.wal.free_bytes_min = 1000;
    config.retain.delete_delay = Duration::from_secs(24 * 3600);
    io.set_free_bytes(Some(1 << 40));
    let store = open(config, Arc::new(io.clone()));
    for part in 0..3 {
        append(&store, &rows(part * 30, 30), NOW).unwrap().wait().unwrap();
        store.flush().unwrap();
    }
    store.retain(UnixNanos(i64::MAX), Retain::Insist).unwrap();
    store.compact(UnixNanos(0)).unwrap();
    let retired = |store: &Store| store.stats().compaction.retired_blocks;
    // Three of each table that has rows: spans, logs, metrics, what calls add up to, and calls that wait for their other half.
    assert_eq!(retired(&store), 15);
    io.set_free_bytes(Some(999));
    store.compact(UnixNanos(0)).unwrap();
    assert_eq!(retired(&store), 14, "one is enough");
    io.set_free_bytes(Some(1000));
    store.compact(UnixNanos(0)).unwrap();
    assert_eq!(retired(&store), 14, "nobody needs their room");
}

/// A disk that is too full to compact on has most need of what can be deleted.
#[test]
fn what_was_let_go_makes_room_though_nothing_can_be_compacted() {
    for in_background in [false, true] {
        let (dir, io) = (tempfile::tempdir().unwrap(), FaultIo::new(Arc::new(RealIo)));
        let mut config = watchful(dir.path());
        config.wal.free_bytes_min = 1000;
        config.retain.delete_delay = Duration::from_secs(24 * 3600);
        config.compact.free_bytes_min = 1 << 20;
        (config.compact.enabled, config.compact.interval) = (in_background, Duration::from_millis(5));
        config.compact.quiet_after = Duration::ZERO;
        io.set_free_bytes(Some(1 << 19));
        let store = open(config, Arc::new(io.clone()));
        for part in 0..10 {
            append(&store, &rows(part * 30, 30), NOW).unwrap().wait().unwrap();
            store.flush().unwrap();
            if part == 0 {
                store.retain(UnixNanos(i64::MAX), Retain::Insist).unwrap();
            }
        }
        let stats = || store.stats().compaction;
        let failure = store.compact(UnixNanos(i64::MAX)).unwrap_err();
        assert!(failure.contains("free"), "{failure}");
        assert!(stats().debt_blocks > 0 && stats().retired_blocks > 0, "{:?}", stats());
        io.set_free_bytes(Some(999));
        wait_until("files go before their day is over", || {
            assert!(in_background || store.compact(UnixNanos(i64::MAX)).is_err());
            stats().retired_blocks == 0
        });
        let mut left: Vec<Row> = rows(30, 270).into_iter().map(as_found).collect();
        left.sort_unstable();
        assert_eq!(all_rows(&store.snapshot(TenantId::DEFAULT)), left);
    }
}

#[test]
fn deletes_at_0_bytes_free() {
    match std::env::var_os(SMALL_DISK) {
        Some(disk) => on_small_disk(Path::new(&disk)),
        None => on_a_small_file_system("guard::deletes_at_0_bytes_free"),
    }
}

fn on_small_disk(disk: &Path) {
    let mut config = watchful(&disk.join("data"));
    config.wal.free_bytes_min = 1 << 20;
    config.reserve_bytes = 256 << 10;
    config.retain.delete_delay = Duration::from_secs(24 * 3600);
    config.compact.interval = Duration::from_millis(5);
    let store = open(config.clone(), Arc::new(RealIo));
    let mut count = 0;
    for start_on_it in [false, true] {
        for _ in 0..3 {
            append_until_taken(&store, count);
            count += 30;
            store.flush().unwrap();
        }
        wait_until("room is kept", || config.data_dir.join("reserve").exists());
        if start_on_it {
            break;
        }
        delete_on_full(&store, disk, &config);
    }
    drop(store);
    fill(&disk.join("ballast"));
    let store = reopen(config.clone(), Arc::new(RealIo));
    delete_on_full(&store, disk, &config);
}

/// Fills the disk to the last byte; then everything is let go, and new data is taken again though the rest of the disk stays full.
fn delete_on_full(store: &Store, disk: &Path, config: &Config) {
    let ballast = disk.join("ballast");
    fill(&ballast);
    wait_until("the guard looks", || store.readiness().ingest.is_err());
    let before: u64 = store.stats().tables.iter().map(|table| table.block_rows).sum();
    assert!(before > 0);
    let gone = store.retain(UnixNanos(i64::MAX), Retain::Insist).unwrap();
    assert!(gone.rows > 0, "{gone:?}");
    let spans = store.stats().tables.into_iter().find(|table| table.table == Table::Spans).unwrap();
    assert_eq!(spans.block_rows, 0);
    wait_until("files go before their day is over", || {
        let _ = store.compact(UnixNanos(0));
        let dir = config.data_dir.join("data/1/spans");
        std::fs::read_dir(dir).unwrap().count() == 0
    });
    std::fs::remove_file(&ballast).unwrap();
    wait_until("new data is taken again", || store.readiness().ingest.is_ok());
}
