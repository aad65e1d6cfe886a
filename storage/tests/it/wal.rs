//! The write-ahead log on a disk that works.

use std::{
    path::PathBuf,
    sync::{Arc, mpsc},
    time::Duration,
};

use storage::{
    Refused,
    io::{Io, RealIo},
    wal::{Lsn, SyncMode, Synced, Wal, WalConfig, WalError},
};
use testkit::RecordingIo;

use crate::wal_log::{config, dir, number_of, numbers, open, request, try_open};

fn files(io: &dyn Io, suffix: &str) -> Vec<PathBuf> {
    io.list(&dir()).expect("listed").into_iter().filter(|path| path.extension().is_some_and(|end| end == suffix)).collect()
}

#[test]
fn what_was_acknowledged_comes_back_in_order() {
    for sync in [SyncMode::Fsync, SyncMode::Interval(Duration::from_millis(1)), SyncMode::None] {
        let io = RecordingIo::new();
        let config = WalConfig { sync, ..config() };
        let (log, mut replay) = open(&io, config.clone(), Lsn::ZERO);
        assert!(replay.next().is_none());
        for number in 0..200 {
            assert_eq!(log.append(number, number as usize % 90), Ok(Lsn(number + 1)));
        }
        log.wal.close();
        assert_eq!(log.append(200, 1), Err(Refused::Stopping.to_string()));

        let (_, mut replay) = open(&io, config, Lsn(50));
        assert_eq!(replay.take_known().iter().map(|known| known.lsn.0).collect::<Vec<_>>(), (1..=200).collect::<Vec<_>>());
        assert_eq!(replay.end(), Lsn(200));
        assert_eq!(numbers(&mut replay), (50..200).collect::<Vec<_>>(), "{sync:?}");
        assert_eq!(replay.damage(), Default::default());
        assert_eq!(replay.bytes_left().load(std::sync::atomic::Ordering::Relaxed), 0);
    }
}

#[test]
fn many_writers_share_groups_and_all_are_answered() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let config = WalConfig { segment_bytes: 1 << 20, free_bytes_min: 0, used_share_max: 1.0, ..WalConfig::new(dir.path().join("wal")) };
    let (log, _) = try_open(Arc::new(RealIo), config.clone(), Lsn::ZERO).expect("opens");
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let log = &log;
            scope.spawn(move || (0..100).for_each(|at| assert!(log.append(writer * 100 + at, 100).is_ok())));
        }
    });
    drop(log);
    let (_, replay) = try_open(Arc::new(RealIo), config, Lsn::ZERO).expect("opens");
    let mut found = numbers(replay);
    found.sort_unstable();
    assert_eq!(found, (0..800).collect::<Vec<_>>());
}

#[test]
fn lsns_go_on_after_restarts_and_behind_the_catalog() {
    let io = RecordingIo::new();
    for run in 0..5u64 {
        let (log, _) = open(&io, config(), Lsn::ZERO);
        assert_eq!(log.append(run, 10), Ok(Lsn(run + 1)));
    }
    let (log, replay) = open(&io, config(), Lsn(100));
    assert_eq!((log.append(5, 10), replay.end()), (Ok(Lsn(101)), Lsn(100)));
    drop(log);
    assert_eq!(numbers(open(&io, config(), Lsn::ZERO).1), [0, 1, 2, 3, 4, 5]);
}

#[test]
fn restarts_without_data_leave_one_segment() {
    let io = RecordingIo::new();
    let (log, _) = open(&io, config(), Lsn::ZERO);
    log.append(0, 10).expect("durable");
    drop(log);
    for _ in 0..10 {
        drop(open(&io, config(), Lsn::ZERO));
    }
    assert_eq!(files(&io, "wal").len(), 2);
    assert_eq!(numbers(open(&io, config(), Lsn::ZERO).1), [0]);
}

#[test]
fn a_request_larger_than_a_segment_gets_its_own() {
    let io = RecordingIo::new();
    let (log, _) = open(&io, config(), Lsn::ZERO);
    for number in 0..9 {
        log.append(number, if number % 3 == 1 { 50_000 } else { 10 }).expect("durable");
    }
    drop(log);
    assert_eq!(numbers(open(&io, config(), Lsn::ZERO).1), (0..9).collect::<Vec<_>>());
}

