//! One process per data directory.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Holds the data directory until dropped; the kernel lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct DirLock {
    _file: File,
}

#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("data directory {path} is in use by another process")]
    Held { path: PathBuf },
    #[error("lock {path}")]
    Io { path: PathBuf, source: io::Error },
}

impl DirLock {
    /// Locks `dir/lock`, creating the file (not the directory) when it is missing, and writes the process id into it.
    /// Where the file system is full, or can only be read, the id is left out.
    ///
    /// # Errors
    /// When another process holds it, or the file cannot be opened.
    pub fn acquire(dir: &Path) -> Result<Self, LockError> {
        let path = dir.join("lock");
        let opened =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).or_else(|error| match error.kind() {
                io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => File::open(&path),
                _ => Err(error),
            });
        let mut file = opened.map_err(|source| LockError::Io { path: path.clone(), source })?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockError::Held { path: dir.to_path_buf() }),
            Err(TryLockError::Error(source)) => return Err(LockError::Io { path, source }),
        }
        if let Err(error) = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())) {
            tracing::warn!(path = %path.display(), %error, "process id not written to the lock file");
        }
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_one_is_refused_until_the_first_lets_go() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let first = DirLock::acquire(dir.path()).expect("free");
        assert!(matches!(DirLock::acquire(dir.path()), Err(LockError::Held { .. })));
        drop(first);
        DirLock::acquire(dir.path()).expect("free again");
    }
}
