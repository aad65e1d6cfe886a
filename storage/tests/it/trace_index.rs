//! What looking up a trace costs, counted where bytes are read.

use std::{ops::Range, sync::Arc};

use schemas::{Table, TenantId};
use storage::{Config, SplitId, Store, io::RealIo};
use testkit::FaultIo;

use crate::rows::{Row, append, config, open, trace_id, trace_rows};

const NOW: i64 = 500_000 * 3_600_000_000_000;
const BLOCKS: u64 = 20;
const TRACES_OF_A_BLOCK: u64 = 1000;
const TRACES: u64 = BLOCKS * TRACES_OF_A_BLOCK;
const PAGE_BYTES: u64 = 4096;

/// Each block has traces of its own, of one span each.
fn many_blocks(config: Config) -> (FaultIo, Arc<Store>) {
    let io = FaultIo::new(Arc::new(RealIo));
    let store = open(config, Arc::new(io.clone()));
    for block in 0..BLOCKS {
        let traces = block * TRACES_OF_A_BLOCK..(block + 1) * TRACES_OF_A_BLOCK;
        let rows: Vec<Row> = traces.map(|trace| Row::span(trace, trace, NOW + trace as i64)).collect();
        append(&store, &rows, NOW).unwrap().wait().unwrap();
        store.flush().unwrap();
    }
    (io, store)
}

fn few_bytes_of_memory(dir: &tempfile::TempDir) -> Config {
    let mut config = config(dir.path());
    config.wal.segment_bytes = 1 << 20;
    // 32 bits a trace: what an index with every key and row in memory does not fit into.
    config.trace_index_cache_bytes_max = 4 * TRACES as usize;
    config
}

/// Asks the index of every block.
fn rows_of(store: &Store, trace: u64) -> Vec<(u64, Vec<Range<usize>>)> {
    let snapshot = store.snapshot(TenantId::DEFAULT);
    let blocks = snapshot.splits(Table::Spans).into_iter().filter_map(|split| match split.id {
        SplitId::Block(id) => Some(id),
        SplitId::Memory(_) => None,
    });
    let asked = blocks.map(|id| (id, snapshot.rows_of_trace(Table::Spans, id, trace_id(trace)).unwrap()));
    asked.filter(|(_, rows)| !rows.is_empty()).collect()
}

/// Bytes that `look` reads.
fn cost(io: &FaultIo, look: impl FnOnce()) -> u64 {
    let before = io.read_bytes();
    look();
    io.read_bytes() - before
}

#[test]
fn a_lookup_reads_one_page_of_one_index_and_a_miss_hardly_ever_one() {
    let dir = tempfile::tempdir().unwrap();
    let (io, store) = many_blocks(few_bytes_of_memory(&dir));
    let heads = cost(&io, || drop(rows_of(&store, 0)));
    assert!(heads < 2 * TRACES * 8, "each index is read once: {heads}");

    let hits: Vec<u64> = (0..TRACES).step_by(97).collect();
    let count = hits.len() as u64;
    let bytes = cost(&io, || hits.iter().for_each(|trace| assert_eq!(rows_of(&store, *trace).len(), 1, "trace {trace}")));
    assert!((count..3 * count * PAGE_BYTES / 2).contains(&bytes), "{} bytes a hit", bytes / count);

    let misses = TRACES..TRACES + 1000;
    let bytes = cost(&io, || misses.clone().for_each(|trace| assert_eq!(rows_of(&store, trace), [], "trace {trace}")));
    assert!(bytes < 1000 * PAGE_BYTES / 4, "{} bytes a miss in {BLOCKS} blocks", bytes / 1000);
    let bytes = cost(&io, || misses.for_each(|trace| assert_eq!(trace_rows(&store.snapshot(TenantId::DEFAULT), trace), [])));
    assert!(bytes < 1000 * PAGE_BYTES / 4, "no block is opened: {} bytes", bytes / 1000);
}

#[test]
fn without_memory_a_lookup_is_slow_and_right() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = few_bytes_of_memory(&dir);
    config.trace_index_cache_bytes_max = 0;
    let (io, store) = many_blocks(config);
    for trace in (0..TRACES).step_by(1999) {
        let bytes = cost(&io, || assert_eq!(rows_of(&store, trace).len(), 1));
        assert!(bytes > TRACES, "the heads of all indexes: {bytes}");
        assert_eq!(trace_rows(&store.snapshot(TenantId::DEFAULT), trace), [Row::span(trace, trace, NOW + trace as i64)]);
    }
    assert_eq!(rows_of(&store, TRACES), []);
}
