//! Spans: wire to rows of table `spans`.
//!
//! One walk over a span gathers its fields; then it is checked; only an accepted span touches a column.

#![deny(clippy::indexing_slicing)]

use arrow::{
    array::FixedSizeBinaryArray,
    buffer::Buffer,
    datatypes::{Int32Type, Int64Type, UInt32Type},
    record_batch::RecordBatch,
};

use super::{
    Rejected,
    arrays::{BatchBuilder, IdColumn, NumberColumn, TextColumn},
    attributes::{Attributes, PromotedColumns},
    events::EventColumns,
    groups::Groups,
    keys,
    links::LinkColumns,
    reject,
    text::utf8,
    wire::{Reader, Value, WireError},
};
use crate::{SpanId, Table, TraceId, UnixNanos, promoted};

/// The rows of a traces request under construction.
#[derive(Debug)]
pub(crate) struct SpanRows<'a> {
    rows: usize,
    /// Messages of the span in hand.
    attributes: Vec<&'a [u8]>,
    events: Vec<&'a [u8]>,
    links: Vec<&'a [u8]>,
    level: Attributes<'a>,

    trace_ids: Vec<u8>,
    span_ids: Vec<u8>,
    parent_span_ids: IdColumn<8>,
    trace_states: TextColumn,
    flags: Vec<u32>,
    names: TextColumn,
    kinds: Vec<i32>,
    start_times: Vec<i64>,
    durations: Vec<i64>,
    status_codes: Vec<i32>,
    status_messages: TextColumn,
    event_columns: EventColumns,
    link_columns: LinkColumns,
    dropped_events: NumberColumn<UInt32Type>,
    dropped_links: NumberColumn<UInt32Type>,
    remainder: TextColumn,
    dropped_attributes: NumberColumn<UInt32Type>,
    promoted: PromotedColumns,
}

/// A Span message without its lists.
#[derive(Debug, Default)]
struct Span<'a> {
    trace_id: &'a [u8],
    span_id: &'a [u8],
    parent_span_id: &'a [u8],
    trace_state: &'a [u8],
    flags: u32,
    name: &'a [u8],
    kind: i32,
    start_time: u64,
    end_time: u64,
    dropped_attributes: u32,
    dropped_events: u32,
    dropped_links: u32,
    status_code: i32,
    status_message: &'a [u8],
}

/// What the checks of a span leave.
struct Checked<'a> {
    trace_id: TraceId,
    span_id: SpanId,
    parent_span_id: Option<&'a [u8; 8]>,
    start_time: UnixNanos,
    duration_ns: i64,
}

impl<'a> SpanRows<'a> {
    pub fn new(rows_expected: usize) -> Self {
        Self {
            rows: 0,
            attributes: vec![],
            events: vec![],
            links: vec![],
            level: Attributes::new(&keys::SPAN),
            trace_ids: Vec::with_capacity(rows_expected * TraceId::LEN),
            span_ids: Vec::with_capacity(rows_expected * SpanId::LEN),
            parent_span_ids: IdColumn::default(),
            trace_states: TextColumn::default(),
            flags: Vec::with_capacity(rows_expected),
            names: TextColumn::default(),
            kinds: Vec::with_capacity(rows_expected),
            start_times: Vec::with_capacity(rows_expected),
            durations: Vec::with_capacity(rows_expected),
            status_codes: Vec::with_capacity(rows_expected),
            status_messages: TextColumn::default(),
            event_columns: EventColumns::default(),
            link_columns: LinkColumns::default(),
            dropped_events: NumberColumn::default(),
            dropped_links: NumberColumn::default(),
            remainder: TextColumn::default(),
            dropped_attributes: NumberColumn::default(),
            promoted: PromotedColumns::new(promoted::SPAN),
        }
    }

