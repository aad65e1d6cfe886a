//! Followers: every row once, in the order of arrival, and never silently less.

use std::sync::{
    Arc, Barrier,
    atomic::{AtomicUsize, Ordering},
};

use schemas::{Table, TenantId};
use storage::{Config, Follower, Missing, Place, Store, io::RealIo, wal::Lsn};

use crate::rows::{Row, all_rows, append, config, open, reopen, rows_of};

const TENANT: TenantId = TenantId::DEFAULT;

/// A request of spans with these keys.
fn send(store: &Store, keys: std::ops::Range<u64>) {
    let rows: Vec<Row> = keys.map(|key| Row::span(key, key % 5, 1_000_000 - key as i64)).collect();
    append(store, &rows, 1).unwrap().wait().unwrap();
}

/// Reads until nothing is new: keys, and what was missing on the way.
fn read(store: &Store, follower: &mut Follower, rows_max: usize) -> (Vec<u64>, Vec<Missing>) {
    let (mut keys, mut missing) = (Vec::new(), Vec::new());
    loop {
        let arrived = store.arrived(follower, rows_max);
        missing.extend(arrived.missing);
        if arrived.batches.is_empty() {
            return (keys, missing);
        }
        let rows = arrived.batches.iter().flat_map(|arrived| rows_of(Table::Spans, std::slice::from_ref(&arrived.batch)));
        let before = keys.len();
        keys.extend(rows.map(|row| row.key));
        assert!(keys.len() - before <= rows_max);
    }
}

fn follow(store: &Store) -> Follower {
    store.follow(TENANT, Table::Spans).1
}

/// The place after each row that is there, from `place` on.
fn places(store: &Store, place: Place) -> Vec<Place> {
    let mut follower = Follower::from(TENANT, Table::Spans, place);
    let batches = store.arrived(&mut follower, usize::MAX).batches;
    batches.iter().flat_map(|arrived| (0..arrived.batch.num_rows()).map(|row| arrived.after(row))).collect()
}

#[test]
fn rows_come_in_the_order_of_arrival_whatever_is_flushed() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(config(dir.path()), Arc::new(RealIo));
    send(&store, 0..3);
    let mut follower = follow(&store);
    assert_eq!(read(&store, &mut follower, 10), (vec![], vec![]), "what was there before is not new");
    send(&store, 3..5);
    store.flush().unwrap();
    append(&store, &[Row { table: Table::Logs, key: 100, trace: 0, time: 1 }], 1).unwrap().wait().unwrap();
    send(&store, 5..30);
    assert_eq!(read(&store, &mut follower, 4), ((3..30).collect(), vec![]));
    store.flush().unwrap();
    assert_eq!(read(&store, &mut follower, 4), (vec![], vec![]));
}

#[test]
fn every_place_is_resumed_without_loss_or_doubles_also_by_the_next_run() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(config(dir.path()), Arc::new(RealIo));
    send(&store, 0..7);
    store.flush().unwrap();
    let start = follow(&store).place();
    for first in [7, 11, 12, 20] {
        send(&store, first..first + if first == 11 { 1 } else { 4 });
    }
    let keys: Vec<u64> = (7..12).chain(12..16).chain(20..24).collect();
    let check = |store: &Store, when: &str| {
        let places = places(store, start);
        assert_eq!(places.len(), keys.len(), "{when}");
        for (seen, place) in [start].iter().chain(&places).enumerate() {
            let mut follower = Follower::from(TENANT, Table::Spans, *place);
            assert_eq!(read(store, &mut follower, 3), (keys[seen..].to_vec(), vec![]), "{when}, after {seen} rows");
        }
    };
    check(&store, "in the same run");
    drop(store);
    let store = reopen(config(dir.path()), Arc::new(RealIo));
    check(&store, "after a restart");
    store.flush().unwrap();
    check(&store, "after a restart and a flush");
}

