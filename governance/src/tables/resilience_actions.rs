//! [`ResilienceAction`] <-> `resilience_actions`.

use arrow::record_batch::RecordBatch;
use schemas::{Table, TableBatch, UnixNanos, columns as c};

use super::{
    parts::{Amounts, Evidences, write_amounts, write_evidence},
    read::{Reader, RowError},
    write::Writer,
};
use crate::facts::{Action, ResilienceAction};

pub fn write(facts: &[ResilienceAction], received_at: UnixNanos) -> TableBatch {
    let mut writer = Writer::new(Table::ResilienceActions, facts.len(), received_at);
    let rows = || facts.iter();
    writer.times(c::TIME, rows().map(|fact| Some(fact.time)));
    writer.words(c::ACTION, rows().map(|fact| fact.action.word()));
    writer.words(c::FRAMEWORK, rows().map(|fact| fact.framework.as_str()));
    writer.words(c::NAME, rows().map(|fact| fact.name.as_str()));
    writer.words(c::OPERATION, rows().map(|fact| fact.operation.as_str()));
    writer.words(c::TARGET, rows().map(|fact| fact.target.as_str()));
    writer.words(c::OUTCOME, rows().map(|fact| fact.outcome.as_str()));
    writer.i64s(c::ATTEMPT, rows().map(|fact| fact.attempt));
    write_amounts(&mut writer, rows().map(|fact| Some(fact.amount)), rows().map(|_| None));
    write_evidence(&mut writer, rows().map(|fact| &fact.evidence));
    writer.emitters(rows().map(|fact| &fact.emitter));
    writer.finish()
}

/// # Errors
/// When a column is missing, has another type or holds an unknown word.
pub fn read(batch: &RecordBatch) -> Result<Vec<ResilienceAction>, RowError> {
    let reader = Reader(batch);
    let (time, action, framework) = (reader.times(c::TIME)?, reader.texts(c::ACTION)?, reader.texts(c::FRAMEWORK)?);
    let (name, operation, target) = (reader.texts(c::NAME)?, reader.texts(c::OPERATION)?, reader.texts(c::TARGET)?);
    let (outcome, attempt) = (reader.texts(c::OUTCOME)?, reader.i64s(c::ATTEMPT)?);
    let (emitters, amounts, evidence) = (reader.emitters()?, Amounts::of(reader)?, Evidences::of(reader)?);
    let fact = |row| {
        Ok(ResilienceAction {
            time: time.get(row)?,
            emitter: emitters.get(row),
            action: action.word(row, Action::from_word)?,
            amount: amounts.get(row)?,
            framework: framework.get(row),
            name: name.get(row),
            operation: operation.get(row),
            target: target.get(row),
            outcome: outcome.get(row),
            attempt: attempt.optional(row),
            evidence: evidence.get(row)?,
        })
    };
    (0..batch.num_rows()).map(fact).collect()
}
