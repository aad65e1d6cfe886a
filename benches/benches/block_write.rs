//! Question: how many spans per second does a flush sort, encode, compress, fsync and commit?
//!
//! Data: ten seconds of the demo shop, seed 1. Unit: spans per second; one flush of one memtable.

use benches::{open_store, raw_request, rows, shop_spans};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use schemas::{Signal, Table};

fn flush(criterion: &mut Criterion) {
    let requests: Vec<_> = shop_spans(1, 10).into_iter().map(|body| raw_request(Signal::Traces, body)).collect();
    let batches: Vec<_> = requests.iter().map(rows).collect();
    let spans: usize = batches.iter().flatten().filter(|batch| batch.table == Table::Spans).map(|batch| batch.batch.num_rows()).sum();
    let mut group = criterion.benchmark_group("flush");
    group.sample_size(10).throughput(Throughput::Elements(spans as u64));
    group.bench_function("memtable to block", |bench| {
        let fill = || {
            let directory = tempfile::tempdir().expect("a temporary directory");
            let store = open_store(directory.path());
            let receipts: Vec<_> = requests
                .iter()
                .zip(&batches)
                .map(|(request, rows)| store.append(request.clone(), rows.clone(), Box::new(())).expect("not refused"))
                .collect();
            receipts.into_iter().for_each(|receipt| assert!(!receipt.wait().expect("durable").duplicate));
            (directory, store)
        };
        bench.iter_batched(
            fill,
            |(directory, store)| {
                store.flush().expect("a healthy disk");
                (directory, store)
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, flush);
criterion_main!(benches);
