//! Rows of a batch as records, and the errors of a whole batch.

use arrow::array::{Array, AsArray, DictionaryArray, PrimitiveArray, StringArray};
use arrow::datatypes::{Int32Type, Int64Type, TimestampNanosecondType};
use arrow::record_batch::RecordBatch;
use schemas::{Table, UnixNanos, columns as c};

use super::{
    extract::Extractor,
    record::{Event, Record, SpanStatus},
};
use crate::facts::{Error, Source, SpanKind};

/// The columns that extraction looks at, found once per batch. A column that is missing reads as null.
#[derive(Debug)]
pub struct Rows<'a> {
    table: Table,
    len: usize,
    time: Times<'a>,
    duration: Longs<'a>,
    kind: Ints<'a>,
    status: Ints<'a>,
    severity: Ints<'a>,
    http_status: Longs<'a>,
    rpc_grpc_status: Longs<'a>,
    name: Texts<'a>,
    status_message: Texts<'a>,
    body: Texts<'a>,
    attributes: Texts<'a>,
    rpc_status: Texts<'a>,
    error_type: Texts<'a>,
    exception_type: Texts<'a>,
    exception_message: Texts<'a>,
    scope: Words<'a>,
    metric_name: Words<'a>,
    metric_type: Words<'a>,
    events: Option<Events<'a>>,
}

type Times<'a> = Option<&'a PrimitiveArray<TimestampNanosecondType>>;
type Ints<'a> = Option<&'a PrimitiveArray<Int32Type>>;
type Longs<'a> = Option<&'a PrimitiveArray<Int64Type>>;
type Texts<'a> = Option<&'a StringArray>;
type Words<'a> = Option<&'a DictionaryArray<Int32Type>>;

#[derive(Debug)]
struct Events<'a> {
    offsets: &'a [i32],
    names: &'a StringArray,
    attributes: &'a StringArray,
}

impl<'a> Rows<'a> {
    /// Of a batch with the schema of `table`.
    pub fn new(table: Table, batch: &'a RecordBatch) -> Self {
        let texts = |name: &str| batch.column_by_name(name).and_then(|array| array.as_string_opt::<i32>());
        let words = |name: &str| batch.column_by_name(name).and_then(|array| array.as_dictionary_opt::<Int32Type>());
        let ints = |name: &str| batch.column_by_name(name).and_then(|array| array.as_primitive_opt::<Int32Type>());
        let longs = |name: &str| batch.column_by_name(name).and_then(|array| array.as_primitive_opt::<Int64Type>());
        let times = |name: &str| batch.column_by_name(name).and_then(|array| array.as_primitive_opt::<TimestampNanosecondType>());
        Self {
            table,
            len: batch.num_rows(),
            time: times(if table == Table::Spans { c::START_TIME } else { c::TIME }),
            duration: longs(c::DURATION_NS),
            kind: ints(c::KIND),
            status: ints(c::STATUS_CODE),
            severity: ints(c::SEVERITY_NUMBER),
            http_status: longs(c::HTTP_RESPONSE_STATUS_CODE),
            rpc_grpc_status: longs(c::RPC_GRPC_STATUS_CODE),
            name: texts(c::NAME),
            status_message: texts(c::STATUS_MESSAGE),
            body: texts(c::BODY),
            attributes: texts(c::ATTRIBUTES),
            rpc_status: texts(c::RPC_STATUS_CODE),
            error_type: texts(c::ERROR_TYPE),
            exception_type: texts(c::EXCEPTION_TYPE),
            exception_message: texts(c::EXCEPTION_MESSAGE),
            scope: words(c::SCOPE_NAME),
            metric_name: words(c::METRIC_NAME),
            metric_type: words(c::METRIC_TYPE),
            events: events(batch),
        }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Row `row`; its events are put into `events`, whose memory serves for many rows.
    pub fn record<'b>(&self, row: usize, events: &'b mut Vec<Event<'a>>) -> Record<'b>
    where
        'a: 'b,
    {
        events.clear();
        if let Some(all) = &self.events {
            for at in all.offsets[row] as usize..all.offsets[row + 1] as usize {
                events.push(Event { name: text(Some(all.names), at), attributes: text(Some(all.attributes), at) });
            }
        }
        let duration_ns = number(self.duration, row);
        let start = self.time.map_or(0, |times| times.value(row));
        let source = match self.table {
            Table::Spans => Source::Span,
            Table::Metrics => match word(self.metric_type, row) {
                "gauge" => Source::Gauge,
                "sum" => Source::Sum,
                _ => Source::Histogram,
            },
            _ => Source::Log,
        };
        Record {
            source,
            time: UnixNanos(start.saturating_add(duration_ns.unwrap_or_default().max(0))),
            scope: word(self.scope, row),
            operation: if self.table == Table::Metrics { word(self.metric_name, row) } else { text(self.name, row) },
            span_kind: self.kind.map(|kinds| SpanKind::from_number(kinds.value(row)).unwrap_or(SpanKind::Unspecified)),
            span_status: self.status.map(|status| SpanStatus::of(status.value(row))).unwrap_or_default(),
            status_message: text(self.status_message, row),
            duration_ns,
            severity: self.severity.map_or(0, |severity| severity.value(row)),
            body: text(self.body, row),
            attributes: text(self.attributes, row),
            events,
            http_status: number(self.http_status, row),
            rpc_status: text(self.rpc_status, row),
            rpc_grpc_status: number(self.rpc_grpc_status, row),
            error_type: text(self.error_type, row),
            exception_type: text(self.exception_type, row),
            exception_message: text(self.exception_message, row),
        }
    }
}

impl Extractor {
    /// The errors of a batch with the schema of `table`, each with its row. Emitter and ids are left to the caller.
    pub fn errors(&self, table: Table, batch: &RecordBatch) -> Vec<(usize, Error)> {
        let marked = self.precheck().rows(table, batch);
        let rows = Rows::new(table, batch);
        let mut events = Vec::new();
        marked.set_indices().filter_map(|row| Some((row, self.extract(&rows.record(row, &mut events))?))).collect()
    }
}

fn events(batch: &RecordBatch) -> Option<Events<'_>> {
    let list = batch.column_by_name(c::EVENTS)?.as_list_opt::<i32>()?;
    let fields = list.values().as_struct_opt()?;
    let texts = |name: &str| fields.column_by_name(name)?.as_string_opt::<i32>();
    Some(Events { offsets: list.value_offsets(), names: texts(c::NAME)?, attributes: texts(c::ATTRIBUTES)? })
}

fn text<'a>(array: Texts<'a>, row: usize) -> &'a str {
    array.filter(|array| array.is_valid(row)).map_or("", |array| array.value(row))
}

fn number(array: Longs<'_>, row: usize) -> Option<i64> {
    array.filter(|array| array.is_valid(row)).map(|array| array.value(row))
}

fn word<'a>(array: Words<'a>, row: usize) -> &'a str {
    let value = |array: &'a DictionaryArray<Int32Type>| {
        let key = array.key(row)?;
        let values = array.values().as_string_opt::<i32>()?;
        values.is_valid(key).then(|| values.value(key))
    };
    array.and_then(value).unwrap_or_default()
}
