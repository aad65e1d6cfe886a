//! A block: one immutable Parquet file with its indexes.
//!
//! ```text
//! data/<tenant>/<table>/20261122T10-00000000000004d2.parquet    rows, ordered by `layout`
//! data/<tenant>/<table>/20261122T10-00000000000004d2.tix        where the rows of each trace are (spans only)
//! data/<tenant>/<table>/20261122T10-00000000000004d2.bloom      which pages have a word (spans and logs; see `text`)
//! data/<tenant>/<table>/20261122T10-00000000000004d2.text       which rows have a word (large blocks of logs)
//! data/<tenant>/<table>/20261122T10-00000000000004d2.attr       which pages have an attribute (spans and logs; see `attributes`)
//! data/<tenant>/<table>/20261122T10-00000000000004d2.sum        checksums of the Parquet file
//!                       `- UTC hour of event time, or `late`
//!                                   `- LSN of the cut that it belongs to: a redo writes the same name;
//!                                      or `m` and the number of the rewrite that made it of other blocks
//! ```
//!
//! `layout` plans which rows go where, `writer` writes files, `tix` is the trace index, `sums` are the checksums, `reader` reads traces
//! and whole blocks back, `open` reads row groups column by column, `told`
//! knows columns that need not be read, `series` finds the series of metrics, `damage`
//! tells whether a block can be read.
//! This room knows no catalog: a file without a catalog row does not exist for anyone.

mod cache;
mod damage;
mod dictionaries;
mod file;
mod files;
mod keys;
mod layout;
mod open;
mod reader;
mod series;
mod statistics;
mod sums;
mod tix;
mod told;
mod writer;

use std::{path::PathBuf, sync::Arc};

use schemas::{Table, TenantId, UnixNanos};

use crate::wal::Lsn;

pub(crate) use cache::{BlockCache, Cached, Key as CacheKey};
pub(crate) use damage::{Damage, Suspects};
pub(crate) use dictionaries::share_dictionaries;
pub(crate) use keys::{BlockKeys, ColumnKeys};
pub(crate) use layout::{BlockPlan, Hour, OwnHours, RowPlace, key_columns, plan};
pub use open::{Batches, Keep, OpenBlock, Predicate, Read, RowGroupBounds};
pub use reader::BlockError;
pub(crate) use reader::{BlockReader, load as load_sidecar};
pub(crate) use series::parts as series_parts;
pub(crate) use series::{BlockSeries, PART_ROWS, each_point, listed_schema, times_of};
pub use statistics::Bound;
pub(crate) use statistics::{ColumnStatistics, widen};
pub(crate) use sums::Sums;
pub(crate) use tix::{TraceIndex, TraceRun, TraceRuns};
pub(crate) use writer::{Name, NewBlock, Target, WriteError, civil_from_days, dir, gather, hour_name, rewrite_of, write};

/// Key of the footer entry that holds [`FORMAT_VERSION`].
pub(crate) const FORMAT_KEY: &str = "fusebox.format";
/// Raised when an older build could misread a newer block.
pub(crate) const FORMAT_VERSION: u32 = 1;
/// Key of the footer entry that holds [`schemas::SCHEMA_VERSION`]. Blocks written before it was kept have version 1.
pub(crate) const SCHEMA_KEY: &str = "fusebox.schema";

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
    pub hour: Hour,
    /// Arrival of its last row.
    pub last_received: UnixNanos,
    /// The last record of the log whose rows may be in it.
    pub lsn: Lsn,
    /// The trace index, where the table has one.
    pub trace_index: Option<Sidecar>,
    pub text: TextSidecars,
    /// Of the values of its attributes in JSON; blocks written before these were kept have none.
    pub attribute_index: Option<Sidecar>,
    /// Checksums of its bytes; blocks written before these were kept have none.
    pub sums: Option<Sidecar>,
    /// Of every leaf column that the file has, by field id.
    pub statistics: Arc<[ColumnStatistics]>,
    /// Of its attributes in JSON; blocks written before these were kept have none listed.
    pub keys: BlockKeys,
}

/// The text indexes of a block, where its table and size have them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct TextSidecars {
    pub bloom: Option<Sidecar>,
    pub inverted: Option<Sidecar>,
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
pub struct TimeRange {
    pub first: UnixNanos,
    pub last: UnixNanos,
}
