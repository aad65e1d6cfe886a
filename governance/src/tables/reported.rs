//! Rows of `errors` as statistics see them: borrowed, and of the columns that count there only.

use arrow::array::{
    BooleanArray, FixedSizeBinaryArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray, TimestampNanosecondArray,
    UInt64Array,
};
use schemas::{SpanId, TraceId, columns as c};

use super::read::{Column, Reader, RowError};
use crate::{
    codes::{lineage::Hop, statistics::Reported},
    facts::{CodeSource, Source},
};

/// Columns that are read; a batch may lack all others.
pub const COLUMNS: [&str; 21] = [
    c::TIME,
    c::RECEIVED_AT,
    c::DURATION_NS,
    c::SPAN_KIND,
    c::CODE,
    c::REASON,
    c::MESSAGE,
    c::SOLUTION,
    c::COUNT,
    c::SOURCE,
    c::TRACE_ID,
    c::SPAN_ID,
    c::PARENT_SPAN_ID,
    c::HTTP_STATUS,
    c::GRPC_STATUS,
    c::IS_REJECTION,
    c::FINGERPRINT,
    c::CODE_SOURCE,
    c::SPAN_FAILED,
    c::SERVICE_NAME,
    c::DEPLOYMENT_ENVIRONMENT,
];

/// The columns of one batch.
pub struct ReportedRows {
    rows: usize,
    time: Column<TimestampNanosecondArray>,
    received: Column<TimestampNanosecondArray>,
    duration_ns: Column<Int64Array>,
    span_kind: Column<Int32Array>,
    code: Column<StringArray>,
    reason: Column<StringArray>,
    message: Column<StringArray>,
    solution: Column<StringArray>,
    count: Column<Float64Array>,
    source: Column<StringArray>,
    trace_id: Column<FixedSizeBinaryArray>,
    span_id: Column<FixedSizeBinaryArray>,
    parent_span_id: Column<FixedSizeBinaryArray>,
    http_status: Column<Int64Array>,
    grpc_status: Column<StringArray>,
    is_rejection: Column<BooleanArray>,
    fingerprint: Column<UInt64Array>,
    code_source: Column<StringArray>,
    span_failed: Column<BooleanArray>,
    service: Column<StringArray>,
    environment: Column<StringArray>,
}

impl ReportedRows {
    /// # Errors
    /// When a column is missing or has another type.
    pub fn of(batch: &RecordBatch) -> Result<Self, RowError> {
        let reader = Reader(batch);
        Ok(Self {
            rows: batch.num_rows(),
            time: reader.times(c::TIME)?,
            received: reader.times(c::RECEIVED_AT)?,
            duration_ns: reader.i64s(c::DURATION_NS)?,
            span_kind: reader.i32s(c::SPAN_KIND)?,
            code: reader.texts(c::CODE)?,
            reason: reader.texts(c::REASON)?,
            message: reader.texts(c::MESSAGE)?,
            solution: reader.texts(c::SOLUTION)?,
            count: reader.floats(c::COUNT)?,
            source: reader.texts(c::SOURCE)?,
            trace_id: reader.ids(c::TRACE_ID, TraceId::LEN as i32)?,
            span_id: reader.ids(c::SPAN_ID, SpanId::LEN as i32)?,
            parent_span_id: reader.ids(c::PARENT_SPAN_ID, SpanId::LEN as i32)?,
            http_status: reader.i64s(c::HTTP_STATUS)?,
            grpc_status: reader.texts(c::GRPC_STATUS)?,
            is_rejection: reader.bools(c::IS_REJECTION)?,
            fingerprint: reader.u64s(c::FINGERPRINT)?,
            code_source: reader.texts(c::CODE_SOURCE)?,
            span_failed: reader.bools(c::SPAN_FAILED)?,
            service: reader.texts(c::SERVICE_NAME)?,
            environment: reader.texts(c::DEPLOYMENT_ENVIRONMENT)?,
        })
    }

    pub fn len(&self) -> usize {
        self.rows
    }

    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// # Errors
    /// When a value is null that must not be, or a word is unknown.
    pub fn get(&self, row: usize) -> Result<Reported<'_>, RowError> {
        let end = self.time.get(row)?.0;
        let span_kind = self.span_kind.span_kind(row);
        Ok(Reported {
            hop: Hop {
                span: self.span_id.span(row),
                parent: self.parent_span_id.span(row),
                service: self.service.text(row),
                code: self.code.text(row),
                reason: self.reason.text(row),
                message: self.message.text(row),
                fingerprint: self.fingerprint.get(row)?,
                code_source: self.code_source.word(row, CodeSource::from_word)?,
                span_kind,
                is_span: span_kind.is_some(),
                start: end.saturating_sub(self.duration_ns.optional(row).unwrap_or_default().max(0)),
                end,
            },
            trace: self.trace_id.trace(row),
            environment: self.environment.text(row),
            solution: self.solution.text(row),
            http_status: self.http_status.optional(row),
            grpc_status: self.grpc_status.text(row),
            is_rejection: self.is_rejection.get(row)?,
            span_failed: self.span_failed.get(row)?,
            source: self.source.word(row, Source::from_word)?,
            weight: self.count.optional(row).unwrap_or_default(),
            received_ns: self.received.get(row)?.0,
        })
    }
}
