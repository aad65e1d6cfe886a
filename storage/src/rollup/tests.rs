mod speed;

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{
        ArrayRef, FixedSizeBinaryArray, Int32Array, Int64Array, RecordBatch, StringArray, StringDictionaryBuilder,
        TimestampNanosecondArray, UInt32Array, new_null_array,
    },
    datatypes::Int32Type,
};
use proptest::prelude::*;
use schemas::{Table, TraceId, UnixNanos, column::Column, columns as c};

use super::*;

/// A span, as far as it is added up. Texts that are empty are null.
#[derive(Debug, Clone, Default)]
pub struct TestSpan {
    pub service: &'static str,
    pub version: &'static str,
    pub name: &'static str,
    pub kind: i32,
    pub failed: bool,
    pub error_code: &'static str,
    pub http_status: Option<i64>,
    pub grpc_status: Option<i64>,
    pub rpc_status: &'static str,
    pub peer_service: &'static str,
    pub server_address: &'static str,
    pub db_system: &'static str,
    pub messaging_system: &'static str,
    pub destination: &'static str,
    pub trace_state: &'static str,
    pub trace: u8,
    /// 0: that of the trace.
    pub id: u8,
    /// 0: none.
    pub parent: u8,
    pub start: i64,
    pub duration_ns: i64,
}

/// A batch of spans as it arrives.
pub fn batch(spans: &[TestSpan]) -> RecordBatch {
    let columns = Table::Spans.columns().map(|column| values(column, spans)).collect();
    RecordBatch::try_new(Table::Spans.schema(), columns).unwrap()
}

fn values(column: &Column, spans: &[TestSpan]) -> ArrayRef {
    let rows = || spans.iter();
    let text = |of: fn(&TestSpan) -> &'static str| -> ArrayRef {
        Arc::new(rows().map(|span| Some(of(span)).filter(|text| !text.is_empty() || column.name == c::NAME)).collect::<StringArray>())
    };
    let group = |of: fn(&TestSpan) -> &'static str| -> ArrayRef {
        let mut builder = StringDictionaryBuilder::<Int32Type>::new();
        rows().for_each(|span| builder.append_option(Some(of(span)).filter(|text| !text.is_empty())));
        Arc::new(builder.finish())
    };
    let ids = |bytes: i32, of: fn(&TestSpan) -> Option<u8>| -> ArrayRef {
        let ids = rows().map(|span| of(span).map(|id| vec![id; bytes as usize]));
        Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(ids, bytes).unwrap())
    };
    let times = |of: fn(&TestSpan) -> i64| -> ArrayRef {
        Arc::new(TimestampNanosecondArray::from_iter_values(rows().map(of)).with_timezone("UTC"))
    };
    match column.name {
        c::TRACE_ID => ids(16, |span| Some(span.trace.max(1))),
        c::SPAN_ID => ids(8, |span| Some(if span.id == 0 { span.trace.max(1) } else { span.id })),
        c::PARENT_SPAN_ID => ids(8, |span| (span.parent > 0).then_some(span.parent)),
        c::TRACE_STATE => text(|span| span.trace_state),
        c::NAME => text(|span| span.name),
        c::KIND => Arc::new(rows().map(|span| Some(span.kind)).collect::<Int32Array>()),
        c::STATUS_CODE => Arc::new(rows().map(|span| Some(if span.failed { 2 } else { 0 })).collect::<Int32Array>()),
        c::FLAGS => Arc::new(rows().map(|_| Some(0)).collect::<UInt32Array>()),
        c::START_TIME => times(|span| span.start),
        c::RECEIVED_AT => times(|span| span.start.saturating_add(5)),
        c::DURATION_NS => Arc::new(rows().map(|span| Some(span.duration_ns)).collect::<Int64Array>()),
        c::ERROR_CODE => text(|span| span.error_code),
        c::HTTP_RESPONSE_STATUS_CODE => Arc::new(rows().map(|span| span.http_status).collect::<Int64Array>()),
        c::RPC_GRPC_STATUS_CODE => Arc::new(rows().map(|span| span.grpc_status).collect::<Int64Array>()),
        c::RPC_STATUS_CODE => text(|span| span.rpc_status),
        c::PEER_SERVICE => text(|span| span.peer_service),
        c::SERVER_ADDRESS => text(|span| span.server_address),
        c::DB_SYSTEM => text(|span| span.db_system),
        c::MESSAGING_SYSTEM => text(|span| span.messaging_system),
        c::MESSAGING_DESTINATION => text(|span| span.destination),
        c::SERVICE_NAME => group(|span| span.service),
        c::SERVICE_VERSION => group(|span| span.version),
        _ => new_null_array(&column.kind.data_type(), spans.len()),
    }
}

