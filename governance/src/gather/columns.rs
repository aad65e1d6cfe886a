//! Columns of a batch: which rows are points of a series, and of which.

use arrow::{
    array::{Array, ArrayRef, AsArray, FixedSizeBinaryArray, Float64Array, Int32Array, RecordBatch, UInt64Array},
    compute::cast,
    datatypes::{DataType, Float64Type, Int32Type, Int64Type, TimestampNanosecondType, UInt64Type},
};
use schemas::{SpanId, TraceId, UnixNanos, columns as c};
use xxhash_rust::xxh3::xxh3_64;

use crate::{
    facts::{Amount, State},
    fold::{Link, Sample, Single},
    tables::{RowError, breaker_signals::ENUM},
};

/// What facts of one series have in common, in `breaker_signals` and `rejections`.
const IDENTITY: [&str; 25] = [
    c::SERVICE_NAME,
    c::SERVICE_NAMESPACE,
    c::SERVICE_INSTANCE_ID,
    c::SERVICE_VERSION,
    c::DEPLOYMENT_ENVIRONMENT,
    c::SERIES_ID,
    c::NAME,
    c::SIGNAL,
    c::FROM_STATE,
    c::KIND,
    c::RULE,
    c::SOURCE,
    c::CONFIDENCE,
    c::FRAMEWORK,
    c::MECHANISM,
    c::OPERATION,
    c::TARGET,
    c::CAUSE,
    c::TEXT,
    c::SPAN_KIND,
    c::CODE,
    c::REASON,
    c::HTTP_STATUS,
    c::GRPC_STATUS,
    c::SAYS_PROPAGATED,
];

/// The rows of a batch that are points of series.
pub(super) struct Points {
    times: ArrayRef,
    values: Float64Array,
    /// Null where the value is one of a gauge.
    totals: Float64Array,
    starts: ArrayRef,
    series: UInt64Array,
    identities: Vec<u64>,
    /// Of gauges with one number per state.
    states: Vec<Option<State>>,
    counts: Float64Array,
    traces: FixedSizeBinaryArray,
    spans: FixedSizeBinaryArray,
    parents: FixedSizeBinaryArray,
}

impl Points {
    /// # Errors
    /// When a column is missing or has another type.
    pub(super) fn of(batch: &RecordBatch) -> Result<Self, RowError> {
        let time = nanoseconds();
        let totals = column(batch, c::CUMULATIVE, &DataType::Float64)?.as_primitive::<Float64Type>().clone();
        let values = match batch.column_by_name(c::STATE_VALUE) {
            Some(_) => column(batch, c::STATE_VALUE, &DataType::Float64)?.as_primitive::<Float64Type>().clone(),
            None => Float64Array::new_null(batch.num_rows()),
        };
        let mut identities = vec![0; batch.num_rows()];
        for name in IDENTITY {
            if let Some(values) = batch.column_by_name(name) {
                mix(&mut identities, name, values)?;
            }
        }
        let states = match batch.column_by_name(c::TO_STATE) {
            Some(words) => states(batch, words, &mut identities)?,
            None => vec![None; batch.num_rows()],
        };
        Ok(Self {
            times: column(batch, c::TIME, &time)?,
            values,
            totals,
            starts: column(batch, c::START_TIME, &time)?,
            series: column(batch, c::SERIES_ID, &DataType::UInt64)?.as_primitive::<UInt64Type>().clone(),
            identities,
            states,
            counts: column(batch, c::COUNT, &DataType::Float64)?.as_primitive::<Float64Type>().clone(),
            traces: ids(batch, c::TRACE_ID, TraceId::LEN)?,
            spans: ids(batch, c::SPAN_ID, SpanId::LEN)?,
            parents: ids(batch, c::PARENT_SPAN_ID, SpanId::LEN)?,
        })
    }

    pub(super) fn is_point(&self, row: usize) -> bool {
        self.series.is_valid(row) && (self.totals.is_valid(row) || self.values.is_valid(row))
    }

    /// Rows of the same are of one series.
    pub(super) fn identity(&self, row: usize) -> u64 {
        self.identities[row]
    }

    pub(super) fn is_total(&self, row: usize) -> bool {
        self.totals.is_valid(row)
    }

    /// A call that was refused.
    pub(super) fn single(&self, row: usize) -> Single {
        Single {
            time: self.time(row),
            amount: Amount::Count(if self.counts.is_valid(row) { self.counts.value(row) } else { 1.0 }),
            trace_id: if self.traces.is_valid(row) { TraceId::from_slice(self.traces.value(row)) } else { None },
            span_id: span_at(&self.spans, row),
            parent_span_id: span_at(&self.parents, row),
        }
    }

    /// The schema requires one.
    fn time(&self, row: usize) -> UnixNanos {
        let times = self.times.as_primitive::<TimestampNanosecondType>();
        UnixNanos(if times.is_valid(row) { times.value(row) } else { 0 })
    }

    pub(super) fn sample(&self, row: usize) -> Sample {
        let starts = self.starts.as_primitive::<TimestampNanosecondType>();
        let start_time = starts.is_valid(row).then(|| UnixNanos(starts.value(row)));
        let value = if self.is_total(row) { self.totals.value(row) } else { self.values.value(row) };
        Sample { time: self.time(row), value, state: self.states[row], start_time, left_out: 0 }
    }
}

fn nanoseconds() -> DataType {
    DataType::Timestamp(arrow::datatypes::TimeUnit::Nanosecond, Some("UTC".into()))
}

