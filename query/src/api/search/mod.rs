//! Finding records: by what people type, not by SQL.
//!
//! ```text
//! GET /api/v1/spans           records   spans that are found
//! GET /api/v1/logs            records   log records that are found
//! GET /api/v1/traces          traces    traces with a span that is found, summarized; lines: as they are known
//! GET /api/v1/search/suggest  suggest   what may stand at the cursor
//! ```
//! Each parses its request (`parameters`) and asks the engine; a mistake in `q` is a problem that points into it.

mod cursor;
mod lines;
mod parameters;
mod place;
mod records;
mod routes;
mod suggest;
mod suggestions;
mod summaries;
mod traces;

pub(crate) use parameters::{
    Limits, Parameters, QueryAndTime, mistake, mistake_in, now, parse_limit, parse_range, parse_search, parse_time,
};
pub(crate) use records::listed;
pub(crate) use routes::{Asked, Pairs, pairs, respond, routes};
pub(in crate::api) use summaries::found;