/// What `spans` add up to.
fn sum(spans: &[TestSpan]) -> RecordBatch {
    let mut sums = OperationMinutes::default();
    sums.add_spans(&batch(spans)).unwrap();
    sums.finish().unwrap()
}

#[test]
fn one_row_for_each_minute_operation_and_outcome() {
    let call =
        TestSpan { service: "cart", name: "GET /cart", kind: 2, start: 61_000_000_000, duration_ns: 1000, trace: 1, ..TestSpan::default() };
    let spans = [
        call.clone(),
        TestSpan { duration_ns: 3000, trace: 2, start: 62_000_000_000, ..call.clone() },
        TestSpan { duration_ns: 0, trace: 3, trace_state: "ot=th:8", ..call.clone() },
        TestSpan { duration_ns: -7, trace: 4, ..call.clone() },
        TestSpan { failed: true, error_code: "1-2-3", http_status: Some(503), trace: 5, ..call.clone() },
        TestSpan { start: 1, ..call },
    ];
    let rows = sum(&spans);
    let rows = MinuteRows::of(&rows).unwrap();
    assert_eq!(rows.len(), 3);
    let found: Vec<MinuteRow<'_>> = (0..3).map(|row| rows.get(row)).collect();
    assert_eq!(found.iter().map(|row| row.time.0).collect::<Vec<_>>(), [0, MINUTE_NS, MINUTE_NS]);
    let failed = found[1];
    assert_eq!((failed.status_class, failed.response_class, failed.error_code), ("error", Some("5xx"), Some("1-2-3")));
    assert_eq!((failed.count, failed.errors, failed.spans), (1.0, 1.0, 1));
    let fine = found[2];
    assert_eq!((fine.service_name, fine.operation, fine.span_kind), (Some("cart"), Some("GET /cart"), 2));
    assert_eq!((fine.status_class, fine.response_class, fine.error_code, fine.peer), ("ok", None, None, None));
    assert_eq!((fine.count, fine.spans, fine.errors, fine.negative_count, fine.zero_count), (5.0, 4, 0.0, 1.0, 2.0));
    assert_eq!((fine.duration_sum_ns, fine.duration_max_ns), (4000, Some(3000)));
    assert_eq!((fine.slowest_trace_id, fine.newest_trace_id), (Some(TraceId([2; 16])), Some(TraceId([2; 16]))));
    assert_eq!((fine.newest_time, fine.received_at), (UnixNanos(62_000_000_000), UnixNanos(62_000_000_005)));
    assert_eq!(rows.buckets(2).collect::<Vec<_>>(), [(bucket_of(1000), 1.0), (bucket_of(3000), 1.0)]);
}

#[test]
fn whom_a_span_calls() {
    let check = |span: TestSpan, expected: Option<(&str, &str)>| {
        let rows = sum(std::slice::from_ref(&span));
        let row = MinuteRows::of(&rows).unwrap().get(0);
        assert_eq!(row.peer.zip(row.peer_kind), expected, "{span:?}");
    };
    let of = |kind| TestSpan { kind, ..TestSpan::default() };
    check(of(3), None);
    check(TestSpan { server_address: "cart:80", ..of(3) }, Some(("cart:80", "service")));
    check(TestSpan { server_address: "10.0.0.1", peer_service: "cart", ..of(3) }, Some(("cart", "service")));
    check(TestSpan { server_address: "cart:80", ..of(2) }, None);
    check(TestSpan { server_address: "cart:80", ..of(1) }, None);
    check(TestSpan { db_system: "mysql", ..of(1) }, Some(("mysql", "database")));
    check(TestSpan { db_system: "mysql", server_address: "orders-db", ..of(3) }, Some(("orders-db", "database")));
    check(TestSpan { messaging_system: "kafka", destination: "orders", server_address: "broker", ..of(4) }, Some(("orders", "queue")));
    check(TestSpan { messaging_system: "kafka", ..of(5) }, Some(("kafka", "queue")));
}