#[test]
fn new_rows_wait_behind_those_of_the_last_run() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(config(dir.path()), Arc::new(RealIo));
    let start = follow(&store).place();
    send(&store, 0..200);
    drop(store);
    // Replay cannot read a record before this lets it.
    let (held, first) = (Arc::new(Barrier::new(2)), AtomicUsize::new(0));
    let holding = Arc::clone(&held);
    let derive = move |request: &storage::RawRequest| {
        if first.fetch_add(1, Ordering::Relaxed) == 0 {
            holding.wait();
        }
        crate::rows::derive(request)
    };
    let store = Store::open(config(dir.path()), Arc::new(RealIo), Arc::new(derive)).unwrap();
    let (mut resumed, mut fresh) = (Follower::from(TENANT, Table::Spans, start), follow(&store));
    send(&store, 200..210);
    assert_eq!(read(&store, &mut fresh, 100), ((200..210).collect(), vec![]));
    assert_eq!(read(&store, &mut resumed, 100), (vec![], vec![]));
    held.wait();
    while store.readiness().replay_bytes_left > 0 {
        std::thread::yield_now();
    }
    assert_eq!(read(&store, &mut resumed, 100), ((0..210).collect(), vec![]));
}

#[test]
fn what_is_let_go_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(Config { arrivals_bytes_max: 200 << 10, ..config(dir.path()) }, Arc::new(RealIo));
    let start = follow(&store);
    let mut follower = start.clone();
    send(&store, 0..5);
    assert_eq!(read(&store, &mut follower, 100).0.len(), 5);
    (1..1000u64).for_each(|request| send(&store, request * 5..request * 5 + 5));
    let (keys, missing) = read(&store, &mut follower, 100);
    assert_eq!(missing, [Missing::Behind { rows: 4995 - keys.len() as u64 }]);
    assert_eq!(keys, ((5000 - keys.len() as u64)..5000).collect::<Vec<_>>(), "the newest are left");
    assert!(keys.len() > 5, "{}", keys.len());
    let (again, missing) = read(&store, &mut Follower::from(TENANT, Table::Spans, start.place()), 100);
    assert_eq!((again, missing), (keys, vec![Missing::TooFarBack]));
    let mut logs = store.follow(TENANT, Table::Logs).1;
    assert_eq!(store.arrived(&mut logs, 100).missing, None, "nothing of another table is missing");
}

#[test]
fn places_that_no_row_of_this_store_is_at() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(config(dir.path()), Arc::new(RealIo));
    let start = follow(&store).place();
    send(&store, 0..5);
    let mut stranger = Follower::from(TENANT, Table::Spans, Place { lsn: Lsn(1 << 40), row: 3 });
    assert_eq!(read(&store, &mut stranger, 100), (vec![], vec![Missing::Unknown]));
    send(&store, 5..7);
    assert_eq!(read(&store, &mut stranger, 100), (vec![5, 6], vec![]), "it goes on with what is new");
    store.flush().unwrap();
    drop(store);
    let store = reopen(config(dir.path()), Arc::new(RealIo));
    assert_eq!(read(&store, &mut Follower::from(TENANT, Table::Spans, start), 9), (vec![], vec![Missing::TooFarBack]), "only in blocks");
}

/// A snapshot and what arrives from then on are all rows, each once.
#[test]
fn a_snapshot_and_its_follower_have_every_row_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(config(dir.path()), Arc::new(RealIo));
    let woken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&woken);
    store.on_arrival(move || {
        count.fetch_add(1, Ordering::Relaxed);
    });
    std::thread::scope(|scope| {
        let sender = scope.spawn(|| (0..200u64).for_each(|request| send(&store, request * 3..request * 3 + 3)));
        let (mut taken, mut seen) = (Vec::new(), 0);
        while !sender.is_finished() {
            let now = woken.load(Ordering::Relaxed);
            if now >= seen + 9 {
                taken.push(store.follow(TENANT, Table::Spans));
                seen = now;
            }
            std::thread::yield_now();
        }
        sender.join().unwrap();
        assert!(!taken.is_empty());
        for (snapshot, mut follower) in taken {
            let mut keys: Vec<u64> = all_rows(&snapshot).into_iter().map(|row| row.key).collect();
            keys.extend(read(&store, &mut follower, 50).0);
            keys.sort_unstable();
            assert_eq!(keys, (0..600).collect::<Vec<_>>());
        }
    });
}
