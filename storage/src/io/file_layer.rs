//! What storage asks of a file system.

use std::{
    io::{ErrorKind, Result},
    path::{Path, PathBuf},
};

/// The file system as storage uses it. Paths are absolute.
pub trait Io: Send + Sync + 'static {
    /// Creates a new file for reading and writing; an existing one is an error.
    fn create(&self, path: &Path) -> Result<Box<dyn IoFile>>;
    /// Opens an existing file for reading and writing.
    fn open(&self, path: &Path) -> Result<Box<dyn IoFile>>;
    /// Opens an existing file for reading.
    fn open_read(&self, path: &Path) -> Result<Box<dyn IoFile>>;
    fn rename(&self, from: &Path, to: &Path) -> Result<()>;
    fn remove(&self, path: &Path) -> Result<()>;
    /// Creates a directory; an existing one is an error, and so is a missing parent.
    fn create_dir(&self, path: &Path) -> Result<()>;
    /// Gives a file a second name on the same file system. Whoever cannot says so; then it is copied.
    fn hard_link(&self, from: &Path, to: &Path) -> Result<()> {
        let _ = (from, to);
        Err(ErrorKind::Unsupported.into())
    }
    /// Makes creations, renames and removals in `dir` durable.
    fn sync_dir(&self, dir: &Path) -> Result<()>;
    /// Files (not folders) in `dir`, sorted.
    fn list(&self, dir: &Path) -> Result<Vec<PathBuf>>;
    /// Bytes an unprivileged process may still write on the file system of `path`, and with those that are in use, as `df` counts.
    fn disk_space(&self, path: &Path) -> Result<DiskSpace>;
    /// A named step between file operations (for instance `catalog.commit.before`), so that a test can cut there.
    fn step(&self, name: &'static str) -> Result<()> {
        let _ = name;
        Ok(())
    }
}

#[expect(clippy::len_without_is_empty, reason = "a length in bytes that can fail to be read, not a collection")]
/// An open file; positions are explicit, so one handle serves many readers.
pub trait IoFile: Send + Sync {
    fn write_all_at(&self, buf: &[u8], offset: u64) -> Result<()>;
    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> Result<()>;
    /// `fdatasync`. After an error the caller must never sync this file again.
    fn sync_data(&self) -> Result<()>;
    fn set_len(&self, len: u64) -> Result<()>;
    /// Takes room for the first `bytes` of a new file, which read as zeros.
    fn allocate(&self, bytes: u64) -> Result<()> {
        write_zeros(self, bytes)
    }
    fn len(&self) -> Result<u64>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskSpace {
    pub free_bytes: u64,
    pub total_bytes: u64,
}

pub(super) fn write_zeros<F: IoFile + ?Sized>(file: &F, bytes: u64) -> Result<()> {
    const STEP: u64 = 1 << 20;
    let zeros = vec![0; STEP.min(bytes) as usize];
    for offset in (0..bytes).step_by(STEP as usize) {
        let len = STEP.min(bytes - offset) as usize;
        file.write_all_at(&zeros[..len], offset)?;
    }
    Ok(())
}
