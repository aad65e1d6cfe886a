//! Question: how many OTel-demo spans does one core turn from OTLP protobuf into Arrow columns, and what does the detour
//! through prost structs cost before a single column exists?
//!
//! Data: the OTel-demo capture (101 requests, 4,743 spans). Unit: spans per second of one core.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use schemas::{
    Signal, UnixNanos,
    otlp::{DecodeLimits, Format, decode},
};

fn spans(criterion: &mut Criterion) {
    let Some(requests) = testkit::captures::requests("otel-demo/traces.otlp.zst") else { return };
    let limits = DecodeLimits::default();
    let decode_one = |body: &[u8]| decode(Signal::Traces, Format::Protobuf, body, UnixNanos(0), &limits).expect("a valid capture");
    let accepted: u64 = requests.iter().map(|body| decode_one(body).accepted).sum();
    assert_eq!(accepted, 4_743, "the whole capture");

    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Elements(accepted));
    group.bench_function("wire walk to Arrow", |bench| {
        bench.iter(|| requests.iter().for_each(|body| drop(black_box(decode_one(body)))));
    });
    group.bench_function("prost structs only", |bench| {
        bench.iter(|| {
            for body in &requests {
                black_box(ExportTraceServiceRequest::decode(&body[..]).expect("a valid capture"));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, spans);
criterion_main!(benches);
