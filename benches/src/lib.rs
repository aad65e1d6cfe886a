//! How fast? One question per file in `benches/`; what they share is here. Results and the method stand in `RESULTS.md`.

mod client;
mod day;
mod process;
mod sample;
mod times;

pub use client::Client;
pub use day::{Arguments, Day};
pub use process::{Cores, Server};
pub use sample::sample_ids;
pub use times::Times;

use std::{path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use schemas::{
    Signal, TableBatch, TenantId, UnixNanos,
    otlp::{ContentEncoding, DecodeLimits, Format, decode, request_hash},
};
use storage::{Config, RawRequest, Store, io::RealIo};

/// A request as the collector hands it to storage.
pub fn raw_request(signal: Signal, body: Bytes) -> RawRequest {
    RawRequest {
        tenant: TenantId::DEFAULT,
        signal,
        format: Format::Protobuf,
        encoding: ContentEncoding::Identity,
        received_at: UnixNanos(1_790_000_000_000_000_000),
        hash: request_hash(TenantId::DEFAULT, signal, &body),
        body,
    }
}

/// The rows of a request.
///
/// # Panics
/// When `request` is not valid OTLP protobuf.
pub fn rows(request: &RawRequest) -> Vec<TableBatch> {
    decode(request.signal, request.format, &request.body, request.received_at, &DecodeLimits::default()).expect("valid OTLP").batches
}

/// Span requests of the demo shop over `seconds` of its life at 100 requests a second: about 1,400 spans per second.
pub fn shop_spans(seed: u64, seconds: i64) -> Vec<Bytes> {
    const START: i64 = 1_790_000_000_000_000_000;
    let mut shop = demo::Shop::new(demo::Config { seed, requests_per_second: 100.0, remembered_traces_max: 0, ..Default::default() });
    let exports = shop.advance(UnixNanos(START), UnixNanos(START + seconds * 1_000_000_000));
    exports.into_iter().filter(|export| export.signal == Signal::Traces).map(|export| Bytes::from(export.body)).collect()
}

/// The store in `data_dir`, which may be empty; it flushes only when asked.
///
/// # Panics
/// When the directory cannot be used.
pub fn open_store(data_dir: &Path) -> Arc<Store> {
    let mut config = Config::new(data_dir);
    config.memtable_bytes_max = u64::MAX;
    config.unflushed_bytes_max = u64::MAX;
    config.flush_interval = Duration::from_secs(3_600);
    config.wal.free_bytes_min = 0;
    config.wal.used_share_max = 1.0;
    Store::open(config, Arc::new(RealIo), Arc::new(|request| Ok(rows(request)))).expect("an empty directory")
}

/// The middle and the slow end of `times`, of which there is at least one.
pub fn quantiles(times: &[Duration]) -> String {
    let times = Times::new(times.to_vec());
    format!("p50 {:.2} ms, p99 {:.2} ms", times.quantile_ms(0.5), times.quantile_ms(0.99))
}
