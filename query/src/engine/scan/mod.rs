//! The leaf of every plan: rows of one table, split by split.
//!
//! ```text
//! plan      SplitScan, a plan node: split ids, columns, predicate, order. No handles, so that it can be sent elsewhere
//! prune     bounds of splits and row groups against the predicate
//! queue     what is left to read, shared by the partitions of one execution; whoever is free takes the next piece
//! read      pieces to batches
//! context   the snapshot behind the ids, and what reading costs: an extension of the session
//! ```

mod context;
mod plan;
mod prune;
mod queue;
mod read;

pub(super) use context::{OpenSnapshot, Usage};
pub(super) use plan::SplitScan;
pub(super) use prune::{SplitStatistics, prune};
