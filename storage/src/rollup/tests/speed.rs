//! What do sums cost a flush? Asked with `-- --ignored --nocapture`.

use std::time::Instant;

use arrow::array::RecordBatch;
use schemas::{Table, TenantId, UnixNanos};

use super::{TestSpan, batch};
use crate::{
    block::{self, Name, OwnHours, Target},
    io::RealIo,
    rollup::{Known, OperationMinutes},
    wal::Lsn,
};

/// 200 requests of 500 spans, of 5 services with 12 operations, within half a minute.
fn requests() -> Vec<RecordBatch> {
    let services = ["front", "cart", "orders", "pay", "stock"];
    let names =
        ["GET /", "GET /cart", "POST /cart", "charge", "reserve", "SELECT", "UPDATE", "publish", "consume", "render", "quote", "ship"];
    let request = |request: usize| {
        let span = |row: usize| TestSpan {
            service: services[request % 5],
            version: "1.2.3",
            name: names[row % 12],
            kind: (row % 5) as i32,
            failed: row.is_multiple_of(50),
            http_status: Some(200),
            server_address: "stock:8080",
            trace: (row % 251) as u8,
            start: (request * 500 + row) as i64 * 300_000,
            duration_ns: 1000 * (row as i64 % 977 + 1) * (row as i64 % 31 + 1),
            ..TestSpan::default()
        };
        batch(&(0..500).map(span).collect::<Vec<_>>())
    };
    (0..200).map(request).collect()
}

#[test]
#[ignore = "a measurement"]
fn sums_beside_the_block_of_their_spans() {
    let requests = requests();
    let batches: Vec<&RecordBatch> = requests.iter().collect();
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join(block::dir(TenantId::DEFAULT, Table::Spans))).unwrap();
    for _ in 0..3 {
        let begin = Instant::now();
        let plans = block::plan(Table::Spans, &batches, OwnHours::of_cut(UnixNanos(0)));
        let shared = block::share_dictionaries(&batches).unwrap();
        let gathered: Vec<&RecordBatch> = shared.iter().collect();
        let target = Target {
            io: &RealIo,
            data_dir: dir.path(),
            tenant: TenantId::DEFAULT,
            table: Table::Spans,
            name: Name::Cut(Lsn(1)),
            lsn: Lsn(1),
        };
        for plan in plans {
            block::write(&target, plan, |places| Ok(block::gather(&Table::Spans.schema(), &gathered, places)?)).unwrap();
        }
        let written = begin.elapsed();
        let begin = Instant::now();
        let mut sums = OperationMinutes::default();
        shared.iter().for_each(|batch| sums.add_spans(batch).unwrap());
        sums.limit(&Known::default(), 1000);
        let rows = sums.finish().unwrap();
        let added_up = begin.elapsed();
        println!(
            "100,000 spans: block {written:?}, sums {added_up:?} ({} rows), {:.3}",
            rows.num_rows(),
            added_up.as_secs_f64() / written.as_secs_f64()
        );
    }
}
