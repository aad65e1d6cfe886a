//! What is a row? Ids, times, attributes, one Arrow schema per table, OTLP bytes to batches and back.
//!
//! This room is pure: it must never know I/O, clocks or async. Reading order:
//!
//! ```text
//! ids, time, signal     the small words everything else is made of
//! table                 Table -> Arrow schema; column names exist once, as constants in `columns`
//! otlp                  request bytes -> TableBatches (wire walk), and TableBatches -> OTLP again
//! ```

pub mod ids;
pub mod otlp;
pub mod signal;
pub mod table;
pub mod time;

pub use ids::{RequestHash, SpanId, TenantId, TraceId};
pub use signal::Signal;
pub use table::{Table, TableBatch};
pub use time::UnixNanos;
