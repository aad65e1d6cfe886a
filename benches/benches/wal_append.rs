//! Question: how long does one request take from `append` until it is durable and visible, alone and among 64 at once?
//!
//! Data: OTel-demo requests of the capture (about 22 KB). Unit: time per batch of appends, all acknowledged (fsync).

use std::hint::black_box;

use benches::{open_store, raw_request, rows};
use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use schemas::{RequestHash, Signal, TableBatch};
use storage::RawRequest;

fn append(criterion: &mut Criterion) {
    let Some(bodies) = testkit::captures::requests("otel-demo/traces.otlp.zst") else { return };
    let directory = tempfile::tempdir().expect("a temporary directory");
    let store = open_store(directory.path());
    let requests: Vec<(RawRequest, Vec<TableBatch>)> = bodies
        .iter()
        .map(|body| {
            let request = raw_request(Signal::Traces, Bytes::clone(body));
            let rows = rows(&request);
            (request, rows)
        })
        .collect();
    let mut next_hash = 0;
    let mut group = criterion.benchmark_group("append until durable");
    group.sample_size(20);
    for at_once in [1, 64] {
        group.throughput(Throughput::Elements(at_once as u64));
        group.bench_function(format!("{at_once} at once"), |bench| {
            let fresh = || {
                let mut batch: Vec<_> = requests.iter().cycle().take(at_once).cloned().collect();
                for (request, _) in &mut batch {
                    next_hash += 1;
                    request.hash = RequestHash(next_hash);
                }
                batch
            };
            let send = |batch: Vec<(RawRequest, Vec<TableBatch>)>| {
                let receipts: Vec<_> =
                    batch.into_iter().map(|(request, rows)| store.append(request, rows, Box::new(())).expect("not refused")).collect();
                for receipt in receipts {
                    black_box(receipt.wait().expect("durable"));
                }
            };
            bench.iter_batched(fresh, send, BatchSize::PerIteration);
        });
    }
    group.finish();
    store.close();
}

criterion_group!(benches, append);
criterion_main!(benches);
