use arrow::{
    array::{AsArray, RecordBatch, StringArray},
    datatypes::{Float64Type, Int32Type, Int64Type, TimestampNanosecondType},
};
use proptest::prelude::*;
use schemas::{Table, columns as c};

use super::*;
use crate::rollup::{
    BEYOND_OPERATIONS, Known, Limited, MINUTE_NS, ROWS_PER_VALUE,
    tests::{TestSpan, batch},
};

/// Minute, service, peer, kind, operation, protocol, status, one-sided, and of the measures: count and sum of durations.
type Row = (i64, String, String, String, String, String, String, i32, f64, i64);

fn read(rows: &RecordBatch) -> Vec<Row> {
    let text = |name: &str, row: usize| {
        let column = rows.column_by_name(name).unwrap().as_dictionary::<Int32Type>();
        let text = column.downcast_dict::<StringArray>().unwrap();
        text.into_iter().nth(row).unwrap().unwrap_or("-").to_owned()
    };
    (0..rows.num_rows())
        .map(|row| {
            (
                rows.column_by_name(c::TIME).unwrap().as_primitive::<TimestampNanosecondType>().value(row) / MINUTE_NS,
                text(c::SERVICE_NAME, row),
                text(c::PEER, row),
                text(c::PEER_KIND, row),
                text(c::OPERATION, row),
                text(c::PROTOCOL, row),
                text(c::STATUS_CLASS, row),
                rows.column_by_name(c::ONE_SIDED).unwrap().as_primitive::<Int32Type>().value(row),
                rows.column_by_name(c::COUNT).unwrap().as_primitive::<Float64Type>().value(row),
                rows.column_by_name(c::DURATION_SUM_NS).unwrap().as_primitive::<Int64Type>().value(row),
            )
        })
        .collect()
}

const ALL: std::ops::Range<i64> = i64::MIN..i64::MAX;

/// What is told of spans that come together.
fn calls(spans: &[TestSpan]) -> RecordBatch {
    let mut edges = EdgeMinutes::default();
    edges.add_cut([&batch(spans)], ALL).unwrap();
    edges.settle(i64::MAX);
    edges.finish().unwrap().0
}

fn span(id: u8, parent: u8, service: &'static str, kind: i32) -> TestSpan {
    TestSpan {
        trace: 7,
        id,
        parent,
        service,
        kind,
        name: "op",
        start: i64::from(id),
        duration_ns: 1000 * i64::from(id),
        ..TestSpan::default()
    }
}

#[test]
fn whom_calls_reach() {
    let check = |spans: &[TestSpan], expected: &[(&str, &str, &str, &str, &str, i32, i64)]| {
        let found: Vec<_> = read(&calls(spans))
            .into_iter()
            .map(|(_, service, peer, kind, _, protocol, status, one_sided, count, sum)| {
                assert_eq!(count, 1.0);
                (service, peer, kind, protocol, status, one_sided, sum)
            })
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(service, peer, kind, protocol, status, one_sided, sum)| {
                let text = |text: &str| text.to_owned();
                (text(service), text(peer), text(kind), text(protocol), text(status), *one_sided, *sum)
            })
            .collect();
        assert_eq!(found, expected, "{spans:?}");
    };
    check(&[span(1, 0, "web", 2)], &[]);
    // As the client sees it.
    check(&[span(2, 0, "web", 3), span(1, 2, "pay", 2)], &[("web", "pay", "service", "-", "ok", 0, 2000)]);
    // A producer does not wait.
    check(&[TestSpan { failed: true, ..span(2, 0, "web", 4) }, span(1, 2, "mail", 5)], &[("web", "mail", "service", "-", "ok", 0, 1000)]);
    check(&[TestSpan { failed: true, ..span(2, 0, "web", 3) }, span(1, 2, "pay", 2)], &[("web", "pay", "service", "-", "error", 0, 2000)]);
    // Without a client span.
    check(&[span(2, 0, "web", 2), span(1, 2, "pay", 2)], &[("web", "pay", "service", "-", "ok", 0, 1000)]);
    // A wrapper, and something between the two.
    let wrapped = [span(9, 0, "web", 3), span(8, 9, "web", 1), span(7, 8, "web", 3), span(1, 7, "pay", 2)];
    check(&wrapped, &[("web", "pay", "service", "-", "ok", 0, 7000)]);
    check(&[span(9, 0, "web", 3), span(8, 9, "web", 1), span(1, 8, "pay", 2)], &[("web", "pay", "service", "-", "ok", 0, 1000)]);
    // Nobody answers.
    let db = TestSpan { db_system: "redis", server_address: "cache-1", ..span(3, 0, "pay", 3) };
    check(&[db], &[("pay", "cache-1", "database", "redis", "ok", 1, 3000)]);
    let topic = TestSpan { messaging_system: "kafka", destination: "mails", ..span(3, 0, "pay", 4) };
    check(&[topic], &[("pay", "mails", "queue", "kafka", "ok", 1, 3000)]);
    check(&[TestSpan { peer_service: "tax", ..span(3, 0, "pay", 3) }], &[("pay", "tax", "service", "-", "ok", 1, 3000)]);
    check(&[TestSpan { server_address: "tax:80", ..span(3, 0, "pay", 3) }], &[("pay", "tax:80", "external", "-", "ok", 1, 3000)]);
    check(&[span(3, 0, "pay", 3)], &[("pay", "-", "-", "-", "ok", 1, 3000)]);
    // Nobody called.
    check(&[span(3, 4, "pay", 2)], &[("pay", "-", "caller", "-", "ok", 1, 3000)]);
    // A service that calls itself calls whom it says.
    let itself = [TestSpan { server_address: "pay:80", ..span(3, 0, "pay", 3) }, span(1, 3, "pay", 2)];
    check(&itself, &[("pay", "pay:80", "external", "-", "ok", 1, 3000)]);
    // The same span twice is one.
    check(&[span(2, 0, "web", 3), span(2, 0, "web", 3), span(1, 2, "pay", 2)], &[("web", "pay", "service", "-", "ok", 0, 2000)]);
}

