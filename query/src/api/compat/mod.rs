//! The query APIs of Jaeger and Zipkin, for dashboards, plugins and scripts that know only those.
//!
//! ```text
//! /jaeger/api/…      version 1: services, operations, search, a trace, dependencies
//! /jaeger/api/v3/…   version 3: traces, trace-summaries, services, operations, dependencies
//! /zipkin/api/v2/…   version 2
//! ```
//! Each may have a port of its own too, without the prefix.
//!
//! Paths and answers are those of their owners, so they are not in our OpenAPI document; `docs/jaeger.md` lists them.
//!
//! ```text
//! ask          what all of them ask of the engine and the store
//! condition    a search of theirs as one of ours
//! parameters   names and times as their clients really write them
//! ```

mod ask;
mod condition;
mod jaeger;
mod parameters;
mod routes;
mod zipkin;

pub(super) use routes::Compat;
