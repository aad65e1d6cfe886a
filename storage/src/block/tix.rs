//! The trace index beside a block of spans: for each run of rows of one trace, its id's first 8 bytes and where it is.
//!
//! ```text
//!  0  4    "FTIX"
//!  4  2    version
//!  6  2    zero
//!  8  4    number of runs n
//! 12  4    CRC-32 of everything else
//! 16  8n   id prefixes, ascending (equal ones side by side)
//!     8n   per run: first row, number of rows
//! ```
//! Little-endian. A prefix only prunes: whoever reads the rows still compares the whole id.

#![deny(clippy::indexing_slicing)]

use schemas::TraceId;

const MAGIC: [u8; 4] = *b"FTIX";
const VERSION: u16 = 1;
const HEADER_BYTES: usize = 16;
const RUN_BYTES: usize = 16;

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

/// Neighbouring rows of one trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TraceRun {
    pub prefix: u64,
    pub first_row: u32,
    pub rows: u32,
}

/// All runs of a block, ordered by prefix and row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct TraceIndex {
    prefixes: Box<[u64]>,
    places: Box<[(u32, u32)]>,
}

pub(crate) fn prefix(id: &[u8; TraceId::LEN]) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *id;
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

impl TraceIndex {
    pub(crate) fn new(mut runs: Vec<TraceRun>) -> Self {
        runs.sort_unstable();
        Self { prefixes: runs.iter().map(|run| run.prefix).collect(), places: runs.iter().map(|run| (run.first_row, run.rows)).collect() }
    }

    pub(crate) fn runs(&self) -> usize {
        self.prefixes.len()
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.prefixes.len() * RUN_BYTES
    }

    /// The rows that may belong to `id`: half-open ranges, ascending. O(log runs).
    pub(crate) fn find(&self, id: TraceId) -> Vec<std::ops::Range<usize>> {
        let prefix = prefix(id.as_bytes());
        let from = self.prefixes.partition_point(|p| *p < prefix);
        let equal = self.prefixes.iter().skip(from).take_while(|p| **p == prefix).count();
        let places = self.places.iter().skip(from).take(equal);
        places.map(|(first, rows)| *first as usize..*first as usize + *rows as usize).collect()
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + self.runs() * RUN_BYTES);
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend([0; 2]);
        bytes.extend((self.runs() as u32).to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend(self.prefixes.iter().flat_map(|prefix| prefix.to_le_bytes()));
        bytes.extend(self.places.iter().flat_map(|(first, rows)| [first.to_le_bytes(), rows.to_le_bytes()]).flatten());
        let crc = checksum(&bytes).expect("the header was just written");
        if let Some(place) = bytes.get_mut(12..HEADER_BYTES) {
            place.copy_from_slice(&crc.to_le_bytes());
        }
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, TixError> {
        let short = TixError::Length { expected: HEADER_BYTES, actual: bytes.len() };
        let (header, body) = bytes.split_first_chunk::<HEADER_BYTES>().ok_or(short)?;
        let [m0, m1, m2, m3, v0, v1, _, _, n0, n1, n2, n3, c0, c1, c2, c3] = *header;
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
        let (prefixes, places) = body.as_chunks::<8>().0.split_at_checked(runs).ok_or(TixError::Checksum)?;
        Ok(Self {
            prefixes: prefixes.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect(),
            places: places
                .iter()
                .map(|[a, b, c, d, e, f, g, h]| (u32::from_le_bytes([*a, *b, *c, *d]), u32::from_le_bytes([*e, *f, *g, *h])))
                .collect(),
        })
    }
}

/// CRC-32 of all but the place of the checksum itself.
fn checksum(bytes: &[u8]) -> Option<u32> {
    let mut crc = crc32fast::Hasher::new();
    crc.update(bytes.get(..12)?);
    crc.update(bytes.get(HEADER_BYTES..)?);
    Some(crc.finalize())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(first: u8, last: u8) -> TraceId {
        let mut id = [0; 16];
        id[0] = first;
        id[15] = last;
        TraceId(id)
    }

    fn run(id: TraceId, first_row: u32, rows: u32) -> TraceRun {
        TraceRun { prefix: prefix(id.as_bytes()), first_row, rows }
    }

    #[test]
    fn finds_every_run_of_a_prefix_and_no_other() {
        let index = TraceIndex::new(vec![run(id(9, 0), 7, 1), run(id(2, 1), 4, 3), run(id(2, 2), 0, 4)]);
        assert_eq!(index.find(id(2, 3)), [0..4, 4..7]);
        assert_eq!(index.find(id(9, 9)), [7..8]);
        assert!(index.find(id(3, 0)).is_empty());
    }

    #[test]
    fn damage_is_named() {
        let bytes = TraceIndex::new(vec![run(id(1, 0), 0, 1)]).encode();
        let check = |damage: &dyn Fn(&mut Vec<u8>), expected: TixError| {
            let mut bytes = bytes.clone();
            damage(&mut bytes);
            assert_eq!(TraceIndex::decode(&bytes), Err(expected));
        };
        check(&|b| b[0] = b'X', TixError::Magic);
        check(&|b| b[4] = 2, TixError::Version(2));
        check(&|b| b.truncate(3), TixError::Length { expected: 16, actual: 3 });
        check(&|b| b[8] = 9, TixError::Length { expected: 160, actual: 32 });
        check(&|b| b[20] ^= 1, TixError::Checksum);
    }

    proptest! {
        #[test]
        fn round_trips(runs in prop::collection::vec((any::<u64>(), any::<u32>(), any::<u32>()), 0..50)) {
            let index = TraceIndex::new(runs.into_iter().map(|(prefix, first_row, rows)| TraceRun { prefix, first_row, rows }).collect());
            prop_assert_eq!(TraceIndex::decode(&index.encode()), Ok(index));
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = TraceIndex::decode(&bytes);
        }
    }
}
