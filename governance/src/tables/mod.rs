//! Facts as rows of the governance tables, and back.
//!
//! An empty text is null in the table. What a table cannot say is an error that names the column.

pub mod breaker_signals;
pub mod errors;
mod failed;
mod parts;
mod read;
pub mod rejections;
mod reported;
pub mod resilience_actions;
mod words;
mod write;

pub use failed::{COLUMNS as FAILED_COLUMNS, FailedRow, FailedRows};
pub use read::RowError;
pub use reported::{COLUMNS as REPORTED_COLUMNS, ReportedRows};
pub use write::to_batches;

#[cfg(test)]
mod tests;
