//! What many records have in common: pure, values in and values out.
//!
//! ```text
//! patterns    log lines to templates, with counts and samples
//! ```

pub mod patterns;
