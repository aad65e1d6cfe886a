//! Zipkin's query API, version 2.
//!
//! | path below `/api/v2` | answer |
//! |---|---|
//! | `/services`, `/spans?serviceName`, `/remoteServices?serviceName` | names, of the last 72 hours |
//! | `/traces?serviceName&spanName&annotationQuery&minDuration&maxDuration&endTs&lookback&limit` | search, the newest first |
//! | `/trace/{id}`, `/traceMany?traceIds` | traces as lists of spans |
//! | `/dependencies?endTs&lookback` | who called whom, and how often that failed |
//! | `/autocompleteKeys`, `/autocompleteValues?key` | tags worth completing, and what they say |
//!
//! `endTs` and `lookback` are ms, durations µs.

mod routes;
mod search;
mod v2;

pub(super) use routes::routes;
