//! Disks that are full or cannot be written: new data is refused by a name that says to come back, questions are answered, and
//! everything goes on by itself.

use std::{
    io::ErrorKind,
    path::Path,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use schemas::{Table, TenantId};
use storage::{Config, Refused, Store, io::RealIo};
use testkit::{
    FaultIo,
    fault_io::{Fault, Lasting, Op},
};

use crate::rows::{Row, all_rows, append, as_found, config, open, reopen};

const NOW: i64 = 500_000 * 3_600_000_000_000;
/// Far more than a probe of the log and a retry of a flush wait.
const RESUME_MAX: Duration = Duration::from_secs(60);

fn rows(first_key: u64, count: u64) -> Vec<Row> {
    let row = |key: u64| Row { table: Table::SENT[key as usize % 3], key, trace: key % 7, time: NOW + key as i64 };
    (first_key..first_key + count).map(row).collect()
}

fn check_rows(store: &Store, count: u64) {
    let mut expected: Vec<Row> = rows(0, count).into_iter().map(as_found).collect();
    expected.sort_unstable();
    assert_eq!(all_rows(&store.snapshot(TenantId::DEFAULT)), expected);
}

/// Probes at once, so that ten rounds are quick.
fn quick(dir: &Path) -> Config {
    let mut config = config(dir);
    config.wal.probe_min = Duration::from_millis(5);
    config.wal.probe_max = Duration::from_millis(5);
    config
}

/// Sends a request of 30 rows until it is taken.
fn append_until_taken(store: &Store, first_key: u64) {
    let begun = Instant::now();
    while !append(store, &rows(first_key, 30), NOW).is_ok_and(|receipt| receipt.wait().is_ok()) {
        assert!(begun.elapsed() < RESUME_MAX, "{:?}", store.readiness());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_disk_that_fills_ten_times() {
    let (dir, io) = (tempfile::tempdir().unwrap(), FaultIo::new(Arc::new(RealIo)));
    let store = open(quick(dir.path()), Arc::new(io.clone()));
    let mut count = 0;
    for round in 0..10 {
        append_until_taken(&store, count);
        count += 30;
        io.fail(Op::Write, 1, Fault::NoSpace, Lasting::Sticky);
        io.fail(Op::Create, 1, Fault::NoSpace, Lasting::Sticky);
        let refused = loop {
            match append(&store, &rows(count, 30), NOW) {
                Ok(receipt) => assert!(receipt.wait().is_err(), "round {round}: stored on a full disk"),
                Err(refused) => break refused,
            }
        };
        assert!(matches!(refused, Refused::DiskFull { .. }) && refused.retry_after().is_some(), "round {round}: {refused:?}");
        assert!(store.readiness().ingest.is_err());
        assert!(store.flush().is_err(), "round {round}");
        check_rows(&store, count);
        io.heal();
        append_until_taken(&store, count);
        count += 30;
        store.flush().unwrap();
        check_rows(&store, count);
    }
    assert_eq!(store.stats().tables.iter().map(|table| table.memory_rows).sum::<u64>(), 0);
}

#[test]
fn a_start_on_a_disk_that_cannot_be_written() {
    for kind in [ErrorKind::ReadOnlyFilesystem, ErrorKind::StorageFull] {
        let (dir, io) = (tempfile::tempdir().unwrap(), FaultIo::new(Arc::new(RealIo)));
        let store = open(quick(dir.path()), Arc::new(RealIo));
        append(&store, &rows(0, 30), NOW).unwrap().wait().unwrap();
        store.flush().unwrap();
        append(&store, &rows(30, 30), NOW).unwrap().wait().unwrap();
        drop(store);

        io.fail_step("catalog.open", kind);
        for op in [Op::Write, Op::Create, Op::Rename, Op::Remove] {
            io.fail(op, 1, if kind == ErrorKind::StorageFull { Fault::NoSpace } else { Fault::Io }, Lasting::Sticky);
        }
        let store = reopen(quick(dir.path()), Arc::new(io.clone()));
        let refused = append(&store, &rows(60, 30), NOW).unwrap_err();
        assert!(matches!(refused, Refused::ReadOnly { .. } | Refused::DiskFull { .. }), "{refused:?}");
        assert!(store.flush().is_err());
        check_rows(&store, 60);

        io.heal();
        append_until_taken(&store, 60);
        store.flush().unwrap();
        check_rows(&store, 90);
    }
}

/// What a crash leaves when the machine comes up again with the disk read-only: commits of the catalog in SQLite's log, and no memory of
/// its own beside it, nor the right to make any.
fn leave_log_of_catalog(store: Arc<Store>, dir: &Path) {
    let files = ["catalog.sqlite", "catalog.sqlite-wal"].map(|name| dir.join(name));
    let contents = files.each_ref().map(|file| std::fs::read(file).unwrap());
    assert!(!contents[1].is_empty(), "there is a log");
    drop(store);
    for (file, content) in files.iter().zip(contents) {
        std::fs::write(file, content).unwrap();
    }
    let _ = std::fs::remove_file(dir.join("catalog.sqlite-shm"));
}

#[test]
fn a_start_on_a_log_of_the_catalog_that_cannot_be_shared() {
    let (dir, io) = (tempfile::tempdir().unwrap(), FaultIo::new(Arc::new(RealIo)));
    let store = open(quick(dir.path()), Arc::new(RealIo));
    append(&store, &rows(0, 30), NOW).unwrap().wait().unwrap();
    store.flush().unwrap();
    leave_log_of_catalog(store, dir.path());
    let log = std::fs::read(dir.path().join("catalog.sqlite-wal")).unwrap();
    // A link that leads nowhere: SQLite makes no such file, even as root.
    std::os::unix::fs::symlink("/nowhere/at/all", dir.path().join("catalog.sqlite-shm")).unwrap();
    io.fail_step("catalog.open", ErrorKind::ReadOnlyFilesystem);
    let store = reopen(quick(dir.path()), Arc::new(io.clone()));
    check_rows(&store, 30);
    assert_eq!(store.stats().tables[0].blocks, 1, "from the block that only the log lists");
    drop(store);
    assert_eq!(std::fs::read(dir.path().join("catalog.sqlite-wal")).unwrap(), log, "it was only read");

    std::fs::remove_file(dir.path().join("catalog.sqlite-shm")).unwrap();
    io.heal();
    let store = reopen(quick(dir.path()), Arc::new(io));
    append_until_taken(&store, 30);
    store.flush().unwrap();
    check_rows(&store, 60);
}

/// Set in a process of its own, which has a small file system of its own at this path.
const SMALL_DISK: &str = "FUSEBOX_TEST_SMALL_DISK";

/// The same on a real file system, SQLite included. Needs the right to mount; says so where that is missing.
#[test]
fn a_small_file_system_that_is_filled_and_made_read_only() {
    if let Some(disk) = std::env::var_os(SMALL_DISK) {
        return on_small_disk(Path::new(&disk));
    }
    let dir = tempfile::tempdir().unwrap();
    let script = "mount -t tmpfs -o size=24m tmpfs \"$1\" || exit 77; exec \"$2\" --exact --nocapture \"$3\"";
    let test = "disk::a_small_file_system_that_is_filled_and_made_read_only";
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script, "sh"]).arg(dir.path()).arg(std::env::current_exe().unwrap()).arg(test);
    match command.env(SMALL_DISK, dir.path()).output() {
        Ok(output) if output.status.success() => {}
        Ok(output)
            if matches!(output.status.code(), Some(1 | 77)) && !String::from_utf8_lossy(&output.stdout).contains("running 1 test") =>
        {
            eprintln!("SKIPPED: no right to mount a small file system: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(output) => {
            panic!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        }
        Err(error) => eprintln!("SKIPPED: unshare: {error}"),
    }
}

fn on_small_disk(disk: &Path) {
    let mut config = quick(&disk.join("data"));
    config.wal.free_bytes_min = 1 << 20;
    let store = open(config.clone(), Arc::new(RealIo));
    append(&store, &rows(0, 30), NOW).unwrap().wait().unwrap();
    store.flush().unwrap();
    append(&store, &rows(30, 30), NOW).unwrap().wait().unwrap();
    drop(store);

    let ballast = disk.join("ballast");
    fill(&ballast);
    let store = reopen(config.clone(), Arc::new(RealIo));
    check_refuses_and_answers(&store, 60);
    let _ = store.flush();
    check_rows(&store, 60);
    std::fs::remove_file(&ballast).unwrap();
    append_until_taken(&store, 60);
    store.flush().unwrap();
    append_until_taken(&store, 90);
    check_rows(&store, 120);
    drop(store);

    remount(disk, "ro");
    let store = reopen(config.clone(), Arc::new(RealIo));
    check_refuses_and_answers(&store, 120);
    assert!(store.flush().is_err());
    remount(disk, "rw");
    append_until_taken(&store, 120);
    store.flush().unwrap();
    check_rows(&store, 150);
    leave_log_of_catalog(store, &config.data_dir);

    remount(disk, "ro");
    let store = reopen(config.clone(), Arc::new(RealIo));
    check_refuses_and_answers(&store, 150);
    remount(disk, "rw");
    append_until_taken(&store, 150);
    store.flush().unwrap();
    check_rows(&store, 180);

    for round in 0..10u64 {
        let count = 180 + round * 30;
        fill(&ballast);
        let is_taken = append(&store, &rows(9000, 30_000), NOW).is_ok_and(|receipt| receipt.wait().is_ok());
        assert!(!is_taken, "round {round}: more was stored than fits");
        check_rows(&store, count);
        std::fs::remove_file(&ballast).unwrap();
        append_until_taken(&store, count);
        store.flush().unwrap();
    }
    drop(store);
    let store = reopen(config, Arc::new(RealIo));
    check_rows(&store, 480);
}

fn check_refuses_and_answers(store: &Store, count: u64) {
    let refused = append(store, &rows(count, 30), NOW).unwrap_err();
    assert!(matches!(refused, Refused::ReadOnly { .. } | Refused::DiskFull { .. }), "{refused:?}");
    check_rows(store, count);
}

/// To the last byte.
fn fill(path: &Path) {
    use std::io::Write;
    let mut file = std::fs::File::create(path).unwrap();
    for chunk in [vec![0u8; 1 << 16], vec![0u8; 1 << 10], vec![0u8; 1]] {
        while file.write_all(&chunk).is_ok() {}
    }
}

fn remount(disk: &Path, how: &str) {
    let status = Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(disk).status().unwrap();
    assert!(status.success(), "remount,{how}");
}
