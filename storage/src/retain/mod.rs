//! Lets old data go, by age and by share of the disk.
//!
//! `plan` decides which blocks; `apply` retires them. Their files stay for a day, in case somebody was wrong, and are deleted by the
//! thread that also deletes what compaction replaced. Files that the catalog never listed are not touched.

mod apply;
mod config;
mod plan;

pub use apply::{Retain, Retained, RetentionPreview};
pub use config::RetainConfig;
pub use plan::Refusal;