#[test]
fn trimmed_segments_are_recycled_and_their_past_is_never_read() {
    let io = RecordingIo::new();
    let (log, _) = open(&io, config(), Lsn::ZERO);
    for number in 0..300 {
        let lsn = log.append(number, 100).expect("durable");
        if number % 50 == 49 {
            log.wal.trim(lsn).expect("trimmed");
        }
    }
    let last = log.append(300, 700).expect("durable");
    let stats = log.wal.stats();
    assert!(stats.spare_segments <= 2 && stats.live_bytes < 3 * 4096, "{stats:?}");
    drop(log);
    let (_, mut replay) = open(&io, config(), Lsn::ZERO);
    let found = numbers(&mut replay);
    let first = found[0];
    assert!(first > 250, "trimmed requests are gone: {first}");
    assert_eq!(found, (first..=300).collect::<Vec<_>>());
    assert_eq!((replay.end(), replay.damage()), (last, Default::default()));
}

#[test]
fn records_of_a_former_life_do_not_exist() {
    let io = RecordingIo::new();
    let (log, _) = open(&io, config(), Lsn::ZERO);
    let last = (0..40).map(|number| log.append(number, 100).expect("durable")).last().expect("some");
    log.wal.trim(last).expect("trimmed");
    let spare = files(&io, "spare")[0].clone();
    assert!(io.read(&spare).expect("there").len() >= 4096, "a whole former life");
    let begun = (40..60).map(|number| (number, log.append(number, 100).expect("durable"))).collect::<Vec<_>>();
    drop(log);

    for path in files(&io, "wal") {
        let bytes = io.read(&path).expect("there");
        let stale =
            bytes.windows(request(0, 100).body.len()).filter(|window| (0..40).any(|number| *window == request(number, 100).body)).count();
        if stale > 0 {
            let (_, replay) = open(&io, config(), Lsn::ZERO);
            let found = numbers(replay);
            assert!(found.ends_with(&begun.iter().map(|(number, _)| *number).collect::<Vec<_>>()), "{found:?}");
            assert!(found.windows(2).all(|pair| pair[0] < pair[1]));
            return;
        }
    }
    panic!("no recycled segment: the test shows nothing");
}

#[test]
fn a_full_log_refuses_until_it_is_trimmed() {
    let io = RecordingIo::new();
    let (log, _) = open(&io, WalConfig { bytes_max: 8192, ..config() }, Lsn::ZERO);
    let mut newest = Lsn::ZERO;
    let refused = loop {
        match log.begin(newest.0, 500) {
            Ok(answer) => newest = answer.recv().expect("answered").expect("durable"),
            Err(refused) => break refused,
        }
    };
    assert!(matches!(refused, Refused::WalFull { limit: 8192, bytes } if bytes > 8192), "{refused:?}");
    log.wal.trim(newest).expect("trimmed");
    assert_eq!(log.append_until_taken(newest.0, 3000), Lsn(newest.0 + 1));
    log.wal.trim(Lsn(newest.0 + 1)).expect("trimmed");
    log.append_until_taken(newest.0 + 1, 6000);
}

#[test]
fn a_request_that_never_fits_is_told_so() {
    let io = RecordingIo::new();
    let (log, _) = open(&io, WalConfig { bytes_max: 8192, ..config() }, Lsn::ZERO);
    let most = 8192 - 64 - 64;
    let refused = log.begin(0, most + 1).expect_err("larger than the log");
    assert_eq!(refused, Refused::TooLarge { bytes: 8129, limit: 8128 });
    assert_eq!(refused.retry_after(), None);
    let mut newest = Lsn::ZERO;
    for number in 0..8 {
        log.wal.trim(newest).expect("trimmed");
        newest = log.append_until_taken(number, if number % 2 == 0 { most } else { 100 });
    }
}

#[test]
fn files_without_records_and_foreign_files_are_fine() {
    let io = RecordingIo::new();
    let (log, _) = open(&io, config(), Lsn::ZERO);
    log.append(0, 10).expect("durable");
    drop(log);
    let header = io.read(&files(&io, "wal")[0]).expect("there")[..64].to_vec();
    io.put(&dir().join("0000000000000050-0000000000000001.wal"), vec![]);
    io.put(&dir().join("0000000000000051-0000000000000001.wal"), vec![0]);
    io.put(&dir().join("0000000000000052-0000000000000001.spare"), vec![]);
    io.put(&dir().join("0000000000000053-0000000000000001.wal"), vec![7; 9000]);
    io.put(&dir().join("0000000000000054-0000000000000001.wal"), header);
    io.put(&dir().join("notes.txt"), vec![1]);
    let (log, mut replay) = open(&io, config(), Lsn::ZERO);
    assert_eq!(numbers(&mut replay), [0]);
    assert_eq!(replay.damage().quarantined_files, 1, "the one that is all sevens");
    assert_eq!(io.list(&dir().with_file_name("quarantine")).expect("made").len(), 1);
    assert_eq!(io.read(&dir().join("notes.txt")).expect("left alone"), [1]);
    log.append(1, 10).expect("durable");
    drop((log, replay));
    assert_eq!(numbers(open(&io, config(), Lsn::ZERO).1), [0, 1]);
}

