//! Checksums beside a block, so that a flipped bit is an error and never a wrong row: Parquet has none that our writer can write, and
//! neither zstd frames nor plain values notice.
//!
//! ```text
//!  0  4    "FSUM"
//!  4  2    version
//!  6  2    zero
//!  8  4    number of chunks n
//! 12  4    CRC-32 of everything else
//! 16  4n   length of each chunk; they follow each other from the first byte of the block to the last
//!     4n   CRC-32 of each chunk
//! ```
//! Little-endian. Chunks end where pages end, so that reading a page reads little else, and have at least [`CHUNK_BYTES_MIN`]: less is
//! not saved on a disk, and the table stays below 0.2 % of its block.

#![deny(clippy::indexing_slicing)]

use std::{io, ops::Range};

use parquet::file::metadata::ParquetMetaData;

use crate::io::IoFile;

const MAGIC: [u8; 4] = *b"FSUM";
const VERSION: u16 = 1;
const HEADER_BYTES: usize = 16;
const CRC_AT: Range<usize> = 12..16;
const CHUNK_BYTES_MIN: u64 = 4096;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SumsError {
    #[error("not a table of checksums")]
    Magic,
    #[error("table of checksums version {0} is unknown")]
    Version(u16),
    #[error("table of checksums has {actual} bytes, {expected} were expected")]
    Length { expected: usize, actual: usize },
    #[error("table of checksums does not match its own")]
    Checksum,
}

/// Checksums of the chunks of a block.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Sums {
    /// Where each chunk ends, ascending.
    ends: Box<[u64]>,
    crcs: Box<[u32]>,
}

impl Sums {
    pub(crate) const VERSION: u16 = VERSION;

    pub(crate) fn chunks(&self) -> u64 {
        self.ends.len() as u64
    }

    /// Reads a block that was just written, `footer_start` being where its Thrift footer begins.
    pub(super) fn of_file(file: &dyn IoFile, metadata: &ParquetMetaData, footer_start: u64) -> io::Result<Self> {
        let (mut ends, mut crcs) = (Vec::new(), Vec::new());
        let (bytes, mut start, mut chunk) = (file.len()?, 0, Vec::new());
        for end in borders(metadata).into_iter().chain([footer_start, bytes]).filter(|end| *end <= bytes) {
            if end < start + CHUNK_BYTES_MIN && end < bytes || end <= start {
                continue;
            }
            chunk.resize(usize::try_from(end - start).map_err(io::Error::other)?, 0);
            file.read_exact_at(&mut chunk, start)?;
            ends.push(end);
            crcs.push(crc32fast::hash(&chunk));
            start = end;
        }
        Ok(Self { ends: ends.into(), crcs: crcs.into() })
    }

    /// Length of the block.
    pub(super) fn bytes(&self) -> u64 {
        self.ends.last().copied().unwrap_or(0)
    }

    /// The bytes to read so that those of `wanted` can be checked: whole chunks.
    pub(super) fn around(&self, wanted: Range<u64>) -> Range<u64> {
        let first = self.ends.partition_point(|end| *end <= wanted.start);
        let last = self.ends.partition_point(|end| *end < wanted.end);
        self.start_of(first)..self.ends.get(last).copied().unwrap_or(wanted.end)
    }

    /// Whether `bytes`, which begin with a chunk at `start` and end with one, are what was written.
    pub(super) fn match_at(&self, start: u64, bytes: &[u8]) -> bool {
        let mut rest = bytes;
        let mut index = self.ends.partition_point(|end| *end <= start);
        while !rest.is_empty() {
            let (Some(end), Some(crc)) = (self.ends.get(index), self.crcs.get(index)) else { return false };
            let len = usize::try_from(end - self.start_of(index)).unwrap_or(usize::MAX);
            let Some((chunk, after)) = rest.split_at_checked(len) else { return false };
            if crc32fast::hash(chunk) != *crc {
                return false;
            }
            (rest, index) = (after, index + 1);
        }
        true
    }

