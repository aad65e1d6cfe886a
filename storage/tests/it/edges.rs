//! Calls by minute in the store, whatever was flushed, joined, settled and read from the log again before: those of a naive recount.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::Path,
    sync::Arc,
};

use arrow::{
    array::{
        ArrayRef, AsArray, BooleanArray, DictionaryArray, FixedSizeBinaryArray, Float64Array, Int32Array, Int64Array, RecordBatch,
        StringArray, TimestampNanosecondArray, UInt32Array, UInt64Array, new_null_array,
    },
    datatypes::{Float64Type, Int32Type, Int64Type},
};
use bytes::Bytes;
use proptest::prelude::*;
use schemas::{
    RequestHash, Signal, Table, TableBatch, TenantId, UnixNanos,
    column::{Column, Kind},
    columns as c,
    otlp::{ContentEncoding, Format},
};
use storage::{RawRequest, Snapshot, Store, TimeRange, io::RealIo, rollup::EdgeMinutes, verify};

use crate::rows::config;

const NOW: i64 = 500_000 * 3_600_000_000_000;
const SERVICES: [&str; 4] = ["web", "pay", "mail", "stock"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    trace: u64,
    id: u64,
    /// 0: a root.
    parent: u64,
    service: usize,
    kind: i32,
    duration_ns: i64,
    failed: bool,
}

impl Span {
    fn calls(&self) -> bool {
        matches!(self.kind, 3 | 4)
    }

    fn is_entry(&self) -> bool {
        matches!(self.kind, 2 | 5)
    }
}

fn request(spans: &[Span], received_at: i64) -> RawRequest {
    let line = |span: &Span| {
        let Span { trace, id, parent, service, kind, duration_ns, failed } = span;
        format!("{trace} {id} {parent} {service} {kind} {duration_ns} {}", i32::from(*failed))
    };
    let body = Bytes::from(spans.iter().map(line).collect::<Vec<_>>().join("\n"));
    RawRequest {
        tenant: TenantId::DEFAULT,
        signal: Signal::Traces,
        format: Format::Protobuf,
        encoding: ContentEncoding::Identity,
        received_at: UnixNanos(received_at),
        hash: RequestHash(xxhash_rust::xxh3::xxh3_128(&body)),
        body,
    }
}

fn derive(request: &RawRequest) -> Result<Vec<TableBatch>, String> {
    let text = std::str::from_utf8(&request.body).map_err(|error| error.to_string())?;
    let span = |line: &str| -> Option<Span> {
        let numbers: Vec<i64> = line.split(' ').map(|number| number.parse().ok()).collect::<Option<_>>()?;
        let [trace, id, parent, service, kind, duration_ns, failed] = numbers.try_into().ok()?;
        let (trace, id, parent) = (trace as u64, id as u64, parent as u64);
        Some(Span { trace, id, parent, service: service as usize, kind: kind as i32, duration_ns, failed: failed == 1 })
    };
    let spans: Vec<Span> = text.lines().map(span).collect::<Option<_>>().ok_or("not a span")?;
    let columns = Table::Spans.columns().map(|column| values(column, &spans, request.received_at)).collect();
    let batch = RecordBatch::try_new(Table::Spans.schema(), columns).map_err(|error| error.to_string())?;
    Ok(vec![TableBatch { table: Table::Spans, batch }])
}

