//! Rows of `operation_minutes` added up: over stretches of time, and over what is not asked for of their keys.

use std::{collections::HashMap, sync::Arc};

use arrow::{
    array::{Array, AsArray, Float64Array, Int32Array, ListArray, RecordBatch},
    datatypes::{Float64Type, Int32Type, Int64Type, TimestampNanosecondType},
};
use schemas::{TraceId, columns as c};
use storage::rollup::BEYOND_OPERATIONS;

use super::red::{Grid, Red};
use crate::trace::{BytesColumn, NumberColumn, TextColumn, UnexpectedType};

pub use storage::rollup::MINUTE_NS;

/// Spans that arrive so long after they ended are late.
pub const LATE_NS: i64 = MINUTE_NS;
/// Sums kept; rows that would need more are left out, and their spans counted.
const SUMS_MAX: usize = 300_000;

/// Columns that [`Minutes::add`] reads.
pub const COLUMNS: [&str; 16] = [
    c::TIME,
    c::SERVICE_NAME,
    c::SERVICE_NAMESPACE,
    c::SERVICE_VERSION,
    c::DEPLOYMENT_ENVIRONMENT,
    c::SPAN_KIND,
    c::RECEIVED_AT,
    c::COUNT,
    c::SPANS,
    c::LATE_SPANS,
    c::ERRORS,
    c::NEGATIVE_COUNT,
    c::ZERO_COUNT,
    c::DURATION_SUM_NS,
    c::DURATION_BUCKETS,
    c::NEWEST_TIME,
];
/// And where operations are told apart.
pub const OPERATION_COLUMNS: [&str; 5] = [c::OPERATION, c::BEYOND_LIMIT, c::DURATION_MAX_NS, c::SLOWEST_TRACE_ID, c::NEWEST_TRACE_ID];

/// What spans have in common. Texts that a span does not have are empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// When the stretch of time begins, in nanoseconds since 1970.
    pub from_ns: i64,
    pub service: Arc<str>,
    pub namespace: Arc<str>,
    pub version: Arc<str>,
    pub environment: Arc<str>,
    /// `None`: of all, or of those that a service has too many of.
    pub operation: Option<Arc<str>>,
    /// As in the table: 1 internal, 2 server, 3 client, 4 producer, 5 consumer.
    pub kind: i32,
}

impl Key {
    /// Whether a call came in: what others see of a service.
    pub fn is_entry(&self) -> bool {
        matches!(self.kind, 2 | 5)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct MinuteRow {
    pub key: Key,
    /// When the first and the last minute begin that have a span.
    pub first_minute_ns: i64,
    pub last_minute_ns: i64,
    pub red: Red,
    /// None, unless operations are told apart.
    pub exemplars: Exemplars,
}

/// Traces that show what the numbers mean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exemplars {
    /// Of the span that took longest, and how long.
    pub slowest: Option<(i64, TraceId)>,
    /// Of the newest failed span, and when it began.
    pub failed: Option<(i64, TraceId)>,
}

impl Exemplars {
    pub fn merge(&mut self, other: &Self) {
        self.slowest = self.slowest.max(other.slowest);
        self.failed = self.failed.max(other.failed);
    }
}

/// How complete counts are.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Completeness {
    /// When the newest of the spans arrived, in nanoseconds since 1970.
    pub watermark_ns: Option<i64>,
    /// Spans that arrived more than [`LATE_NS`] after they had ended.
    pub late: u64,
    /// Spans that no row has, since a limit was reached.
    pub left_out: u64,
    /// Spans that senders' sampling left out, by the weights of those that are here: they are counted.
    pub sampled_out: f64,
}

impl Completeness {
    pub fn merge(&mut self, other: &Self) {
        self.watermark_ns = self.watermark_ns.max(other.watermark_ns);
        self.late += other.late;
        self.left_out += other.left_out;
        self.sampled_out += other.sampled_out;
    }
}

