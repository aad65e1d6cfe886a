//! What a restart finds in the log: much of it, requests that cannot be read, a catalog that is too old.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use schemas::{RequestHash, Table, TableBatch, TenantId};
use storage::{
    OpenError, RawRequest, Refused, Store,
    io::{Io, RealIo},
    wal::{Lsn, WalConfig},
};
use testkit::FaultIo;

use crate::{
    rows::{Row, all_rows, append, as_found, config, derive, open, reopen, request},
    wal_log,
};

const NOW: i64 = 500_000 * 3_600_000_000_000;

fn rows(first_key: u64, count: u64) -> Vec<Row> {
    let row = |key: u64| Row { table: Table::SENT[key as usize % 3], key, trace: key % 7, time: NOW + key as i64 };
    (first_key..first_key + count).map(row).collect()
}

fn found(rows: &[Row]) -> Vec<Row> {
    let mut found: Vec<Row> = rows.iter().copied().map(as_found).collect();
    found.sort_unstable();
    found
}

/// Holds replay at its first request for as long as the lock is held.
fn gated(gate: &Arc<Mutex<()>>) -> impl Fn(&RawRequest) -> Result<Vec<TableBatch>, String> + Send + Sync + use<> {
    let gate = Arc::clone(gate);
    move |request| {
        drop(gate.lock());
        derive(request)
    }
}

fn quarantined(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let Ok(entries) = std::fs::read_dir(dir.join("quarantine")) else { return Vec::new() };
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

/// The promise to take new data within seconds of a start, whatever the log holds, counted in reads.
#[test]
fn a_log_of_small_records_is_opened_with_large_reads() {
    const RECORDS: u64 = 500_000;
    const BODY_BYTES: usize = 400;
    let dir = tempfile::tempdir().unwrap();
    let wal = WalConfig { free_bytes_min: 0, used_share_max: 1.0, ..WalConfig::new(dir.path().join("wal")) };
    let (log, _) = wal_log::try_open(Arc::new(RealIo), wal.clone(), Lsn::ZERO).unwrap();
    let body = Bytes::from(vec![7; BODY_BYTES]);
    for batch in 0..RECORDS / 10_000 {
        let (rider, answers) = std::sync::mpsc::channel();
        for number in batch * 10_000..(batch + 1) * 10_000 {
            let request = RawRequest { body: body.clone(), hash: RequestHash(number.into()), ..wal_log::request(number, 0) };
            log.wal.append(request, rider.clone(), Box::new(())).unwrap();
        }
        drop(rider);
        assert!(answers.iter().all(|answer| answer.is_ok()));
    }
    drop(log);

    let io = FaultIo::new(Arc::new(RealIo));
    let (log, mut replay) = wal_log::try_open(Arc::new(io.clone()), wal.clone(), Lsn::ZERO).unwrap();
    let log_bytes = replay.bytes_total();
    let (reads_to_open, known) = (io.reads(), replay.take_known().len() as u64);
    log.append(RECORDS, 10).unwrap();
    assert_eq!(known, RECORDS);
    let reads_max = log_bytes / (256 << 10) * 2 + 100;
    assert!(log_bytes > 200 << 20 && reads_to_open < reads_max, "{log_bytes} bytes opened with {reads_to_open} reads, not {reads_max}");
    assert_eq!(replay.count() as u64, RECORDS);
    assert!(io.reads() - reads_to_open < reads_max, "replayed with {} reads", io.reads() - reads_to_open);
}

#[test]
fn large_records_are_stepped_over() {
    let io = FaultIo::new(Arc::new(RealIo));
    let dir = tempfile::tempdir().unwrap();
    let wal = WalConfig { free_bytes_min: 0, used_share_max: 1.0, ..WalConfig::new(dir.path().join("wal")) };
    for run in 0..2 {
        let (log, _) = wal_log::try_open(Arc::new(RealIo), wal.clone(), Lsn::ZERO).unwrap();
        (0..20).for_each(|number| assert!(log.append(run * 20 + number, 1 << 20).is_ok()));
    }
    drop(wal_log::try_open(Arc::new(RealIo), wal.clone(), Lsn::ZERO).unwrap());
    let (_, mut replay) = wal_log::try_open(Arc::new(io.clone()), wal, Lsn::ZERO).unwrap();
    assert_eq!(replay.take_known().len(), 40);
    let (reads, bytes) = (io.reads(), io.read_bytes());
    assert!(reads < 60 && bytes < 2 << 20, "{bytes} bytes in {reads} reads for 40 records of 1 MiB whose bodies nobody wants");
}

#[test]
fn new_data_is_taken_and_shown_while_replay_stands_still() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(config(dir.path()), Arc::new(RealIo));
    append(&store, &rows(0, 30), NOW).unwrap().wait().unwrap();
    drop(store);

    let gate = Arc::new(Mutex::new(()));
    let closed = gate.lock().unwrap();
    let store = Store::open(config(dir.path()), Arc::new(RealIo), Arc::new(gated(&gate))).unwrap();
    append(&store, &rows(30, 30), NOW).unwrap().wait().unwrap();
    assert!(append(&store, &rows(0, 30), NOW).unwrap().wait().unwrap().duplicate, "known before its rows are back");
    let readiness = store.readiness();
    assert!(readiness.ingest.is_ok() && readiness.replay_bytes_left > 0, "{readiness:?}");
    let spans = store.snapshot(TenantId::DEFAULT).scan(Table::Spans).unwrap();
    assert_eq!(spans.batches.iter().map(|batch| batch.num_rows()).sum::<usize>(), 10, "what is new");
    assert_eq!(spans.partial.len(), 1);

    drop(closed);
    store.flush().unwrap();
    assert_eq!(all_rows(&store.snapshot(TenantId::DEFAULT)), found(&rows(0, 60)));
}

