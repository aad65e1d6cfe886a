//! Rows of table `spans` as rules see them.

use std::borrow::Cow;

use arrow::array::{
    Array, FixedSizeBinaryArray, Int32Array, Int64Array, ListArray, RecordBatch, StringArray, StructArray, TimestampNanosecondArray,
};
use schemas::{
    SpanId, TraceId, UnixNanos,
    attribute::{AttributeKey, RawValue},
    columns as c,
    sampling::adjusted_count,
};

use super::{
    columns::{bytes, column, integer, number, promoted, text},
    field::Field,
    keys,
    matching::{Origin, Row},
    resource::Groups,
    rules::{Rule, Rules, Trigger},
    run::{Found, Place},
    status::{grpc_of_number, grpc_of_text},
};
use crate::facts::{Amount, Source, SpanKind};

const KRATOS: &str = "kratos";
const STATUS_ERROR: i32 = 2;
const CLIENT: i32 = 3;

/// The columns of a batch of spans.
pub(super) struct Spans<'a> {
    batch: &'a RecordBatch,
    groups: Groups<'a>,
    trace_id: &'a FixedSizeBinaryArray,
    span_id: &'a FixedSizeBinaryArray,
    parent_span_id: &'a FixedSizeBinaryArray,
    trace_state: &'a StringArray,
    name: &'a StringArray,
    kind: &'a Int32Array,
    start_time: &'a TimestampNanosecondArray,
    duration_ns: &'a Int64Array,
    status_code: &'a Int32Array,
    status_message: &'a StringArray,
    attributes: &'a StringArray,
    http_status: &'a Int64Array,
    rpc_status: &'a StringArray,
    grpc_status: &'a Int64Array,
    error_type: &'a StringArray,
    exception_type: &'a StringArray,
    exception_message: &'a StringArray,
    events: Events<'a>,
}

struct Events<'a> {
    lists: &'a ListArray,
    time: &'a TimestampNanosecondArray,
    name: &'a StringArray,
    attributes: &'a StringArray,
}

struct SpanRow<'a> {
    spans: &'a Spans<'a>,
    row: usize,
}

const TEXT: u8 = 1;
const ATTRIBUTES: u8 = 2;
const COLUMN: u8 = 4;
const STATUS: u8 = 8;

impl<'a> Spans<'a> {
    pub fn of(batch: &'a RecordBatch) -> Option<Self> {
        let lists: &ListArray = column(batch, c::EVENTS)?;
        let items: &StructArray = lists.values().as_any().downcast_ref()?;
        let events = Events {
            lists,
            time: items.column_by_name(c::TIME)?.as_any().downcast_ref()?,
            name: items.column_by_name(c::NAME)?.as_any().downcast_ref()?,
            attributes: items.column_by_name(c::ATTRIBUTES)?.as_any().downcast_ref()?,
        };
        Some(Self {
            batch,
            groups: Groups::of(batch)?,
            trace_id: column(batch, c::TRACE_ID)?,
            span_id: column(batch, c::SPAN_ID)?,
            parent_span_id: column(batch, c::PARENT_SPAN_ID)?,
            trace_state: column(batch, c::TRACE_STATE)?,
            name: column(batch, c::NAME)?,
            kind: column(batch, c::KIND)?,
            start_time: column(batch, c::START_TIME)?,
            duration_ns: column(batch, c::DURATION_NS)?,
            status_code: column(batch, c::STATUS_CODE)?,
            status_message: column(batch, c::STATUS_MESSAGE)?,
            attributes: column(batch, c::ATTRIBUTES)?,
            http_status: column(batch, c::HTTP_RESPONSE_STATUS_CODE)?,
            rpc_status: column(batch, c::RPC_STATUS_CODE)?,
            grpc_status: column(batch, c::RPC_GRPC_STATUS_CODE)?,
            error_type: column(batch, c::ERROR_TYPE)?,
            exception_type: column(batch, c::EXCEPTION_TYPE)?,
            exception_message: column(batch, c::EXCEPTION_MESSAGE)?,
            events,
        })
    }

    /// Who made a row, and when.
    pub fn origin(&self, row: usize) -> Origin {
        SpanRow { spans: self, row }.origin(None)
    }

    pub fn classify(&self, rules: &Rules, batch: usize, found: &mut Found) {
        for (row, mark) in self.marks(rules).into_iter().enumerate() {
            if mark == 0 {
                continue;
            }
            let is_candidate = |trigger: &Trigger| match trigger {
                Trigger::Text(_) => mark & TEXT != 0,
                Trigger::Attributes(_) => mark & ATTRIBUTES != 0,
                Trigger::Column(_) => mark & COLUMN != 0,
                Trigger::Status => mark & STATUS != 0,
                Trigger::Nothing => false,
            };
            let candidates = rules.spans.iter().map(AsRef::as_ref).filter(|rule: &&Rule| is_candidate(&rule.span_trigger));
            found.look(rules, candidates, &SpanRow { spans: self, row }, Place { batch, row });
        }
    }

