//! Requests of made-up rows. The body says it all, so that [`derive`] makes the same rows again after a restart.

use std::{path::Path, sync::Arc};

use arrow::{
    array::{
        ArrayRef, AsArray, BooleanArray, DictionaryArray, FixedSizeBinaryArray, Float64Array, Int32Array, Int64Array, StringArray,
        TimestampNanosecondArray, UInt32Array, UInt64Array, new_null_array,
    },
    datatypes::{Int32Type, Int64Type, TimestampNanosecondType},
    record_batch::RecordBatch,
};
use bytes::Bytes;
use schemas::{
    RequestHash, Signal, Table, TableBatch, TenantId, TraceId, UnixNanos,
    column::{Column, Kind},
    columns::{BODY, METRIC_NAME, SERIES_ID, SERVICE_NAME, SPAN_ID, START_TIME, TIME, TRACE_ID, VALUE_INT},
    otlp::{ContentEncoding, Format},
};
use storage::{
    Config, RawRequest, Receipt, Refused, Snapshot, Store, TimeRange,
    io::Io,
    rollup::{EdgeMinutes, OperationMinutes},
};

/// One row of a test. `key` is not used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    pub table: Table,
    pub key: u64,
    /// Few different ones, so that traces meet.
    pub trace: u64,
    pub time: i64,
}

impl Row {
    pub fn span(key: u64, trace: u64, time: i64) -> Self {
        Self { table: Table::Spans, key, trace, time }
    }
}

/// Neighbouring numbers share the first eight bytes of their ids.
pub fn trace_id(trace: u64) -> TraceId {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&(trace / 2 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    id[8..].copy_from_slice(&trace.to_be_bytes());
    TraceId(id)
}

pub fn request(rows: &[Row], received_at: i64) -> RawRequest {
    let lines: Vec<String> = rows.iter().map(|row| format!("{} {} {} {}", row.table, row.key, row.trace, row.time)).collect();
    let body = Bytes::from(lines.join("\n"));
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

pub fn derive(request: &RawRequest) -> Result<Vec<TableBatch>, String> {
    let text = std::str::from_utf8(&request.body).map_err(|error| error.to_string())?;
    let rows: Vec<Row> = text.lines().map(parse).collect::<Option<_>>().ok_or("not a row")?;
    let of_table = |table| rows.iter().copied().filter(|row| row.table == table).collect::<Vec<Row>>();
    let tables = Table::SENT.map(|table| (table, of_table(table)));
    let with_rows = tables.iter().filter(|(_, rows)| !rows.is_empty());
    Ok(with_rows.map(|(table, rows)| TableBatch { table: *table, batch: batch(*table, rows, request.received_at) }).collect())
}

fn parse(line: &str) -> Option<Row> {
    let mut words = line.split(' ');
    Some(Row {
        table: Table::from_name(words.next()?)?,
        key: words.next()?.parse().ok()?,
        trace: words.next()?.parse().ok()?,
        time: words.next()?.parse().ok()?,
    })
}

pub fn batch(table: Table, rows: &[Row], received_at: UnixNanos) -> RecordBatch {
    let columns = table.columns().map(|column| values(column, rows, received_at)).collect();
    RecordBatch::try_new(table.schema(), columns).unwrap()
}

fn values(column: &Column, rows: &[Row], received_at: UnixNanos) -> ArrayRef {
    let times =
        |time: &dyn Fn(&Row) -> i64| Arc::new(TimestampNanosecondArray::from_iter_values(rows.iter().map(time)).with_timezone("UTC"));
    let binary = |id: &dyn Fn(&Row) -> Vec<u8>| Arc::new(FixedSizeBinaryArray::try_from_iter(rows.iter().map(id)).unwrap());
    match column.name {
        TRACE_ID => binary(&|row| trace_id(row.trace).0.to_vec()),
        SPAN_ID => binary(&|row| row.key.to_be_bytes().to_vec()),
        START_TIME | TIME => times(&|row| row.time),
        BODY => Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.key.to_string()))),
        VALUE_INT => Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.key as i64))),
        SERIES_ID => Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.trace))),
        SERVICE_NAME | METRIC_NAME => {
            let names = rows.iter().map(|row| format!("{}-{}", column.name, row.trace % 3));
            let keys = Int32Array::from_iter_values(0..rows.len() as i32);
            Arc::new(DictionaryArray::new(keys, Arc::new(StringArray::from_iter_values(names))))
        }
        _ if column.nullable => new_null_array(&column.kind.data_type(), rows.len()),
        _ => match column.kind {
            Kind::Id(bytes) => binary(&|_| vec![1; bytes as usize]),
            Kind::Time => times(&|_| received_at.0),
            Kind::Text => Arc::new(StringArray::from_iter_values(rows.iter().map(|row| format!("text {}", row.key % 5)))),
            Kind::GroupText => Arc::new(rows.iter().map(|_| "group").collect::<DictionaryArray<Int32Type>>()),
            Kind::Bool => Arc::new(BooleanArray::from(vec![true; rows.len()])),
            Kind::I32 => Arc::new(Int32Array::from_iter_values(rows.iter().map(|row| row.trace as i32))),
            Kind::I64 => Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.key as i64 - 3))),
            Kind::U32 => Arc::new(UInt32Array::from_iter_values(rows.iter().map(|row| row.key as u32))),
            Kind::U64 => Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.key))),
            Kind::F64 => Arc::new(Float64Array::from_iter_values(rows.iter().map(|row| row.key as f64))),
            Kind::List { .. } | Kind::Structs { .. } => panic!("no required column is a list"),
        },
    }
}

