//! Question: how long does a trace take by its id, found and not found: in memory, in a block, and in hundreds of blocks, whose files
//! may be cold?
//!
//! Data: twenty seconds of the demo shop, seed 1 (about 28,000 spans); for the many blocks ten seconds in each, with ids of its own,
//! 5 million spans unless an argument says how many. Unit: time per lookup. Cold is a file of which the page cache has nothing
//! (`dd` advises it away); what the disk below remembers is not ours to say. The figures through the HTTP API come from the bench `whole`.
//!
//! ```text
//! cargo bench -p benches --bench trace_lookup -- [filter of criterion] [--spans N]
//! ```

#![expect(clippy::print_stdout, reason = "its figures are its product")]

use std::{
    hint::black_box,
    path::Path,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use arrow::{
    array::{Array, AsArray, FixedSizeBinaryArray},
    record_batch::RecordBatch,
};
use benches::{open_store, quantiles, raw_request, rows, shop_spans};
use bytes::Bytes;
use criterion::{Criterion, criterion_group};
use schemas::{Signal, Table, TableBatch, TenantId, TraceId, columns::TRACE_ID};
use storage::{Snapshot, Store};

const SPANS: usize = 5_000_000;
const LOOKUPS: usize = 1_000;

fn ids(store: &Store) -> Vec<TraceId> {
    let rows = store.snapshot(TenantId::DEFAULT).scan(schemas::Table::Spans).expect("a healthy disk");
    let mut ids: Vec<TraceId> = rows
        .batches
        .iter()
        .flat_map(|batch| {
            let column = batch.column_by_name("trace_id").expect("spans have a trace id").as_fixed_size_binary();
            column.iter().flatten().filter_map(TraceId::from_slice).collect::<Vec<_>>()
        })
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn lookup(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let store = open_store(directory.path());
    for body in shop_spans(1, 20) {
        let request = raw_request(Signal::Traces, body);
        let rows = rows(&request);
        store.append(request, rows, Box::new(())).expect("not refused").wait().expect("durable");
    }
    let ids = ids(&store);
    let mut group = criterion.benchmark_group("trace by id");
    for place in ["memtable", "block"] {
        let mut hits = ids.iter().cycle();
        group.bench_function(format!("{place}, found"), |bench| {
            bench.iter(|| {
                let id = *hits.next().expect("a cycle never ends");
                let rows = store.snapshot(TenantId::DEFAULT).trace(id).expect("a healthy disk");
                assert!(!black_box(rows).batches.is_empty());
            });
        });
        let mut missing = 0_u128;
        group.bench_function(format!("{place}, not found"), |bench| {
            bench.iter(|| {
                missing = missing.wrapping_add(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
                let id = TraceId(missing.to_be_bytes());
                assert!(black_box(store.snapshot(TenantId::DEFAULT).trace(id).expect("a healthy disk")).batches.is_empty());
            });
        });
        store.flush().expect("a healthy disk");
    }
    group.finish();
    store.close();
}

/// Ten seconds of the shop in each block, until there are `spans`.
fn many_blocks(spans: usize) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let store = open_store(directory.path());
    let block: Vec<RecordBatch> = shop_spans(1, 10).into_iter().flat_map(|body| spans_of(&body)).collect();
    let block_spans: usize = block.iter().map(RecordBatch::num_rows).sum();
    let blocks = spans.div_ceil(block_spans);
    let mut ids = Vec::new();
    for number in 0..blocks as u64 {
        for (place, batch) in block.iter().enumerate() {
            let batch = with_own_ids(batch, number);
            ids.push(id_in(&batch));
            let request = raw_request(Signal::Traces, Bytes::from(format!("{number} {place}")));
            store
                .append(request, vec![TableBatch { table: Table::Spans, batch }], Box::new(()))
                .expect("not refused")
                .wait()
                .expect("durable");
        }
        store.flush().expect("a healthy disk");
    }
    println!("{} spans in {blocks} blocks", blocks * block_spans);

    let step = (ids.len() / LOOKUPS).max(1);
    let hits: Vec<TraceId> = ids.iter().copied().step_by(step).collect();
    let misses: Vec<TraceId> = hits.iter().map(|id| TraceId(id.0.map(|byte| byte ^ 0x5a))).collect();
    let snapshot = store.snapshot(TenantId::DEFAULT);
    report("hit, warm", &snapshot, &hits, true);
    report("hit, warm", &snapshot, &hits, true);
    report("miss", &snapshot, &misses, false);
    advise_away(directory.path());
    let of_each_block: Vec<TraceId> = ids.iter().copied().step_by(block.len()).collect();
    report("hit, cold files", &snapshot, &of_each_block, true);
    drop(snapshot);
    store.close();
    drop(store);

    let first = |expected: bool| {
        let store = open_store(directory.path());
        advise_away(directory.path());
        let id = if expected { hits[hits.len() / 2] } else { misses[0] };
        timed(&store.snapshot(TenantId::DEFAULT), id, expected)
    };
    println!("the first after a start, cold files: hit {:.1?}, miss {:.1?}", first(true), first(false));
}

fn spans_of(body: &Bytes) -> Vec<RecordBatch> {
    let batches = rows(&raw_request(Signal::Traces, body.clone())).into_iter();
    batches.filter(|batch| batch.table == Table::Spans).map(|batch| batch.batch).collect()
}

/// `batch` with other trace ids, which differ from those of every other `number`.
fn with_own_ids(batch: &RecordBatch, number: u64) -> RecordBatch {
    let mut columns = batch.columns().to_vec();
    let place = batch.schema().index_of(TRACE_ID).expect("spans have a trace id");
    let own = columns[place].as_fixed_size_binary().iter().flatten().map(|id| {
        let (head, tail) = id.split_first_chunk::<8>().expect("16 bytes");
        let head = u64::from_be_bytes(*head) ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        [&head.to_be_bytes()[..], tail].concat()
    });
    columns[place] = Arc::new(FixedSizeBinaryArray::try_from_iter(own).expect("of one length"));
    RecordBatch::try_new(batch.schema(), columns).expect("the same types")
}

/// Of the span in the middle.
fn id_in(batch: &RecordBatch) -> TraceId {
    let ids = batch.column_by_name(TRACE_ID).expect("spans have a trace id").as_fixed_size_binary();
    TraceId::from_slice(ids.value(ids.len() / 2)).expect("a valid id")
}

fn report(name: &str, snapshot: &Snapshot, ids: &[TraceId], expected: bool) {
    let times: Vec<Duration> = ids.iter().map(|id| timed(snapshot, *id, expected)).collect();
    println!("{name}: {}, {} lookups", quantiles(&times), times.len());
}

fn timed(snapshot: &Snapshot, id: TraceId, expected: bool) -> Duration {
    let start = Instant::now();
    let found = snapshot.trace(id).expect("a healthy disk");
    let took = start.elapsed();
    assert_eq!(!found.batches.is_empty(), expected, "trace {id}");
    took
}

/// Makes the files below `directory` cold.
fn advise_away(directory: &Path) {
    let advice = ["-type", "f", "-exec", "dd", "if={}", "iflag=nocache", "count=0", "status=none", ";"];
    let status = Command::new("find").arg(directory).args(advice).status().expect("find and dd are there");
    assert!(status.success(), "dd says that the kernel cannot drop a file");
}

criterion_group!(benches, lookup);

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    let spans = std::env::args().skip_while(|argument| argument != "--spans").nth(1);
    many_blocks(spans.map_or(SPANS, |spans| spans.parse().expect("a number of spans")));
}