    /// Which rows are worth a look, and why. By column; rows that match nothing cost no more than this.
    fn marks(&self, rules: &Rules) -> Vec<u8> {
        let mut marks = vec![0u8; self.batch.num_rows()];
        for texts in [self.status_message, self.exception_message, self.exception_type] {
            rules.span_texts.mark(texts, |row| marks[row] |= TEXT);
        }
        let offsets = self.events.lists.value_offsets();
        for texts in [self.events.name, self.events.attributes] {
            let mut row = 0;
            rules.span_texts.mark(texts, |item| {
                while row + 1 < marks.len() && offsets[row + 1] as usize <= item {
                    row += 1;
                }
                // Items before the first and behind the last row belong to nobody in this slice.
                if (offsets[row] as usize..offsets[row + 1] as usize).contains(&item) {
                    marks[row] |= TEXT;
                }
            });
        }
        rules.span_attributes.mark(self.attributes, |row| marks[row] |= ATTRIBUTES);
        for position in &rules.span_columns {
            if let Some(column) = self.batch.columns().get(*position)
                && column.null_count() < marks.len()
            {
                (0..marks.len()).filter(|row| column.is_valid(*row)).for_each(|row| marks[row] |= COLUMN);
            }
        }
        let failed = self.status_code.values().iter().zip(self.kind.values());
        for (mark, (status, kind)) in marks.iter_mut().zip(failed) {
            if *status == STATUS_ERROR && *kind == CLIENT {
                *mark |= STATUS;
            }
        }
        mark_numbers(self.http_status, &[429, 503], &mut marks);
        mark_numbers(self.grpc_status, &[8, 14], &mut marks);
        if self.rpc_status.null_count() < marks.len() {
            for (row, mark) in marks.iter_mut().enumerate() {
                if text(self.rpc_status, row).is_some_and(|status| status != "OK" && status != "0") {
                    *mark |= STATUS;
                }
            }
        }
        marks
    }
}

fn mark_numbers(column: &Int64Array, wanted: &[i64], marks: &mut [u8]) {
    if column.null_count() == column.len() {
        return;
    }
    // The value beneath a null is 0.
    for (mark, value) in marks.iter_mut().zip(column.values()) {
        if wanted.contains(value) {
            *mark |= STATUS;
        }
    }
}

impl SpanRow<'_> {
    fn attribute(&self, key: &AttributeKey) -> Option<RawValue<'_>> {
        key.find(text(self.spans.attributes, self.row)?)
    }

    /// Position in the columns of events.
    fn item(&self, event: usize) -> Option<usize> {
        let start = usize::try_from(*self.spans.events.lists.value_offsets().get(self.row)?).ok()?;
        (event < self.events()).then_some(start + event)
    }

    fn event_attribute(&self, event: usize, key: &AttributeKey) -> Option<Cow<'_, str>> {
        key.find(text(self.spans.events.attributes, self.item(event)?)?).and_then(RawValue::text)
    }

    /// The first exception event.
    fn exception(&self) -> Option<usize> {
        (0..self.events()).find(|event| {
            let name = self.item(*event).and_then(|item| text(self.spans.events.name, item));
            name == Some("exception")
        })
    }

    fn http_status(&self) -> Option<i64> {
        if let Some(status) = integer(self.spans.http_status, self.row) {
            return Some(status);
        }
        // Envoy writes a text, Kratos its code where others write that of gRPC.
        let written = self.attribute(&keys::HTTP_STATUS_CODE).and_then(RawValue::integer);
        written.or_else(|| self.rpc_status_number().filter(|status| *status >= 100))
    }

    fn grpc_status(&self) -> Option<&'static str> {
        if let Some(status) = text(self.spans.rpc_status, self.row) {
            return grpc_of_text(status);
        }
        if let Some(number) = integer(self.spans.grpc_status, self.row) {
            return grpc_of_number(number);
        }
        if let Some(status) = self.attribute(&keys::GRPC_STATUS_CODE).and_then(RawValue::text) {
            return grpc_of_text(&status);
        }
        let is_kratos = self.spans.groups.scope.get(self.row) == Some(KRATOS);
        self.rpc_status_number().filter(|_| !is_kratos).and_then(grpc_of_number)
    }

    fn rpc_status_number(&self) -> Option<i64> {
        self.attribute(&keys::RPC_STATUS_CODE).and_then(RawValue::integer)
    }
}

