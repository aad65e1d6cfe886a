//! What several tables have: how often, and where from.

use arrow::array::{FixedSizeBinaryArray, Float64Array, Int32Array, StringArray, TimestampNanosecondArray, UInt64Array};
use schemas::{SpanId, TraceId, columns as c};

use super::{
    read::{Column, Reader, RowError},
    write::Writer,
};
use crate::facts::{Amount, Evidence, Source};

pub(super) fn write_amounts(
    writer: &mut Writer,
    amounts: impl Iterator<Item = Option<Amount>> + Clone,
    series: impl Iterator<Item = Option<u64>>,
) {
    let count = |amount: Option<Amount>| match amount {
        Some(Amount::Count(count)) => Some(count),
        _ => None,
    };
    let cumulative = |amount: Option<Amount>| match amount {
        Some(Amount::Cumulative { value, series, start_time }) => Some((value, series, start_time)),
        _ => None,
    };
    writer.floats(c::COUNT, amounts.clone().map(count));
    writer.floats(c::CUMULATIVE, amounts.clone().map(|amount| cumulative(amount).map(|(value, ..)| value)));
    writer
        .u64s(c::SERIES_ID, amounts.clone().zip(series).map(|(amount, series)| cumulative(amount).map(|(_, series, _)| series).or(series)));
    writer.times(c::START_TIME, amounts.map(|amount| cumulative(amount).and_then(|(.., start_time)| start_time)));
}

pub(super) struct Amounts {
    count: Column<Float64Array>,
    cumulative: Column<Float64Array>,
    series: Column<UInt64Array>,
    start_time: Column<TimestampNanosecondArray>,
}

impl Amounts {
    pub(super) fn of(reader: Reader<'_>) -> Result<Self, RowError> {
        Ok(Self {
            count: reader.floats(c::COUNT)?,
            cumulative: reader.floats(c::CUMULATIVE)?,
            series: reader.u64s(c::SERIES_ID)?,
            start_time: reader.times(c::START_TIME)?,
        })
    }

    pub(super) fn optional(&self, row: usize) -> Result<Option<Amount>, RowError> {
        let Some(value) = self.cumulative.optional(row) else { return Ok(self.count.optional(row).map(Amount::Count)) };
        Ok(Some(Amount::Cumulative { value, series: self.series.get(row)?, start_time: self.start_time.optional(row) }))
    }

    pub(super) fn get(&self, row: usize) -> Result<Amount, RowError> {
        self.optional(row)?.ok_or(RowError::Null { column: c::COUNT })
    }

    pub(super) fn series(&self, row: usize) -> Option<u64> {
        self.series.optional(row)
    }
}

pub(super) fn write_evidence<'a>(writer: &mut Writer, evidence: impl Iterator<Item = &'a Evidence> + Clone) {
    writer.words(c::SOURCE, evidence.clone().map(|evidence| evidence.source.word()));
    writer.words(c::RULE, evidence.clone().map(|evidence| evidence.rule.as_str()));
    writer.i32s(c::CONFIDENCE, evidence.clone().map(|evidence| Some(evidence.confidence.into())));
    writer.ids(c::TRACE_ID, evidence.clone().map(|evidence| evidence.trace_id.as_ref().map(TraceId::as_bytes)));
    writer.ids(c::SPAN_ID, evidence.clone().map(|evidence| evidence.span_id.as_ref().map(SpanId::as_bytes)));
    writer.ids(c::PARENT_SPAN_ID, evidence.map(|evidence| evidence.parent_span_id.as_ref().map(SpanId::as_bytes)));
}

pub(super) struct Evidences {
    source: Column<StringArray>,
    rule: Column<StringArray>,
    confidence: Column<Int32Array>,
    trace_id: Column<FixedSizeBinaryArray>,
    span_id: Column<FixedSizeBinaryArray>,
    parent_span_id: Column<FixedSizeBinaryArray>,
}

impl Evidences {
    pub(super) fn of(reader: Reader<'_>) -> Result<Self, RowError> {
        Ok(Self {
            source: reader.texts(c::SOURCE)?,
            rule: reader.texts(c::RULE)?,
            confidence: reader.i32s(c::CONFIDENCE)?,
            trace_id: reader.ids(c::TRACE_ID, TraceId::LEN as i32)?,
            span_id: reader.ids(c::SPAN_ID, SpanId::LEN as i32)?,
            parent_span_id: reader.ids(c::PARENT_SPAN_ID, SpanId::LEN as i32)?,
        })
    }

    pub(super) fn get(&self, row: usize) -> Result<Evidence, RowError> {
        Ok(Evidence {
            source: self.source.word(row, Source::from_word)?,
            rule: self.rule.get(row),
            confidence: self.confidence.get(row)?.clamp(0, 100) as u8,
            trace_id: self.trace_id.trace(row),
            span_id: self.span_id.span(row),
            parent_span_id: self.parent_span_id.span(row),
        })
    }
}
