//! Table `edge_minutes`: what the calls from one service to another, or to a database, a queue or an address, add up to in one minute.
//! Own ids 100 and up.
//!
//! A call is a span whose parent is a span of another service; or a client or producer span below which no other service has one, which
//! calls its peer. Of the first the minute is that of the called span, of the second that of the calling one. Durations are those of the
//! client span where there is one, and a call failed when either of its spans did.
//!
//! Rows add up as those of `operation_minutes` do, and several may have the same key. Halves of calls whose other half was in no block of
//! the same flush wait in [`edge_halves`](super::edge_halves); until they are settled they are matched whenever somebody asks.
//!
//! Key columns: `time` to `beyond_limit`, and those of the resource, which are those of the caller.

use super::operation_minutes::BUCKET;
use crate::{
    column::{Column, Kind},
    columns as c,
};

pub const COLUMNS: &[Column] = &[
    Column::required(100, c::TIME, Kind::Time, "start of the minute, UTC, in which the calls came"),
    Column::optional(
        101,
        c::PEER,
        Kind::GroupText,
        "whom `service_name` calls: a service, or else what the calling spans say; null when nothing says or `beyond_limit` says so",
    ),
    Column::optional(
        102,
        c::PEER_KIND,
        Kind::GroupText,
        "service, database, queue, external (known by its address alone), or caller: `service_name` was called, and the span of whoever \
         called it is not there; null when nothing says whom it calls",
    ),
    Column::optional(
        103,
        c::OPERATION,
        Kind::GroupText,
        "name of the calling spans, or of the called ones when those that called are no calls",
    ),
    Column::optional(
        104,
        c::PROTOCOL,
        Kind::GroupText,
        "how it is called, for instance http, grpc, redis or kafka; null when nothing says",
    ),
    Column::required(105, c::STATUS_CLASS, Kind::GroupText, "error when the status of either span is Error, else ok"),
    Column::required(106, c::ONE_SIDED, Kind::I32, "1 when only one half of the calls is there: that of `service_name`; else 0"),
    Column::required(
        107,
        c::BEYOND_LIMIT,
        Kind::I32,
        "bit set: what is null because its service has too many: 1 operations, 2 peers, 16 environments, 32 protocols, 64 combinations of \
         all columns, of which the kind of the peer and the status are left",
    ),
    Column::required(110, c::COUNT, Kind::F64, "how many calls, adjusted by the sampling weight"),
    Column::required(111, c::SPANS, Kind::I64, "how many calls were received"),
    Column::required(124, c::LATE_SPANS, Kind::I64, "those of `spans` that arrived more than a minute after their end"),
    Column::required(112, c::ERRORS, Kind::F64, "those of `count` that failed"),
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
    Column::optional(121, c::SLOWEST_TRACE_ID, Kind::Id(16), "a trace with the longest call; null when all are negative"),
    Column::required(122, c::NEWEST_TRACE_ID, Kind::Id(16), "a trace with the newest call"),
    Column::required(123, c::NEWEST_TIME, Kind::Time, "when the newest call began"),
];
