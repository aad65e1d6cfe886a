//! What storage makes durable beside blocks and log: directories, and files in quarantine.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use storage::{
    io::{Io, create_dirs_durable},
    quarantine,
};
use testkit::{
    FaultIo, RecordingIo,
    fault_io::{Fault, Lasting, Op},
    recording_io::Fate,
};

const DIR: &str = "/data/quarantine";

fn files(io: &dyn Io) -> Vec<PathBuf> {
    io.list(Path::new(DIR)).unwrap_or_default()
}

/// The disk after a power cut now that took all it could.
fn after_cut(io: &RecordingIo) -> RecordingIo {
    io.after_cut(io.recorded(), |_, _| Fate::Dropped)
}

fn write_durably(io: &dyn Io, path: &Path) {
    let file = io.create(path).unwrap();
    file.write_all_at(b"rows", 0).unwrap();
    file.sync_data().unwrap();
    io.sync_dir(path.parent().unwrap()).unwrap();
}

#[test]
fn a_file_is_as_durable_as_the_directories_above_it() {
    let (base, dir) = (Path::new("/data"), Path::new("/data/data/1/spans"));
    let path = dir.join("block");
    let io = RecordingIo::new();
    create_dirs_durable(&io, base, dir).unwrap();
    write_durably(&io, &path);
    assert_eq!(after_cut(&io).read(&path).unwrap(), b"rows");
    create_dirs_durable(&io, base, dir).unwrap();

    let io = RecordingIo::new();
    for made_and_not_synced in ["/data/data", "/data/data/1", "/data/data/1/spans"] {
        io.create_dir(Path::new(made_and_not_synced)).unwrap();
    }
    create_dirs_durable(&io, base, dir).unwrap();
    write_durably(&io, &path);
    assert_eq!(after_cut(&io).read(&path).unwrap(), b"rows", "directories that a dead process made");
}

#[test]
fn a_failed_sync_of_a_directory_is_not_forgotten() {
    let (base, dir) = (Path::new("/data"), Path::new("/data/data/1/spans"));
    let disk = RecordingIo::new();
    for nth in 1..=6 {
        let io = FaultIo::new(Arc::new(disk.after_cut(0, |_, _| Fate::Kept)));
        io.fail(Op::Any, nth, Fault::Io, Lasting::Once);
        assert!(create_dirs_durable(&io, base, dir).is_err(), "operation {nth}");
        create_dirs_durable(&io, base, dir).unwrap();
        assert_eq!(io.unsynced_dirs(), [] as [PathBuf; 0], "operation {nth}");
    }
}

#[test]
fn what_is_set_aside_survives_a_power_cut() {
    let io = RecordingIo::new();
    write_durably(&io, Path::new("/data/wal/7.wal"));
    let moved = quarantine::set_aside(&io, Path::new(DIR), Path::new("/data/wal/7.wal")).unwrap();
    let put = quarantine::put(&io, Path::new(DIR), "request-1.logs", b"body").unwrap();
    let again = quarantine::put(&io, Path::new(DIR), "request-1.logs", b"other").unwrap();
    let after = after_cut(&io);
    assert_eq!(files(&after), [moved.clone(), put.clone(), again.clone()]);
    for (path, bytes) in [(moved, "rows"), (put, "body"), (again, "other")] {
        assert_eq!(after.read(&path).unwrap(), bytes.as_bytes(), "{}", path.display());
    }
}

#[test]
fn a_request_that_cannot_be_put_aside_leaves_nothing_behind() {
    for fault in [Fault::Io, Fault::NoSpace, Fault::ShortWrite, Fault::Late] {
        for nth in 1.. {
            let disk = RecordingIo::new();
            let io = FaultIo::new(Arc::new(disk.clone()));
            io.fail(Op::Any, nth, fault, Lasting::Once);
            let put = || quarantine::put(&io, Path::new(DIR), "request-1.logs", b"body");
            if put().is_err() {
                assert_eq!(files(&disk), [] as [PathBuf; 0], "operation {nth} fails with {fault:?}");
                put().unwrap();
            }
            assert_eq!(files(&disk), [Path::new(DIR).join("request-1.logs")], "operation {nth} fails with {fault:?}");
            if io.fired() == 0 {
                break;
            }
        }
    }
}
