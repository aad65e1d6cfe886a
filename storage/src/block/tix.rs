//! The trace index beside a block of spans: where the rows of each trace begin. They end where the next trace begins.
//!
//! ```text
//!  0  4    "FTIX"
//!  4  2    version
//!  6  2    zero
//!  8  4    number of runs n
//! 12  4    rows of the block
//! 16  4    CRC-32 of everything else
//! 20  4n   keys, ascending (equal ones side by side)
//!     4n   first row of each run
//! ```
//! Little-endian. A key is 32 bits of a hash of the trace id: no part of an id will do, some senders begin theirs with the time,
//! others with zeros. It only prunes: whoever reads the rows still compares the whole id.

#![deny(clippy::indexing_slicing)]

use std::ops::Range;

use schemas::TraceId;
use xxhash_rust::xxh3::xxh3_64;

const MAGIC: [u8; 4] = *b"FTIX";
const VERSION: u16 = 1;
const CRC_AT: Range<usize> = 16..20;
const HEADER_BYTES: usize = 20;
const RUN_BYTES: usize = 8;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TixError {
    #[error("not a trace index")]
    Magic,
    #[error("trace index version {0} is unknown")]
    Version(u16),
    #[error("trace index has {actual} bytes, {expected} were expected")]
    Length { expected: usize, actual: usize },
    #[error("trace index does not match its checksum")]
    Checksum,
}

/// Where neighbouring rows of one trace begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TraceRun {
    pub key: u32,
    pub first_row: u32,
}

impl TraceRun {
    pub(crate) fn new(id: &[u8], first_row: u32) -> Self {
        Self { key: key(id), first_row }
    }
}

/// The runs of a block or a batch, ordered by key and row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct TraceIndex {
    keys: Box<[u32]>,
    first_rows: Box<[u32]>,
    /// The same first rows, ascending.
    borders: Box<[u32]>,
    rows: u32,
}

fn key(id: &[u8]) -> u32 {
    (xxh3_64(id) >> 32) as u32
}

impl TraceIndex {
    /// `runs` cover all of `rows`.
    pub(crate) fn new(mut runs: Vec<TraceRun>, rows: u32) -> Self {
        runs.sort_unstable();
        Self::of_parts(runs.iter().map(|run| run.key).collect(), runs.iter().map(|run| run.first_row).collect(), rows)
    }

    fn of_parts(keys: Box<[u32]>, first_rows: Box<[u32]>, rows: u32) -> Self {
        let mut borders = first_rows.clone();
        borders.sort_unstable();
        Self { keys, first_rows, borders, rows }
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        size_of_val(&*self.keys) + size_of_val(&*self.first_rows) + size_of_val(&*self.borders)
    }

    /// The rows that may belong to `id`: half-open ranges, ascending. O(log runs).
    pub(crate) fn find(&self, id: TraceId) -> Vec<Range<usize>> {
        let key = key(id.as_bytes());
        let from = self.keys.partition_point(|k| *k < key);
        let equal = self.keys.iter().skip(from).take_while(|k| **k == key).count();
        let first_rows = self.first_rows.iter().skip(from).take(equal);
        first_rows.map(|first| *first as usize..self.end_of(*first) as usize).collect()
    }

    fn end_of(&self, first_row: u32) -> u32 {
        let next = self.borders.partition_point(|border| *border <= first_row);
        self.borders.get(next).copied().unwrap_or(self.rows).max(first_row)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + self.keys.len() * RUN_BYTES);
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend([0; 2]);
        bytes.extend((self.keys.len() as u32).to_le_bytes());
        bytes.extend(self.rows.to_le_bytes());
        bytes.extend([0; CRC_AT.end - CRC_AT.start]);
        bytes.extend(self.keys.iter().chain(&self.first_rows).flat_map(|number| number.to_le_bytes()));
        let crc = checksum(&bytes).expect("the header was just written");
        if let Some(place) = bytes.get_mut(CRC_AT) {
            place.copy_from_slice(&crc.to_le_bytes());
        }
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, TixError> {
        let short = TixError::Length { expected: HEADER_BYTES, actual: bytes.len() };
        let (header, body) = bytes.split_first_chunk::<HEADER_BYTES>().ok_or(short)?;
        let [m0, m1, m2, m3, v0, v1, _, _, n0, n1, n2, n3, r0, r1, r2, r3, c0, c1, c2, c3] = *header;
        if [m0, m1, m2, m3] != MAGIC {
            return Err(TixError::Magic);
        }
        let version = u16::from_le_bytes([v0, v1]);
        if version != VERSION {
            return Err(TixError::Version(version));
        }
        let runs = u32::from_le_bytes([n0, n1, n2, n3]) as usize;
        let expected = HEADER_BYTES + runs * RUN_BYTES;
        if bytes.len() != expected {
            return Err(TixError::Length { expected, actual: bytes.len() });
        }
        if checksum(bytes) != Some(u32::from_le_bytes([c0, c1, c2, c3])) {
            return Err(TixError::Checksum);
        }
        let mut numbers = body.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes));
        let keys = numbers.by_ref().take(runs).collect();
        Ok(Self::of_parts(keys, numbers.collect(), u32::from_le_bytes([r0, r1, r2, r3])))
    }
}

/// CRC-32 of all but the place of the checksum itself.
fn checksum(bytes: &[u8]) -> Option<u32> {
    let mut crc = crc32fast::Hasher::new();
    crc.update(bytes.get(..CRC_AT.start)?);
    crc.update(bytes.get(CRC_AT.end..)?);
    Some(crc.finalize())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(number: u8) -> TraceId {
        TraceId([number; 16])
    }

    fn run(id: TraceId, first_row: u32) -> TraceRun {
        TraceRun::new(id.as_bytes(), first_row)
    }

    #[test]
    fn finds_every_run_of_a_trace_and_no_other() {
        let index = TraceIndex::new(vec![run(id(2), 0), run(id(9), 4), run(id(2), 7)], 9);
        assert_eq!(index.find(id(2)), [0..4, 7..9]);
        assert_eq!(index.find(id(9)), vec![4..7; 1]);
        assert!(index.find(id(3)).is_empty());
    }

    #[test]
    fn damage_is_named() {
        let bytes = TraceIndex::new(vec![run(id(1), 0)], 1).encode();
        let check = |damage: &dyn Fn(&mut Vec<u8>), expected: TixError| {
            let mut bytes = bytes.clone();
            damage(&mut bytes);
            assert_eq!(TraceIndex::decode(&bytes), Err(expected));
        };
        check(&|b| b[0] = b'X', TixError::Magic);
        check(&|b| b[4] = 2, TixError::Version(2));
        check(&|b| b.truncate(3), TixError::Length { expected: 20, actual: 3 });
        check(&|b| b[8] = 9, TixError::Length { expected: 92, actual: 28 });
        check(&|b| b[20] ^= 1, TixError::Checksum);
    }

    proptest! {
        #[test]
        fn round_trips(runs in prop::collection::vec((any::<u32>(), any::<u32>()), 0..50), rows: u32) {
            let index = TraceIndex::new(runs.into_iter().map(|(key, first_row)| TraceRun { key, first_row }).collect(), rows);
            prop_assert_eq!(TraceIndex::decode(&index.encode()), Ok(index));
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = TraceIndex::decode(&bytes);
        }
    }
}
