//! Question: how long does a trace take by its id, in memory and in a block, found and not found?
//!
//! Data: twenty seconds of the demo shop, seed 1 (about 28,000 spans). Unit: time per lookup, warm. The figures over millions of
//! spans in many blocks, through the HTTP API, come from the bench `whole`.

use std::hint::black_box;

use arrow::array::AsArray;
use benches::{open_store, raw_request, rows, shop_spans};
use criterion::{Criterion, criterion_group, criterion_main};
use schemas::{Signal, TenantId, TraceId};
use storage::Store;

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

criterion_group!(benches, lookup);
criterion_main!(benches);
