//! Directories that survive a power cut: a file is as durable as the name of each directory above it.

use std::{
    io::{Error, ErrorKind, Result},
    path::{Path, PathBuf},
};

use super::Io;

/// Makes sure that `dir` and every level between it and `base`, which exists, is there and stays there.
///
/// The parent of each level is synced, also of one that was there before: whoever made it may have died before his sync.
/// Costs a sync per level.
///
/// # Errors
/// The first failure; levels may be left that are not durable. A directory that was there is fine though we may not sync its parent,
/// or its file system cannot: it is somebody else's.
pub fn create_dirs_durable(io: &dyn Io, base: &Path, dir: &Path) -> Result<()> {
    let below = dir.strip_prefix(base).map_err(Error::other)?;
    let mut parent = base.to_path_buf();
    for name in below.components() {
        let level = parent.join(name);
        let found = match io.create_dir(&level) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => true,
            made => made.map(|()| false)?,
        };
        match io.sync_dir(&parent) {
            Err(error) if found && is_not_ours(&error) => {}
            synced => synced?,
        }
        parent = level;
    }
    Ok(())
}

/// The same for a whole path, of which any part may exist.
pub(crate) fn create_data_dir(io: &dyn Io, dir: &Path) -> Result<()> {
    let dir: PathBuf = std::path::absolute(dir)?;
    let base = dir.ancestors().skip(1).find(|ancestor| ancestor.is_dir());
    base.map_or(Ok(()), |base| create_dirs_durable(io, base, &dir))
}

fn is_not_ours(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::InvalidInput | ErrorKind::Unsupported)
}
