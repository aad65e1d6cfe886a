//! The header that the files share: which block they belong to, and whether they are whole.
//!
//! ```text
//!  0  4   "FBLM" (words), "FTXT" (inverted index) or "FATR" (attributes)
//!  4  2   version of the kind
//!  6  2   major and minor version of Unicode: it says what a letter is, and what its lower case
//!  8  4   CRC-32 of everything else
//! 12  4   rows of the block
//! 16  8   name of the block: a hash of its path below the data directory
//! 24      the index
//! ```
//! Little-endian.

#![deny(clippy::indexing_slicing)]

use std::{
    ops::{Range, RangeInclusive},
    path::Path,
};

use tantivy::directory::OwnedBytes;
use xxhash_rust::xxh3::Xxh3;

use crate::{
    block::{Sidecar, load_sidecar},
    io::Io,
};

const HEADER_BYTES: usize = 24;
const CRC_AT: Range<usize> = 8..12;
const UNICODE: [u8; 2] = [std::char::UNICODE_VERSION.0, std::char::UNICODE_VERSION.1];

/// Version of Bloom filters from which on they have words that follow each other.
pub(super) const BLOOM_WITH_NEIGHBOURS: u16 = 2;

/// Which index a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Bloom,
    Inverted,
    /// Bloom filters too, of attributes.
    Attributes,
}

impl Kind {
    fn magic(self) -> [u8; 4] {
        match self {
            Self::Bloom => *b"FBLM",
            Self::Inverted => *b"FTXT",
            Self::Attributes => *b"FATR",
        }
    }

    /// Those that can be read; the last is written. Raised when the bytes change, or what a token is: an index of other tokens rules out
    /// rows that match.
    fn versions(self) -> RangeInclusive<u16> {
        match self {
            Self::Bloom => 1..=BLOOM_WITH_NEIGHBOURS,
            Self::Inverted | Self::Attributes => 1..=1,
        }
    }
}

/// The block an index is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    pub rows: u32,
    name: u64,
}

