//! Data directories that earlier versions wrote (`storage/tests/fixtures`) are read by this one, row for row.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use schemas::{Table, TenantId, UnixNanos};
use storage::{Config, Store, io::RealIo, verify};
use testkit::FaultIo;

use crate::rows::{Row, all_rows, append, as_found, check_minutes, config, reopen};

const NOW: i64 = 490_000 * 3_600_000_000_000;
/// Set to the name of a version, it makes that fixture.
const WRITE: &str = "FUSEBOX_WRITE_FIXTURE";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn small(dir: &Path) -> Config {
    let mut config = config(dir);
    config.wal.segment_bytes = 8 << 10;
    config
}

/// Changing this makes every fixture wrong.
fn rows(part: u64) -> Vec<Row> {
    let row = |key: u64| Row { table: Table::SENT[key as usize % 3], key, trace: key % 4, time: NOW + key as i64 * 1_000_000_000 };
    (part * 12..part * 12 + 12).map(row).collect()
}

fn check(store: &Store, parts: std::ops::Range<u64>, when: &str) {
    let mut expected: Vec<Row> = parts.flat_map(rows).map(as_found).collect();
    expected.sort_unstable();
    let snapshot = store.snapshot(TenantId::DEFAULT);
    assert_eq!(all_rows(&snapshot), expected, "{when}");
    check_minutes(&snapshot, when);
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        match path.is_dir() {
            true => copy(&path, &target),
            false => drop(std::fs::copy(&path, &target).unwrap()),
        }
    }
}

#[test]
fn every_version_is_read_row_for_row() {
    let mut read = 0;
    for version in std::fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        for name in ["normal", "killed"] {
            let what = version.join(name).display().to_string();
            let dir = tempfile::tempdir().unwrap();
            copy(&version.join(name), dir.path());
            let store = reopen(small(dir.path()), Arc::new(RealIo));
            check(&store, 0..3, &what);
            assert!(append(&store, &rows(2), NOW).unwrap().wait().unwrap().duplicate, "{what}: a retry is known");
            append(&store, &rows(3), NOW).unwrap().wait().unwrap();
            store.flush().unwrap();
            store.compact(UnixNanos(i64::MAX)).unwrap();
            check(&store, 0..4, &format!("{what}, compacted"));
            drop(store);
            assert_eq!(verify(Arc::new(RealIo), dir.path(), &mut |_| {}).unwrap().findings, [], "{what}");
            assert!(!dir.path().join("quarantine").exists(), "{what}");
            read += 1;
        }
    }
    assert!(read >= 2, "{read}");
}

/// Not a test but the way to make one; it does nothing unless asked.
#[test]
fn writes_a_fixture() {
    let Some(version) = std::env::var_os(WRITE) else { return };
    let version = root().join(version);
    assert!(!version.exists(), "fixtures are never edited");
    let (normal, killed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for dir in [&normal, &killed] {
        let io = FaultIo::new(Arc::new(RealIo));
        let store = reopen(small(dir.path()), Arc::new(io.clone()));
        for part in 0..2 {
            append(&store, &rows(part), NOW).unwrap().wait().unwrap();
        }
        store.flush().unwrap();
        append(&store, &rows(2), NOW).unwrap().wait().unwrap();
        if dir.path() == killed.path() {
            io.crash_at("flush.rename.before", 2);
            assert!(store.flush().is_err());
            // As the process would leave it: nothing was closed.
            copy(killed.path(), &version.join("killed"));
        }
    }
    copy(normal.path(), &version.join("normal"));
    for name in ["normal", "killed"] {
        let _ = std::fs::remove_file(version.join(name).join("lock"));
        let _ = std::fs::remove_file(version.join(name).join("catalog.sqlite-shm"));
    }
}
