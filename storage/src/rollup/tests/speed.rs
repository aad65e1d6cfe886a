//! What do sums cost a flush? Asked with `-- --ignored --nocapture`.

use std::{sync::Arc, time::Instant};

use arrow::array::RecordBatch;
use schemas::{Table, TenantId, UnixNanos};

use super::{TestSpan, batch};
use crate::{
    block::{self, Name, OwnHours, Target},
    io::RealIo,
    rollup::{EdgeMinutes, Known, OperationMinutes},
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

/// One service whose 100,000 spans are all of another combination of 250 operations, 40 peers and 10 error codes.
fn combinations() -> Vec<RecordBatch> {
    let names = |name: &str, count: usize| (0..count).map(|nth| &*format!("{name}-{nth}").leak()).collect::<Vec<&'static str>>();
    let (operations, peers, codes) = (names("GET /api/v1/something", 250), names("peer.of.somewhere", 40), names("E-10", 10));
    let span = |nth: usize| TestSpan {
        service: "front",
        version: "1.2.3",
        name: operations[nth % 250],
        peer_service: peers[nth / 250 % 40],
        error_code: codes[nth / 10_000],
        kind: 3,
        failed: true,
        trace: (nth % 251) as u8,
        start: nth as i64 * 300_000,
        duration_ns: 1000 + nth as i64,
        ..TestSpan::default()
    };
    (0..200).map(|request| batch(&(request * 500..(request + 1) * 500).map(span).collect::<Vec<_>>())).collect()
}

/// What limits cost where they matter most, and where nothing is new any more.
#[test]
#[ignore = "a measurement"]
fn limits_beside_the_sums() {
    for (what, batches) in [("60 combinations", requests()), ("100,000 combinations", combinations())] {
        let mut known = Arc::new(Known::default());
        for flush in 0..4 {
            let begin = Instant::now();
            let mut sums = OperationMinutes::default();
            batches.iter().for_each(|batch| sums.add_spans(batch).unwrap());
            let added_up = begin.elapsed();
            let begin = Instant::now();
            let changes = sums.limit(&known, 1000);
            let limited = begin.elapsed();
            // Somebody asks meanwhile.
            let asking = Arc::clone(&known);
            let begin = Instant::now();
            Arc::make_mut(&mut known).apply(&changes);
            let learned = begin.elapsed();
            drop(asking);
            println!("{what}, flush {flush}: sums {added_up:?}, limit {limited:?}, {} changes {learned:?}", changes.len());
        }
    }
    let batches = combinations();
    let mut edges = EdgeMinutes::default();
    edges.add_cut(&batches, i64::MIN..i64::MAX).unwrap();
    edges.settle(i64::MAX);
    let begin = Instant::now();
    let changes = edges.limit(&Known::default(), 1000);
    println!("calls: limit {:?}, {} changes", begin.elapsed(), changes.len());
}