fn values(column: &Column, spans: &[Span], received_at: UnixNanos) -> ArrayRef {
    let rows = || spans.iter();
    let ids = |bytes: i32, of: fn(&Span) -> u64| -> ArrayRef {
        let id = |id: u64| [vec![0; bytes as usize - 8], id.to_be_bytes().to_vec()].concat();
        let ids = rows().map(|span| Some(of(span)).filter(|one| *one > 0).map(id));
        Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(ids, bytes).unwrap())
    };
    let times = |of: &dyn Fn(&Span) -> i64| Arc::new(TimestampNanosecondArray::from_iter_values(rows().map(of)).with_timezone("UTC"));
    match column.name {
        c::TRACE_ID => ids(16, |span| span.trace),
        c::SPAN_ID => ids(8, |span| span.id),
        c::PARENT_SPAN_ID => ids(8, |span| span.parent),
        c::SERVICE_NAME => {
            let keys = Int32Array::from_iter_values(rows().map(|span| span.service as i32));
            Arc::new(DictionaryArray::new(keys, Arc::new(StringArray::from_iter_values(SERVICES))))
        }
        c::KIND => Arc::new(Int32Array::from_iter_values(rows().map(|span| span.kind))),
        c::STATUS_CODE => Arc::new(Int32Array::from_iter_values(rows().map(|span| if span.failed { 2 } else { 0 }))),
        c::DURATION_NS => Arc::new(Int64Array::from_iter_values(rows().map(|span| span.duration_ns))),
        c::START_TIME => times(&|span| NOW + span.id as i64),
        c::NAME => Arc::new(StringArray::from_iter_values(rows().map(|span| SERVICES[span.service]))),
        c::PEER_SERVICE => Arc::new(rows().map(|span| (span.id % 2 == 0).then_some("peer")).collect::<StringArray>()),
        _ if column.nullable => new_null_array(&column.kind.data_type(), spans.len()),
        _ => match column.kind {
            Kind::Time => times(&|_| received_at.0),
            Kind::Text => Arc::new(StringArray::from_iter_values(rows().map(|_| "{}"))),
            Kind::GroupText => Arc::new(rows().map(|_| "group").collect::<DictionaryArray<Int32Type>>()),
            Kind::Bool => Arc::new(BooleanArray::from(vec![true; spans.len()])),
            Kind::I32 => Arc::new(Int32Array::from_iter_values(rows().map(|_| 0))),
            Kind::I64 => Arc::new(Int64Array::from_iter_values(rows().map(|_| 0))),
            Kind::U32 => Arc::new(UInt32Array::from_iter_values(rows().map(|_| 0))),
            Kind::U64 => Arc::new(UInt64Array::from_iter_values(rows().map(|_| 0))),
            Kind::F64 => Arc::new(Float64Array::from_iter_values(rows().map(|_| 0.0))),
            Kind::Id(_) | Kind::List { .. } | Kind::Structs { .. } => panic!("{} is not made", column.name),
        },
    }
}

/// Caller, called, kind, failed, one-sided: calls and the sum of their durations.
type Calls = BTreeMap<(String, String, String, bool, bool), (f64, i64)>;

/// The nearest span from `span` upwards that calls, within its service and the same request.
fn above(span: &Span, by_id: &HashMap<u64, &Span>) -> Option<u64> {
    let mut here = Some(span);
    while let Some(one) = here.filter(|one| one.service == span.service && !one.is_entry()) {
        if one.calls() {
            return Some(one.id);
        }
        here = by_id.get(&one.parent).copied();
    }
    None
}

fn recounted(spans: &[Span]) -> Calls {
    let by_id: HashMap<u64, &Span> = spans.iter().map(|span| (span.id, span)).collect();
    let mut calls = Calls::new();
    let mut add = |service: usize, peer: &str, kind: &str, failed: bool, one_sided: bool, duration_ns: i64| {
        let sum = calls.entry((SERVICES[service].to_owned(), peer.to_owned(), kind.to_owned(), failed, one_sided)).or_default();
        *sum = (sum.0 + 1.0, sum.1 + duration_ns);
    };
    let mut answered: HashSet<u64> = HashSet::new();
    for span in spans {
        let Some(parent) = by_id.get(&span.parent) else {
            if span.is_entry() && span.parent > 0 {
                add(span.service, "", "caller", span.failed, true, span.duration_ns);
            }
            continue;
        };
        if parent.service != span.service || span.calls() {
            answered.extend(above(parent, &by_id));
        }
        if parent.service != span.service {
            let waits = parent.kind == 3;
            let (duration_ns, failed) =
                if waits { (parent.duration_ns, span.failed || parent.failed) } else { (span.duration_ns, span.failed) };
            add(parent.service, SERVICES[span.service], "service", failed, false, duration_ns);
        }
    }
    for span in spans.iter().filter(|span| span.calls() && !answered.contains(&span.id)) {
        let (peer, kind) = if span.id % 2 == 0 { ("peer", "service") } else { ("", "") };
        add(span.service, peer, kind, span.failed, true, span.duration_ns);
    }
    calls
}

