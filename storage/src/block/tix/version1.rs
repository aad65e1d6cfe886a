//! Files of version 1, of which every entry is kept in memory.
//!
//! ```text
//! 20  4n   keys, ascending (equal ones side by side): the upper 32 bits of the hash
//!     4n   first row of each run
//! ```
//! The header is that of version 2, its checksum that of the whole file.

#![deny(clippy::indexing_slicing)]

use super::{
    format::{HEADER_BYTES, Header, TixError, checksum},
    runs::TraceRuns,
};

pub(super) const VERSION: u16 = 1;
const RUN_BYTES: usize = 8;

pub(super) fn decode(header: Header, bytes: &[u8]) -> Result<TraceRuns, TixError> {
    let runs = header.entries as usize;
    let expected = HEADER_BYTES + runs * RUN_BYTES;
    if bytes.len() != expected {
        return Err(TixError::Length { expected: expected as u64, actual: bytes.len() as u64 });
    }
    if checksum(bytes) != Some(header.crc) {
        return Err(TixError::Checksum);
    }
    let body = bytes.get(HEADER_BYTES..).unwrap_or_default();
    let mut numbers = body.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes));
    let keys = numbers.by_ref().take(runs).collect();
    Ok(TraceRuns::of_parts(keys, numbers.collect(), header.rows))
}