/// Adds rows up, batch by batch. Takes memory for each sum and each different text, not for rows.
#[derive(Debug)]
pub struct Minutes {
    /// Stretches of time.
    grid: Grid,
    operations: bool,
    texts: Texts,
    sums: HashMap<Compact, Sum>,
    pub completeness: Completeness,
}

/// A [`Key`] with numbers for texts; a missing operation is [`NONE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Compact {
    from_ns: i64,
    texts: [u32; 4],
    operation: u32,
    kind: i32,
}

const NONE: u32 = u32::MAX;

#[derive(Debug)]
struct Sum {
    first_minute_ns: i64,
    last_minute_ns: i64,
    red: Red,
    exemplars: Exemplars,
}

impl Minutes {
    /// What is before the first or behind the last stretch of `grid`, which are whole minutes, is added to that one.
    pub fn new(grid: Grid, operations: bool) -> Self {
        Self { grid, operations, texts: Texts::default(), sums: HashMap::new(), completeness: Completeness::default() }
    }

    /// Adds the rows of a batch that has [`COLUMNS`], and [`OPERATION_COLUMNS`] where operations are told apart: those whose minute is
    /// wanted.
    ///
    /// # Errors
    /// When a column has another type than its table says.
    pub fn add(&mut self, batch: &RecordBatch, wanted: impl Fn(i64) -> bool) -> Result<(), UnexpectedType> {
        let time = NumberColumn::<TimestampNanosecondType>::of(batch, c::TIME)?;
        let received = NumberColumn::<TimestampNanosecondType>::of(batch, c::RECEIVED_AT)?;
        let text = |name| Ok::<_, UnexpectedType>(Numbered::new(TextColumn::of(batch, name)?));
        let [mut service, mut namespace] = [text(c::SERVICE_NAME)?, text(c::SERVICE_NAMESPACE)?];
        let [mut version, mut environment] = [text(c::SERVICE_VERSION)?, text(c::DEPLOYMENT_ENVIRONMENT)?];
        let kind = NumberColumn::<Int32Type>::of(batch, c::SPAN_KIND)?;
        let [count, errors, negative, zero] = [c::COUNT, c::ERRORS, c::NEGATIVE_COUNT, c::ZERO_COUNT].map(|name| floats(batch, name));
        let (count, errors, negative, zero) = (count?, errors?, negative?, zero?);
        let [spans, late, sum] = [c::SPANS, c::LATE_SPANS, c::DURATION_SUM_NS].map(|name| NumberColumn::<Int64Type>::of(batch, name));
        let (spans, late, sum_ns) = (spans?, late?, sum?);
        let buckets = Buckets::of(batch)?;
        let mut operations = if self.operations { Some(Operations::of(batch)?) } else { None };
        for row in 0..batch.num_rows() {
            let Some(minute_ns) = time.get(row).filter(|minute| wanted(*minute)) else { continue };
            let texts = &mut self.texts;
            let key = Compact {
                from_ns: self.grid.start_of(minute_ns),
                texts: [&mut service, &mut namespace, &mut version, &mut environment].map(|column| column.get(row, texts)),
                operation: operations.as_mut().map_or(NONE, |operations| operations.number(row, texts)),
                kind: kind.get(row).unwrap_or_default(),
            };
            let complete = &mut self.completeness;
            complete.watermark_ns = complete.watermark_ns.max(received.get(row));
            complete.late += late.get(row).unwrap_or_default().unsigned_abs();
            complete.sampled_out += count.get(row).unwrap_or_default() - spans.get(row).unwrap_or_default() as f64;
            if self.sums.len() >= SUMS_MAX && !self.sums.contains_key(&key) {
                complete.left_out += spans.get(row).unwrap_or_default().unsigned_abs();
                continue;
            }
            let sum = self.sums.entry(key).or_insert_with(|| Sum {
                first_minute_ns: minute_ns,
                last_minute_ns: minute_ns,
                red: Red::default(),
                exemplars: Exemplars::default(),
            });
            sum.first_minute_ns = sum.first_minute_ns.min(minute_ns);
            sum.last_minute_ns = sum.last_minute_ns.max(minute_ns);
            sum.red.count += count.get(row).unwrap_or_default();
            sum.red.errors += errors.get(row).unwrap_or_default();
            sum.red.sum_ns = sum.red.sum_ns.saturating_add(sum_ns.get(row).unwrap_or_default());
            // Clocks went back: as if no time had passed.
            sum.red.durations.add_zero(zero.get(row).unwrap_or_default() + negative.get(row).unwrap_or_default());
            sum.red.durations.add_buckets(buckets.get(row));
            // Spans of one row have all failed, or none.
            if errors.get(row) > Some(0.0) {
                sum.red.failed.add_zero(zero.get(row).unwrap_or_default() + negative.get(row).unwrap_or_default());
                sum.red.failed.add_buckets(buckets.get(row));
            }
            if let Some(operations) = &operations {
                sum.exemplars.merge(&operations.exemplars(row, errors.get(row) > Some(0.0)));
            }
        }
        Ok(())
    }