fn found(snapshot: &Snapshot) -> Calls {
    let rows = snapshot.scan(Table::EdgeMinutes).unwrap();
    assert_eq!(rows.partial, [] as [String; 0]);
    let mut edges = EdgeMinutes::default();
    rows.batches.iter().for_each(|rows| edges.add_rows(rows).unwrap());
    let rows = edges.finish().unwrap().0;
    let text = |name: &str, row: usize| {
        let column = rows.column_by_name(name).unwrap().as_dictionary::<Int32Type>();
        column.key(row).map_or("", |key| column.values().as_string::<i32>().value(key)).to_owned()
    };
    let number = |name: &str| rows.column_by_name(name).unwrap();
    let call = |row: usize| {
        let one_sided = number(c::ONE_SIDED).as_primitive::<Int32Type>().value(row) == 1;
        let key =
            (text(c::SERVICE_NAME, row), text(c::PEER, row), text(c::PEER_KIND, row), text(c::STATUS_CLASS, row) == "error", one_sided);
        let count = number(c::COUNT).as_primitive::<Float64Type>().value(row);
        (key, (count, number(c::DURATION_SUM_NS).as_primitive::<Int64Type>().value(row)))
    };
    let mut calls = Calls::new();
    for (key, (count, sum)) in (0..rows.num_rows()).map(call) {
        let all = calls.entry(key).or_default();
        *all = (all.0 + count, all.1 + sum);
    }
    calls
}

fn open(dir: &Path) -> Arc<Store> {
    let store = Store::open(config(dir), Arc::new(RealIo), Arc::new(derive)).unwrap();
    while store.readiness().replay_bytes_left > 0 {
        std::thread::yield_now();
    }
    store
}

fn send(store: &Store, spans: &[Span], received_at: i64) {
    let request = request(spans, received_at);
    let batches = derive(&request).unwrap();
    store.append(request, batches, Box::new(())).unwrap().wait().unwrap();
}

fn halves(store: &Store) -> u64 {
    store.stats().tables.into_iter().find(|stats| stats.table == Table::EdgeHalves).unwrap().block_rows
}

/// Of the shape `shape`, in pieces that come together.
fn shape(shape: usize, nth: u64) -> Vec<Vec<Span>> {
    let trace = nth + 1;
    let span = |id: u64, parent: u64, service: usize, kind: i32| Span {
        trace,
        id: trace * 100 + id,
        parent: if parent == 0 { 0 } else { trace * 100 + parent },
        service,
        kind,
        duration_ns: (nth as i64 + 1) * 1000 + id as i64,
        failed: (nth + id).is_multiple_of(5),
    };
    match shape {
        0 => vec![vec![span(1, 0, 0, 2)], vec![span(2, 1, 0, 3)], vec![span(3, 2, 1, 2)], vec![span(4, 3, 1, 3)]],
        1 => vec![vec![span(1, 0, 0, 3)], vec![span(2, 1, 0, 1), span(3, 2, 0, 3)], vec![span(4, 3, 1, 2)]],
        2 => vec![vec![span(1, 0, 0, 3)], vec![span(2, 1, 0, 1), span(3, 2, 1, 2)]],
        3 => vec![vec![span(1, 0, 0, 4)], vec![span(2, 1, 2, 5)], vec![span(3, 1, 3, 5)]],
        _ => vec![vec![span(2, 99, 1, 2)], vec![span(4, 2, 1, 3)], vec![span(5, 2, 1, 3)]],
    }
}