#[test]
fn replay_leaves_half_of_the_memory_to_new_data() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(config(dir.path()), Arc::new(RealIo));
    for part in 0..60 {
        append(&store, &rows(part * 30, 30), NOW).unwrap().wait().unwrap();
    }
    let of_all = store.stats().memtable_bytes;
    drop(store);

    let (io, mut config) = (FaultIo::new(Arc::new(RealIo)), config(dir.path()));
    config.unflushed_bytes_max = of_all / 3;
    config.memtable_bytes_max = of_all / 3;
    io.fail_step("flush.block.before", std::io::ErrorKind::StorageFull);
    let store = open(config.clone(), Arc::new(io.clone()));
    let mut replayed = 0;
    while store.stats().flush_failures == 0 || store.stats().memtable_bytes != replayed {
        replayed = store.stats().memtable_bytes;
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let one_request = of_all / 60 * 2;
    assert!(replayed <= config.unflushed_bytes_max / 2 + one_request, "{replayed} bytes replayed");
    let mut taken = Vec::new();
    let refused = loop {
        let rows = rows(10_000 + taken.len() as u64, 30);
        match append(&store, &rows, NOW) {
            Ok(receipt) => drop(receipt.wait().unwrap()),
            Err(refused) => break refused,
        }
        taken.extend(rows);
    };
    assert!(matches!(refused, Refused::MemtableFull { limit, .. } if limit == config.unflushed_bytes_max.div_ceil(2)), "{refused:?}");
    let used = store.stats().memtable_bytes;
    assert!(used >= config.unflushed_bytes_max / 10 * 9 && used <= config.unflushed_bytes_max + 2 * one_request, "{used} bytes in memory");

    io.heal();
    store.flush().unwrap();
    let expected: Vec<Row> = rows(0, 1800).into_iter().chain(taken).collect();
    assert_eq!(all_rows(&store.snapshot(TenantId::DEFAULT)), found(&expected));
    append(&store, &rows(20_000, 30), NOW).unwrap().wait().unwrap();
}

#[test]
fn requests_that_cannot_be_read_are_put_aside_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(config(dir.path()), Arc::new(RealIo));
    append(&store, &rows(0, 30), NOW).unwrap().wait().unwrap();
    for (number, body) in ["an error", "a panic"].into_iter().enumerate() {
        let request = RawRequest { body: Bytes::from(body), hash: RequestHash(number as u128), ..request(&[], NOW) };
        store.append(request, Vec::new(), Box::new(())).unwrap().wait().unwrap();
    }
    append(&store, &rows(30, 30), NOW).unwrap().wait().unwrap();
    drop(store);

    let worse = |request: &RawRequest| match &request.body[..] {
        b"a panic" => panic!("a bug that this body wakes"),
        _ => derive(request),
    };
    for start in ["after the crash", "once more"] {
        let store = Store::open(config(dir.path()), Arc::new(RealIo), Arc::new(worse)).unwrap();
        store.flush().unwrap();
        assert_eq!(all_rows(&store.snapshot(TenantId::DEFAULT)), found(&rows(0, 60)), "{start}");
        let expected = [("request-0000000000000002.traces", "an error"), ("request-0000000000000003.traces", "a panic")];
        assert_eq!(quarantined(dir.path()), expected.map(|(name, body)| (name.to_owned(), body.as_bytes().to_vec())), "{start}");
        assert!(store.readiness().ingest.is_ok());
    }
}

