//! Files from one directory to another, with their checksums.

use std::{
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use super::{BackupError, manifest::Entry};
use crate::io::{Io, IoFile, create_dirs_durable};

const STEP_BYTES: u64 = 1 << 20;

/// Writes `from` to the new file `to`, durably. `Ok(None)` when `from` is gone.
pub(super) fn copy(io: &dyn Io, from: &Path, to: &Path) -> Result<Option<(u64, u32)>, BackupError> {
    let file = match io.open_read(from) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|source| BackupError::Copy { path: from.to_owned(), source })?,
    };
    let write = || {
        let target = io.create(to)?;
        let read = read(&*file, |bytes, offset| target.write_all_at(bytes, offset))?;
        target.sync_data()?;
        Ok(read)
    };
    write().map(Some).map_err(|source| BackupError::Copy { path: from.to_owned(), source })
}

/// Length and checksum of a file.
pub(super) fn sum(io: &dyn Io, path: &Path) -> io::Result<(u64, u32)> {
    read(&*io.open_read(path)?, |_, _| Ok(()))
}

fn read(file: &dyn IoFile, mut each: impl FnMut(&[u8], u64) -> io::Result<()>) -> io::Result<(u64, u32)> {
    let len = file.len()?;
    let mut crc = crc32fast::Hasher::new();
    let mut buffer = vec![0; STEP_BYTES.min(len) as usize];
    for offset in (0..len).step_by(STEP_BYTES as usize) {
        let step = STEP_BYTES.min(len - offset) as usize;
        let bytes = &mut buffer[..step];
        file.read_exact_at(bytes, offset)?;
        crc.update(bytes);
        each(bytes, offset)?;
    }
    Ok((len, crc.finalize()))
}

/// The file that `entry` means in `dir` is what was written.
pub(super) fn check(entry: &Entry, path: PathBuf, found: (u64, u32)) -> Result<(), BackupError> {
    if found == (entry.bytes, entry.crc) {
        return Ok(());
    }
    Err(BackupError::Damaged { path, bytes: entry.bytes, crc: entry.crc, found: found.0, found_crc: found.1 })
}

/// Makes `dir`, which must be new or empty.
pub(super) fn make_empty(io: &dyn Io, dir: &Path) -> Result<(), BackupError> {
    let at_dir = |source| BackupError::Write { path: dir.to_owned(), source };
    match std::fs::read_dir(dir) {
        Ok(mut entries) => match entries.next() {
            Some(_) => Err(BackupError::NotEmpty { path: dir.to_owned() }),
            None => Ok(()),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => crate::io::create_data_dir(io, dir).map_err(at_dir),
        Err(error) => Err(at_dir(error)),
    }
}

/// Makes the directories in `base` that `relative`, a file, lies in.
pub(super) fn make_parents(io: &dyn Io, base: &Path, relative: &Path) -> Result<PathBuf, BackupError> {
    let dir = relative.parent().map_or_else(|| base.to_owned(), |parent| base.join(parent));
    create_dirs_durable(io, base, &dir).map_err(|source| BackupError::Write { path: dir.clone(), source })?;
    Ok(dir)
}