#[derive(Debug, Clone)]
enum Step {
    /// So many pieces of what is left to send.
    Send(usize),
    Flush,
    /// Joins, but settles nothing: the time to wait is not over.
    Join,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![4 => (1..8usize).prop_map(Step::Send), 6 => Just(Step::Flush), 1 => Just(Step::Join), 1 => Just(Step::Restart)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn calls_are_those_of_a_naive_recount(
        shapes in prop::collection::vec(0..5usize, 1..10),
        order in prop::collection::vec(any::<prop::sample::Index>(), 40),
        steps in prop::collection::vec(step(), 1..30),
    ) {
        let mut pieces: Vec<Vec<Span>> = shapes.iter().zip(0..).flat_map(|(of, nth)| shape(*of, nth)).collect();
        for (at, other) in order.iter().enumerate().take(pieces.len()) {
            let other = other.index(pieces.len());
            pieces.swap(at, other);
        }
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path());
        let mut sent: Vec<Span> = Vec::new();
        for step in steps {
            match &step {
                Step::Send(count) => {
                    let spans: Vec<Span> = pieces.drain(..(*count).min(pieces.len())).flatten().collect();
                    if !spans.is_empty() {
                        send(&store, &spans, NOW);
                    }
                    sent.extend(spans);
                }
                Step::Flush => store.flush().unwrap(),
                Step::Join => drop(store.compact(UnixNanos(NOW)).unwrap()),
                Step::Restart => {
                    drop(store);
                    store = open(dir.path());
                }
            }
            prop_assert_eq!(found(&store.snapshot(TenantId::DEFAULT)), recounted(&sent), "{:?}", step);
        }
        let rest: Vec<Span> = pieces.into_iter().flatten().collect();
        if !rest.is_empty() {
            send(&store, &rest, NOW);
        }
        sent.extend(rest);
        store.flush().unwrap();
        store.compact(UnixNanos(i64::MAX)).unwrap();
        prop_assert_eq!(halves(&store), 0);
        prop_assert_eq!(found(&store.snapshot(TenantId::DEFAULT)), recounted(&sent));
        drop(store);
        prop_assert_eq!(found(&open(dir.path()).snapshot(TenantId::DEFAULT)), recounted(&sent));
        prop_assert_eq!(verify(Arc::new(RealIo), dir.path(), &mut |_| {}).unwrap().findings, []);
    }
}

const DELAY: i64 = 300 * 1_000_000_000;

#[test]
fn halves_wait_until_what_arrived_meanwhile_is_in_blocks() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let pieces = shape(0, 0);
    send(&store, &pieces[1], NOW);
    store.flush().unwrap();
    // The other half is in memory only, and came in time.
    send(&store, &pieces[2], NOW + 5);
    store.compact(UnixNanos(i64::MAX)).unwrap();
    assert_eq!(halves(&store), 1);
    store.flush().unwrap();
    store.compact(UnixNanos(NOW + 2 * DELAY - 1)).unwrap();
    assert_eq!(halves(&store), 2, "not yet");
    store.compact(UnixNanos(NOW + 2 * DELAY)).unwrap();
    assert_eq!(halves(&store), 0);
    let spans: Vec<Span> = pieces[1..3].concat();
    assert_eq!(found(&store.snapshot(TenantId::DEFAULT)), recounted(&spans));
}

#[test]
fn what_comes_too_late_is_added() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let pieces = shape(0, 0);
    send(&store, &pieces[1], NOW);
    store.flush().unwrap();
    store.compact(UnixNanos(i64::MAX)).unwrap();
    send(&store, &pieces[2], NOW + 10 * DELAY);
    store.flush().unwrap();
    store.compact(UnixNanos(i64::MAX)).unwrap();
    let expected: Calls = [recounted(&pieces[1]), recounted(&pieces[2])].into_iter().flatten().collect();
    assert_eq!((found(&store.snapshot(TenantId::DEFAULT)), halves(&store)), (expected, 0));
}

