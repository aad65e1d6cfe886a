//! What a `/metrics` page says: Prometheus' text format 0.0.4 and OpenMetrics 1.0.
//!
//! | Prometheus | OpenTelemetry |
//! |---|---|
//! | `job` (`namespace/name`), `instance`, labels of `target_info` | the resource, as with remote write |
//! | counter | sum, cumulative and monotonic, under the name of its sample (`…_total`) |
//! | gauge, info, state set, unknown; the series of a gauge histogram | gauge |
//! | `_bucket`, `_sum`, `_count` of a histogram | one histogram point |
//! | quantiles, `_sum`, `_count` of a summary | one summary point |
//! | `_created` (OpenMetrics) | start time of the point |
//! | exemplar | exemplar, `trace_id` and `span_id` as ids |
//! | a series that was there the last time and is not now | a point with the flag that it has no value |
//!
//! ```text
//! parse   text -> samples and what families say
//! series  a sample with the labels that it is stored under, and its part in its family
//! points  series of one histogram or summary together
//! write   points -> OTLP, and those that are gone
//! ```

mod parse;
mod points;
mod series;
mod write;

pub use parse::{Exemplar, Exposition, Family, Kind, ParseError, Sample, Syntax, parse};
pub use points::PointKey;
pub use series::{Labels, Series};
pub use write::{Scraped, Told, write};
