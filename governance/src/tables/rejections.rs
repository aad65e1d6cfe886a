//! [`Rejection`] <-> `rejections`.

use arrow::record_batch::RecordBatch;
use schemas::{Table, TableBatch, UnixNanos, columns as c};

use super::{
    parts::{Amounts, Evidences, write_amounts, write_evidence},
    read::{Reader, RowError},
    write::Writer,
};
use crate::facts::{Mechanism, Rejection, RejectionKind};

pub fn write(facts: &[Rejection], received_at: UnixNanos) -> TableBatch {
    let mut writer = Writer::new(Table::Rejections, facts.len(), received_at);
    let rows = || facts.iter();
    writer.times(c::TIME, rows().map(|fact| Some(fact.time)));
    writer.i64s(c::DURATION_NS, rows().map(|fact| fact.duration_ns));
    writer.words(c::KIND, rows().map(|fact| fact.kind.word()));
    writer.words(c::FRAMEWORK, rows().map(|fact| fact.framework.as_str()));
    writer.words(c::MECHANISM, rows().map(|fact| fact.mechanism.word()));
    writer.words(c::NAME, rows().map(|fact| fact.name.as_str()));
    writer.words(c::OPERATION, rows().map(|fact| fact.operation.as_str()));
    writer.words(c::TARGET, rows().map(|fact| fact.target.as_str()));
    writer.i32s(c::SPAN_KIND, rows().map(|fact| fact.span_kind.map(|kind| kind.number())));
    write_amounts(&mut writer, rows().map(|fact| Some(fact.amount)), rows().map(|_| None));
    write_evidence(&mut writer, rows().map(|fact| &fact.evidence));
    writer.words(c::CODE, rows().map(|fact| fact.code.as_str()));
    writer.words(c::REASON, rows().map(|fact| fact.reason.as_str()));
    writer.i64s(c::HTTP_STATUS, rows().map(|fact| fact.http_status));
    writer.words(c::GRPC_STATUS, rows().map(|fact| fact.grpc_status.as_str()));
    writer.bools(c::SAYS_PROPAGATED, rows().map(|fact| fact.says_propagated));
    writer.emitters(rows().map(|fact| &fact.emitter));
    writer.finish()
}

/// # Errors
/// When a column is missing, has another type or holds an unknown word.
pub fn read(batch: &RecordBatch) -> Result<Vec<Rejection>, RowError> {
    let reader = Reader(batch);
    let (time, duration_ns, kind) = (reader.times(c::TIME)?, reader.i64s(c::DURATION_NS)?, reader.texts(c::KIND)?);
    let (framework, mechanism, name) = (reader.texts(c::FRAMEWORK)?, reader.texts(c::MECHANISM)?, reader.texts(c::NAME)?);
    let (operation, target, span_kind) = (reader.texts(c::OPERATION)?, reader.texts(c::TARGET)?, reader.i32s(c::SPAN_KIND)?);
    let (code, reason) = (reader.texts(c::CODE)?, reader.texts(c::REASON)?);
    let (http_status, grpc_status) = (reader.i64s(c::HTTP_STATUS)?, reader.texts(c::GRPC_STATUS)?);
    let says_propagated = reader.bools(c::SAYS_PROPAGATED)?;
    let (emitters, amounts, evidence) = (reader.emitters()?, Amounts::of(reader)?, Evidences::of(reader)?);
    let fact = |row| {
        Ok(Rejection {
            time: time.get(row)?,
            duration_ns: duration_ns.optional(row),
            emitter: emitters.get(row),
            kind: kind.word(row, RejectionKind::from_word)?,
            amount: amounts.get(row)?,
            framework: framework.get(row),
            mechanism: mechanism.word(row, Mechanism::from_word)?,
            name: name.get(row),
            operation: operation.get(row),
            target: target.get(row),
            span_kind: span_kind.span_kind(row),
            code: code.get(row),
            reason: reason.get(row),
            http_status: http_status.optional(row),
            grpc_status: grpc_status.get(row),
            says_propagated: says_propagated.get(row)?,
            evidence: evidence.get(row)?,
        })
    };
    (0..batch.num_rows()).map(fact).collect()
}
