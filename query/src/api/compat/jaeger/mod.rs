//! Jaeger's query API, versions 1 and 3.
//!
//! | version 1 | answer |
//! |---|---|
//! | `/api/services`, `/api/services/{service}/operations`, `/api/operations` | names, of the last 72 hours |
//! | `/api/traces?service=…` | search, the newest first; `traceID=…` instead, as often as wanted, gives these |
//! | `/api/traces/{id}` | a trace |
//! | `/api/dependencies?endTs&lookback` | who called whom |
//! | `/api/metrics/{latencies,calls,errors,minstep}` | what the Monitor tab shows |
//!
//! Version 3 is `/api/v3/{services,operations,traces,traces/{id},trace-summaries,dependencies}`, with traces as OTLP.
//!
//! Version 1 has times in µs, but Grafana sends those of a single trace and of dependencies in ms: they are read by their digits.
//! Version 3 has RFC 3339, which Grafana does not encode. Where Jaeger's own versions disagree about names (`startTime`, `start_time`), all are read.

mod envelope;
mod filter;
mod monitor;
mod reference;
mod routes;
mod search;
mod summary;
mod v1;
mod v3;

pub(super) use routes::routes;
