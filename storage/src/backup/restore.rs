//! Makes a data directory of a backup.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use super::{
    BackupError, Copied,
    copy::{check, copy, make_empty, make_parents},
    manifest,
};
use crate::{Progress, io::Io, verify};

/// Copies the backup `from` to `data_dir`, which is new or empty, checking every byte on the way, and verifies the result. Blocking.
///
/// # Errors
/// The first failure. A directory that was restored in part has no catalog, and no server starts in it.
pub fn restore(io: &Arc<dyn Io>, from: &Path, data_dir: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Copied, BackupError> {
    let entries = manifest::read(io.as_ref(), from)?;
    make_empty(io.as_ref(), data_dir)?;
    let bytes_total = entries.iter().map(|entry| entry.bytes).sum();
    let mut copied = Copied::default();
    let mut dirs = BTreeSet::from([data_dir.to_owned()]);
    // The catalog last: without it, blocks that lie there are refused by a start.
    let is_catalog = |path: &Path| path == Path::new(crate::catalog::FILE_NAME);
    let (last, first): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| is_catalog(&entry.path));
    for entry in first.into_iter().chain(last) {
        dirs.insert(make_parents(io.as_ref(), data_dir, &entry.path)?);
        let source = from.join(&entry.path);
        let found = copy(io.as_ref(), &source, &data_dir.join(&entry.path))?.unwrap_or_default();
        check(entry, source, found)?;
        copied.files += 1;
        copied.bytes += entry.bytes;
        progress(Progress { bytes_done: copied.bytes, bytes_total });
    }
    for dir in dirs {
        io.sync_dir(&dir).map_err(|source| BackupError::Write { path: dir, source })?;
    }
    let verified = verify(Arc::clone(io), data_dir, &mut |_| {})?;
    (copied.blocks, copied.rows) = (verified.blocks, verified.rows);
    match verified.findings.into_iter().next() {
        Some(finding) => Err(BackupError::Finding { path: finding.path, what: finding.what }),
        None => Ok(copied),
    }
}
