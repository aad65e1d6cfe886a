//! Lets old data go, by age and by share of the disk.
//!
//! `plan` decides which blocks; `apply` retires them. Their files stay for a day, in case somebody was wrong, and are deleted by the
//! thread that also deletes what compaction replaced. Files that the catalog never listed are not touched. `forecast` tells how much is
//! held, and when it will be too much.

mod apply;
mod config;
mod forecast;
mod plan;

pub use apply::{Retain, Retained, RetentionPreview};
pub use config::RetainConfig;
pub use forecast::{Holdings, TableHoldings};
pub use plan::Refusal;