/// Appends and flushes until the log has let go of what it held.
fn fill(store: &Store, parts: std::ops::Range<u64>) {
    for part in parts {
        append(store, &rows(part * 300, 300), NOW).unwrap().wait().unwrap();
        store.flush().unwrap();
    }
}

#[test]
fn a_catalog_older_than_the_log_is_refused_and_nothing_is_touched() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = dir.path().join("catalog.sqlite");
    let store = open(config(dir.path()), Arc::new(RealIo));
    fill(&store, 0..3);
    drop(store);
    let old = std::fs::read(&catalog).unwrap();
    let store = open(config(dir.path()), Arc::new(RealIo));
    fill(&store, 3..30);
    append(&store, &rows(9000, 30), NOW).unwrap().wait().unwrap();
    drop(store);
    let new = std::fs::read(&catalog).unwrap();
    let blocks = || RealIo.list(&dir.path().join("data/1/spans")).unwrap();
    let all = blocks();

    std::fs::write(&catalog, &old).unwrap();
    for _ in 0..2 {
        let error = Store::open(config(dir.path()), Arc::new(RealIo), Arc::new(derive)).err().unwrap();
        let text = error.to_string();
        let OpenError::CatalogBehindLog { catalog: Lsn(3), log, wal_dir } = error else { panic!("{error:?}") };
        assert!(log > Lsn(3) && wal_dir == dir.path().join("wal"), "{text}");
        assert!(text.contains("record 3,") && text.contains(&format!("up to {log} were")) && text.contains("Put back"), "{text}");
        assert_eq!(blocks(), all);
    }

    std::fs::write(&catalog, &new).unwrap();
    let store = reopen(config(dir.path()), Arc::new(RealIo));
    let expected: Vec<Row> = rows(0, 9030);
    assert_eq!(all_rows(&store.snapshot(TenantId::DEFAULT)), found(&expected));
    store.flush().unwrap();
    drop(store);

    // The way out that the error names: without the log, blocks that the old catalog does not list are set aside.
    std::fs::write(&catalog, &old).unwrap();
    std::fs::rename(dir.path().join("wal"), dir.path().join("wal-aside")).unwrap();
    let store = reopen(config(dir.path()), Arc::new(RealIo));
    assert_eq!(all_rows(&store.snapshot(TenantId::DEFAULT)), found(&rows(0, 900)));
    let aside = quarantined(dir.path());
    assert_eq!(aside.iter().filter(|(name, _)| name.contains(".parquet")).count(), 28 * (Table::SENT.len() + Table::ROLLUPS.len()));
    append(&store, &rows(10_000, 30), NOW).unwrap().wait().unwrap();
}

#[test]
fn a_segment_in_quarantine_is_no_reason_to_refuse() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(config(dir.path()), Arc::new(RealIo));
    for part in 0..20 {
        append(&store, &rows(part * 300, 300), NOW).unwrap().wait().unwrap();
    }
    drop(store);
    let oldest = RealIo.list(&dir.path().join("wal")).unwrap().into_iter().next().unwrap();
    let gone = dir.path().join("gone");
    std::fs::rename(&oldest, &gone).unwrap();
    let refused = Store::open(config(dir.path()), Arc::new(RealIo), Arc::new(derive));
    assert!(matches!(refused, Err(OpenError::CatalogBehindLog { catalog: Lsn(0), .. })), "nobody knows where it is");

    std::fs::create_dir(dir.path().join("quarantine")).unwrap();
    std::fs::rename(gone, dir.path().join("quarantine").join(oldest.file_name().unwrap())).unwrap();
    let store = reopen(config(dir.path()), Arc::new(RealIo));
    let rows = all_rows(&store.snapshot(TenantId::DEFAULT)).len();
    assert!(rows > 0 && rows < 20 * 300, "{rows} rows");
}
