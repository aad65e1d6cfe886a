//! Question: what does it cost to ask the rules of every row, beside turning the request into rows?
//!
//! Data: the OTel-demo capture (101 requests, 4,743 spans). Unit: spans per second of one core.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use governance::classify::{Rules, classify};
use schemas::{
    Signal, TableBatch, UnixNanos,
    otlp::{DecodeLimits, Format, decode},
};

fn spans(criterion: &mut Criterion) {
    let Some(requests) = testkit::captures::requests("otel-demo/traces.otlp.zst") else { return };
    let limits = DecodeLimits::default();
    let rows_of = |body: &[u8]| decode(Signal::Traces, Format::Protobuf, body, UnixNanos(0), &limits).expect("a valid capture").batches;
    let batches: Vec<Vec<TableBatch>> = requests.iter().map(|body| rows_of(body)).collect();
    let spans: usize = batches.iter().flatten().map(|rows| rows.batch.num_rows()).sum();
    assert_eq!(spans, 4_743, "the whole capture");
    let rules = Rules::built_in();

    let mut group = criterion.benchmark_group("classify");
    group.throughput(Throughput::Elements(spans as u64));
    group.bench_function("rows", |bench| bench.iter(|| requests.iter().for_each(|body| drop(black_box(rows_of(body))))));
    group.bench_function("facts of rows", |bench| bench.iter(|| batches.iter().for_each(|rows| drop(black_box(classify(&rules, rows))))));
    group.finish();
}

criterion_group!(benches, spans);
criterion_main!(benches);