    /// Adds what another has added up, of stretches that lie within those of this one.
    pub fn add_rows(&mut self, rows: &[MinuteRow], completeness: &Completeness) {
        self.completeness.merge(completeness);
        for MinuteRow { key, first_minute_ns, last_minute_ns, red, exemplars } in rows {
            let Key { from_ns, service, namespace, version, environment, operation, kind } = key;
            let texts = &mut self.texts;
            let key = Compact {
                from_ns: self.grid.start_of(*from_ns),
                texts: [service, namespace, version, environment].map(|text| texts.number(text)),
                operation: operation.as_ref().filter(|_| self.operations).map_or(NONE, |operation| texts.number(operation)),
                kind: *kind,
            };
            if self.sums.len() >= SUMS_MAX && !self.sums.contains_key(&key) {
                self.completeness.left_out += red.count as u64;
                continue;
            }
            let sum = self.sums.entry(key).or_insert_with(|| Sum {
                first_minute_ns: *first_minute_ns,
                last_minute_ns: *last_minute_ns,
                red: Red::default(),
                exemplars: Exemplars::default(),
            });
            sum.first_minute_ns = sum.first_minute_ns.min(*first_minute_ns);
            sum.last_minute_ns = sum.last_minute_ns.max(*last_minute_ns);
            sum.red.merge(red);
            sum.exemplars.merge(exemplars);
        }
    }

    /// In order of their keys: no two have the same.
    pub fn into_rows(self) -> (Vec<MinuteRow>, Completeness) {
        let Self { texts, sums, completeness, .. } = self;
        let text = |number: u32| texts.all.get(number as usize).cloned();
        let row = |(Compact { from_ns, texts, operation, kind }, sum)| {
            let [service, namespace, version, environment] = texts.map(|number| text(number).unwrap_or_default());
            let key = Key { from_ns, service, namespace, version, environment, operation: text(operation), kind };
            let Sum { first_minute_ns, last_minute_ns, red, exemplars } = sum;
            MinuteRow { key, first_minute_ns, last_minute_ns, red, exemplars }
        };
        let mut rows: Vec<MinuteRow> = sums.into_iter().map(row).collect();
        rows.sort_by(|a, b| a.key.cmp(&b.key));
        (rows, completeness)
    }
}

#[derive(Debug, Default)]
pub(super) struct Texts {
    numbers: HashMap<Arc<str>, u32>,
    all: Vec<Arc<str>>,
}

impl Texts {
    /// Empty where there is none.
    pub(super) fn get(&self, number: u32) -> Arc<str> {
        self.all.get(number as usize).cloned().unwrap_or_default()
    }

    pub(super) fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.all.len() as u32;
        let text: Arc<str> = text.into();
        self.all.push(Arc::clone(&text));
        self.numbers.insert(text, number);
        number
    }
}

/// A column of text whose values are looked up once for each value of its dictionary.
pub(super) struct Numbered<'a> {
    column: TextColumn<'a>,
    by_key: Vec<Option<u32>>,
}

