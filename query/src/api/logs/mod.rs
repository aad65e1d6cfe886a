//! Log records in bulk and one by one: how many when, which fields they have, what they say, and what stands around a line.
//!
//! ```text
//! GET /api/v1/logs/histogram              histogram  counts over time, split by a field     (spans too)
//! GET /api/v1/logs/fields                 fields     which fields the records have          (spans too)
//! GET /api/v1/logs/fields/{field}/values  values     the most frequent values of one field  (spans too)
//! GET /api/v1/logs/patterns               patterns   the few sentences they are made of
//! GET /api/v1/logs/context                context    the lines around one line, of the same stream
//! ```
//! Each parses its request (`selection`) and asks the engine. `buckets`, `tally` and `mine` are pure.

mod buckets;
mod context;
mod fields;
mod histogram;
mod mine;
mod patterns;
mod routes;
mod selection;
mod tally;
mod values;

pub(super) use buckets::Buckets;
pub(super) use routes::routes;
