//! The leaf of every plan: rows of one table, split by split.
//!
//! ```text
//! plan      SplitScan, a plan node: split ids, columns, predicate, order. No handles, so that it can be sent elsewhere
//! prune     bounds of splits and row groups against the predicate
//! traces    which traces are named, by the predicate or by a join that has collected the other side
//! ask       what catalog and indexes leave of the predicate in one block, and of its rows; attributes: which keys it has; values: which
//!           values the predicate asks them for; series: which series of metrics it keeps
//! queue     what is left to read, shared by the partitions of one execution; whoever is free takes the next piece
//! read      pieces to batches; filter: the predicate, before or after the other columns are decoded
//! context   the snapshot behind the ids, and what reading costs: an extension of the session
//! ```

mod ask;
mod attributes;
mod context;
mod filter;
mod plan;
mod prune;
mod queue;
mod read;
mod series;
mod traces;
mod values;

pub(super) use attributes::ByAttributes;
pub(super) use context::{OpenSnapshot, Usage};
pub(super) use plan::SplitScan;
pub(super) use prune::{SplitStatistics, prune};
