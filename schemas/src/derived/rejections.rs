//! Table `rejections`: one row per record that says a call was refused. Own ids 100 and up.

use super::{amount, evidence};
use crate::{
    column::{Column, Kind},
    columns as c,
};

pub const COLUMNS: &[Column] = &[
    Column::required(100, c::TIME, Kind::Time, "when it was refused, or the end of what a metric point covers"),
    Column::optional(101, c::DURATION_NS, Kind::I64, "of spans: how long the call took, in nanoseconds"),
    Column::required(
        102,
        c::KIND,
        Kind::GroupText,
        "breaker_open, half_open_limit, rate_limit, load_shed, bulkhead, concurrency_cap, no_healthy_host, retry_budget, unknown_503 or unknown_429",
    ),
    Column::optional(103, c::FRAMEWORK, Kind::GroupText, "library that refused, as far as the record tells"),
    Column::required(104, c::MECHANISM, Kind::GroupText, "breaker, adaptive, outlier, concurrency_cap or manual"),
    Column::required(105, c::NAME, Kind::GroupText, "the breaker's or limiter's name, else `op:` and the operation"),
    Column::optional(106, c::OPERATION, Kind::GroupText, "the operation that was refused"),
    Column::optional(107, c::TARGET, Kind::GroupText, "who was called, as far as the record tells"),
    Column::optional(108, c::SPAN_KIND, Kind::I32, "of spans: the kind, as in `spans`"),
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
    Column::optional(130, c::CODE, Kind::GroupText, "error code of the refusal"),
    Column::optional(131, c::REASON, Kind::GroupText, "reason of the refusal, such as CIRCUITBREAKER"),
    Column::optional(132, c::HTTP_STATUS, Kind::I64, "HTTP status of the refusal"),
    Column::optional(133, c::GRPC_STATUS, Kind::GroupText, "gRPC status of the refusal, in capitals"),
    Column::required(134, c::SAYS_PROPAGATED, Kind::Bool, "whether the text itself shows that somebody further down refused"),
];
