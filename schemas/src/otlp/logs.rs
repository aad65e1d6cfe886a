//! Log records: wire to rows of table `logs`.

#![deny(clippy::indexing_slicing)]

use arrow::{
    datatypes::{Int32Type, TimestampNanosecondType, UInt32Type},
    record_batch::RecordBatch,
};

use super::{
    Rejected,
    any_value::AnyValue,
    arrays::{BatchBuilder, IdColumn, NumberColumn, TextColumn},
    attributes::{Attributes, PromotedColumns},
    groups::Groups,
    keys, reject,
    text::utf8,
    wire::{Reader, Value, WireError},
};
use crate::{SpanId, Table, TraceId, UnixNanos, promoted};

/// The rows of a logs request under construction.
#[derive(Debug)]
pub(crate) struct LogRows<'a> {
    rows: usize,
    received_at: UnixNanos,
    /// Messages of the record in hand.
    attributes: Vec<&'a [u8]>,
    level: Attributes<'a>,
    body_json: String,

    times: Vec<i64>,
    observed_times: NumberColumn<TimestampNanosecondType>,
    time_sources: Vec<i32>,
    trace_ids: IdColumn<16>,
    span_ids: IdColumn<8>,
    flags: Vec<u32>,
    severity_numbers: Vec<i32>,
    severity_texts: TextColumn,
    bodies: TextColumn,
    body_types: Vec<i32>,
    event_names: TextColumn,
    remainder: TextColumn,
    dropped_attributes: NumberColumn<UInt32Type>,
    promoted: PromotedColumns,
}

/// A LogRecord message without its attributes.
#[derive(Debug, Default)]
struct LogRecord<'a> {
    time: u64,
    observed_time: u64,
    severity_number: i32,
    severity_text: &'a [u8],
    body: AnyValue<'a>,
    dropped_attributes: u32,
    flags: u32,
    trace_id: &'a [u8],
    span_id: &'a [u8],
    event_name: &'a [u8],
}

impl<'a> LogRows<'a> {
    pub fn new(rows_expected: usize, received_at: UnixNanos) -> Self {
        Self {
            rows: 0,
            received_at,
            attributes: vec![],
            level: Attributes::new(&keys::LOG),
            body_json: String::new(),
            times: Vec::with_capacity(rows_expected),
            observed_times: NumberColumn::default(),
            time_sources: Vec::with_capacity(rows_expected),
            trace_ids: IdColumn::default(),
            span_ids: IdColumn::default(),
            flags: Vec::with_capacity(rows_expected),
            severity_numbers: Vec::with_capacity(rows_expected),
            severity_texts: TextColumn::default(),
            bodies: TextColumn::default(),
            body_types: Vec::with_capacity(rows_expected),
            event_names: TextColumn::default(),
            remainder: TextColumn::default(),
            dropped_attributes: NumberColumn::default(),
            promoted: PromotedColumns::new(promoted::LOG),
        }
    }

