//! Every acknowledged row is in an answer exactly once, wherever it is when it is asked for.

use arrow::{array::AsArray, datatypes::Int64Type, record_batch::RecordBatch};
use proptest::prelude::*;
use schemas::{
    Signal, UnixNanos, columns,
    otlp::{DecodeLimits, Format, decode},
};

use crate::loaded::Loaded;

#[derive(Debug, Clone, Copy)]
enum Step {
    Send,
    Flush,
    Restart,
    Ask,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![4 => Just(Step::Send), 1 => Just(Step::Flush), 1 => Just(Step::Restart), 2 => Just(Step::Ask)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 30, ..ProptestConfig::default() })]
    #[test]
    fn each_row_once(steps in prop::collection::vec(step(), 4..16)) {
        let requests = testkit::captures::requests(testkit::captures::otel_demo().name).expect("it was found");
        let runtime = tokio::runtime::Runtime::new().expect("threads");
        let mut loaded = Loaded::empty();
        let mut left = requests.into_iter();
        let (mut sent, mut durations) = (0, 0);
        for step in steps.into_iter().chain([Step::Ask]) {
            match step {
                Step::Send => {
                    let Some(body) = left.next() else { continue };
                    let (rows, nanoseconds) = spans_of(&body);
                    sent += rows;
                    durations += nanoseconds;
                    loaded.send(Signal::Traces, body);
                }
                Step::Flush => loaded.store.flush().expect("a working disk"),
                Step::Restart => loaded = loaded.restarted(),
                Step::Ask => {
                    let query = "SELECT (SELECT count(*) FROM spans) AS counted, count(*) AS \"rows\", coalesce(sum(duration_ns), 0) AS durations FROM spans WHERE name IS NOT NULL";
                    let rows = runtime.block_on(loaded.rows(query));
                    prop_assert_eq!(rows, [format!("{sent}, {sent}, {durations}")], "counted from statistics, and from rows");
                }
            }
        }
    }
}

/// How many, and how long all together.
fn spans_of(body: &[u8]) -> (usize, i64) {
    let decoded = decode(Signal::Traces, Format::Protobuf, body, UnixNanos(0), &DecodeLimits::NONE).expect("valid");
    let durations = |batch: &RecordBatch| {
        let column = batch.column_by_name(columns::DURATION_NS).expect("spans have a duration");
        column.as_primitive::<Int64Type>().iter().flatten().sum::<i64>()
    };
    let batches = || decoded.batches.iter().map(|batch| &batch.batch);
    (batches().map(RecordBatch::num_rows).sum(), batches().map(durations).sum())
}