/// The rows of `batches` again, with the trace numbers of `known`.
pub fn rows_of(table: Table, batches: &[RecordBatch]) -> Vec<Row> {
    batches.iter().flat_map(|batch| rows_of_batch(table, batch)).collect()
}

fn rows_of_batch(table: Table, batch: &RecordBatch) -> Vec<Row> {
    assert_eq!(batch.schema(), table.schema());
    let column = |name: &str| batch.column_by_name(name).unwrap();
    let times = |name| column(name).as_primitive::<TimestampNanosecondType>();
    let row = |row: usize| match table {
        Table::Spans => Row {
            table,
            key: u64::from_be_bytes(column(SPAN_ID).as_fixed_size_binary().value(row).try_into().unwrap()),
            trace: u64::from_be_bytes(column(TRACE_ID).as_fixed_size_binary().value(row)[8..].try_into().unwrap()),
            time: times(START_TIME).value(row),
        },
        Table::Logs => {
            Row { table, key: column(BODY).as_string::<i32>().value(row).parse().unwrap(), trace: 0, time: times(TIME).value(row) }
        }
        Table::Metrics => {
            Row { table, key: column(VALUE_INT).as_primitive::<Int64Type>().value(row) as u64, trace: 0, time: times(TIME).value(row) }
        }
        _ => panic!("tests write no {table}"),
    };
    (0..batch.num_rows()).map(row).collect()
}

/// As [`rows_of`] gives it back: only spans keep their trace.
pub fn as_found(row: Row) -> Row {
    if row.table == Table::Spans { row } else { Row { trace: 0, ..row } }
}

/// Everything a snapshot has, sorted.
pub fn all_rows(snapshot: &Snapshot) -> Vec<Row> {
    let scan = |table| {
        let rows = snapshot.scan(table).unwrap();
        assert_eq!(rows.partial, [] as [String; 0]);
        rows_of(table, &rows.batches)
    };
    let mut rows: Vec<Row> = Table::SENT.into_iter().flat_map(scan).collect();
    rows.sort_unstable();
    rows
}

/// The sums by minute are those of the spans, none of which has a parent.
pub fn check_minutes(snapshot: &Snapshot, when: &str) {
    let scan = |table| {
        let rows = snapshot.scan(table).unwrap();
        assert_eq!(rows.partial, [] as [String; 0]);
        rows.batches
    };
    let (mut found, mut expected) = (OperationMinutes::default(), OperationMinutes::default());
    scan(Table::OperationMinutes).iter().for_each(|rows| found.add_rows(rows).unwrap());
    scan(Table::Spans).iter().for_each(|spans| expected.add_spans(spans).unwrap());
    assert_eq!(found.finish().unwrap(), expected.finish().unwrap(), "{when}");
    if !snapshot.has_edges_of(TimeRange { first: UnixNanos(i64::MIN), last: UnixNanos(i64::MAX) }) {
        return;
    }
    let (mut found, mut expected) = (EdgeMinutes::default(), EdgeMinutes::default());
    scan(Table::EdgeMinutes).iter().for_each(|rows| found.add_rows(rows).unwrap());
    expected.add_cut(&scan(Table::Spans), i64::MIN..i64::MAX).unwrap();
    expected.settle(i64::MAX);
    assert_eq!(found.finish().unwrap(), expected.finish().unwrap(), "{when}");
}

pub fn trace_rows(snapshot: &Snapshot, trace: u64) -> Vec<Row> {
    let rows = snapshot.trace(trace_id(trace)).unwrap();
    assert_eq!(rows.partial, [] as [String; 0]);
    let mut rows = rows_of(Table::Spans, &rows.batches);
    rows.sort_unstable();
    rows
}

/// Small files; no flush and no compaction unless asked for.
pub fn config(dir: &Path) -> Config {
    let mut config = Config::new(dir);
    config.flush_interval = std::time::Duration::from_secs(3600);
    config.wal.segment_bytes = 64 << 10;
    config.wal.free_bytes_min = 0;
    config.wal.used_share_max = 1.0;
    config.reserve_bytes = 0;
    config.compact.enabled = false;
    config.compact.interval = std::time::Duration::from_secs(3600);
    config.compact.delete_delay = std::time::Duration::ZERO;
    config.compact.free_bytes_min = 0;
    config.retain.enabled = false;
    config.retain.delete_delay = std::time::Duration::ZERO;
    config
}

pub fn open(config: Config, io: Arc<dyn Io>) -> Arc<Store> {
    Store::open(config, io, Arc::new(derive)).unwrap()
}

/// Opens and waits until the rows of the last run are back.
pub fn reopen(config: Config, io: Arc<dyn Io>) -> Arc<Store> {
    let store = open(config, io);
    while store.readiness().replay_bytes_left > 0 {
        std::thread::yield_now();
    }
    store
}

pub fn append(store: &Store, rows: &[Row], received_at: i64) -> Result<Receipt, Refused> {
    let request = request(rows, received_at);
    let batches = derive(&request).unwrap();
    store.append(request, batches, Box::new(()))
}
