//! Every value of every column comes back: arbitrary OTLP in, through log, memtable and Parquet, and the same OTLP out.

use std::{path::Path, sync::Arc};

use bytes::Bytes;
use proptest::prelude::*;
use schemas::{
    RequestHash, Signal, Table, TableBatch, TenantId, UnixNanos,
    otlp::{ContentEncoding, DecodeLimits, Format, decode, export},
};
use storage::{RawRequest, Read, SplitId, Store, io::RealIo};
use testkit::arbitrary;

use crate::rows::config;

const RECEIVED_AT: UnixNanos = UnixNanos(1_790_000_000_000_000_000);

fn derive(request: &RawRequest) -> Result<Vec<TableBatch>, String> {
    let decoded = decode(request.signal, request.format, &request.body, request.received_at, &DecodeLimits::NONE);
    decoded.map(|decoded| decoded.batches).map_err(|error| error.to_string())
}

fn open(dir: &Path) -> Arc<Store> {
    let store = Store::open(config(dir), Arc::new(RealIo), Arc::new(derive)).unwrap();
    while store.readiness().replay_bytes_left > 0 {
        std::thread::yield_now();
    }
    store
}

fn request(number: usize, signal: Signal, body: Vec<u8>) -> RawRequest {
    RawRequest {
        tenant: TenantId::DEFAULT,
        signal,
        format: Format::Protobuf,
        encoding: ContentEncoding::Identity,
        received_at: RECEIVED_AT,
        hash: RequestHash(number as u128),
        body: Bytes::from(body),
    }
}

fn signal_of(table: Table) -> Signal {
    Signal::ALL.into_iter().find(|signal| Table::of(*signal) == table).unwrap()
}

/// The records of rows, each alone in a request: a list that two sides can be compared by.
fn records(table: Table, batches: &[arrow::record_batch::RecordBatch]) -> Vec<Vec<u8>> {
    let protobuf = export::to_protobuf(table, batches).unwrap();
    arbitrary::single_records(signal_of(table), &protobuf).unwrap()
}

fn stored(store: &Store) -> Vec<(Table, Vec<u8>)> {
    let snapshot = store.snapshot(TenantId::DEFAULT);
    let mut stored = Vec::new();
    for table in Table::SENT {
        let rows = snapshot.scan(table).unwrap();
        assert_eq!(rows.partial, [] as [String; 0]);
        stored.extend(records(table, &rows.batches).into_iter().map(|record| (table, record)));
    }
    stored.sort();
    stored
}

/// Rows of blocks, where nothing is read of columns whose rows are all alike.
fn without_told_columns(store: &Store) -> Vec<(Table, Vec<u8>)> {
    let snapshot = store.snapshot(TenantId::DEFAULT);
    let mut stored = Vec::new();
    for table in Table::SENT {
        let columns: Vec<usize> = (0..table.schema().fields().len()).collect();
        for split in snapshot.splits(table) {
            let SplitId::Block(id) = split.id else { panic!("all is in blocks") };
            let block = snapshot.open(table, id).unwrap();
            for row_group in 0..block.row_groups().len() {
                let read = Read { row_group, rows: None, columns: columns.clone(), predicates: Vec::new(), batch_rows: 3 };
                let batches: Vec<_> = snapshot.read(&block, read).unwrap().map(Result::unwrap).collect();
                stored.extend(records(table, &batches).into_iter().map(|record| (table, record)));
            }
        }
    }
    stored.sort();
    stored
}

/// What one client does with a body.
#[derive(Debug, Clone, Copy)]
enum Sent {
    Whole,
    /// A request for each record: batches of one row.
    Apart,
    /// The same, and a flush behind.
    Flushed,
}

fn check(bodies: Vec<(Signal, Vec<u8>, Sent)>) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let (mut expected, mut sent) = (Vec::new(), 0);
    for (signal, body, how) in bodies {
        let bodies = match how {
            Sent::Whole => vec![body],
            Sent::Apart | Sent::Flushed => arbitrary::single_records(signal, &body).unwrap(),
        };
        for body in bodies {
            sent += 1;
            let request = request(sent, signal, body);
            let batches = derive(&request).unwrap();
            for batch in &batches {
                expected.extend(records(batch.table, std::slice::from_ref(&batch.batch)).into_iter().map(|record| (batch.table, record)));
            }
            store.append(request, batches, Box::new(())).unwrap().wait().unwrap();
        }
        if let Sent::Flushed = how {
            store.flush().unwrap();
        }
    }
    expected.sort();
    let same = |store: &Store, when: &str| {
        let stored = stored(store);
        for (expected, stored) in expected.iter().zip(&stored) {
            assert!(expected == stored, "{when}: sent {expected:?}\ncame back {stored:?}");
        }
        assert_eq!(expected.len(), stored.len(), "{when}");
    };
    same(&store, "in memory");
    drop(store);
    let store = open(dir.path());
    same(&store, "replayed");
    store.flush().unwrap();
    drop(store);
    let store = open(dir.path());
    assert_eq!(store.stats().tables.iter().map(|table| table.memory_rows).sum::<u64>(), 0);
    same(&store, "from blocks");
    assert_eq!(without_told_columns(&store), stored(&store));
}

fn bodies() -> impl Strategy<Value = Vec<(Signal, Vec<u8>, Sent)>> {
    let how = prop_oneof![2 => Just(Sent::Whole), 2 => Just(Sent::Apart), 1 => Just(Sent::Flushed)];
    prop::collection::vec((arbitrary::body(), how).prop_map(|((signal, body), how)| (signal, body, how)), 1..7)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn otlp_out_of_blocks_equals_otlp_in(bodies in bodies()) {
        check(bodies);
    }
}
