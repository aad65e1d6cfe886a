//! What many records have in common: pure, values in and values out.
//!
//! ```text
//! deltas      what sets a selection apart from a baseline
//! patterns    log lines to templates, with counts and samples
//! red         rate, errors and durations, also over time
//! minutes     sums by minute added up to sums of longer times
//! services    services, versions and operations out of these
//! graph       who calls whom, and whom a failure hurts
//! heatmap     spans by time and duration
//! overview    what changed, the most surprising first
//! surprise    how unusual a count, a share, a duration is
//! presences   what each instance of a service did
//! instances   whether they share evenly, began anew, fell silent
//! ```

pub mod deltas;
pub mod graph;
pub mod heatmap;
pub mod instances;
pub mod minutes;
pub mod overview;
pub mod patterns;
pub mod presences;
pub mod red;
pub mod services;
pub mod surprise;
