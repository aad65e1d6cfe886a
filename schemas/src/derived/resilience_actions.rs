//! Table `resilience_actions`: one row per record of a retry, timeout, fallback, hedge or ejection. Own ids 100 and up.

use super::{amount, evidence};
use crate::{
    column::{Column, Kind},
    columns as c,
};

pub const COLUMNS: &[Column] = &[
    Column::required(100, c::TIME, Kind::Time, "when it was done"),
    Column::required(101, c::ACTION, Kind::GroupText, "retry, timeout, fallback, hedge, eject or uneject"),
    Column::optional(102, c::FRAMEWORK, Kind::GroupText, "library that did it, as far as the record tells"),
    Column::optional(103, c::NAME, Kind::GroupText, "name of the policy"),
    Column::optional(104, c::OPERATION, Kind::GroupText, "the operation it was done for"),
    Column::optional(105, c::TARGET, Kind::GroupText, "who was called, as far as the record tells"),
    Column::optional(106, c::OUTCOME, Kind::GroupText, "how it ended, as far as the record tells"),
    Column::optional(107, c::ATTEMPT, Kind::I64, "number of the attempt, from 0"),
    amount::COUNT,
    amount::CUMULATIVE,
    amount::SERIES_ID,
    amount::START_TIME,
    evidence::SOURCE,
    evidence::RULE,
    evidence::CONFIDENCE,
    evidence::TRACE_ID,
    evidence::SPAN_ID,
    evidence::PARENT_SPAN_ID,
];
