//! `GET /api/v1/export`: everything that is found as OTLP, as a stream of any length.
//!
//! ```text
//! parameters   what is asked for
//! request      rows -> traces, logs or metrics requests of a size that every receiver takes, framed or one a line
//! body         batches as they come -> bytes; at the end, as trailers, how many records it were and what is missing
//! ```

mod body;
mod parameters;
mod request;
mod routes;

pub(crate) use routes::routes;