fn column(batch: &RecordBatch, name: &'static str, wanted: &DataType) -> Result<ArrayRef, RowError> {
    let array = batch.column_by_name(name).ok_or(RowError::Missing(name))?;
    as_type(name, array, wanted)
}

/// Spans of a batch, each with its time and its parent.
///
/// # Errors
/// When a column is missing or has another type.
pub(super) fn links(batch: &RecordBatch) -> Result<Vec<(UnixNanos, Link)>, RowError> {
    let times = column(batch, c::TIME, &nanoseconds())?;
    let times = times.as_primitive::<TimestampNanosecondType>();
    let traces = ids(batch, c::TRACE_ID, TraceId::LEN)?;
    let (spans, parents) = (ids(batch, c::SPAN_ID, SpanId::LEN)?, ids(batch, c::PARENT_SPAN_ID, SpanId::LEN)?);
    let link = |row: usize| {
        let trace = if traces.is_valid(row) { TraceId::from_slice(traces.value(row)) } else { None };
        let link = Link { trace: trace?, span: span_at(&spans, row)?, parent: span_at(&parents, row) };
        Some((UnixNanos(if times.is_valid(row) { times.value(row) } else { 0 }), link))
    };
    Ok((0..batch.num_rows()).filter_map(link).collect())
}

fn span_at(array: &FixedSizeBinaryArray, row: usize) -> Option<SpanId> {
    if array.is_valid(row) { SpanId::from_slice(array.value(row)) } else { None }
}

fn ids(batch: &RecordBatch, name: &'static str, bytes: usize) -> Result<FixedSizeBinaryArray, RowError> {
    let wanted = DataType::FixedSizeBinary(bytes as i32);
    column(batch, name, &wanted)?.as_fixed_size_binary_opt().cloned().ok_or(RowError::Type { column: name, wanted })
}

fn as_type(name: &'static str, array: &ArrayRef, wanted: &DataType) -> Result<ArrayRef, RowError> {
    if array.data_type() == wanted {
        return Ok(array.clone());
    }
    cast(array, wanted).map_err(|_| RowError::Type { column: name, wanted: wanted.clone() })
}

/// Takes the values of one more column into `hashes`, but for nulls. A text that many rows have is hashed once.
fn mix(hashes: &mut [u64], name: &'static str, values: &ArrayRef) -> Result<(), RowError> {
    if values.null_count() == values.len() {
        return Ok(());
    }
    let of = xxh3_64(name.as_bytes());
    match values.data_type() {
        DataType::UInt64 => {
            let values = values.as_primitive::<UInt64Type>();
            take(hashes, of, |row| values.is_valid(row).then(|| values.value(row)));
        }
        DataType::Int32 => {
            let values = values.as_primitive::<Int32Type>();
            take(hashes, of, |row| values.is_valid(row).then(|| values.value(row) as u64));
        }
        DataType::Boolean => {
            let values = values.as_boolean();
            take(hashes, of, |row| values.is_valid(row).then(|| values.value(row).into()));
        }
        DataType::Int64 => {
            let values = values.as_primitive::<Int64Type>();
            take(hashes, of, |row| values.is_valid(row).then(|| values.value(row) as u64));
        }
        _ => {
            let words = Words::of(name, values, |word| xxh3_64(word.as_bytes()))?;
            take(hashes, of, |row| words.get(row));
        }
    }
    Ok(())
}

/// The state that the number of a gauge means changes with it; all other states tell one series from another.
fn states(batch: &RecordBatch, words: &ArrayRef, identities: &mut [u64]) -> Result<Vec<Option<State>>, RowError> {
    let signals = batch.column_by_name(c::SIGNAL).ok_or(RowError::Missing(c::SIGNAL))?;
    let is_enum = Words::of(c::SIGNAL, signals, |word| word == ENUM)?;
    let is_enum = |row: usize| is_enum.get(row) == Some(true);
    let hashes = Words::of(c::TO_STATE, words, |word| xxh3_64(word.as_bytes()))?;
    take(identities, xxh3_64(c::TO_STATE.as_bytes()), |row| if is_enum(row) { None } else { hashes.get(row) });
    let states = Words::of(c::TO_STATE, words, State::from_word)?;
    Ok((0..batch.num_rows()).map(|row| if is_enum(row) { states.get(row).flatten() } else { None }).collect())
}

/// A column of words that repeat; of each word it is found out once what it stands for.
pub(super) struct Words<T> {
    keys: Int32Array,
    known: Vec<T>,
}

impl<T: Copy> Words<T> {
    pub(super) fn of(name: &'static str, values: &ArrayRef, meaning: impl Fn(&str) -> T) -> Result<Self, RowError> {
        let wanted = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let values = as_type(name, values, &wanted)?;
        let values = values.as_dictionary::<Int32Type>();
        let words = values.values().as_string::<i32>();
        let known = (0..words.len()).map(|word| meaning(if words.is_valid(word) { words.value(word) } else { "" })).collect();
        Ok(Self { keys: values.keys().clone(), known })
    }

    pub(super) fn get(&self, row: usize) -> Option<T> {
        let key = self.keys.is_valid(row).then(|| self.keys.value(row))?;
        self.known.get(usize::try_from(key).ok()?).copied()
    }
}

/// Adds a hash of column and value, so that it does not matter which columns are there.
fn take(hashes: &mut [u64], column: u64, of: impl Fn(usize) -> Option<u64>) {
    for (row, hash) in hashes.iter_mut().enumerate() {
        if let Some(value) = of(row) {
            let mixed = (value ^ column).wrapping_mul(0x9fb2_1c65_1e98_df25);
            *hash = hash.wrapping_add((mixed ^ (mixed >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        }
    }
}
