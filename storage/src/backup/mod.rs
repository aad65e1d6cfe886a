//! A copy of a data directory that is consistent, also while a server works in it, and back again.
//!
//! ```text
//! <backup>/
//!   fusebox-backup     every file with its length and CRC-32, written last: without it there is no backup
//!   catalog.sqlite     as of one moment
//!   data/…             the blocks that this catalog lists, with their indexes
//!   wal/…              segments, copied before the catalog
//!   request-hashes     copied after the segments
//!   settings/…         what the API was told to keep, each file replaced as a whole
//! ```
//! Why this is consistent: a segment leaves the log only after a catalog commit covers all of it. So a record that was acknowledged before
//! the backup began is in a segment that is copied, or it is covered by the catalog, which is copied later. The catalog says up to where
//! replay has nothing to do; rows are there once. Blocks never change and are linked where that is possible; one that compaction or
//! retention took away meanwhile is a reason to copy the catalog once more.
//!
//! `make` writes a backup, `restore` makes a data directory of it, `manifest` is the list, `copy` moves bytes.

mod copy;
mod make;
mod manifest;
mod restore;

use std::{io, path::PathBuf};

use crate::{VerifyError, catalog::CatalogError};

pub use make::backup;
pub use restore::restore;

/// What was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Copied {
    pub files: usize,
    pub bytes: u64,
    /// Of these, in files that share their bytes with the original.
    pub linked_bytes: u64,
    pub blocks: usize,
    pub rows: u64,
}

/// How blocks come into the backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocks {
    /// As a second name of the same file, where the file system can.
    Linked,
    Copied,
}

#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{path} is missing: not a data directory")]
    NoCatalog { path: PathBuf },
    #[error("{path} is not empty")]
    NotEmpty { path: PathBuf },
    #[error("{path} is missing: not a backup, or one that was not finished")]
    NoManifest { path: PathBuf },
    #[error("{path} is damaged: {reason}")]
    Manifest { path: PathBuf, reason: String },
    #[error("{path} is not what was written: {found} bytes with checksum {found_crc:08x} instead of {bytes} with {crc:08x}")]
    Damaged { path: PathBuf, bytes: u64, crc: u32, found: u64, found_crc: u32 },
    #[error("blocks are replaced faster than they are copied")]
    NeverStill,
    #[error("copy {path}")]
    Copy { path: PathBuf, source: io::Error },
    #[error("write {path}")]
    Write { path: PathBuf, source: io::Error },
    #[error("copy the catalog")]
    Catalog(#[from] CatalogError),
    #[error("verify the copy")]
    Verify(#[from] VerifyError),
    #[error("the copy of {path} is damaged: {what}")]
    Finding { path: PathBuf, what: String },
}
