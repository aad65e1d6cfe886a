//! Table `operation_minutes`: what the spans of one operation, with the same outcome, add up to in one minute of their start. Own ids
//! 100 and up.
//!
//! Several rows may have the same key: each flush writes what its spans add up to, and compaction adds rows up. Whoever asks adds up
//! what is found: counts, sums and buckets by `+`, the largest by `max`. All of them add exactly, in any order and grouping.
//!
//! A sampled span counts as often as its tracestate says (`ot=th`), rounded to 1/65,536 so that sums stay exact up to 2^37.
//!
//! Key columns: `time` to `error_code`, `beyond_limit`, and those of the resource.

use crate::{
    column::{Column, Kind},
    columns as c,
};

pub const COLUMNS: &[Column] = &[
    Column::required(100, c::TIME, Kind::Time, "start of the minute, UTC, in which the spans started"),
    Column::optional(101, c::OPERATION, Kind::GroupText, "name of the spans; null when `beyond_limit` says so"),
    Column::required(102, c::SPAN_KIND, Kind::I32, "kind of the spans, as in `spans`"),
    Column::optional(
        103,
        c::PEER,
        Kind::GroupText,
        "whom the spans call: a service, a database or a queue, by what they say; null of other spans",
    ),
    Column::optional(104, c::PEER_KIND, Kind::GroupText, "service, database or queue; null of spans that call nobody"),
    Column::required(105, c::STATUS_CLASS, Kind::GroupText, "error when the status of the spans is Error, else ok"),
    Column::optional(106, c::RESPONSE_CLASS, Kind::GroupText, "HTTP 1xx to 5xx, or the gRPC status in capitals; null when neither is said"),
    Column::optional(107, c::ERROR_CODE, Kind::GroupText, "error code of the spans; null when they have none or `beyond_limit` says so"),
    Column::required(
        108,
        c::BEYOND_LIMIT,
        Kind::I32,
        "bit set: what is null because its service has too many: 1 operations, 2 peers, 4 error codes, 8 versions, \
         16 environments, 64 combinations of all columns, of which kind and status are left",
    ),
    Column::required(110, c::COUNT, Kind::F64, "how many spans, adjusted by the sampling weight"),
    Column::required(111, c::SPANS, Kind::I64, "how many spans were received"),
    Column::required(124, c::LATE_SPANS, Kind::I64, "those of `spans` that arrived more than a minute after their end"),
    Column::required(112, c::ERRORS, Kind::F64, "those of `count` whose status is Error"),
    Column::required(113, c::NEGATIVE_COUNT, Kind::F64, "those of `count` with a negative duration: they are in no sum, maximum or bucket"),
    Column::required(114, c::ZERO_COUNT, Kind::F64, "those of `count` with a duration of 0: they are in no bucket"),
    Column::required(115, c::DURATION_SUM_NS, Kind::I64, "sum of the durations in nanoseconds, weighted; at most 2^63 - 1"),
    Column::optional(116, c::DURATION_MAX_NS, Kind::I64, "longest duration in nanoseconds; null when all are negative"),
    Column::required(
        117,
        c::DURATION_BUCKETS,
        Kind::Structs { item_id: 118, fields: BUCKET },
        "histogram of the durations, ascending by index: OpenTelemetry's exponential one of scale 3",
    ),
    Column::optional(121, c::SLOWEST_TRACE_ID, Kind::Id(16), "a trace with the longest duration; null when all are negative"),
    Column::required(122, c::NEWEST_TRACE_ID, Kind::Id(16), "a trace with the newest start"),
    Column::required(123, c::NEWEST_TIME, Kind::Time, "the newest start"),
];

/// The fields of `duration_buckets`.
pub const BUCKET: &[Column] = &[
    Column::required(119, c::INDEX, Kind::I32, "durations above 2^(index/8) ns, up to and with 2^((index+1)/8) ns"),
    Column::required(120, c::COUNT, Kind::F64, "how many spans, adjusted by the sampling weight"),
];