#[test]
fn those_outside_of_a_window_are_relatives_only() {
    let spans = [
        span(2, 0, "web", 3),
        span(1, 2, "pay", 2),
        TestSpan { start: 50, ..span(4, 0, "web", 3) },
        TestSpan { start: 60, ..span(3, 4, "pay", 2) },
    ];
    let mut edges = EdgeMinutes::default();
    edges.add_cut([&batch(&spans)], 55..100).unwrap();
    edges.settle(i64::MAX);
    let rows = read(&edges.finish().unwrap().0);
    assert_eq!(rows.iter().map(|row| (row.8, row.9)).collect::<Vec<_>>(), [(1.0, 4000)]);
}

#[test]
fn too_many_operations_and_peers_are_one() {
    let names = ["a", "b", "c", "d"];
    let spans: Vec<TestSpan> =
        (0..4).map(|nth| TestSpan { trace: nth + 1, name: names[usize::from(nth)], peer_service: "tax", ..span(9, 0, "pay", 3) }).collect();
    let mut edges = EdgeMinutes::default();
    edges.add_cut([&batch(&spans)], ALL).unwrap();
    edges.settle(i64::MAX);
    let mut known = Known::default();
    let changes = edges.limit(&known, 2);
    known.apply(&changes);
    let rows = edges.finish().unwrap().0;
    let beyond = rows.column_by_name(c::BEYOND_LIMIT).unwrap().as_primitive::<Int32Type>();
    let found: Vec<(String, i32, f64)> =
        read(&rows).into_iter().zip(beyond.values()).map(|(row, beyond)| (row.4, *beyond, row.8)).collect();
    let expected = [("-", BEYOND_OPERATIONS, 2.0), ("a", 0, 1.0), ("b", 0, 1.0)];
    assert_eq!(found, expected.map(|(name, beyond, count)| (name.to_owned(), beyond, count)));
    assert_eq!(known.counts().filter(|count| count.what != Limited::EdgeRow).map(|count| count.values).sum::<usize>(), 3);
}

#[test]
fn too_many_combinations_of_calls_are_one_for_each_kind_of_peer() {
    let names = ["a", "b", "c", "d", "e", "f"];
    let mut spans: Vec<TestSpan> = Vec::new();
    for (trace, (name, peer)) in (1..).zip(names.iter().flat_map(|name| names.iter().map(move |peer| (*name, *peer)))) {
        spans.push(TestSpan { trace, name, peer_service: peer, ..span(9, 0, "pay", 3) });
        spans.push(TestSpan { trace: trace + 100, name, server_address: peer, db_system: "redis", ..span(9, 0, "pay", 3) });
    }
    let mut edges = EdgeMinutes::default();
    edges.add_cut([&batch(&spans)], ALL).unwrap();
    edges.settle(i64::MAX);
    let mut known = Known::default();
    let changes = edges.limit(&known, 6);
    known.apply(&changes);
    assert_eq!(edges.limit(&known, 6), []);
    let rows = edges.finish().unwrap().0;
    let beyond = rows.column_by_name(c::BEYOND_LIMIT).unwrap().as_primitive::<Int32Type>();
    let found: Vec<(String, f64)> =
        read(&rows).into_iter().zip(beyond.values()).filter(|(_, beyond)| **beyond != 0).map(|(row, _)| (row.2, row.8)).collect();
    let calls: f64 = found.iter().map(|(_, count)| count).sum();
    assert_eq!((rows.num_rows() - found.len(), calls), (6 * ROWS_PER_VALUE, 12.0), "{found:?}");
    assert!(found.len() <= 2, "{found:?}");
}

