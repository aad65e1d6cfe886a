//! [`BreakerSignal`] <-> `breaker_signals`.

use arrow::record_batch::RecordBatch;
use schemas::{Table, TableBatch, UnixNanos, columns as c};

use super::{
    parts::{Amounts, Evidences, write_amounts, write_evidence},
    read::{Reader, RowError},
    write::Writer,
};
use crate::facts::{Amount, BreakerSignal, Mechanism, Signal, State};

/// A signal as its columns.
struct Columns {
    word: &'static str,
    from: Option<State>,
    to: Option<State>,
    value: Option<f64>,
    amount: Option<Amount>,
}

const TRANSITION: &str = "transition";
const COUNTER: &str = "counter";
const ONE_HOT: &str = "one_hot";
pub(crate) const ENUM: &str = "enum";
const SEEN: &str = "seen";
const CONFIG_RELOAD: &str = "config_reload";

impl Columns {
    fn of(signal: &Signal) -> Self {
        let columns = |word, from, to| Self { word, from, to, value: None, amount: None };
        match *signal {
            Signal::Transition { from, to } => columns(TRANSITION, from, Some(to)),
            Signal::Counter { from, to, amount } => Self { amount: Some(amount), ..columns(COUNTER, from, Some(to)) },
            Signal::OneHot { state, value } => Self { value: Some(value), ..columns(ONE_HOT, None, Some(state)) },
            Signal::Enum { value, state } => Self { value: Some(value), ..columns(ENUM, None, state) },
            Signal::Seen { state } => columns(SEEN, None, Some(state)),
            Signal::ConfigReload => columns(CONFIG_RELOAD, None, None),
        }
    }
}

pub fn write(facts: &[BreakerSignal], received_at: UnixNanos) -> TableBatch {
    let mut writer = Writer::new(Table::BreakerSignals, facts.len(), received_at);
    let rows = || facts.iter();
    let signals = || facts.iter().map(|fact| Columns::of(&fact.signal));
    let word = |state: Option<State>| state.map_or("", State::word);
    writer.times(c::TIME, rows().map(|fact| Some(fact.time)));
    writer.words(c::FRAMEWORK, rows().map(|fact| fact.framework.as_str()));
    writer.words(c::MECHANISM, rows().map(|fact| fact.mechanism.word()));
    writer.words(c::NAME, rows().map(|fact| fact.name.as_str()));
    writer.words(c::OPERATION, rows().map(|fact| fact.operation.as_str()));
    writer.words(c::TARGET, rows().map(|fact| fact.target.as_str()));
    writer.words(c::SIGNAL, signals().map(|signal| signal.word));
    writer.words(c::FROM_STATE, signals().map(|signal| word(signal.from)));
    writer.words(c::TO_STATE, signals().map(|signal| word(signal.to)));
    writer.floats(c::STATE_VALUE, signals().map(|signal| signal.value));
    write_amounts(&mut writer, rows().map(|fact| Columns::of(&fact.signal).amount), rows().map(|fact| fact.series));
    write_evidence(&mut writer, rows().map(|fact| &fact.evidence));
    writer.words(c::CAUSE, rows().map(|fact| fact.cause.as_str()));
    writer.texts(c::TEXT, rows().map(|fact| fact.text.as_str()));
    writer.emitters(rows().map(|fact| &fact.emitter));
    writer.finish()
}

/// # Errors
/// When a column is missing, has another type or holds an unknown word.
pub fn read(batch: &RecordBatch) -> Result<Vec<BreakerSignal>, RowError> {
    let reader = Reader(batch);
    let (time, framework, mechanism) = (reader.times(c::TIME)?, reader.texts(c::FRAMEWORK)?, reader.texts(c::MECHANISM)?);
    let (name, operation, target) = (reader.texts(c::NAME)?, reader.texts(c::OPERATION)?, reader.texts(c::TARGET)?);
    let (signal, from, to) = (reader.texts(c::SIGNAL)?, reader.texts(c::FROM_STATE)?, reader.texts(c::TO_STATE)?);
    let (value, cause, text) = (reader.floats(c::STATE_VALUE)?, reader.texts(c::CAUSE)?, reader.texts(c::TEXT)?);
    let (emitters, amounts, evidence) = (reader.emitters()?, Amounts::of(reader)?, Evidences::of(reader)?);
    let signal = |row| -> Result<Signal, RowError> {
        let required = || to.word(row, State::from_word);
        let from = from.optional_word(row, State::from_word)?;
        match signal.get(row).as_str() {
            TRANSITION => Ok(Signal::Transition { from, to: required()? }),
            COUNTER => Ok(Signal::Counter { from, to: required()?, amount: amounts.get(row)? }),
            ONE_HOT => Ok(Signal::OneHot { state: required()?, value: value.get(row)? }),
            ENUM => Ok(Signal::Enum { value: value.get(row)?, state: to.optional_word(row, State::from_word)? }),
            SEEN => Ok(Signal::Seen { state: required()? }),
            CONFIG_RELOAD => Ok(Signal::ConfigReload),
            word => Err(RowError::Word { column: c::SIGNAL, word: word.to_owned() }),
        }
    };
    let fact = |row| {
        Ok(BreakerSignal {
            time: time.get(row)?,
            emitter: emitters.get(row),
            framework: framework.get(row),
            mechanism: mechanism.word(row, Mechanism::from_word)?,
            name: name.get(row),
            operation: operation.get(row),
            target: target.get(row),
            signal: signal(row)?,
            cause: cause.get(row),
            text: text.get(row),
            series: amounts.series(row),
            evidence: evidence.get(row)?,
        })
    };
    (0..batch.num_rows()).map(fact).collect()
}
