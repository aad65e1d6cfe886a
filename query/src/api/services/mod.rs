//! Services: how much they are called, how often they fail, how long they take; and who answers for them.
//!
//! ```text
//! GET /api/v1/services                        list        every service of a window, the sick ones first
//! GET /api/v1/services/{service}              one         one of them over time, with marks of versions
//! GET /api/v1/services/{service}/operations   operations  each operation, with traces that show it
//! GET /api/v1/services/{service}/instances    instances   who answers: shares of calls, restarts, silence
//! GET /api/v1/heatmap                         heatmap     spans by time and duration
//! ```
//! `load` asks for the minutes of spans, `codes` for error codes, `with_guards` for both and breakers; what they mean is worked out in `analytics`.

mod codes;
mod heatmap;
mod instances;
mod list;
mod load;
mod one;
mod operations;
mod request;
mod routes;
mod shapes;
mod with_guards;

pub(super) use codes::{CodeCount, codes};
pub(super) use load::{Loaded, Whose, minutes, minutes_in, minutes_of};
pub(crate) use routes::routes;
pub(super) use shapes::{Buckets, Durations, Trend, per_second};
