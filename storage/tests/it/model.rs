//! Whatever is done in whatever order: every acknowledged row is there exactly once.

use std::sync::Arc;

use proptest::prelude::*;
use schemas::{Table, TenantId, UnixNanos};
use storage::io::RealIo;

use crate::rows::{Row, all_rows, append, as_found, check_minutes, config, reopen, trace_rows};

#[derive(Debug, Clone)]
enum Step {
    /// Table, trace and time of each row.
    Append(Vec<(usize, u64, i64)>),
    /// The same request as an earlier one.
    Retry(prop::sample::Index),
    Flush,
    Compact,
    Restart,
    Lookup(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let row = (0..Table::SENT.len(), 0..6u64, prop_oneof![0..1000i64, any::<i32>().prop_map(|hours| i64::from(hours) * 1_000_000_000)]);
    prop_oneof![
        6 => prop::collection::vec(row, 1..20).prop_map(Step::Append),
        1 => any::<prop::sample::Index>().prop_map(Step::Retry),
        3 => Just(Step::Flush),
        1 => Just(Step::Compact),
        1 => Just(Step::Restart),
        2 => (0..6u64).prop_map(Step::Lookup),
    ]
}

fn run(steps: Vec<Step>, memtable_bytes_max: u64) {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(dir.path());
    config.memtable_bytes_max = memtable_bytes_max;
    let mut store = reopen(config.clone(), Arc::new(RealIo));
    let mut requests: Vec<Vec<Row>> = Vec::new();
    let mut next_key = 0;
    for step in steps {
        let mut expected: Vec<Row> = requests.iter().flatten().copied().map(as_found).collect();
        expected.sort_unstable();
        match step {
            Step::Append(rows) => {
                let with_keys =
                    rows.into_iter().zip(next_key..).map(|((table, trace, time), key)| Row { table: Table::SENT[table], key, trace, time });
                let rows: Vec<Row> = with_keys.collect();
                next_key += rows.len() as u64;
                assert!(!append(&store, &rows, 0).unwrap().wait().unwrap().duplicate);
                requests.push(rows);
            }
            Step::Retry(which) if !requests.is_empty() => {
                let earlier: &Vec<Row> = which.get(&requests);
                assert!(append(&store, earlier, 0).unwrap().wait().unwrap().duplicate);
            }
            Step::Retry(_) => {}
            Step::Flush => store.flush().unwrap(),
            Step::Compact => drop(store.compact(UnixNanos(i64::MAX)).unwrap()),
            Step::Restart => {
                drop(store);
                store = reopen(config.clone(), Arc::new(RealIo));
            }
            Step::Lookup(trace) => {
                expected.retain(|row| row.table == Table::Spans && row.trace == trace);
                assert_eq!(trace_rows(&store.snapshot(TenantId::DEFAULT), trace), expected);
                continue;
            }
        }
        let mut expected: Vec<Row> = requests.iter().flatten().copied().map(as_found).collect();
        expected.sort_unstable();
        let snapshot = store.snapshot(TenantId::DEFAULT);
        assert_eq!(all_rows(&snapshot), expected);
        check_minutes(&snapshot, "after a step");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn each_row_once(steps in prop::collection::vec(step(), 1..14), memtable_bytes_max in prop_oneof![Just(1u64), Just(60_000), Just(1 << 30)]) {
        run(steps, memtable_bytes_max);
    }
}
