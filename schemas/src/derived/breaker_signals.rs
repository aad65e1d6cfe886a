//! Table `breaker_signals`: one row per record that says something about the state of a circuit breaker. Own ids 100 and up.

use super::{amount, evidence};
use crate::{
    column::{Column, Kind},
    columns as c,
};

pub const COLUMNS: &[Column] = &[
    Column::required(100, c::TIME, Kind::Time, "when it was so"),
    Column::optional(101, c::FRAMEWORK, Kind::GroupText, "library of the breaker, as far as the record tells"),
    Column::required(102, c::MECHANISM, Kind::GroupText, "breaker, adaptive, outlier, concurrency_cap or manual"),
    Column::required(103, c::NAME, Kind::GroupText, "the breaker's name"),
    Column::optional(104, c::OPERATION, Kind::GroupText, "the operation it guards"),
    Column::optional(105, c::TARGET, Kind::GroupText, "who is called, as far as the record tells"),
    Column::required(106, c::SIGNAL, Kind::GroupText, "transition, counter, one_hot, enum, seen or config_reload"),
    Column::optional(107, c::FROM_STATE, Kind::GroupText, "state before; null when the record does not say"),
    Column::optional(
        108,
        c::TO_STATE,
        Kind::GroupText,
        "state after, or the state spoken of: closed, open, half_open, forced_open, disabled, metrics_only or unknown",
    ),
    Column::optional(109, c::STATE_VALUE, Kind::F64, "of gauges: the value as sent"),
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
    Column::optional(130, c::CAUSE, Kind::GroupText, "why it changed, in one word, as far as the record tells"),
    Column::optional(131, c::TEXT, Kind::Text, "the text that says why"),
];
