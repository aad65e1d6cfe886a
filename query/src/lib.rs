//! How are questions answered? The trace view and the HTTP API.
//!
//! This room reads through `storage` and speaks HTTP; it must never know how rows arrive.
//!
//! ```text
//! trace    span batches -> one trace in tree order: pure
//! api      the routes on 127.0.0.1:4319, and the guard in front of them
//! reads    how many blocking reads run at once, and for how long
//! ```

pub mod api;
mod config;
mod reads;
pub mod self_metrics;
pub mod trace;

pub use config::Config;
