//! The users' metrics: which there are, how they are labelled, and what they say over time. Our own are served by `prometheus`.
//!
//! ```text
//! GET /api/v1/metrics/names                  names      every metric with its type and unit
//! GET /api/v1/metrics/labels                 labels     the labels of a metric's series
//! GET /api/v1/metrics/labels/{label}/values  values     the values of one label
//! GET /api/v1/metrics/query                  query      what series say at one time
//! GET /api/v1/metrics/query_range            query      what they say at every step
//! ```
//! `parameters` reads what is asked, `answer` is the shape of what is told; the meaning is in [`crate::series`].

mod answer;
mod labels;
mod names;
mod parameters;
mod query;
mod routes;
mod values;

pub(super) use routes::routes;
