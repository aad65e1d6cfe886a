//! Table `edge_halves`: halves of calls that wait for the other half, which was in no block of the same flush. Own ids 100 and up.
//!
//! - Of a call that was made: its client or producer span, which has a `span_id`.
//! - Of a call that came in: its server or consumer span, which has a `parent_span_id` and no `span_id`.
//! - Of a call that only wraps another one: nothing but its `parent_span_id`, told by a span below it; of the kind `internal`.
//!
//! Rows go when their other half came, or had time enough to come: what they tell is in `edge_minutes` then.

use crate::{
    column::{Column, Kind},
    columns as c,
};

pub const COLUMNS: &[Column] = &[
    Column::required(100, c::TIME, Kind::Time, "start of the span"),
    Column::required(101, c::TRACE_ID, Kind::Id(16), "trace of the span"),
    Column::optional(102, c::SPAN_ID, Kind::Id(8), "of a span that calls: its id"),
    Column::optional(
        103,
        c::PARENT_SPAN_ID,
        Kind::Id(8),
        "the nearest span above that was not there; null when there is none that a call could be",
    ),
    Column::required(104, c::SPAN_KIND, Kind::I32, "kind of the span, as in `spans`"),
    Column::optional(105, c::OPERATION, Kind::GroupText, "name of the span"),
    Column::optional(106, c::PEER, Kind::GroupText, "whom it calls, by what it says"),
    Column::optional(107, c::PEER_KIND, Kind::GroupText, "service, database, queue or external; null when nothing says whom it calls"),
    Column::optional(108, c::PROTOCOL, Kind::GroupText, "how it calls or is called; null when nothing says"),
    Column::required(109, c::STATUS_CLASS, Kind::GroupText, "error when the status of the span is Error, else ok"),
    Column::required(110, c::DURATION_NS, Kind::I64, "end - start in nanoseconds"),
    Column::required(111, c::COUNT, Kind::F64, "how many spans it stands for, by its sampling weight"),
    Column::required(112, c::ANSWERED, Kind::I32, "1 when a span below it was found, which is counted then; else 0"),
];