impl<'a> Numbered<'a> {
    pub(super) fn new(column: TextColumn<'a>) -> Self {
        let values = if let TextColumn::Dictionary(_, values) = column { values.len() } else { 0 };
        Self { column, by_key: vec![None; values] }
    }

    /// Of no text that of an empty one.
    pub(super) fn get(&mut self, row: usize, texts: &mut Texts) -> u32 {
        let mut number = || texts.number(self.column.get(row).unwrap_or_default());
        let TextColumn::Dictionary(dictionary, _) = self.column else { return number() };
        match dictionary.key(row).and_then(|key| self.by_key.get_mut(key)) {
            Some(known) => *known.get_or_insert_with(number),
            None => number(),
        }
    }
}

pub(super) fn floats<'a>(batch: &'a RecordBatch, name: &str) -> Result<NumberColumn<'a, Float64Type>, UnexpectedType> {
    NumberColumn::of(batch, name)
}

/// The histograms of a batch.
pub(super) struct Buckets<'a> {
    lists: &'a ListArray,
    index: &'a Int32Array,
    count: &'a Float64Array,
}

impl<'a> Buckets<'a> {
    pub(super) fn of(batch: &'a RecordBatch) -> Result<Self, UnexpectedType> {
        let column = batch.column_by_name(c::DURATION_BUCKETS);
        let parts = column.and_then(|column| {
            let lists = column.as_list_opt::<i32>()?;
            let fields = lists.values().as_struct_opt()?;
            let index = fields.column_by_name(c::INDEX)?.as_primitive_opt()?;
            let count = fields.column_by_name(c::COUNT)?.as_primitive_opt()?;
            Some(Self { lists, index, count })
        });
        let actual = || column.map_or_else(|| "nothing".to_owned(), |column| column.data_type().to_string());
        parts.ok_or_else(|| UnexpectedType { column: c::DURATION_BUCKETS.to_owned(), actual: actual() })
    }

    pub(super) fn get(&self, row: usize) -> impl Iterator<Item = (i32, f64)> + use<'a> {
        let offsets = self.lists.value_offsets();
        let (start, end) = if self.lists.is_valid(row) { (offsets[row] as usize, offsets[row + 1] as usize) } else { (0, 0) };
        let (index, count) = (&self.index.values()[start..end], &self.count.values()[start..end]);
        index.iter().copied().zip(count.iter().copied())
    }
}

/// What tells operations apart, and shows what their numbers mean.
struct Operations<'a> {
    operation: Numbered<'a>,
    beyond_limit: NumberColumn<'a, Int32Type>,
    slowest: BytesColumn<'a>,
    longest_ns: NumberColumn<'a, Int64Type>,
    newest: BytesColumn<'a>,
    newest_ns: NumberColumn<'a, TimestampNanosecondType>,
}

impl<'a> Operations<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Self, UnexpectedType> {
        Ok(Self {
            operation: Numbered::new(TextColumn::of(batch, c::OPERATION)?),
            beyond_limit: NumberColumn::of(batch, c::BEYOND_LIMIT)?,
            slowest: BytesColumn::of(batch, c::SLOWEST_TRACE_ID)?,
            longest_ns: NumberColumn::of(batch, c::DURATION_MAX_NS)?,
            newest: BytesColumn::of(batch, c::NEWEST_TRACE_ID)?,
            newest_ns: NumberColumn::of(batch, c::NEWEST_TIME)?,
        })
    }

    fn number(&mut self, row: usize, texts: &mut Texts) -> u32 {
        let beyond = self.beyond_limit.get(row).unwrap_or_default() & BEYOND_OPERATIONS != 0;
        if beyond { NONE } else { self.operation.get(row, texts) }
    }

    /// Spans of one row have all failed, or none.
    fn exemplars(&self, row: usize, failed: bool) -> Exemplars {
        let of = |value: Option<i64>, trace: BytesColumn<'a>| Some((value?, TraceId(trace.get(row)?.try_into().ok()?)));
        Exemplars {
            slowest: of(self.longest_ns.get(row), self.slowest),
            failed: of(self.newest_ns.get(row), self.newest).filter(|_| failed),
        }
    }
}
