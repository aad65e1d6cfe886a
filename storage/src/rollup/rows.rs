//! Rows of [`Table::OperationMinutes`]: by column, to add them up, and one by one, for whoever asks.
//!
//! [`Table::OperationMinutes`]: schemas::Table::OperationMinutes

use arrow::{
    array::{
        Array, AsArray, FixedSizeBinaryArray, Float64Array, Int32Array, Int64Array, ListArray, PrimitiveArray, RecordBatch, StringArray,
        TimestampNanosecondArray,
    },
    datatypes::{Float64Type, Int32Type, Int64Type, TimestampNanosecondType},
};
use schemas::{TraceId, UnixNanos, columns as c};

use super::{
    columns::{RollupError, dictionary, get, ids, numbers},
    key::Key,
    measures::{Measures, NO_DURATION},
};

/// What is added up, by column.
pub(super) struct MeasureColumns<'a> {
    received_at: &'a TimestampNanosecondArray,
    count: &'a Float64Array,
    spans: &'a Int64Array,
    late: &'a Int64Array,
    errors: &'a Float64Array,
    negative: &'a Float64Array,
    zero: &'a Float64Array,
    duration_sum_ns: &'a Int64Array,
    duration_max_ns: &'a Int64Array,
    buckets: &'a ListArray,
    bucket_index: &'a Int32Array,
    bucket_count: &'a Float64Array,
    slowest: &'a FixedSizeBinaryArray,
    newest_time: &'a TimestampNanosecondArray,
    newest: &'a FixedSizeBinaryArray,
}

impl<'a> MeasureColumns<'a> {
    pub(super) fn of(batch: &'a RecordBatch) -> Result<Self, RollupError> {
        let wrong = RollupError::Column { column: c::DURATION_BUCKETS };
        let buckets = batch.column_by_name(c::DURATION_BUCKETS).and_then(|column| column.as_list_opt::<i32>());
        let parts = buckets.and_then(|buckets| {
            let fields = buckets.values().as_struct_opt()?;
            let index = fields.column_by_name(c::INDEX)?.as_primitive_opt::<Int32Type>()?;
            Some((buckets, index, fields.column_by_name(c::COUNT)?.as_primitive_opt::<Float64Type>()?))
        });
        let (buckets, bucket_index, bucket_count) = parts.ok_or(wrong)?;
        Ok(Self {
            received_at: numbers::<TimestampNanosecondType>(batch, c::RECEIVED_AT)?,
            count: numbers::<Float64Type>(batch, c::COUNT)?,
            spans: numbers::<Int64Type>(batch, c::SPANS)?,
            late: numbers::<Int64Type>(batch, c::LATE_SPANS)?,
            errors: numbers::<Float64Type>(batch, c::ERRORS)?,
            negative: numbers::<Float64Type>(batch, c::NEGATIVE_COUNT)?,
            zero: numbers::<Float64Type>(batch, c::ZERO_COUNT)?,
            duration_sum_ns: numbers::<Int64Type>(batch, c::DURATION_SUM_NS)?,
            duration_max_ns: numbers::<Int64Type>(batch, c::DURATION_MAX_NS)?,
            buckets,
            bucket_index,
            bucket_count,
            slowest: ids(batch, c::SLOWEST_TRACE_ID, 16)?,
            newest_time: numbers::<TimestampNanosecondType>(batch, c::NEWEST_TIME)?,
            newest: ids(batch, c::NEWEST_TRACE_ID, 16)?,
        })
    }

    pub(super) fn measures(&self, row: usize) -> Measures {
        Measures {
            received_at: self.received_at.value(row),
            count: self.count.value(row),
            spans: self.spans.value(row),
            late: self.late.value(row),
            errors: self.errors.value(row),
            negative: self.negative.value(row),
            zero: self.zero.value(row),
            duration_sum_ns: self.duration_sum_ns.value(row),
            duration_max_ns: get(self.duration_max_ns, row).unwrap_or(NO_DURATION),
            slowest: id(self.slowest, row).unwrap_or_default(),
            newest_time: self.newest_time.value(row),
            newest: id(self.newest, row).unwrap_or_default(),
        }
    }

    pub(super) fn buckets(&self, row: usize) -> impl Iterator<Item = (i32, f64)> + use<'a> {
        let offsets = self.buckets.value_offsets();
        let (start, end) = if self.buckets.is_valid(row) { (offsets[row] as usize, offsets[row + 1] as usize) } else { (0, 0) };
        let (index, count) = (&self.bucket_index.values()[start..end], &self.bucket_count.values()[start..end]);
        index.iter().copied().zip(count.iter().copied())
    }
}

