//! `POST /api/v1/deltas`: what sets a selection of spans or logs apart from a baseline.
//!
//! ```text
//! {"q": "service:pay", "range": "1h", "selection": {"duration_min": "500ms"}}                    slow ones against the rest
//! {"selection": {"q": "version:2.3.1"}, "baseline": {"q": "version:2.3.0"}}                      one search against another
//! {"selection": {"q": "status:error", "start": "now-1h"}, "baseline": {"end": "now-1h"}}         now against before
//! ```
//! `request` reads the body, `compare` asks the engine for both groups over one snapshot and counts what comes in
//! [`crate::analytics::deltas`]. Groups larger than the sample are sampled: the same records each time.

mod compare;
mod request;
mod routes;

pub(crate) use compare::Comparison;
pub(crate) use routes::{respond as of, routes};