#[test]
fn a_caller_without_a_span_for_its_call_is_found_in_blocks() {
    let span =
        |id: u64, parent: u64, service: usize, kind: i32| Span { trace: 1, id, parent, service, kind, duration_ns: 1000, failed: false };
    // Called by a server span and an internal one, by its own service, and by a span that never comes.
    let pieces = [
        vec![span(1, 0, 0, 2), span(2, 1, 0, 1), span(3, 0, 2, 2)],
        vec![span(4, 1, 1, 2), span(5, 2, 3, 2), span(6, 3, 2, 2)],
        vec![span(7, 99, 1, 2)],
    ];
    for order in [[0, 1, 2], [1, 2, 0]] {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        for piece in order {
            send(&store, &pieces[piece], NOW);
            store.flush().unwrap();
        }
        let callers = |calls: Calls| calls.iter().filter(|(call, _)| call.2 == "caller").map(|(_, (count, _))| *count).sum::<f64>();
        assert_eq!(callers(found(&store.snapshot(TenantId::DEFAULT))), 4.0, "not known yet");
        store.compact(UnixNanos(i64::MAX)).unwrap();
        let calls = found(&store.snapshot(TenantId::DEFAULT));
        assert_eq!((calls, halves(&store)), (recounted(&pieces.concat()), 0), "{order:?}");
    }
}

#[test]
fn many_blocks_of_halves_become_one() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut sent = Vec::new();
    for nth in 0..7 {
        let piece = if nth % 2 == 0 { &shape(0, nth)[1] } else { &shape(0, nth - 1)[2] };
        send(&store, piece, NOW);
        sent.extend(piece);
        store.flush().unwrap();
        store.compact(UnixNanos(NOW)).unwrap();
    }
    let blocks = || store.stats().tables.into_iter().find(|stats| stats.table == Table::EdgeHalves).unwrap().blocks;
    assert_eq!((blocks(), halves(&store)), (7, 7));
    send(&store, &shape(0, 6)[2], NOW);
    sent.extend(&shape(0, 6)[2]);
    store.flush().unwrap();
    store.compact(UnixNanos(NOW)).unwrap();
    assert_eq!((blocks(), halves(&store)), (1, 4), "callers wait for more, what they called does not");
    assert_eq!(found(&store.snapshot(TenantId::DEFAULT)), recounted(&sent));
}

#[test]
fn a_damaged_block_of_halves_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    send(&store, &shape(0, 0)[1], NOW);
    store.flush().unwrap();
    send(&store, &shape(0, 1)[1], NOW);
    store.flush().unwrap();
    drop(store);
    let files = std::fs::read_dir(dir.path().join("data/1/edge_halves")).unwrap().map(|entry| entry.unwrap().path());
    let mut blocks: Vec<_> = files.filter(|path| path.extension().is_some_and(|extension| extension == "parquet")).collect();
    blocks.sort();
    std::fs::write(&blocks[0], b"damage").unwrap();
    let store = open(dir.path());
    let rows = store.snapshot(TenantId::DEFAULT).scan(Table::EdgeMinutes).unwrap();
    assert_eq!(rows.partial.len(), 1, "{:?}", rows.partial);
    assert_eq!(rows.batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 1, "what can be read is told");
    // It stops nothing: the scan found it out, and the other half is settled.
    store.compact(UnixNanos(i64::MAX)).unwrap();
    assert_eq!(halves(&store), 1, "of the damaged block");
}

#[test]
fn spans_in_blocks_have_their_calls() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    send(&store, &shape(0, 0).concat(), NOW);
    store.flush().unwrap();
    let snapshot = store.snapshot(TenantId::DEFAULT);
    let all = TimeRange { first: UnixNanos(i64::MIN), last: UnixNanos(i64::MAX) };
    assert!(snapshot.has_edges_of(all));
    assert!(snapshot.version(Table::EdgeMinutes, None).is_none(), "a half may still find the other");
    store.compact(UnixNanos(i64::MAX)).unwrap();
    assert!(store.snapshot(TenantId::DEFAULT).version(Table::EdgeMinutes, None).is_some());
}
