//! Rows of table `logs` as rules see them. A body that is a JSON object, as a text or as a key-value list, counts as attributes, too.

use std::borrow::Cow;

use arrow::array::{Array, FixedSizeBinaryArray, Int32Array, RecordBatch, StringArray, TimestampNanosecondArray};
use schemas::{
    SpanId, TraceId, UnixNanos,
    attribute::{AttributeKey, RawValue},
    columns as c,
};

use super::{
    columns::{bytes, column, number, promoted, text},
    field::Field,
    keys,
    matching::{Origin, Row},
    resource::Groups,
    rules::{Rule, Rules, Trigger},
    run::{Found, Place},
};
use crate::facts::{Amount, Source};

/// The columns of a batch of log records.
pub(super) struct Logs<'a> {
    batch: &'a RecordBatch,
    groups: Groups<'a>,
    time: &'a TimestampNanosecondArray,
    trace_id: &'a FixedSizeBinaryArray,
    span_id: &'a FixedSizeBinaryArray,
    severity_number: &'a Int32Array,
    body: &'a StringArray,
    event_name: &'a StringArray,
    attributes: &'a StringArray,
    error_type: &'a StringArray,
    exception_type: &'a StringArray,
    exception_message: &'a StringArray,
}

struct LogRow<'a> {
    logs: &'a Logs<'a>,
    row: usize,
}

const LITERAL: u8 = 1;
const COLUMN: u8 = 2;

impl<'a> Logs<'a> {
    pub fn of(batch: &'a RecordBatch) -> Option<Self> {
        Some(Self {
            batch,
            groups: Groups::of(batch)?,
            time: column(batch, c::TIME)?,
            trace_id: column(batch, c::TRACE_ID)?,
            span_id: column(batch, c::SPAN_ID)?,
            severity_number: column(batch, c::SEVERITY_NUMBER)?,
            body: column(batch, c::BODY)?,
            event_name: column(batch, c::EVENT_NAME)?,
            attributes: column(batch, c::ATTRIBUTES)?,
            error_type: column(batch, c::ERROR_TYPE)?,
            exception_type: column(batch, c::EXCEPTION_TYPE)?,
            exception_message: column(batch, c::EXCEPTION_MESSAGE)?,
        })
    }

    /// Who made a row, and when.
    pub fn origin(&self, row: usize) -> Origin {
        LogRow { logs: self, row }.origin(None)
    }

    pub fn classify(&self, rules: &Rules, batch: usize, found: &mut Found) {
        for (row, mark) in self.marks(rules).into_iter().enumerate() {
            if mark == 0 {
                continue;
            }
            let is_candidate = |trigger: &Trigger| match trigger {
                Trigger::Text(_) | Trigger::Attributes(_) => mark & LITERAL != 0,
                Trigger::Column(_) => mark & COLUMN != 0,
                Trigger::Status | Trigger::Nothing => false,
            };
            let candidates = rules.logs.iter().map(AsRef::as_ref).filter(|rule: &&Rule| is_candidate(&rule.log_trigger));
            found.look(rules, candidates, &LogRow { logs: self, row }, Place { batch, row });
        }
    }

    fn marks(&self, rules: &Rules) -> Vec<u8> {
        let mut marks = vec![0u8; self.batch.num_rows()];
        for texts in [self.body, self.attributes, self.exception_message, self.exception_type] {
            rules.log_texts.mark(texts, |row| marks[row] |= LITERAL);
        }
        for position in &rules.log_columns {
            if let Some(column) = self.batch.columns().get(*position)
                && column.null_count() < marks.len()
            {
                (0..marks.len()).filter(|row| column.is_valid(*row)).for_each(|row| marks[row] |= COLUMN);
            }
        }
        marks
    }
}

impl LogRow<'_> {
    /// The body when it is a JSON object.
    fn object(&self) -> Option<&str> {
        text(self.logs.body, self.row).filter(|body| body.trim_start().starts_with('{'))
    }

    fn attribute(&self, key: &AttributeKey) -> Option<Cow<'_, str>> {
        let sent = text(self.logs.attributes, self.row).and_then(|json| key.find(json));
        sent.or_else(|| key.find(self.object()?)).and_then(RawValue::text)
    }
}

impl Row for LogRow<'_> {
    fn value(&self, field: &Field, _: Option<usize>) -> Option<Cow<'_, str>> {
        let (logs, row) = (self.logs, self.row);
        let of_text = |column| text(column, row).map(Cow::Borrowed);
        match field {
            Field::Attributes => of_text(logs.attributes),
            Field::Attribute(attribute) => {
                let in_column = attribute.log_column.and_then(|position| promoted(logs.batch, position, row));
                in_column.or_else(|| self.attribute(&attribute.json))
            }
            Field::EventName => of_text(logs.event_name),
            Field::SeverityNumber => number(logs.severity_number, row).map(|number| Cow::Owned(number.to_string())),
            Field::ExceptionType => of_text(logs.exception_type).or_else(|| of_text(logs.error_type)),
            _ => logs.groups.value(field, row),
        }
    }

    fn texts(&self) -> Vec<Cow<'_, str>> {
        let of_object = self.object().and_then(|object| {
            let keys = [&keys::MSG, &keys::MESSAGE, &keys::M, &keys::CONTENT];
            keys.into_iter().find_map(|key| key.find(object).and_then(RawValue::text))
        });
        let whole = text(self.logs.body, self.row).map(Cow::Borrowed);
        let exception = text(self.logs.exception_message, self.row).map(Cow::Borrowed);
        let errors = [&keys::ERROR, &keys::ERR].into_iter().filter_map(|key| self.attribute(key));
        of_object.into_iter().chain(whole).chain(exception).chain(errors).collect()
    }

    fn origin(&self, _: Option<usize>) -> Origin {
        let (logs, row) = (self.logs, self.row);
        Origin {
            time: UnixNanos(logs.time.value(row)),
            duration_ns: None,
            emitter: logs.groups.emitter(row, None),
            span_kind: None,
            amount: Some(Amount::Count(1.0)),
            value: None,
            series: None,
            source: Source::Log,
            trace_id: bytes(logs.trace_id, row).and_then(TraceId::from_slice),
            span_id: bytes(logs.span_id, row).and_then(SpanId::from_slice),
            parent_span_id: None,
        }
    }
}
