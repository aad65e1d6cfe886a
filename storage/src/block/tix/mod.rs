//! The trace index beside a block of spans: where the rows of each trace are.
//!
//! ```text
//!  0  4    "FTIX"
//!  4  2    version
//!  6  2    zero
//!  8  4    number of entries n
//! 12  4    rows of the block
//! 16  4    CRC-32 of the head: everything up to the pages, but this place
//! 20  n    fingerprints, one byte of each entry's hash                                head: kept in memory,
//!     8w   n buckets: one 1 for each entry and a 0, w = n / 32 words, rounded up      10.6 bits an entry
//!     4p   CRC-32 of each page
//!     8n   entries, p pages of 512, the last one shorter                              pages: one is read
//!          2 more of the hash | 2 rows | 4 first row
//! ```
//! Little-endian; entries ascend by the hash of their trace id. No part of an id would do: some senders begin theirs with the time,
//! others with zeros. An entry is a run of rows of one trace; one of more than 65,535 rows is several.
//!
//! ```text
//! hash of the id * n = bucket . fingerprint, more bits ...       the bucket has one entry on average
//!      `- no entry of the bucket has the fingerprint (255 of 256 traces that are not there): done, from memory
//!      `- the place of those that have it: read their page
//! ```
//! It only prunes: whoever reads the rows still compares the whole id.
//!
//! `runs` are the same in memory, whole, for memtables and the files of version 1 (`version1`).

mod buckets;
mod format;
mod reader;
mod runs;
mod version1;
mod writer;

pub(crate) use format::TixError;
pub(crate) use reader::TraceIndex;
pub(crate) use runs::{TraceRun, TraceRuns};
pub(super) use writer::encode;

#[cfg(test)]
mod tests;