    /// Adds the record in `message`, or counts why not.
    pub fn push(&mut self, groups: &mut Groups<'a>, message: &'a [u8], rejected: &mut Rejected) -> Result<(), WireError> {
        let record = self.gather(message)?;
        let times = UnixNanos::from_otlp(record.time)
            .ok_or(reject::TIME)
            .and_then(|time| Ok((time, UnixNanos::from_otlp(record.observed_time).ok_or(reject::OBSERVED_TIME)?)));
        match times {
            Ok((time, observed_time)) => self.append(groups, &record, time, observed_time),
            Err(reason) => {
                rejected.add(reason);
                Ok(())
            }
        }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn finish(mut self, groups: Groups<'a>) -> RecordBatch {
        let mut batch = BatchBuilder::new(Table::Logs.schema(), self.rows);
        batch.push_times(self.times);
        batch.push_some_numbers(self.observed_times);
        batch.push_numbers::<Int32Type>(self.time_sources);
        batch.push_ids(self.trace_ids);
        batch.push_ids(self.span_ids);
        batch.push_numbers::<UInt32Type>(self.flags);
        batch.push_numbers::<Int32Type>(self.severity_numbers);
        batch.push_text(self.severity_texts);
        batch.push_text(self.bodies);
        batch.push_numbers::<Int32Type>(self.body_types);
        batch.push_text(self.event_names);
        batch.push_text(self.remainder);
        batch.push_some_numbers(self.dropped_attributes);
        batch.push_some_numbers(self.promoted.take_renamed());
        for _derived_by_governance in 0..2 {
            batch.push_null();
        }
        self.promoted.finish(&mut batch);
        groups.finish(&mut batch, self.received_at, self.rows);
        batch.finish()
    }

    fn gather(&mut self, message: &'a [u8]) -> Result<LogRecord<'a>, WireError> {
        self.attributes.clear();
        let mut record = LogRecord::default();
        let mut reader = Reader::new(message);
        while let Some(field) = reader.field()? {
            match field {
                (1, Value::Fixed64(time)) => record.time = time,
                (2, Value::Varint(number)) => record.severity_number = number as i32,
                (3, Value::Bytes(bytes)) => record.severity_text = bytes,
                (5, Value::Bytes(body)) => record.body = AnyValue::read(body)?,
                (6, Value::Bytes(attribute)) => self.attributes.push(attribute),
                (7, Value::Varint(count)) => record.dropped_attributes = count as u32,
                (8, Value::Fixed32(flags)) => record.flags = flags,
                (9, Value::Bytes(bytes)) => record.trace_id = bytes,
                (10, Value::Bytes(bytes)) => record.span_id = bytes,
                (11, Value::Fixed64(time)) => record.observed_time = time,
                (12, Value::Bytes(bytes)) => record.event_name = bytes,
                _ => {}
            }
        }
        Ok(record)
    }

    fn append(
        &mut self,
        groups: &mut Groups<'a>,
        record: &LogRecord<'a>,
        time: UnixNanos,
        observed_time: UnixNanos,
    ) -> Result<(), WireError> {
        groups.push_row()?;
        let repaired = &mut groups.repaired;
        let row = self.rows;
        let (time, source) = match (time, observed_time) {
            (UnixNanos(0), UnixNanos(0)) => (self.received_at, 2),
            (UnixNanos(0), observed_time) => (observed_time, 1),
            (time, _) => (time, 0),
        };
        self.times.push(time.0);
        self.observed_times.set_unless_zero(row, observed_time.0);
        self.time_sources.push(source);
        if let Some(id) = TraceId::from_slice(record.trace_id) {
            self.trace_ids.set(row, id.as_bytes());
        }
        if let Some(id) = SpanId::from_slice(record.span_id) {
            self.span_ids.set(row, id.as_bytes());
        }
        self.flags.push(record.flags);
        self.severity_numbers.push(record.severity_number);
        self.severity_texts.set_unless_empty(row, &utf8(record.severity_text, repaired));
        self.body_types.push(body_type(record.body));
        match record.body {
            AnyValue::Empty => {}
            AnyValue::Text(text) => self.bodies.set(row, &utf8(text, repaired)),
            other => {
                self.body_json.clear();
                other.write_json(&mut self.body_json, repaired)?;
                self.bodies.set(row, &self.body_json);
            }
        }
        self.event_names.set_unless_empty(row, &utf8(record.event_name, repaired));
        self.dropped_attributes.set_unless_zero(row, record.dropped_attributes);
        self.level.begin(0);
        for attribute in &self.attributes {
            self.level.push(attribute, repaired)?;
        }
        self.level.write(row, &mut self.promoted, &mut self.remainder, repaired);
        self.rows += 1;
        Ok(())
    }
}

/// The codes of column `body_type`: the field numbers of AnyValue.
fn body_type(body: AnyValue<'_>) -> i32 {
    match body {
        AnyValue::Empty => 0,
        AnyValue::Text(_) => 1,
        AnyValue::Bool(_) => 2,
        AnyValue::Int(_) => 3,
        AnyValue::Double(_) => 4,
        AnyValue::Array(_) => 5,
        AnyValue::Map(_) => 6,
        AnyValue::Bytes(_) => 7,
    }
}