pub(super) fn id<const BYTES: usize>(ids: &FixedSizeBinaryArray, row: usize) -> Option<[u8; BYTES]> {
    if ids.is_valid(row) { ids.value(row).try_into().ok() } else { None }
}

/// A row, read. Times are UTC; see [`schemas::derived::operation_minutes`] for what each value means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MinuteRow<'a> {
    /// Start of the minute.
    pub time: UnixNanos,
    pub service_name: Option<&'a str>,
    pub service_namespace: Option<&'a str>,
    pub service_version: Option<&'a str>,
    pub deployment_environment: Option<&'a str>,
    pub operation: Option<&'a str>,
    pub span_kind: i32,
    pub peer: Option<&'a str>,
    pub peer_kind: Option<&'a str>,
    pub status_class: &'a str,
    pub response_class: Option<&'a str>,
    pub error_code: Option<&'a str>,
    pub beyond_limit: i32,
    pub received_at: UnixNanos,
    pub count: f64,
    pub spans: i64,
    pub late_spans: i64,
    pub errors: f64,
    pub negative_count: f64,
    pub zero_count: f64,
    pub duration_sum_ns: i64,
    pub duration_max_ns: Option<i64>,
    pub slowest_trace_id: Option<TraceId>,
    pub newest_trace_id: Option<TraceId>,
    pub newest_time: UnixNanos,
}

/// The rows of a batch, one by one.
pub struct MinuteRows<'a> {
    rows: usize,
    time: &'a TimestampNanosecondArray,
    span_kind: &'a Int32Array,
    beyond_limit: &'a Int32Array,
    texts: Vec<(&'a PrimitiveArray<Int32Type>, &'a StringArray)>,
    measures: MeasureColumns<'a>,
}

impl<'a> MinuteRows<'a> {
    /// # Errors
    /// When a column is missing or has another type.
    pub fn of(batch: &'a RecordBatch) -> Result<Self, RollupError> {
        Ok(Self {
            rows: batch.num_rows(),
            time: numbers::<TimestampNanosecondType>(batch, c::TIME)?,
            span_kind: numbers::<Int32Type>(batch, c::SPAN_KIND)?,
            beyond_limit: numbers::<Int32Type>(batch, c::BEYOND_LIMIT)?,
            texts: Key::TEXTS.iter().map(|name| dictionary(batch, name)).collect::<Result<_, _>>()?,
            measures: MeasureColumns::of(batch)?,
        })
    }

    pub fn len(&self) -> usize {
        self.rows
    }

    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// A row; `row` is below [`Self::len`].
    pub fn get(&self, row: usize) -> MinuteRow<'a> {
        let text = |column: usize| {
            let (keys, values) = self.texts[column];
            let value = keys.is_valid(row).then(|| usize::try_from(keys.value(row)).ok()).flatten()?;
            (value < values.len() && values.is_valid(value)).then(|| values.value(value))
        };
        let measures = self.measures.measures(row);
        let has_duration = measures.duration_max_ns != NO_DURATION;
        MinuteRow {
            time: UnixNanos(self.time.value(row)),
            service_name: text(0),
            service_namespace: text(1),
            service_version: text(2),
            deployment_environment: text(3),
            operation: text(4),
            span_kind: self.span_kind.value(row),
            peer: text(5),
            peer_kind: text(6),
            status_class: text(7).unwrap_or_default(),
            response_class: text(8),
            error_code: text(9),
            beyond_limit: self.beyond_limit.value(row),
            received_at: UnixNanos(measures.received_at),
            count: measures.count,
            spans: measures.spans,
            late_spans: measures.late,
            errors: measures.errors,
            negative_count: measures.negative,
            zero_count: measures.zero,
            duration_sum_ns: measures.duration_sum_ns,
            duration_max_ns: has_duration.then_some(measures.duration_max_ns),
            slowest_trace_id: if has_duration { TraceId::from_slice(&measures.slowest) } else { None },
            newest_trace_id: TraceId::from_slice(&measures.newest),
            newest_time: UnixNanos(measures.newest_time),
        }
    }

    /// The buckets of a row, ascending: to be added to a [`DurationHistogram`](super::DurationHistogram), with its `zero_count`.
    pub fn buckets(&self, row: usize) -> impl Iterator<Item = (i32, f64)> + use<'a> {
        self.measures.buckets(row)
    }
}
