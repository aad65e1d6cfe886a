//! What many records have in common: pure, values in and values out.
//!
//! ```text
//! deltas      what sets a selection apart from a baseline
//! patterns    log lines to templates, with counts and samples
//! ```

pub mod deltas;
pub mod patterns;
