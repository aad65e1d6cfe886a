//! Spans of one minute that have service, version, operation and kind in common, added up.

use std::{collections::HashMap, sync::Arc};

use arrow::{
    array::RecordBatch,
    datatypes::{Int32Type, Int64Type, TimestampNanosecondType},
};
use schemas::{TraceId, columns as c};

use super::red::Red;
use crate::trace::{BytesColumn, NumberColumn, TextColumn, UnexpectedType};

pub const MINUTE_NS: i64 = 60_000_000_000;
/// Spans that arrive so long after they ended are late.
pub const LATE_NS: i64 = MINUTE_NS;
/// Rows kept; spans that would need more are left out, and counted.
const ROWS_MAX: usize = 1_000_000;
const ERROR: i32 = 2;

/// Columns of spans that [`Minutes::add`] reads.
pub const COLUMNS: [&str; 11] = [
    c::START_TIME,
    c::DURATION_NS,
    c::STATUS_CODE,
    c::KIND,
    c::NAME,
    c::SERVICE_NAME,
    c::SERVICE_NAMESPACE,
    c::SERVICE_VERSION,
    c::DEPLOYMENT_ENVIRONMENT,
    c::TRACE_ID,
    c::RECEIVED_AT,
];

/// What spans have in common. Texts that a span does not have are empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// When the minute begins, in nanoseconds since 1970.
    pub minute_ns: i64,
    pub service: Arc<str>,
    pub namespace: Arc<str>,
    pub version: Arc<str>,
    pub environment: Arc<str>,
    pub operation: Arc<str>,
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
    pub red: Red,
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Completeness {
    /// When the newest of the spans arrived, in nanoseconds since 1970.
    pub watermark_ns: Option<i64>,
    /// Spans that arrived more than [`LATE_NS`] after they had ended.
    pub late: u64,
    /// Spans that no row has, since a limit was reached.
    pub left_out: u64,
}

impl Completeness {
    pub fn merge(&mut self, other: &Self) {
        self.watermark_ns = self.watermark_ns.max(other.watermark_ns);
        self.late += other.late;
        self.left_out += other.left_out;
    }
}

/// Adds spans up, batch by batch. Takes memory for each row and each different text, not for spans.
#[derive(Debug, Default)]
pub struct Minutes {
    texts: Texts,
    rows: HashMap<Compact, (Red, Exemplars)>,
    pub completeness: Completeness,
}

/// A [`Key`] with numbers for texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Compact {
    minute_ns: i64,
    texts: [u32; 5],
    kind: i32,
}

#[derive(Debug, Default)]
struct Texts {
    numbers: HashMap<Arc<str>, u32>,
    all: Vec<Arc<str>>,
}

impl Texts {
    fn number(&mut self, text: &str) -> u32 {
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

impl Minutes {
    /// Adds the spans of a batch that has [`COLUMNS`].
    ///
    /// # Errors
    /// When a column has another type than its table says.
    pub fn add(&mut self, batch: &RecordBatch) -> Result<(), UnexpectedType> {
        let text = |name| TextColumn::of(batch, name);
        let of_key = [
            text(c::SERVICE_NAME)?,
            text(c::SERVICE_NAMESPACE)?,
            text(c::SERVICE_VERSION)?,
            text(c::DEPLOYMENT_ENVIRONMENT)?,
            text(c::NAME)?,
        ];
        let time = |name| NumberColumn::<TimestampNanosecondType>::of(batch, name);
        let (start, received) = (time(c::START_TIME)?, time(c::RECEIVED_AT)?);
        let duration = NumberColumn::<Int64Type>::of(batch, c::DURATION_NS)?;
        let number = |name| NumberColumn::<Int32Type>::of(batch, name);
        let (status, kind) = (number(c::STATUS_CODE)?, number(c::KIND)?);
        let trace = BytesColumn::of(batch, c::TRACE_ID)?;
        // Neighbours have most texts in common.
        let mut last: [(Option<&str>, u32); 5] = [(None, self.texts.number("")); 5];
        for row in 0..batch.num_rows() {
            for (column, last) in of_key.iter().zip(&mut last) {
                let value = column.get(row);
                if value != last.0 {
                    *last = (value, self.texts.number(value.unwrap_or_default()));
                }
            }
            let (Some(start), duration) = (start.get(row), duration.get(row).unwrap_or_default()) else { continue };
            self.arrived(received.get(row), start.saturating_add(duration));
            let texts = last.map(|(_, number)| number);
            let key = Compact { minute_ns: start - start.rem_euclid(MINUTE_NS), texts, kind: kind.get(row).unwrap_or_default() };
            let full = self.rows.len() >= ROWS_MAX;
            if full && !self.rows.contains_key(&key) {
                self.completeness.left_out += 1;
                continue;
            }
            let failed = status.get(row) == Some(ERROR);
            let (red, exemplars) = self.rows.entry(key).or_default();
            red.add(duration, failed, 1.0);
            if let Some(trace) = trace.get(row).and_then(|id| id.try_into().ok()).map(TraceId) {
                let failed = failed.then_some((start, trace));
                exemplars.merge(&Exemplars { slowest: Some((duration, trace)), failed });
            }
        }
        Ok(())
    }

    fn arrived(&mut self, received: Option<i64>, end: i64) {
        self.completeness.watermark_ns = self.completeness.watermark_ns.max(received);
        self.completeness.late += u64::from(received.is_some_and(|received| received.saturating_sub(end) > LATE_NS));
    }

    /// In order of their keys.
    pub fn into_rows(self) -> (Vec<MinuteRow>, Completeness) {
        let Self { texts, rows, completeness } = self;
        let text = |number: u32| Arc::clone(&texts.all[number as usize]);
        let row = |(Compact { minute_ns, texts: [service, namespace, version, environment, operation], kind }, (red, exemplars))| {
            let (service, namespace, version) = (text(service), text(namespace), text(version));
            let key = Key { minute_ns, service, namespace, version, environment: text(environment), operation: text(operation), kind };
            MinuteRow { key, red, exemplars }
        };
        let mut rows: Vec<MinuteRow> = rows.into_iter().map(row).collect();
        rows.sort_by(|a, b| a.key.cmp(&b.key));
        (rows, completeness)
    }
}
