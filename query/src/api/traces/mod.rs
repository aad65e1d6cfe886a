//! One trace, found by its id alone: no time range asked for.
//!
//! ```text
//! GET /api/v1/traces/{trace_id}                     get       whole: a tree, columns, or OTLP
//! GET /api/v1/traces/{trace_id}/spans/{span_id}     span      one span with all it carries
//! GET /api/v1/traces/{trace_id}/analysis            analysis  where the time went
//! GET /api/v1/traces/{trace_id}/compare/{other_id}  compare   what another trace does differently
//! GET /api/v1/traces/{trace_id}/logs                logs      what was logged with its id
//! ```
//! Each parses its request (`parameters`), reads on a blocking thread (`load`; without attributes `narrow`), and answers JSON or a problem.

mod analysis;
mod compare;
mod get;
mod load;
mod logs;
mod narrow;
mod parameters;
mod routes;
mod span;

pub(in crate::api) use load::{internal, read_failed};
pub(crate) use routes::routes;
