//! Table `logs`: one row per log record. Own ids 100 and up; promoted attributes from 140, in the order of [`promoted::LOG`].
//!
//! [`promoted::LOG`]: crate::promoted::LOG

use crate::{
    column::{Column, Kind},
    columns as c,
};

pub const COLUMNS: &[Column] = &[
    Column::required(100, c::TIME, Kind::Time, "when it happened; see `time_source`"),
    Column::optional(101, c::OBSERVED_TIME, Kind::Time, "when the collection system saw it; null when the sender gave 0"),
    Column::required(
        102,
        c::TIME_SOURCE,
        Kind::I32,
        "where `time` is from: 0 the sender, 1 `observed_time` because the sender gave 0, 2 `received_at` because both were 0",
    ),
    Column::optional(103, c::TRACE_ID, Kind::Id(16), "trace id; null when absent or invalid"),
    Column::optional(104, c::SPAN_ID, Kind::Id(8), "span id; null when absent or invalid"),
    Column::required(105, c::FLAGS, Kind::U32, "W3C trace flags in bits 0-7; all 32 bits as sent"),
    Column::required(
        106,
        c::SEVERITY_NUMBER,
        Kind::I32,
        "1-4 trace, 5-8 debug, 9-12 info, 13-16 warn, 17-20 error, 21-24 fatal, 0 unspecified",
    ),
    Column::optional(107, c::SEVERITY_TEXT, Kind::Text, "the level's name at its source; null when empty"),
    Column::optional(
        108,
        c::BODY,
        Kind::Text,
        "a string body as it is, any other body as the JSON of its AnyValue; null when there is none",
    ),
    Column::required(
        109,
        c::BODY_TYPE,
        Kind::I32,
        "type of the body: 0 none, 1 string, 2 bool, 3 int, 4 double, 5 array, 6 key-value list, 7 bytes",
    ),
    Column::optional(110, c::EVENT_NAME, Kind::Text, "name of the event; null when empty"),
    Column::optional(111, c::ATTRIBUTES, Kind::Text, "JSON object of the attributes that are not promoted; null when none"),
    Column::optional(112, c::DROPPED_ATTRIBUTES_COUNT, Kind::U32, "attributes the sender dropped; null when 0"),
    Column::optional(113, c::RENAMED_KEYS, Kind::I64, "bit set: which promoted columns came from an alias; null when none"),
    Column::optional(114, c::ERROR_CODE, Kind::Text, "derived by governance: the error code"),
    Column::optional(115, c::ERROR_REASON, Kind::Text, "derived by governance: the error reason"),
    Column::optional(140, c::ERROR_TYPE, Kind::Text, "attribute `error.type`"),
    Column::optional(141, c::EXCEPTION_TYPE, Kind::Text, "attribute `exception.type`"),
    Column::optional(142, c::EXCEPTION_MESSAGE, Kind::Text, "attribute `exception.message`"),
    Column::optional(143, c::EXCEPTION_STACKTRACE, Kind::Text, "attribute `exception.stacktrace`"),
];