#[test]
fn what_was_answered() {
    let check = |span: TestSpan, expected: Option<&str>| {
        let rows = sum(std::slice::from_ref(&span));
        assert_eq!(MinuteRows::of(&rows).unwrap().get(0).response_class, expected, "{span:?}");
    };
    for (http, expected) in [(200, Some("2xx")), (599, Some("5xx")), (99, None), (600, None), (-1, None), (i64::MIN, None)] {
        check(TestSpan { http_status: Some(http), ..TestSpan::default() }, expected);
    }
    check(TestSpan { grpc_status: Some(14), http_status: Some(200), ..TestSpan::default() }, Some("UNAVAILABLE"));
    check(TestSpan { grpc_status: Some(17), ..TestSpan::default() }, None);
    check(TestSpan { rpc_status: "NOT_FOUND", ..TestSpan::default() }, Some("NOT_FOUND"));
    check(TestSpan { rpc_status: "4", ..TestSpan::default() }, Some("DEADLINE_EXCEEDED"));
    check(TestSpan { rpc_status: "SUCCESS", ..TestSpan::default() }, None);
}

#[test]
fn a_batch_of_something_else_is_refused() {
    let logs = RecordBatch::new_empty(Table::Logs.schema());
    let mut sums = OperationMinutes::default();
    assert!(matches!(sums.add_spans(&logs), Err(RollupError::Column { .. })));
    assert!(matches!(sums.add_rows(&logs), Err(RollupError::Column { .. })));
    assert!(sums.is_empty());
}

pub fn span() -> impl Strategy<Value = TestSpan> {
    let whose = (prop::sample::select(vec!["", "cart", "orders"]), prop::sample::select(vec!["", "1", "2"]));
    let what = (prop::sample::select(vec!["", "GET", "SELECT"]), 0..6i32, any::<bool>(), prop::sample::select(vec!["", "1-2-3"]));
    let whom = (prop::sample::select(vec!["", "mysql"]), prop::sample::select(vec!["", "db:1", "db:2"]));
    let duration = prop_oneof![
        Just(0i64),
        Just(-5),
        Just(i64::MAX),
        Just(i64::MIN),
        0..1_000_000_000i64,
        (0..63u32, any::<u64>()).prop_map(|(bits, any)| (any >> (64 - bits.max(1))) as i64)
    ];
    let when = (prop_oneof![0..180_000_000_000i64, Just(i64::MIN), Just(i64::MAX)], duration, any::<u8>());
    let weight = prop::sample::select(vec!["", "", "ot=th:8", "ot=th:c", "ot=th:fd70a3d70a3d7", "ot=th:5555"]);
    (whose, what, whom, when, weight, prop::option::of(100..600i64)).prop_map(
        |(
            (service, version),
            (name, kind, failed, error_code),
            (db_system, server_address),
            (start, duration_ns, trace),
            trace_state,
            http_status,
        )| TestSpan {
            service,
            version,
            name,
            kind,
            failed,
            error_code,
            http_status,
            db_system,
            server_address,
            trace_state,
            trace,
            start,
            duration_ns,
            ..TestSpan::default()
        },
    )
}

