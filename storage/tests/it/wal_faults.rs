//! T5 and disk full: the Nth operation of each kind fails. Nothing acknowledged is lost, nothing is stored twice, a file whose write or
//! sync failed is never touched again, and the log resumes by itself.

use std::{collections::HashSet, sync::Arc};

use storage::{Refused, wal::Lsn};
use testkit::{
    FaultIo, RecordingIo,
    fault_io::{Fault, Lasting, Op},
};

use crate::wal_log::{Log, config, numbers, open};

const REQUESTS: u64 = 30;

/// Appends, sending again what failed, as a client does; trims now and then. Returns what was acknowledged.
fn work(log: &Log) -> HashSet<u64> {
    let mut acknowledged = HashSet::new();
    let mut newest = Lsn::ZERO;
    for number in 0..REQUESTS {
        for _attempt in 0..3 {
            if let Ok(lsn) = log.append(number, 300) {
                assert!(lsn > newest, "lsn {lsn} after {newest}");
                newest = lsn;
                acknowledged.insert(number);
                break;
            }
        }
    }
    acknowledged
}

fn check(op: Op, nth: u64, fault: Fault, lasting: Lasting) {
    let case = format!("{op:?} {nth} {fault:?} {lasting:?}");
    let disk = RecordingIo::new();
    let io = FaultIo::new(Arc::new(disk.clone()));
    let (log, _) = open(&io, config(), Lsn::ZERO);
    io.fail(op, nth, fault, lasting);
    let mut acknowledged = work(&log);
    io.heal();
    log.append_until_taken(REQUESTS, 10);
    acknowledged.insert(REQUESTS);
    log.wal.close();
    assert!(io.violations().is_empty(), "{case}: written or synced after a failure: {:?}", io.violations());

    let (_, replay) = open(&disk, config(), Lsn::ZERO);
    let found = numbers(replay);
    let unique: HashSet<u64> = found.iter().copied().collect();
    assert_eq!(unique.len(), found.len(), "{case}: found twice");
    assert_eq!(unique, acknowledged, "{case}: the log was up when it closed, so it holds exactly what was acknowledged");
}

#[test]
fn the_nth_operation_fails() {
    for op in [Op::Write, Op::Sync, Op::Create, Op::SyncDir, Op::Any] {
        for fault in [Fault::Io, Fault::NoSpace, Fault::ShortWrite, Fault::Late] {
            for nth in 1..=24 {
                check(op, nth, fault, Lasting::Once);
            }
            for nth in [1, 2, 7, 16] {
                check(op, nth, fault, Lasting::Sticky);
            }
        }
    }
}

#[test]
fn the_nth_rename_of_recycling_fails() {
    for nth in 1..=4 {
        for op in [Op::Rename, Op::Remove, Op::SyncDir] {
            let disk = RecordingIo::new();
            let io = FaultIo::new(Arc::new(disk.clone()));
            let (log, _) = open(&io, config(), Lsn::ZERO);
            io.fail(op, nth, Fault::Io, Lasting::Once);
            let mut covered = Lsn::ZERO;
            let mut newest = Lsn::ZERO;
            for number in 0..80 {
                newest = log.append_until_taken(number, 300);
                if number % 16 == 15 {
                    covered = newest;
                    let _ = log.wal.trim(covered);
                }
            }
            log.wal.close();
            let (_, replay) = open(&disk, config(), covered);
            let end = replay.end();
            assert_eq!((numbers(replay).len() as u64, end), (newest.0 - covered.0, newest), "{op:?} {nth}");
        }
    }
}

#[test]
fn a_read_error_in_replay_sets_the_segment_aside() {
    let disk = RecordingIo::new();
    let (log, _) = open(&disk, config(), Lsn::ZERO);
    (0..40).for_each(|number| assert!(log.append(number, 300).is_ok()));
    drop(log);
    for nth in 1..=60 {
        let copy = disk.after_cut(disk.recorded(), |_, _| testkit::recording_io::Fate::Kept);
        let io = FaultIo::new(Arc::new(copy));
        let (log, mut replay) = open(&io, config(), Lsn::ZERO);
        io.fail(Op::Read, nth, Fault::Io, Lasting::Once);
        let found = numbers(&mut replay);
        assert!(found.len() == 40 || replay.damage().quarantined_files == 1, "{nth}");
        assert!(found.len() >= 28, "{nth}: one segment of twelve records at most");
        assert!(log.append(40, 10).is_ok());
    }
}

#[test]
fn a_full_disk_refuses_and_resumes_ten_times() {
    let disk = RecordingIo::new();
    let io = FaultIo::new(Arc::new(disk.clone()));
    let config = storage::wal::WalConfig { free_bytes_min: 1000, used_share_max: 1.0, ..config() };
    let (log, _) = open(&io, config.clone(), Lsn::ZERO);
    let mut number = 0;
    for _ in 0..10 {
        io.set_free_bytes(Some(999));
        let refused = loop {
            match log.begin(number, 50) {
                Ok(answer) => number += u64::from(answer.recv().expect("answered").is_ok()),
                Err(refused) => break refused,
            }
        };
        assert_eq!(refused, Refused::DiskFull { free_bytes: 999, needed_bytes: 1000 });
        io.set_free_bytes(None);
        log.append_until_taken(number, 50);
        number += 1;
    }
    drop(log);
    assert_eq!(numbers(open(&disk, config, Lsn::ZERO).1), (0..number).collect::<Vec<_>>());
}

#[test]
fn it_opens_on_a_disk_that_cannot_be_written() {
    let disk = RecordingIo::new();
    let (log, _) = open(&disk, config(), Lsn::ZERO);
    log.append(0, 10).expect("durable");
    drop(log);
    let io = FaultIo::new(Arc::new(disk));
    io.fail(Op::Any, 1, Fault::NoSpace, Lasting::Sticky);
    let (log, replay) = open(&io, config(), Lsn::ZERO);
    assert!(matches!(log.begin(1, 10), Err(Refused::DiskFull { .. })));
    assert_eq!(numbers(replay), [0], "what is there can be read");
    io.heal();
    log.append_until_taken(1, 10);
}

#[test]
fn a_crash_at_each_step_keeps_what_was_acknowledged() {
    for step in ["wal.begin.before", "wal.begin.after", "wal.write.before", "wal.sync.before", "wal.sync.after"] {
        for nth in 1..=6 {
            let disk = RecordingIo::new();
            let io = FaultIo::new(Arc::new(disk.clone()));
            io.crash_at(step, nth);
            let (log, _) = open(&io, config(), Lsn::ZERO);
            let acknowledged: Vec<u64> = (0..60).filter(|number| log.append(*number, 300).is_ok()).collect();
            drop(log);
            let (log, mut replay) = open(&disk, config(), Lsn::ZERO);
            let known: HashSet<u128> = replay.take_known().iter().map(|known| known.hash.0).collect();
            let found = numbers(replay);
            assert!(acknowledged.iter().all(|number| found.contains(number)), "{step} {nth}: {acknowledged:?} in {found:?}");
            assert!(found.len() <= acknowledged.len() + 1, "{step} {nth}");
            assert!(found.iter().all(|number| known.contains(&(u128::from(*number) + 1))), "a retry of what is replayed is recognised");
            assert!(log.append(99, 10).is_ok());
        }
    }
}