#[test]
fn of_too_many_halves_the_older_do_not_wait() {
    let spans: Vec<TestSpan> = (1..=100).map(|nth| TestSpan { trace: nth, start: i64::from(nth), ..span(9, 0, "pay", 3) }).collect();
    let mut edges = EdgeMinutes::default();
    edges.add_cut([&batch(&spans)], ALL).unwrap();
    assert_eq!(edges.crowded(100), None);
    let before = edges.crowded(50).unwrap();
    edges.settle(before);
    assert!((1..=25).contains(&edges.halves()), "{}", edges.halves());
}

/// Spans that come together, and belong to one request with the others of their list.
fn request() -> impl Strategy<Value = Vec<Vec<TestSpan>>> {
    let db = |id, parent, service| TestSpan { db_system: "redis", ..span(id, parent, service, 3) };
    let shapes = vec![
        vec![vec![span(1, 0, "web", 2)], vec![span(2, 1, "web", 3)], vec![span(3, 2, "pay", 2)], vec![db(4, 3, "pay")]],
        vec![vec![span(1, 0, "web", 3)], vec![span(2, 1, "web", 3)], vec![span(3, 2, "pay", 2)]],
        vec![vec![span(1, 0, "web", 3)], vec![span(2, 1, "web", 1), span(3, 2, "web", 3)], vec![span(4, 3, "pay", 2)]],
        vec![vec![span(1, 0, "web", 3)], vec![span(2, 1, "web", 1), span(3, 2, "pay", 2)]],
        vec![vec![span(1, 0, "web", 4)], vec![span(2, 1, "mail", 5)], vec![span(3, 1, "stock", 5)]],
        vec![vec![span(2, 99, "pay", 2)], vec![span(3, 2, "pay", 3)]],
        vec![vec![span(2, 0, "pay", 3)], vec![span(3, 2, "pay", 2)]],
    ];
    let weight = prop::sample::select(vec!["", "ot=th:8", "ot=th:5555"]);
    (prop::sample::select(shapes), 1..200u8, any::<[bool; 8]>(), weight, 0..3i64).prop_map(
        |(pieces, trace, failed, trace_state, minute)| {
            let made = |span: TestSpan| TestSpan {
                trace,
                failed: failed[usize::from(span.id % 8)],
                trace_state,
                start: span.start + minute * MINUTE_NS,
                name: if minute == 0 { "first" } else { "later" },
                ..span
            };
            pieces.into_iter().map(|piece| piece.into_iter().map(made).collect()).collect()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Whatever the flushes were, and in whatever grouping their halves are joined.
    #[test]
    fn cuts_add_up_to_the_whole(requests in prop::collection::vec(request(), 1..12), cuts in prop::collection::vec(0..4usize, 48), joins in any::<[bool; 4]>()) {
        // Ids of traces may meet; then their spans would be of one request.
        let requests: Vec<Vec<Vec<TestSpan>>> = requests.into_iter().zip(1..).map(|(request, trace)| {
            request.into_iter().map(|piece| piece.into_iter().map(|span| TestSpan { trace, ..span }).collect()).collect()
        }).collect();
        let pieces: Vec<&Vec<TestSpan>> = requests.iter().flatten().collect();
        let mut rows: Vec<RecordBatch> = Vec::new();
        let mut waiting: Vec<RecordBatch> = Vec::new();
        for (cut, join) in joins.into_iter().enumerate() {
            let spans: Vec<TestSpan> = pieces.iter().zip(&cuts).filter(|(_, of)| **of == cut).flat_map(|(piece, _)| piece.iter().cloned()).collect();
            let mut edges = EdgeMinutes::default();
            edges.add_cut([&batch(&spans)], ALL).unwrap();
            let (calls, halves) = edges.finish().unwrap();
            rows.push(calls);
            waiting.push(halves);
            if join {
                let mut edges = EdgeMinutes::default();
                waiting.iter().rev().for_each(|halves| edges.add_halves(halves).unwrap());
                edges.join();
                let (calls, halves) = edges.finish().unwrap();
                rows.push(calls);
                waiting = vec![halves];
            }
        }
        let mut all = EdgeMinutes::default();
        rows.iter().for_each(|rows| all.add_rows(rows).unwrap());
        waiting.iter().for_each(|halves| all.add_halves(halves).unwrap());
        all.join();
        all.settle(i64::MAX);
        let (found, left) = all.finish().unwrap();
        let spans: Vec<TestSpan> = pieces.into_iter().flatten().cloned().collect();
        prop_assert_eq!(found, calls(&spans));
        prop_assert_eq!((left.num_rows(), left.schema()), (0, Table::EdgeHalves.schema()));
    }
}