impl Row for SpanRow<'_> {
    fn value(&self, field: &Field, event: Option<usize>) -> Option<Cow<'_, str>> {
        let (spans, row) = (self.spans, self.row);
        let of_text = |column| text(column, row).map(Cow::Borrowed);
        match field {
            Field::Name | Field::Operation => of_text(spans.name),
            Field::Kind => Some(Cow::Borrowed(kind_word(number(spans.kind, row)?))),
            Field::Status => Some(Cow::Borrowed(match number(spans.status_code, row)? {
                1 => "ok",
                STATUS_ERROR => "error",
                _ => "unset",
            })),
            Field::Attributes => of_text(spans.attributes),
            Field::Attribute(attribute) => {
                let in_column = attribute.span_column.and_then(|position| promoted(spans.batch, position, row));
                in_column.or_else(|| self.attribute(&attribute.json).and_then(RawValue::text))
            }
            Field::EventName => text(spans.events.name, self.item(event?)?).map(Cow::Borrowed),
            Field::EventAttribute(key) => self.event_attribute(event?, key),
            Field::HttpStatus => self.http_status().map(|status| Cow::Owned(status.to_string())),
            Field::GrpcStatus => self.grpc_status().map(Cow::Borrowed),
            Field::DurationNs => integer(spans.duration_ns, row).map(|ns| Cow::Owned(ns.to_string())),
            Field::ExceptionType => of_text(spans.exception_type)
                .or_else(|| self.event_attribute(self.exception()?, &keys::EXCEPTION_TYPE))
                .or_else(|| of_text(spans.error_type)),
            _ => spans.groups.value(field, row),
        }
    }

    fn number(&self, field: &Field, event: Option<usize>) -> Option<f64> {
        match field {
            Field::DurationNs => integer(self.spans.duration_ns, self.row).map(|ns| ns as f64),
            Field::HttpStatus => self.http_status().map(|status| status as f64),
            _ => self.value(field, event)?.trim().parse().ok(),
        }
    }

    fn texts(&self) -> Vec<Cow<'_, str>> {
        let columns = [self.spans.status_message, self.spans.exception_message];
        let of_columns = columns.into_iter().filter_map(|column| text(column, self.row).map(Cow::Borrowed));
        let of_events = (0..self.events()).filter_map(|event| self.event_attribute(event, &keys::EXCEPTION_MESSAGE));
        of_columns.chain(of_events).collect()
    }

    fn events(&self) -> usize {
        match self.spans.events.lists.value_offsets().get(self.row..self.row + 2) {
            Some([start, end]) => usize::try_from(end - start).unwrap_or_default(),
            _ => 0,
        }
    }

    fn origin(&self, event: Option<usize>) -> Origin {
        let (spans, row) = (self.spans, self.row);
        let duration_ns = integer(spans.duration_ns, row);
        let end = spans.start_time.value(row).saturating_add(duration_ns.unwrap_or_default());
        // A refusal happened when its exception was recorded; the span may go on.
        let item = event.or_else(|| self.exception()).and_then(|event| self.item(event));
        let time = item.map_or(end, |item| spans.events.time.value(item));
        Origin {
            time: UnixNanos(time),
            duration_ns,
            emitter: spans.groups.emitter(row, None),
            span_kind: number(spans.kind, row).map(span_kind),
            amount: Some(Amount::Count(adjusted_count(text(spans.trace_state, row)))),
            value: None,
            series: None,
            source: if event.is_some() { Source::SpanEvent } else { Source::Span },
            trace_id: bytes(spans.trace_id, row).and_then(TraceId::from_slice),
            span_id: bytes(spans.span_id, row).and_then(SpanId::from_slice),
            parent_span_id: bytes(spans.parent_span_id, row).and_then(SpanId::from_slice),
        }
    }
}

fn span_kind(kind: i32) -> SpanKind {
    match kind {
        1 => SpanKind::Internal,
        2 => SpanKind::Server,
        CLIENT => SpanKind::Client,
        4 => SpanKind::Producer,
        5 => SpanKind::Consumer,
        _ => SpanKind::Unspecified,
    }
}

fn kind_word(kind: i32) -> &'static str {
    match span_kind(kind) {
        SpanKind::Unspecified => "unspecified",
        SpanKind::Internal => "internal",
        SpanKind::Server => "server",
        SpanKind::Client => "client",
        SpanKind::Producer => "producer",
        SpanKind::Consumer => "consumer",
    }
}