#[test]
fn a_newer_format_is_refused_before_anything_is_touched() {
    let io = RecordingIo::new();
    drop(open(&io, config(), Lsn::ZERO));
    let path = files(&io, "wal")[0].clone();
    let mut bytes = io.read(&path).expect("there");
    bytes[8..12].copy_from_slice(&2u32.to_le_bytes());
    let mut crc = crc32fast::Hasher::new();
    crc.update(&bytes[..12]);
    crc.update(&bytes[16..64]);
    bytes[12..16].copy_from_slice(&crc.finalize().to_le_bytes());
    io.put(&path, bytes);
    let before = io.recorded();
    let error = try_open(Arc::new(io.clone()), config(), Lsn::ZERO).err().expect("refused");
    assert!(matches!(error, WalError::NewerFormat { found: 2, supported: 1, .. }), "{error}");
    assert_eq!(io.recorded(), before);
}

#[test]
fn a_hostile_body_is_not_mistaken_for_records() {
    let io = RecordingIo::new();
    let (log, _) = open(&io, config(), Lsn::ZERO);
    log.append(0, 300).expect("durable");
    drop(log);
    let path = files(&io, "wal")[0].clone();
    let record = io.read(&path).expect("there")[64..64 + 364].to_vec();

    let io = RecordingIo::new();
    let (log, _) = open(&io, config(), Lsn::ZERO);
    let mut hostile = request(1, 0);
    hostile.body = record.into();
    let (rider, answer) = mpsc::channel();
    log.wal.append(hostile, rider, Box::new(())).expect("taken");
    answer.recv().expect("answered").expect("durable");
    log.append(2, 10).expect("durable");
    drop(log);
    let path = files(&io, "wal")[0].clone();
    let mut bytes = io.read(&path).expect("there");
    bytes[64] ^= 1;
    io.put(&path, bytes);
    assert_eq!(numbers(open(&io, config(), Lsn::ZERO).1), [2], "a record of another epoch inside a damaged one");
}

#[test]
fn holds_are_let_go_when_the_bytes_are_durable() {
    struct Hold(Arc<std::sync::atomic::AtomicUsize>);
    impl Drop for Hold {
        fn drop(&mut self) {
            self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        }
    }
    let (log, _) = open(&RecordingIo::new(), config(), Lsn::ZERO);
    let dropped = Arc::default();
    let (rider, answer) = mpsc::channel();
    log.wal.append(request(0, 10), rider, Box::new(Hold(Arc::clone(&dropped)))).expect("taken");
    answer.recv().expect("answered").expect("durable");
    assert_eq!(dropped.load(std::sync::atomic::Ordering::SeqCst), 1);
}

#[test]
fn a_queue_over_its_limit_refuses() {
    let (reached, in_sink) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let sink = move |group: Vec<Synced<()>>| {
        let _ = reached.send(group.len());
        let _ = released.recv();
    };
    let config = WalConfig { queue_bytes_max: 1000, ..config() };
    let failed = |_, _| panic!("nothing fails");
    let (wal, _) = Wal::open(Arc::new(RecordingIo::new()), config, Lsn::ZERO, sink, failed, Arc::new(|_| Ok(()))).expect("opens");
    wal.append(request(0, 100), (), Box::new(())).expect("taken");
    assert_eq!(in_sink.recv(), Ok(1));
    let taken = (1..100).map_while(|number| wal.append(request(number, 100), (), Box::new(())).ok()).count();
    assert_eq!(taken, 6, "records of 164 bytes");
    assert!(matches!(wal.append(request(7, 100), (), Box::new(())), Err(Refused::QueueFull { limit: 1000, .. })));
    drop(release);
    assert_eq!(in_sink.recv(), Ok(6), "one group");
    wal.append(request(7, 5000), (), Box::new(())).expect("an empty queue takes a request of any size");
}

#[test]
fn replayed_requests_are_whole() {
    let io = RecordingIo::new();
    let (log, _) = open(&io, config(), Lsn::ZERO);
    log.append(3, 1000).expect("durable");
    drop(log);
    let (_, mut replay) = open(&io, config(), Lsn::ZERO);
    let (lsn, read) = replay.next().expect("one");
    assert_eq!((lsn, number_of(&read), read.body.len()), (Lsn(1), 3, 1000));
}
