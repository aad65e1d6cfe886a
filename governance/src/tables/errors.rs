//! [`Error`] <-> `errors`.

use arrow::record_batch::RecordBatch;
use schemas::{Table, TableBatch, UnixNanos, columns as c};

use super::{
    parts::{Amounts, Evidences, write_amounts, write_evidence},
    read::{Reader, RowError},
    write::Writer,
};
use crate::facts::{CodeSource, Error};

pub fn write(facts: &[Error], received_at: UnixNanos) -> TableBatch {
    let mut writer = Writer::new(Table::Errors, facts.len(), received_at);
    let rows = || facts.iter();
    writer.times(c::TIME, rows().map(|fact| Some(fact.time)));
    writer.i64s(c::DURATION_NS, rows().map(|fact| fact.duration_ns));
    writer.words(c::OPERATION, rows().map(|fact| fact.operation.as_str()));
    writer.i32s(c::SPAN_KIND, rows().map(|fact| fact.span_kind.map(|kind| kind.number())));
    writer.words(c::CODE, rows().map(|fact| fact.code.as_str()));
    writer.words(c::REASON, rows().map(|fact| fact.reason.as_str()));
    writer.words(c::DOMAIN, rows().map(|fact| fact.domain.as_str()));
    writer.texts(c::MESSAGE, rows().map(|fact| fact.message.as_str()));
    writer.texts(c::SOLUTION, rows().map(|fact| fact.solution.as_str()));
    write_amounts(&mut writer, rows().map(|fact| Some(fact.amount)), rows().map(|_| None));
    write_evidence(&mut writer, rows().map(|fact| &fact.evidence));
    writer.i64s(c::HTTP_STATUS, rows().map(|fact| fact.http_status));
    writer.words(c::GRPC_STATUS, rows().map(|fact| fact.grpc_status.as_str()));
    writer.words(c::EXCEPTION_TYPE, rows().map(|fact| fact.exception_type.as_str()));
    writer.words(c::FRAMEWORK, rows().map(|fact| fact.framework.as_str()));
    writer.bools(c::IS_REJECTION, rows().map(|fact| fact.is_rejection));
    writer.u64s(c::FINGERPRINT, rows().map(|fact| Some(fact.fingerprint)));
    writer.words(c::CODE_SOURCE, rows().map(|fact| fact.code_source.word()));
    writer.bools(c::SPAN_FAILED, rows().map(|fact| fact.span_failed));
    writer.emitters(rows().map(|fact| &fact.emitter));
    writer.finish()
}

/// # Errors
/// When a column is missing, has another type or holds an unknown word.
pub fn read(batch: &RecordBatch) -> Result<Vec<Error>, RowError> {
    let reader = Reader(batch);
    let (time, duration_ns, operation) = (reader.times(c::TIME)?, reader.i64s(c::DURATION_NS)?, reader.texts(c::OPERATION)?);
    let (span_kind, code, reason) = (reader.i32s(c::SPAN_KIND)?, reader.texts(c::CODE)?, reader.texts(c::REASON)?);
    let (domain, message, solution) = (reader.texts(c::DOMAIN)?, reader.texts(c::MESSAGE)?, reader.texts(c::SOLUTION)?);
    let (http_status, grpc_status) = (reader.i64s(c::HTTP_STATUS)?, reader.texts(c::GRPC_STATUS)?);
    let (exception_type, framework) = (reader.texts(c::EXCEPTION_TYPE)?, reader.texts(c::FRAMEWORK)?);
    let (is_rejection, fingerprint) = (reader.bools(c::IS_REJECTION)?, reader.u64s(c::FINGERPRINT)?);
    let (code_source, span_failed) = (reader.texts(c::CODE_SOURCE)?, reader.bools(c::SPAN_FAILED)?);
    let (emitters, amounts, evidence) = (reader.emitters()?, Amounts::of(reader)?, Evidences::of(reader)?);
    let fact = |row| {
        Ok(Error {
            time: time.get(row)?,
            emitter: emitters.get(row),
            operation: operation.get(row),
            span_kind: span_kind.span_kind(row),
            code: code.get(row),
            reason: reason.get(row),
            domain: domain.get(row),
            message: message.get(row),
            solution: solution.get(row),
            http_status: http_status.optional(row),
            grpc_status: grpc_status.get(row),
            exception_type: exception_type.get(row),
            framework: framework.get(row),
            is_rejection: is_rejection.get(row)?,
            fingerprint: fingerprint.get(row)?,
            amount: amounts.get(row)?,
            code_source: code_source.word(row, CodeSource::from_word)?,
            span_failed: span_failed.get(row)?,
            duration_ns: duration_ns.optional(row),
            evidence: evidence.get(row)?,
        })
    };
    (0..batch.num_rows()).map(fact).collect()
}
