//! What writer and reader agree on.

#![deny(clippy::indexing_slicing)]

use std::{io, ops::Range};

use xxhash_rust::xxh3::xxh3_64;

pub(super) const MAGIC: [u8; 4] = *b"FTIX";
pub(super) const VERSION: u16 = 2;
pub(super) const HEADER_BYTES: usize = 20;
pub(super) const CRC_AT: Range<usize> = 16..HEADER_BYTES;
pub(super) const ENTRY_BYTES: usize = 8;
/// One read of the size in which disks and page caches work.
pub(super) const PAGE_ENTRIES: usize = 512;

#[derive(Debug, thiserror::Error)]
pub(crate) enum TixError {
    #[error("read")]
    Io(#[from] io::Error),
    #[error("not a trace index")]
    Magic,
    #[error("trace index version {0} is unknown")]
    Version(u16),
    #[error("trace index has {actual} bytes, {expected} were expected")]
    Length { expected: u64, actual: u64 },
    #[error("trace index does not match its checksum")]
    Checksum,
    #[error("trace index has other buckets than entries")]
    Buckets,
}

/// The first bytes of every version.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    pub version: u16,
    pub entries: u32,
    pub rows: u32,
    pub crc: u32,
}

impl Header {
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, TixError> {
        let short = TixError::Length { expected: HEADER_BYTES as u64, actual: bytes.len() as u64 };
        let [m0, m1, m2, m3, v0, v1, _, _, n0, n1, n2, n3, r0, r1, r2, r3, c0, c1, c2, c3] =
            *bytes.first_chunk::<HEADER_BYTES>().ok_or(short)?;
        if [m0, m1, m2, m3] != MAGIC {
            return Err(TixError::Magic);
        }
        Ok(Self {
            version: u16::from_le_bytes([v0, v1]),
            entries: u32::from_le_bytes([n0, n1, n2, n3]),
            rows: u32::from_le_bytes([r0, r1, r2, r3]),
            crc: u32::from_le_bytes([c0, c1, c2, c3]),
        })
    }
}

/// CRC-32 of all but the place of the checksum itself; `None` when there is no such place.
pub(super) fn checksum(bytes: &[u8]) -> Option<u32> {
    let mut crc = crc32fast::Hasher::new();
    crc.update(bytes.get(..CRC_AT.start)?);
    crc.update(bytes.get(CRC_AT.end..)?);
    Some(crc.finalize())
}

pub(super) fn hash(id: &[u8]) -> u64 {
    xxh3_64(id)
}

/// Where the parts of the head are in an index of `entries`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    pub fingerprints: usize,
    pub bucket_words: usize,
    pub pages: usize,
}

impl Layout {
    pub(super) fn of(entries: u32) -> Self {
        let entries = entries as usize;
        Self { fingerprints: entries, bucket_words: (2 * entries).div_ceil(64), pages: entries.div_ceil(PAGE_ENTRIES) }
    }

    pub(super) fn head_bytes(self) -> usize {
        HEADER_BYTES + self.fingerprints + 8 * self.bucket_words + 4 * self.pages
    }

    pub(super) fn file_bytes(self) -> usize {
        self.head_bytes() + self.fingerprints * ENTRY_BYTES
    }
}

/// Where the hash of an id leads. Places ascend as their hashes do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub bucket: usize,
    pub fingerprint: u8,
    /// The bits after the fingerprint: in the entry, so that one false page in 65,536 leads to the block.
    pub rest: u16,
}

impl Place {
    /// In an index of `entries`, of which there is at least one.
    pub(super) fn of(hash: u64, entries: u32) -> Self {
        let product = u128::from(hash) * u128::from(entries);
        let fraction = product as u64;
        Self { bucket: (product >> 64) as usize, fingerprint: (fraction >> 56) as u8, rest: (fraction >> 40) as u16 }
    }
}
