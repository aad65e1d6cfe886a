//! A thread of the store that dies of a bug: nothing is taken any more, readiness says why, nobody waits for ever.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use arrow::{array::StringArray, buffer::Buffer, record_batch::RecordBatch};
use schemas::{TenantId, columns::NAME};
use storage::{AppendError, RawRequest, Refused, Store, io::RealIo};
use testkit::{
    FaultIo,
    fault_io::{Fault, Lasting, Op},
};

use crate::rows::{Row, all_rows, append, config, derive, request, trace_rows};

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

/// Bytes of a column whose memory cannot be given back: panics where the publish thread, which has the lock of everything that is shown,
/// lets go of them.
struct Cursed(Vec<u8>);

impl AsRef<[u8]> for Cursed {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Cursed {
    fn drop(&mut self) {
        assert!(std::thread::current().name() != Some("storage-publish"), "injected panic");
    }
}

/// `batch` with other names in it, which are cursed.
fn curse(batch: &RecordBatch) -> RecordBatch {
    let name = Buffer::from(bytes::Bytes::from_owner(Cursed(b"cursed".to_vec())));
    let offsets = arrow::buffer::OffsetBuffer::from_lengths([name.len()]);
    let mut columns = batch.columns().to_vec();
    columns[batch.schema().index_of(NAME).unwrap()] = Arc::new(StringArray::new(offsets, name, None));
    RecordBatch::try_new(batch.schema(), columns).unwrap()
}

#[test]
fn the_publish_thread_while_it_holds_the_lock() {
    let dir = tempfile::tempdir().unwrap();
    // Nobody but the memtable keeps rows.
    let alone = storage::Config { arrivals_bytes_max: 0, ..config(dir.path()) };
    let store = Store::open(alone, Arc::new(RealIo), Arc::new(derive)).unwrap();
    append(&store, &rows(0, 100), NOW).unwrap().wait().unwrap();
    store.flush().unwrap();
    // Small batches become one, and then the cursed one is dropped.
    let cursed = request(&rows(100, 1), NOW);
    let mut batches = derive(&cursed).unwrap();
    batches[0].batch = curse(&batches[0].batch);
    store.append(cursed, batches, Box::new(())).unwrap().wait().unwrap();
    let mut acked = 101;
    while append(&store, &rows(acked, 1), NOW).is_ok_and(|receipt| receipt.wait().is_ok()) {
        acked += 1;
        assert!(acked < 200, "the curse works");
    }
    check_dead(&store, "publish");

    let found = all_rows(&store.snapshot(TenantId::DEFAULT));
    let unanswered = acked + 1;
    assert!(found == rows(0, acked) || found == rows(0, unanswered), "in a block and in memory: {found:?}");
    assert_eq!(trace_rows(&store.snapshot(TenantId::DEFAULT), 3).len(), found.iter().filter(|row| row.trace == 3).count());
    assert_eq!(store.stats().tables[0].memory_rows + store.stats().tables[0].block_rows, found.len() as u64);
    assert_eq!(store.flush(), Err(Refused::Failed { thread: "publish" }.to_string()));
    drop(store);
    let store = crate::rows::reopen(config(dir.path()), Arc::new(RealIo));
    assert_eq!(all_rows(&store.snapshot(TenantId::DEFAULT)), rows(0, unanswered), "the log has all of it");
}