/// By minute, service, version and name: count, errors, spans.
type Sums<'a> = BTreeMap<(i64, &'a str, &'a str, &'a str), (f64, f64, i64)>;

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever the flushes were, and in whatever order and grouping their rows are added up.
    #[test]
    fn parts_add_up_to_the_whole(spans in prop::collection::vec(span(), 0..60), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..5), odd in any::<bool>()) {
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(spans.len() + 1)).chain([0, spans.len()]).collect();
        ends.sort_unstable();
        let parts: Vec<RecordBatch> = ends.windows(2).map(|ends| sum(&spans[ends[0]..ends[1]])).collect();
        let (last, others) = parts.split_last().unwrap();
        let mut first = OperationMinutes::default();
        others.iter().for_each(|part| first.add_rows(part).unwrap());
        let mut all = OperationMinutes::default();
        let others = first.finish().unwrap();
        let order = if odd { [last, &others] } else { [&others, last] };
        order.into_iter().for_each(|part| all.add_rows(part).unwrap());
        let mut at_once = spans.clone();
        if odd {
            at_once.reverse();
        }
        prop_assert_eq!(all.finish().unwrap(), sum(&at_once));
    }

    #[test]
    fn counts_are_those_of_a_naive_recount(spans in prop::collection::vec(span(), 0..60)) {
        let weight = |span: &TestSpan| match span.trace_state {
            "ot=th:8" => 2.0,
            "ot=th:c" => 4.0,
            "ot=th:fd70a3d70a3d7" => 100.0,
            "ot=th:5555" => 98_303.0 / 65_536.0,
            _ => 1.0,
        };
        let mut expected: Sums<'_> = BTreeMap::new();
        for span in &spans {
            let sum = expected.entry((minute_of(span.start), span.service, span.version, span.name)).or_default();
            sum.0 += weight(span);
            sum.1 += if span.failed { weight(span) } else { 0.0 };
            sum.2 += 1;
        }
        let rows = sum(&spans);
        let rows = MinuteRows::of(&rows).unwrap();
        let mut found: Sums<'_> = BTreeMap::new();
        for row in (0..rows.len()).map(|row| rows.get(row)) {
            let key = (row.time.0, row.service_name.unwrap_or(""), row.service_version.unwrap_or(""), row.operation.unwrap());
            let sum = found.entry(key).or_default();
            *sum = (sum.0 + row.count, sum.1 + row.errors, sum.2 + row.spans);
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn quantiles_are_within_the_error_of_the_histogram(spans in prop::collection::vec(span(), 1..60), quantile in 0.0..=1.0f64) {
        let rows = sum(&spans);
        let rows = MinuteRows::of(&rows).unwrap();
        let mut histogram = DurationHistogram::default();
        for row in 0..rows.len() {
            histogram.add_zero(rows.get(row).zero_count);
            histogram.add_buckets(rows.buckets(row));
        }
        // A span that stands for several counts as often; the weights here are close to quarters.
        let mut exact: Vec<i64> = Vec::new();
        for span in spans.iter().filter(|span| span.duration_ns >= 0 && span.trace_state != "ot=th:5555") {
            let times = match span.trace_state { "ot=th:8" => 2, "ot=th:c" => 4, "" => 1, _ => 100 };
            exact.extend(std::iter::repeat_n(span.duration_ns, times));
        }
        let odd = spans.iter().any(|span| span.trace_state == "ot=th:5555" && span.duration_ns >= 0);
        prop_assume!(!odd && !exact.is_empty());
        exact.sort_unstable();
        let rank = ((quantile * exact.len() as f64).ceil() as usize).clamp(1, exact.len());
        let (expected, found) = (exact[rank - 1], histogram.quantile_ns(quantile).unwrap());
        prop_assert!((found - expected).abs() as f64 <= 0.0443 * expected as f64 + 0.5, "{} instead of {}", found, expected);
    }
}

/// What no limit may change: spans, their weights and histogram, by minute, service and status.
type Kept = BTreeMap<(i64, Option<String>, String), (i64, f64, f64, i64, DurationHistogram)>;

fn kept(rows: &RecordBatch) -> Kept {
    let mut kept = Kept::new();
    let rows = MinuteRows::of(rows).unwrap();
    for at in 0..rows.len() {
        let row = rows.get(at);
        let key = (row.time.0, row.service_name.map(str::to_owned), row.status_class.to_owned());
        let (spans, count, errors, sum_ns, histogram) = kept.entry(key).or_default();
        (*spans, *count, *errors) = (*spans + row.spans, *count + row.count, *errors + row.errors);
        *sum_ns = sum_ns.saturating_add(row.duration_sum_ns);
        histogram.add_zero(row.zero_count + row.negative_count);
        histogram.add_buckets(rows.buckets(at));
    }
    kept
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Whatever comes, in whatever flushes.
    #[test]
    fn a_minute_of_a_service_has_few_rows_and_sums_are_kept(flushes in prop::collection::vec(prop::collection::vec(span(), 1..120), 1..6), max in 0..3usize) {
        // Of one month: what is older makes room, since its rows are gone.
        let start = |start: i64| start.rem_euclid(180_000_000_000);
        let now = |span: TestSpan| TestSpan { start: start(span.start), ..span };
        let flushes: Vec<Vec<TestSpan>> = flushes.into_iter().map(|spans| spans.into_iter().map(now).collect()).collect();
        let (mut known, mut stored) = (Known::default(), OperationMinutes::default());
        for spans in &flushes {
            let mut sums = OperationMinutes::default();
            sums.add_spans(&batch(spans)).unwrap();
            known.apply(&sums.limit(&known, max));
            prop_assert_eq!(sums.limit(&known, max), [], "what is limited stays as it is");
            stored.add_rows(&sums.finish().unwrap()).unwrap();
        }
        let stored = stored.finish().unwrap();
        prop_assert_eq!(kept(&stored), kept(&sum(&flushes.concat())));
        let rows = MinuteRows::of(&stored).unwrap();
        let mut by_minute: BTreeMap<(i64, Option<&str>), [usize; 2]> = BTreeMap::new();
        for row in (0..rows.len()).map(|row| rows.get(row)) {
            let is_other = row.beyond_limit & BEYOND_ROWS != 0;
            by_minute.entry((row.time.0, row.service_name)).or_default()[usize::from(is_other)] += 1;
        }
        for (own, others) in by_minute.values().map(|[own, others]| (*own, *others)) {
            prop_assert!(own <= max * ROWS_PER_VALUE && others <= 12, "{} and {} others", own, others);
        }
        prop_assert!(known.counts().all(|count| count.values <= count.what.most(max)));
    }
}

/// `count` spans of each operation, on `day`.
fn on_day(day: i64, operations: &[(&'static str, usize)]) -> Vec<TestSpan> {
    let span = |name| TestSpan { service: "cart", name, start: day * 24 * 3600 * 1_000_000_000, ..TestSpan::default() };
    operations.iter().flat_map(|(name, count)| std::iter::repeat_n(span(name), *count)).collect()
}

#[test]
fn who_came_first_stays_until_it_is_gone_for_long() {
    let mut known = Known::default();
    let mut check = |day: i64, operations: &[(&'static str, usize)], expected: &[(Option<&str>, i64)]| {
        let mut sums = OperationMinutes::default();
        sums.add_spans(&batch(&on_day(day, operations))).unwrap();
        let changes = sums.limit(&known, 2);
        known.apply(&changes);
        let rows = sums.finish().unwrap();
        let rows = MinuteRows::of(&rows).unwrap();
        let found: Vec<_> = (0..rows.len()).map(|row| rows.get(row)).map(|row| (row.operation, row.spans)).collect();
        assert_eq!(found, expected, "day {day}");
        let of_operations =
            |change: &&Change| matches!(change, Change::Seen(of, _) | Change::Forgotten(of) if of.what == Limited::Operation);
        changes.iter().filter(of_operations).count()
    };
    assert_eq!(check(100, &[("a", 1), ("b", 3), ("c", 2)], &[(None, 1), (Some("b"), 3), (Some("c"), 2)]), 2);
    assert_eq!(check(100, &[("a", 9), ("c", 1)], &[(None, 9), (Some("c"), 1)]), 0, "nothing new");
    assert_eq!(check(110, &[("c", 1)], &[(Some("c"), 1)]), 1, "seen again");
    assert_eq!(check(130, &[("a", 1)], &[(None, 1)]), 0);
    assert_eq!(check(131, &[("a", 1), ("d", 2)], &[(None, 1), (Some("d"), 2)]), 2, "b made room");
    let mut again = Known::default();
    again.apply(&known.changes());
    assert_eq!(again, known);
}

#[test]
fn what_is_beyond_the_limit_is_added_up_with_its_histogram() {
    let of = |peer, error_code, duration_ns| TestSpan {
        kind: 3,
        name: "call",
        server_address: peer,
        error_code,
        duration_ns,
        ..TestSpan::default()
    };
    let spans = [of("a", "1", 10), of("b", "2", 10), of("b", "2", 10), of("c", "", 500), of("d", "", 10)];
    let mut sums = OperationMinutes::default();
    sums.add_spans(&batch(&spans)).unwrap();
    sums.limit(&Known::default(), 1);
    let rows = sums.finish().unwrap();
    let rows = MinuteRows::of(&rows).unwrap();
    let found: Vec<_> = (0..rows.len())
        .map(|row| rows.get(row))
        .map(|row| (row.peer, row.peer_kind, row.error_code, row.beyond_limit, row.spans))
        .collect();
    let service = Some("service");
    assert_eq!(
        found,
        [
            (None, service, None, BEYOND_PEERS, 2),
            (None, service, None, BEYOND_PEERS | BEYOND_ERROR_CODES, 1),
            (Some("b"), service, Some("2"), 0, 2)
        ]
    );
    assert_eq!(rows.buckets(0).collect::<Vec<_>>(), [(bucket_of(10), 1.0), (bucket_of(500), 1.0)]);
}