    /// Adds the span in `message`, or counts why not.
    pub fn push(&mut self, groups: &mut Groups<'a>, message: &'a [u8], rejected: &mut Rejected) -> Result<(), WireError> {
        let span = self.gather(message)?;
        let checked = span.check().and_then(|checked| EventColumns::check(&self.events).map(|()| checked));
        match checked {
            Ok(checked) => self.append(groups, &span, &checked),
            Err(reason) => {
                rejected.add(reason);
                Ok(())
            }
        }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn finish(mut self, groups: Groups<'a>, received_at: UnixNanos) -> RecordBatch {
        let mut batch = BatchBuilder::new(Table::Spans.schema(), self.rows);
        batch.push(FixedSizeBinaryArray::new(TraceId::LEN as i32, Buffer::from_vec(self.trace_ids), None));
        batch.push(FixedSizeBinaryArray::new(SpanId::LEN as i32, Buffer::from_vec(self.span_ids), None));
        batch.push_ids(self.parent_span_ids);
        batch.push_text(self.trace_states);
        batch.push_numbers::<UInt32Type>(self.flags);
        batch.push_text(self.names);
        batch.push_numbers::<Int32Type>(self.kinds);
        batch.push_times(self.start_times);
        batch.push_numbers::<Int64Type>(self.durations);
        batch.push_numbers::<Int32Type>(self.status_codes);
        batch.push_text(self.status_messages);
        self.event_columns.finish(&mut batch);
        self.link_columns.finish(&mut batch);
        batch.push_some_numbers(self.dropped_events);
        batch.push_some_numbers(self.dropped_links);
        batch.push_text(self.remainder);
        batch.push_some_numbers(self.dropped_attributes);
        batch.push_some_numbers(self.promoted.take_renamed());
        for _derived_by_governance in 0..4 {
            batch.push_null();
        }
        self.promoted.finish(&mut batch);
        groups.finish(&mut batch, received_at, self.rows);
        batch.finish()
    }

    fn gather(&mut self, message: &'a [u8]) -> Result<Span<'a>, WireError> {
        self.attributes.clear();
        self.events.clear();
        self.links.clear();
        let mut span = Span::default();
        let mut reader = Reader::new(message);
        while let Some(field) = reader.field()? {
            match field {
                (9, Value::Bytes(attribute)) => self.attributes.push(attribute),
                (1, Value::Bytes(bytes)) => span.trace_id = bytes,
                (2, Value::Bytes(bytes)) => span.span_id = bytes,
                (3, Value::Bytes(bytes)) => span.trace_state = bytes,
                (4, Value::Bytes(bytes)) => span.parent_span_id = bytes,
                (5, Value::Bytes(bytes)) => span.name = bytes,
                (6, Value::Varint(kind)) => span.kind = kind as i32,
                (7, Value::Fixed64(time)) => span.start_time = time,
                (8, Value::Fixed64(time)) => span.end_time = time,
                (10, Value::Varint(count)) => span.dropped_attributes = count as u32,
                (11, Value::Bytes(event)) => self.events.push(event),
                (12, Value::Varint(count)) => span.dropped_events = count as u32,
                (13, Value::Bytes(link)) => self.links.push(link),
                (14, Value::Varint(count)) => span.dropped_links = count as u32,
                (15, Value::Bytes(status)) => (span.status_code, span.status_message) = read_status(status)?,
                (16, Value::Fixed32(flags)) => span.flags = flags,
                _ => {}
            }
        }
        Ok(span)
    }

    fn append(&mut self, groups: &mut Groups<'a>, span: &Span<'a>, checked: &Checked<'_>) -> Result<(), WireError> {
        groups.push_row()?;
        let repaired = &mut groups.repaired;
        let row = self.rows;
        self.trace_ids.extend_from_slice(&checked.trace_id.0);
        self.span_ids.extend_from_slice(&checked.span_id.0);
        if let Some(parent) = checked.parent_span_id {
            self.parent_span_ids.set(row, parent);
        }
        self.trace_states.set_unless_empty(row, &utf8(span.trace_state, repaired));
        self.flags.push(span.flags);
        self.names.set(row, &utf8(span.name, repaired));
        self.kinds.push(span.kind);
        self.start_times.push(checked.start_time.0);
        self.durations.push(checked.duration_ns);
        self.status_codes.push(span.status_code);
        self.status_messages.set_unless_empty(row, &utf8(span.status_message, repaired));
        self.event_columns.append(row, &self.events, repaired)?;
        self.link_columns.append(row, &self.links, repaired)?;
        self.dropped_events.set_unless_zero(row, span.dropped_events);
        self.dropped_links.set_unless_zero(row, span.dropped_links);
        self.dropped_attributes.set_unless_zero(row, span.dropped_attributes);
        self.level.begin(span.kind);
        for attribute in &self.attributes {
            self.level.push(attribute, repaired)?;
        }
        self.level.write(row, &mut self.promoted, &mut self.remainder, repaired);
        self.rows += 1;
        Ok(())
    }
}

impl<'a> Span<'a> {
    fn check(&self) -> Result<Checked<'a>, &'static str> {
        let parent_span_id = match self.parent_span_id {
            [] => None,
            bytes => Some(<&[u8; 8]>::try_from(bytes).map_err(|_| reject::PARENT_SPAN_ID_LENGTH)?),
        };
        let start_time = UnixNanos::from_otlp(self.start_time).ok_or(reject::START_TIME)?;
        let end_time = UnixNanos::from_otlp(self.end_time).ok_or(reject::END_TIME)?;
        Ok(Checked {
            trace_id: TraceId::from_slice(self.trace_id).ok_or(if self.trace_id.len() == TraceId::LEN {
                reject::TRACE_ID_ZERO
            } else {
                reject::TRACE_ID_LENGTH
            })?,
            span_id: SpanId::from_slice(self.span_id).ok_or(if self.span_id.len() == SpanId::LEN {
                reject::SPAN_ID_ZERO
            } else {
                reject::SPAN_ID_LENGTH
            })?,
            parent_span_id: parent_span_id.filter(|id| **id != [0; 8]),
            start_time,
            duration_ns: end_time.0 - start_time.0,
        })
    }
}

fn read_status(message: &[u8]) -> Result<(i32, &[u8]), WireError> {
    let (mut code, mut text): (i32, &[u8]) = (0, &[]);
    let mut reader = Reader::new(message);
    while let Some(field) = reader.field()? {
        match field {
            (2, Value::Bytes(bytes)) => text = bytes,
            (3, Value::Varint(value)) => code = value as i32,
            _ => {}
        }
    }
    Ok((code, text))
}
