//! A block: one immutable Parquet file with its indexes.
//!
//! ```text
//! data/<tenant>/<table>/20261122T10-00000000000004d2.parquet    rows, ordered by `layout`
//! data/<tenant>/<table>/20261122T10-00000000000004d2.tix        where each trace begins (spans only)
//!                       `- UTC hour of event time, or `late`
//!                                   `- LSN of the cut that it belongs to: a redo writes the same name
//! ```
//!
//! `layout` plans which rows go where, `writer` writes files, `tix` is the trace index, `reader` reads rows back.
//! This room knows no catalog: a file without a catalog row does not exist for anyone.

mod cache;
mod file;
mod layout;
mod reader;
mod statistics;
mod tix;
mod writer;

use std::path::PathBuf;

use schemas::{Table, TenantId, UnixNanos};

pub(crate) use cache::BlockCache;
pub(crate) use layout::{BlockPlan, Hour, plan};
pub(crate) use reader::{BlockError, BlockReader};
pub(crate) use statistics::{Bound, ColumnStatistics, widen};
pub(crate) use tix::{TraceIndex, TraceRun};
pub(crate) use writer::{NewBlock, WriteError, civil_from_days, write};

/// Key of the footer entry that holds [`FORMAT_VERSION`].
pub(crate) const FORMAT_KEY: &str = "fusebox.format";
/// Raised when an older build could misread a newer block.
pub(crate) const FORMAT_VERSION: u32 = 1;

/// A live block, as the catalog knows it. Enough to plan a read without opening a file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Block {
    pub id: u64,
    pub tenant: TenantId,
    pub table: Table,
    /// Relative to the data directory, which may be moved.
    pub path: PathBuf,
    pub rows: u64,
    pub bytes: u64,
    pub footer_bytes: u64,
    pub time: TimeRange,
    /// The trace index, where the table has one.
    pub trace_index: Option<Sidecar>,
}

/// A file beside a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sidecar {
    /// Relative to the data directory.
    pub path: PathBuf,
    pub bytes: u64,
}

/// Both ends inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeRange {
    pub first: UnixNanos,
    pub last: UnixNanos,
}
