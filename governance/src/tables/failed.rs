//! Rows of `errors` as breakers see them: borrowed, and of the columns that say whether and as what a failed call counts.

use arrow::array::{BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, TimestampNanosecondArray, UInt64Array};
use schemas::columns as c;

use super::read::{Column, Reader, RowError};
use crate::{
    analytics::codes::{Failed, Named},
    facts::Source,
};

/// Columns that are read; a batch may lack all others.
pub const COLUMNS: [&str; 12] = [
    c::TIME,
    c::SERVICE_NAME,
    c::OPERATION,
    c::CODE,
    c::REASON,
    c::EXCEPTION_TYPE,
    c::HTTP_STATUS,
    c::GRPC_STATUS,
    c::FINGERPRINT,
    c::SOURCE,
    c::IS_REJECTION,
    c::COUNT,
];

/// The columns of one batch.
pub struct FailedRows {
    rows: usize,
    time: Column<TimestampNanosecondArray>,
    service: Column<StringArray>,
    operation: Column<StringArray>,
    code: Column<StringArray>,
    reason: Column<StringArray>,
    exception_type: Column<StringArray>,
    http_status: Column<Int64Array>,
    grpc_status: Column<StringArray>,
    fingerprint: Column<UInt64Array>,
    source: Column<StringArray>,
    is_rejection: Column<BooleanArray>,
    count: Column<Float64Array>,
}

/// One of them.
pub struct FailedRow<'a> {
    pub time: i64,
    /// How many calls it stands for.
    pub count: f64,
    pub service: &'a str,
    pub failed: Failed<'a>,
    pub named: Named<'a>,
}

impl FailedRows {
    /// # Errors
    /// When a column is missing or has another type.
    pub fn of(batch: &RecordBatch) -> Result<Self, RowError> {
        let reader = Reader(batch);
        Ok(Self {
            rows: batch.num_rows(),
            time: reader.times(c::TIME)?,
            service: reader.texts(c::SERVICE_NAME)?,
            operation: reader.texts(c::OPERATION)?,
            code: reader.texts(c::CODE)?,
            reason: reader.texts(c::REASON)?,
            exception_type: reader.texts(c::EXCEPTION_TYPE)?,
            http_status: reader.i64s(c::HTTP_STATUS)?,
            grpc_status: reader.texts(c::GRPC_STATUS)?,
            fingerprint: reader.u64s(c::FINGERPRINT)?,
            source: reader.texts(c::SOURCE)?,
            is_rejection: reader.bools(c::IS_REJECTION)?,
            count: reader.floats(c::COUNT)?,
        })
    }

    pub fn len(&self) -> usize {
        self.rows
    }

    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// `None`: no failed call, but one that was refused, or a running total, which says nothing of when.
    ///
    /// # Errors
    /// When a value is null that must not be, or a word is unknown.
    pub fn get(&self, row: usize) -> Result<Option<FailedRow<'_>>, RowError> {
        let Some(count) = self.count.optional(row) else { return Ok(None) };
        if self.is_rejection.get(row)? {
            return Ok(None);
        }
        let (http_status, grpc_status) = (self.http_status.optional(row), self.grpc_status.text(row));
        let source = self.source.word(row, Source::from_word)?;
        Ok(Some(FailedRow {
            time: self.time.get(row)?.0,
            count,
            service: self.service.text(row),
            failed: Failed {
                operation: self.operation.text(row),
                http_status,
                grpc_status,
                is_span: matches!(source, Source::Span | Source::SpanEvent),
            },
            named: Named {
                texts: [self.code.text(row), self.reason.text(row), self.exception_type.text(row), grpc_status],
                http_status,
                fingerprint: self.fingerprint.get(row)?,
            },
        }))
    }
}
