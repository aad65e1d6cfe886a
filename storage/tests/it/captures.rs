//! Real telemetry: every trace of a capture comes back whole, and what it costs on disk.

use std::{collections::BTreeMap, sync::Arc};

use arrow::array::AsArray;
use bytes::Bytes;
use schemas::{
    RequestHash, Signal, Table, TableBatch, TenantId, TraceId, UnixNanos,
    columns::TRACE_ID,
    otlp::{ContentEncoding, DecodeLimits, Format, decode},
};
use storage::{RawRequest, Store, io::RealIo};

use crate::{duckdb, rows::config};

fn derive(request: &RawRequest) -> Result<Vec<TableBatch>, String> {
    let decoded = decode(request.signal, request.format, &request.body, request.received_at, &DecodeLimits::NONE);
    decoded.map(|decoded| decoded.batches).map_err(|error| error.to_string())
}

fn send(store: &Store, signal: Signal, number: usize, body: Bytes) {
    let request = RawRequest {
        tenant: TenantId::DEFAULT,
        signal,
        format: Format::Protobuf,
        encoding: ContentEncoding::Identity,
        received_at: UnixNanos(1_790_000_000_000_000_000 + number as i64 * 1_000_000),
        hash: RequestHash(xxhash_rust::xxh3::xxh3_128(&body)),
        body,
    };
    let batches = derive(&request).unwrap();
    store.append(request, batches, Box::new(())).unwrap().wait().unwrap();
}

fn rows(store: &Store, table: Table) -> usize {
    store.snapshot(TenantId::DEFAULT).scan(table).unwrap().batches.iter().map(|batch| batch.num_rows()).sum()
}

/// Spans per trace.
fn traces(store: &Store) -> BTreeMap<TraceId, usize> {
    let mut traces = BTreeMap::new();
    for batch in store.snapshot(TenantId::DEFAULT).scan(Table::Spans).unwrap().batches {
        let ids = batch.column_by_name(TRACE_ID).unwrap().as_fixed_size_binary();
        ids.iter().flatten().for_each(|id| *traces.entry(TraceId::from_slice(id).unwrap()).or_default() += 1);
    }
    traces
}

fn check_each_trace(store: &Store, expected: &BTreeMap<TraceId, usize>) {
    let snapshot = store.snapshot(TenantId::DEFAULT);
    for (id, spans) in expected.iter().step_by(expected.len().div_ceil(200).max(1)) {
        let found = snapshot.trace(*id).unwrap();
        assert_eq!(found.partial, [] as [String; 0]);
        assert_eq!(found.batches.iter().map(|batch| batch.num_rows()).sum::<usize>(), *spans, "{id}");
    }
}

/// Sends a capture, compares before and after a flush and a restart, prints the size.
fn check(capture: &str, signal: Signal, expected_rows: usize, expected_traces: Option<usize>) {
    let Some(requests) = testkit::captures::requests(capture) else { return };
    let table = Table::of(signal);
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(dir.path());
    config.wal.segment_bytes = 16 << 20;
    let store = Store::open(config.clone(), Arc::new(RealIo), Arc::new(derive)).unwrap();
    requests.into_iter().enumerate().for_each(|(number, body)| send(&store, signal, number, body));
    assert_eq!(rows(&store, table), expected_rows);
    let in_memory = traces(&store);
    assert_eq!(in_memory.len(), expected_traces.unwrap_or(in_memory.len()));
    check_each_trace(&store, &in_memory);

    store.flush().unwrap();
    assert_eq!(traces(&store), in_memory);
    check_each_trace(&store, &in_memory);
    let stats = store.stats().tables.into_iter().find(|stats| stats.table == table).unwrap();
    assert_eq!(stats.block_rows, expected_rows as u64);
    println!(
        "{capture}: {:.2} bytes per row, {} rows in {} blocks",
        stats.block_bytes as f64 / expected_rows as f64,
        stats.block_rows,
        stats.blocks
    );

    store.close();
    drop(store);
    let store = Store::open(config, Arc::new(RealIo), Arc::new(derive)).unwrap();
    assert_eq!(rows(&store, table), expected_rows);
    check_each_trace(&store, &in_memory);
    duckdb::compare(dir.path());
}

#[test]
fn a_slice_of_otel_demo() {
    check(testkit::captures::OTEL_DEMO_SLICE, Signal::Traces, 805, Some(360));
}

#[test]
fn otel_demo_traces() {
    check("otel-demo/traces.otlp.zst", Signal::Traces, 4743, Some(1021));
}

#[test]
fn train_ticket_traces() {
    check("train-ticket/traces.otlp.zst", Signal::Traces, 179_170, Some(2475));
}

#[test]
fn train_ticket_logs() {
    check("train-ticket/logs.otlp.zst", Signal::Logs, 48_078, None);
}
