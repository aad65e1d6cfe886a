//! How are questions answered? The trace view and the HTTP API.
//!
//! This room reads through `storage` and speaks HTTP; it must never know how rows arrive.
//!
//! ```text
//! trace      span batches -> one trace: its tree, its shape, what took the time; pure
//! search     what people type to find records: text to a tree; pure
//! analytics  what many records have in common; pure
//! series     metrics over time: selectors, counters, histograms; pure
//! codes      what is known of error codes: their files, and what the API adds
//! rules      the rules that count: their files, and what the API adds
//! engine     SQL and searches over the tables of the store
//! encode     batches to JSON, CSV, Arrow, Parquet
//! api        the routes on 127.0.0.1:4319, and the guard in front of them
//! reads      how many blocking reads run at once, and for how long
//! ```

pub mod analytics;
pub mod api;
pub mod codes;
mod config;
mod encode;
pub mod engine;
mod reads;
pub mod rules;
pub mod search;
pub mod self_metrics;
pub mod series;
mod small_files;
pub mod trace;

pub use config::Config;
