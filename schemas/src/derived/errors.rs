//! Table `errors`: one row per record that carries an error. Own ids 100 and up.

use super::{amount, evidence};
use crate::{
    column::{Column, Kind},
    columns as c,
};

pub const COLUMNS: &[Column] = &[
    Column::required(100, c::TIME, Kind::Time, "when it happened: of a span its end, or the time of its exception"),
    Column::optional(101, c::DURATION_NS, Kind::I64, "of spans: how long the call took, in nanoseconds"),
    Column::optional(102, c::OPERATION, Kind::GroupText, "the operation that failed"),
    Column::optional(103, c::SPAN_KIND, Kind::I32, "of spans: the kind, as in `spans`"),
    Column::optional(104, c::CODE, Kind::GroupText, "the error code; null when there is none"),
    Column::optional(105, c::REASON, Kind::GroupText, "the reason, such as INSUFFICIENT_STOCK; null when there is none"),
    Column::optional(106, c::DOMAIN, Kind::GroupText, "who defines the reason"),
    Column::optional(107, c::MESSAGE, Kind::Text, "what it says to people"),
    Column::optional(108, c::SOLUTION, Kind::Text, "what it says to do"),
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
    Column::optional(130, c::HTTP_STATUS, Kind::I64, "HTTP status"),
    Column::optional(131, c::GRPC_STATUS, Kind::GroupText, "gRPC status, in capitals"),
    Column::optional(132, c::EXCEPTION_TYPE, Kind::GroupText, "type of the exception"),
    Column::optional(133, c::FRAMEWORK, Kind::GroupText, "library that made the error, as far as the record tells"),
    Column::required(134, c::IS_REJECTION, Kind::Bool, "whether a breaker or limiter made it"),
    Column::required(135, c::FINGERPRINT, Kind::U64, "hash of the message with numbers, ids and quoted parts masked"),
    Column::required(
        136,
        c::CODE_SOURCE,
        Kind::GroupText,
        "what the code was read from: attribute, event, kratos, json, text, library, status, exception_type or metric",
    ),
    Column::required(137, c::SPAN_FAILED, Kind::Bool, "of spans: whether the status is Error"),
];