impl Owner {
    /// `path` is that of the Parquet file, relative to the data directory. `None` when the block has too many rows to index.
    pub(crate) fn new(path: &Path, rows: u64) -> Option<Self> {
        let mut name = Xxh3::new();
        for part in path {
            name.update(part.as_encoded_bytes());
            name.update(b"/");
        }
        Some(Self { rows: u32::try_from(rows).ok()?, name: name.digest() })
    }
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum SidecarError {
    #[error("not such an index")]
    Magic,
    #[error("version {0} is unknown")]
    Version(u16),
    #[error("its tokens are of Unicode {0}.{1}, this build has another")]
    Unicode(u8, u8),
    #[error("{0} bytes are too few")]
    Length(usize),
    #[error("does not match its checksum")]
    Checksum,
    #[error("belongs to another block")]
    OtherBlock,
    #[error("malformed: {0}")]
    Malformed(&'static str),
}

/// The bytes of the file.
pub(crate) fn seal(kind: Kind, owner: Owner, index: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES + index.len());
    bytes.extend(kind.magic());
    bytes.extend(kind.versions().end().to_le_bytes());
    bytes.extend(UNICODE);
    bytes.extend([0; CRC_AT.end - CRC_AT.start]);
    bytes.extend(owner.rows.to_le_bytes());
    bytes.extend(owner.name.to_le_bytes());
    bytes.extend(index);
    let crc = checksum(&bytes).expect("the header was just written");
    if let Some(place) = bytes.get_mut(CRC_AT) {
        place.copy_from_slice(&crc.to_le_bytes());
    }
    bytes
}

/// The index of `owner` in a file beside its block, and its version. Blocking.
pub(crate) fn load(io: &dyn Io, data_dir: &Path, kind: Kind, owner: Owner, file: &Sidecar) -> Result<(u16, OwnedBytes), String> {
    let bytes = load_sidecar(io, &data_dir.join(&file.path), file.bytes).map_err(|error| error.to_string())?;
    let (version, index) = open(kind, owner, &bytes).map_err(|error| error.to_string())?;
    Ok((version, OwnedBytes::new(bytes).slice(index)))
}

/// The version, and where in `bytes` the index is, when it is whole and of `owner`.
fn open(kind: Kind, owner: Owner, bytes: &[u8]) -> Result<(u16, Range<usize>), SidecarError> {
    let header = bytes.first_chunk::<HEADER_BYTES>().ok_or(SidecarError::Length(bytes.len()))?;
    let [m0, m1, m2, m3, v0, v1, u0, u1, c0, c1, c2, c3, r0, r1, r2, r3, name @ ..] = *header;
    if [m0, m1, m2, m3] != kind.magic() {
        return Err(SidecarError::Magic);
    }
    let version = u16::from_le_bytes([v0, v1]);
    if !kind.versions().contains(&version) {
        return Err(SidecarError::Version(version));
    }
    if [u0, u1] != UNICODE {
        return Err(SidecarError::Unicode(u0, u1));
    }
    if checksum(bytes) != Some(u32::from_le_bytes([c0, c1, c2, c3])) {
        return Err(SidecarError::Checksum);
    }
    if (Owner { rows: u32::from_le_bytes([r0, r1, r2, r3]), name: u64::from_le_bytes(name) }) != owner {
        return Err(SidecarError::OtherBlock);
    }
    Ok((version, HEADER_BYTES..bytes.len()))
}

/// What a file says of itself, and what is wrong with it.
pub(crate) struct Described {
    pub version: Option<u16>,
    pub rows: Option<u32>,
    pub problem: Option<String>,
}

/// For people: whichever block it is of.
pub(crate) fn describe(bytes: &[u8], kind: Kind) -> Described {
    let header = bytes.first_chunk::<HEADER_BYTES>().copied();
    let said = header.map(|header| {
        let [_, _, _, _, v0, v1, _, _, _, _, _, _, r0, r1, r2, r3, name @ ..] = header;
        (u16::from_le_bytes([v0, v1]), Owner { rows: u32::from_le_bytes([r0, r1, r2, r3]), name: u64::from_le_bytes(name) })
    });
    let (version, owner) = said.unzip();
    let opened = open(kind, owner.unwrap_or(Owner { rows: 0, name: 0 }), bytes);
    Described { version, rows: owner.map(|owner| owner.rows), problem: opened.err().map(|error| error.to_string()) }
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
    use super::*;

    fn owner(path: &str, rows: u64) -> Owner {
        Owner::new(Path::new(path), rows).unwrap()
    }

    #[test]
    fn damage_and_other_blocks_are_named() {
        let sealed = seal(Kind::Bloom, owner("data/1/logs/a.parquet", 7), b"index");
        let check = |kind: Kind, of: Owner, damage: &dyn Fn(&mut Vec<u8>), expected: Result<&[u8], SidecarError>| {
            let mut bytes = sealed.clone();
            damage(&mut bytes);
            let index = open(kind, of, &bytes).map(|(_, range)| bytes.get(range).unwrap());
            assert_eq!(index, expected);
        };
        let same = owner("data/1/logs/a.parquet", 7);
        check(Kind::Bloom, same, &|_| {}, Ok(b"index"));
        check(Kind::Inverted, same, &|_| {}, Err(SidecarError::Magic));
        check(Kind::Bloom, same, &|b| b[4] = 9, Err(SidecarError::Version(9)));
        check(Kind::Bloom, same, &|b| b[6..8].copy_from_slice(&[1, 2]), Err(SidecarError::Unicode(1, 2)));
        check(Kind::Bloom, same, &|b| b.truncate(23), Err(SidecarError::Length(23)));
        check(Kind::Bloom, same, &|b| b.truncate(28), Err(SidecarError::Checksum));
        check(Kind::Bloom, same, &|b| b[12] ^= 1, Err(SidecarError::Checksum));
        check(Kind::Bloom, same, &|b| b[28] ^= 1, Err(SidecarError::Checksum));
        check(Kind::Bloom, owner("data/1/logs/a.parquet", 8), &|_| {}, Err(SidecarError::OtherBlock));
        check(Kind::Bloom, owner("data/1/logs/b.parquet", 7), &|_| {}, Err(SidecarError::OtherBlock));
        assert_eq!(Owner::new(Path::new("x"), 1 << 32), None);
    }
}
