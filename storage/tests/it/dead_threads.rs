//! A thread of the store that dies of a bug: nothing is taken any more, readiness says why, nobody waits for ever.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use schemas::TenantId;
use storage::{AppendError, RawRequest, Refused, Store, io::RealIo};
use testkit::{
    FaultIo,
    fault_io::{Fault, Lasting, Op},
};

use crate::rows::{Row, all_rows, append, config, derive};

const NOW: i64 = 500_000 * 3_600_000_000_000;

fn rows(first_key: u64, count: u64) -> Vec<Row> {
    (first_key..first_key + count).map(|key| Row::span(key, key % 7, NOW + key as i64)).collect()
}

fn check_dead(store: &Store, thread: &'static str) {
    let begun = Instant::now();
    while store.readiness().ingest.is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(60), "nobody noticed");
        std::thread::yield_now();
    }
    let failed = Refused::Failed { thread };
    assert_eq!(store.readiness().ingest, Err(failed.clone()));
    assert_eq!(append(store, &rows(900, 1), NOW).unwrap_err(), failed);
    assert!(failed.retry_after().is_some(), "the next process may take it");
}

#[test]
fn the_sync_thread() {
    let (dir, io) = (tempfile::tempdir().unwrap(), FaultIo::new(Arc::new(RealIo)));
    let store = Store::open(config(dir.path()), Arc::new(io.clone()), Arc::new(derive)).unwrap();
    append(&store, &rows(0, 5), NOW).unwrap().wait().unwrap();
    io.fail(Op::Write, 1, Fault::Panic, Lasting::Once);
    assert_eq!(append(&store, &rows(5, 5), NOW).unwrap().wait(), Err(AppendError::Stopped));
    check_dead(&store, "wal-sync");
    assert_eq!(all_rows(&store.snapshot(TenantId::DEFAULT)), rows(0, 5), "what was acknowledged is still answered");
    drop(store);
    let store = Store::open(config(dir.path()), Arc::new(RealIo), Arc::new(derive)).unwrap();
    append(&store, &rows(5, 5), NOW).unwrap().wait().unwrap();
}

#[test]
fn the_flush_thread() {
    let (dir, io) = (tempfile::tempdir().unwrap(), FaultIo::new(Arc::new(RealIo)));
    let store = Store::open(config(dir.path()), Arc::new(io.clone()), Arc::new(derive)).unwrap();
    io.panic_at("wal.trim.before");
    for part in 0..40 {
        append(&store, &rows(part * 100, 100), NOW).unwrap().wait().unwrap();
    }
    store.flush().unwrap();
    check_dead(&store, "flush");
    assert_eq!(store.flush(), Err(Refused::Failed { thread: "flush" }.to_string()), "a flush does not wait for a dead thread");
    assert_eq!(all_rows(&store.snapshot(TenantId::DEFAULT)).len(), 4000);
}

#[test]
fn the_replay_thread() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(config(dir.path()), Arc::new(RealIo), Arc::new(derive)).unwrap();
    append(&store, &rows(0, 5), NOW).unwrap().wait().unwrap();
    drop(store);

    let io = FaultIo::new(Arc::new(RealIo));
    let gate = Arc::new(Mutex::new(()));
    let closed = gate.lock().unwrap();
    let waiting = Arc::clone(&gate);
    let unreadable = move |_: &RawRequest| {
        drop(waiting.lock());
        Err("unreadable".to_owned())
    };
    let store = Store::open(config(dir.path()), Arc::new(io.clone()), Arc::new(unreadable)).unwrap();
    io.fail(Op::Create, 1, Fault::Panic, Lasting::Once);
    drop(closed);
    check_dead(&store, "replay");
    assert!(store.readiness().replay_bytes_left > 0);
    assert!(!store.snapshot(TenantId::DEFAULT).partial().is_empty(), "its rows are still missing");
}
