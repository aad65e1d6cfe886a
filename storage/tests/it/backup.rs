//! A backup beside a busy store has every row that was acknowledged before it began, once; what is damaged is no backup.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use schemas::{Table, TenantId, UnixNanos};
use storage::{
    Retain, Store,
    backup::{BackupError, Blocks, backup, restore},
    io::{Io, RealIo},
};

use crate::rows::{Row, all_rows, append, as_found, config, reopen};

const NOW: i64 = 500_000 * 3_600_000_000_000;

fn io() -> Arc<dyn Io> {
    Arc::new(RealIo)
}

/// Six rows, two of every table.
fn request(number: u64) -> Vec<Row> {
    (number * 6..number * 6 + 6)
        .map(|key| Row { table: Table::SENT[key as usize % 3], key, trace: number, time: NOW + key as i64 })
        .collect()
}

/// Each of the first `acked` requests is there once, each later one once or not at all; nothing is there by half.
fn check(store: &Store, acked: u64) {
    let mut counts: BTreeMap<Row, usize> = BTreeMap::new();
    all_rows(&store.snapshot(TenantId::DEFAULT)).into_iter().for_each(|row| *counts.entry(row).or_default() += 1);
    let requests = counts.keys().map(|row| row.key / 6 + 1).max().unwrap_or(0);
    assert!(requests >= acked, "{requests} of {acked}");
    for number in 0..requests {
        let found: Vec<usize> = request(number).into_iter().map(|row| counts.get(&as_found(row)).copied().unwrap_or(0)).collect();
        assert!(found == [1; 6] || (number >= acked && found == [0; 6]), "request {number} of {acked}: {found:?}");
    }
}

fn restored(from: &Path, acked: u64) {
    let dir = tempfile::tempdir().unwrap();
    let copied = restore(&io(), from, dir.path(), &mut |_| {}).unwrap();
    assert!(copied.files > 0);
    let store = reopen(config(dir.path()), io());
    check(&store, acked);
    store.flush().unwrap();
    store.compact(UnixNanos(i64::MAX)).unwrap();
    check(&store, acked);
    assert!(!dir.path().join("quarantine").exists());
}

#[test]
fn under_load() {
    let (dir, backups) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut config = config(dir.path());
    config.wal.segment_bytes = 4096;
    config.wal.bytes_max = 1 << 20;
    let store = reopen(config, io());
    let (acked, done) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0.. {
                if done.load(Ordering::SeqCst) {
                    break;
                }
                append(&store, &request(number), NOW).unwrap().wait().unwrap();
                acked.store(number + 1, Ordering::SeqCst);
                if number % 5 == 4 {
                    store.flush().unwrap();
                }
                if number % 20 == 19 {
                    // Replaced files go at once: a backup that lists them begins again.
                    store.compact(UnixNanos(i64::MAX)).unwrap();
                }
            }
        });
        let mut taken = Vec::new();
        for (number, blocks) in [Blocks::Linked, Blocks::Copied, Blocks::Linked].into_iter().enumerate() {
            while acked.load(Ordering::SeqCst) < 10 * (number as u64 + 1) {
                std::thread::yield_now();
            }
            let before = acked.load(Ordering::SeqCst);
            let to = backups.path().join(number.to_string());
            match backup(&io(), dir.path(), &to, blocks, &mut |_| {}) {
                Ok(copied) => {
                    assert_eq!(copied.linked_bytes > 0, blocks == Blocks::Linked, "{copied:?}");
                    taken.push((to, before));
                }
                // Blocks go at once here, as nowhere else.
                Err(BackupError::NeverStill) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
        done.store(true, Ordering::SeqCst);
        taken.iter().for_each(|(to, before)| restored(to, *before));
    });
    let to = backups.path().join("last");
    backup(&io(), dir.path(), &to, Blocks::Copied, &mut |_| {}).unwrap();
    restored(&to, acked.load(Ordering::SeqCst));
}

/// Blocks that were let go and are not deleted yet are in the catalog of a backup, and their files are not.
#[test]
fn of_tables_that_have_nothing_left() {
    let (dir, backups) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut config = config(dir.path());
    config.retain.delete_delay = std::time::Duration::from_secs(3600);
    let store = reopen(config, io());
    append(&store, &request(0), NOW).unwrap().wait().unwrap();
    store.flush().unwrap();
    store.retain(UnixNanos(i64::MAX), Retain::Insist).unwrap();
    let to = backups.path().join("whole");
    backup(&io(), dir.path(), &to, Blocks::Copied, &mut |_| {}).unwrap();
    restored(&to, 0);
}

#[test]
fn settings_beside_the_data_are_part_of_it() {
    let (dir, backups) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(reopen(config(dir.path()), io()));
    std::fs::create_dir(dir.path().join("settings")).unwrap();
    std::fs::write(dir.path().join("settings/codes.toml"), "kept").unwrap();
    std::fs::write(dir.path().join("settings/codes.tmp"), "being written").unwrap();
    let (to, place) = (backups.path().join("whole"), backups.path().join("restored"));
    backup(&io(), dir.path(), &to, Blocks::Copied, &mut |_| {}).unwrap();
    restore(&io(), &to, &place, &mut |_| {}).unwrap();
    assert_eq!(std::fs::read_to_string(place.join("settings/codes.toml")).unwrap(), "kept");
    assert!(!place.join("settings/codes.tmp").exists());
}

#[test]
fn what_is_no_backup_and_no_place_for_one() {
    let (dir, backups) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = reopen(config(dir.path()), io());
    append(&store, &request(0), NOW).unwrap().wait().unwrap();
    store.flush().unwrap();
    append(&store, &request(1), NOW).unwrap().wait().unwrap();
    drop(store);
    let to = backups.path().join("whole");
    let refused = backup(&io(), backups.path(), &to, Blocks::Copied, &mut |_| {}).unwrap_err();
    assert!(matches!(refused, BackupError::NoCatalog { .. }), "{refused:?}");
    backup(&io(), dir.path(), &to, Blocks::Copied, &mut |_| {}).unwrap();
    restored(&to, 2);
    let again = backup(&io(), dir.path(), &to, Blocks::Copied, &mut |_| {}).unwrap_err();
    assert!(matches!(again, BackupError::NotEmpty { .. }), "{again:?}");
    let full = restore(&io(), &to, dir.path(), &mut |_| {}).unwrap_err();
    assert!(matches!(full, BackupError::NotEmpty { .. }), "{full:?}");

    let mut files = vec![to.clone()];
    let mut checked = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let whole = std::fs::read(&path).unwrap();
        let mut damaged = whole.clone();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 1;
        std::fs::write(&path, damaged).unwrap();
        let target = tempfile::tempdir().unwrap();
        let refused = restore(&io(), &to, target.path(), &mut |_| {}).unwrap_err();
        assert!(matches!(refused, BackupError::Damaged { .. } | BackupError::Manifest { .. }), "{}: {refused:?}", path.display());
        assert!(!path.ends_with("catalog.sqlite") || target.path().join("data").exists());
        std::fs::write(&path, whole).unwrap();
        checked += 1;
    }
    assert!(checked >= 10, "{checked}");
    std::fs::remove_file(to.join("fusebox-backup")).unwrap();
    let unfinished = restore(&io(), &to, &backups.path().join("new"), &mut |_| {}).unwrap_err();
    assert!(matches!(unfinished, BackupError::NoManifest { .. }), "{unfinished:?}");
}