    fn start_of(&self, index: usize) -> u64 {
        index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0)
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        size_of_val(&*self.ends) + size_of_val(&*self.crcs)
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + 8 * self.ends.len());
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend([0; 2]);
        bytes.extend((self.ends.len() as u32).to_le_bytes());
        bytes.extend([0; CRC_AT.end - CRC_AT.start]);
        let lengths = self.ends.iter().enumerate().map(|(index, end)| (end - self.start_of(index)) as u32);
        bytes.extend(lengths.chain(self.crcs.iter().copied()).flat_map(u32::to_le_bytes));
        let crc = checksum(&bytes).expect("the header was just written");
        if let Some(place) = bytes.get_mut(CRC_AT) {
            place.copy_from_slice(&crc.to_le_bytes());
        }
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, SumsError> {
        let short = SumsError::Length { expected: HEADER_BYTES, actual: bytes.len() };
        let (header, body) = bytes.split_first_chunk::<HEADER_BYTES>().ok_or(short)?;
        let [m0, m1, m2, m3, v0, v1, _, _, n0, n1, n2, n3, c0, c1, c2, c3] = *header;
        if [m0, m1, m2, m3] != MAGIC {
            return Err(SumsError::Magic);
        }
        let version = u16::from_le_bytes([v0, v1]);
        if version != VERSION {
            return Err(SumsError::Version(version));
        }
        let chunks = u32::from_le_bytes([n0, n1, n2, n3]) as usize;
        let expected = HEADER_BYTES + 8 * chunks;
        if bytes.len() != expected {
            return Err(SumsError::Length { expected, actual: bytes.len() });
        }
        if checksum(bytes) != Some(u32::from_le_bytes([c0, c1, c2, c3])) {
            return Err(SumsError::Checksum);
        }
        let mut numbers = body.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes));
        let mut end = 0;
        let ends = numbers.by_ref().take(chunks).map(|length| {
            end += u64::from(length);
            end
        });
        let ends = ends.collect();
        Ok(Self { ends, crcs: numbers.collect() })
    }
}

/// Where pages begin, and where the last one ends; ascending.
fn borders(metadata: &ParquetMetaData) -> Vec<u64> {
    let mut borders = Vec::new();
    let columns = metadata.row_groups().iter().flat_map(|group| group.columns());
    borders.extend(columns.filter_map(|column| u64::try_from(column.dictionary_page_offset()?).ok()));
    let pages = metadata.offset_index().into_iter().flatten().flatten().flat_map(|column| column.page_locations());
    for page in pages {
        let start = page.offset.unsigned_abs();
        borders.extend([start, start + u64::from(page.compressed_page_size.unsigned_abs())]);
    }
    borders.sort_unstable();
    borders
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

    fn sums(chunks: &[&[u8]]) -> Sums {
        let mut end = 0;
        let ends = chunks.iter().map(|chunk| {
            end += chunk.len() as u64;
            end
        });
        Sums { ends: ends.collect(), crcs: chunks.iter().map(|chunk| crc32fast::hash(chunk)).collect() }
    }

    #[test]
    fn what_is_read_is_whole_chunks() {
        let sums = sums(&[b"0123", b"456", b"789abc"]);
        let check = |wanted: Range<u64>, expected: Range<u64>| assert_eq!(sums.around(wanted.clone()), expected, "{wanted:?}");
        check(0..1, 0..4);
        check(0..4, 0..4);
        check(3..5, 0..7);
        check(4..7, 4..7);
        check(6..8, 4..13);
        check(12..13, 7..13);
        assert_eq!(sums.bytes(), 13);
    }

    #[test]
    fn every_flipped_bit_is_seen() {
        let sums = sums(&[b"0123", b"456"]);
        for (start, text) in [(0, "0123456"), (0, "0123"), (4, "456")] {
            assert!(sums.match_at(start, text.as_bytes()));
            for bit in 0..text.len() * 8 {
                let mut bytes = text.as_bytes().to_vec();
                bytes[bit / 8] ^= 1 << (bit % 8);
                assert!(!sums.match_at(start, &bytes), "bit {bit} of {text}");
            }
        }
        assert!(!sums.match_at(0, b"012"), "less than a chunk");
        assert!(!sums.match_at(4, b"4567"), "more than there is");
    }

    #[test]
    fn damage_is_named() {
        let bytes = sums(&[b"0123"]).encode();
        let check = |damage: &dyn Fn(&mut Vec<u8>), expected: SumsError| {
            let mut bytes = bytes.clone();
            damage(&mut bytes);
            assert_eq!(Sums::decode(&bytes), Err(expected));
        };
        check(&|b| b[0] = b'X', SumsError::Magic);
        check(&|b| b[4] = 2, SumsError::Version(2));
        check(&|b| b.truncate(3), SumsError::Length { expected: 16, actual: 3 });
        check(&|b| b[8] = 9, SumsError::Length { expected: 88, actual: 24 });
        check(&|b| b[20] ^= 1, SumsError::Checksum);
    }

    proptest! {
        #[test]
        fn round_trips(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..9), 0..20)) {
            let sums = sums(&chunks.iter().map(Vec::as_slice).collect::<Vec<_>>());
            prop_assert_eq!(Sums::decode(&sums.encode()), Ok(sums));
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = Sums::decode(&bytes);
        }
    }
}
