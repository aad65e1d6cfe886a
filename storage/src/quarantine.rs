//! Where unreadable things go: set aside by rename, never deleted, never in the way of the server.

use std::{
    collections::HashSet,
    io,
    path::{Path, PathBuf},
};

use crate::io::Io;

/// Moves `path` into `quarantine_dir` and returns its new place. Both directories are made durable.
///
/// # Errors
/// When the file cannot be moved; it is where it was.
pub fn set_aside(io: &dyn Io, quarantine_dir: &Path, path: &Path) -> io::Result<PathBuf> {
    io.create_dir_all(quarantine_dir)?;
    let place = free_place(io, quarantine_dir, path)?;
    io.rename(path, &place)?;
    io.sync_dir(quarantine_dir)?;
    if let Some(parent) = path.parent() {
        io.sync_dir(parent)?;
    }
    tracing::error!(from = %path.display(), to = %place.display(), "unreadable file set aside");
    metrics::counter!(crate::self_metrics::QUARANTINED_FILES_TOTAL).increment(1);
    Ok(place)
}

/// Writes `bytes` (for instance a request that cannot be turned into rows) to a new durable file named after `name`.
///
/// # Errors
/// When the file cannot be written whole.
pub fn put(io: &dyn Io, quarantine_dir: &Path, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    io.create_dir_all(quarantine_dir)?;
    let place = free_place(io, quarantine_dir, Path::new(name))?;
    let file = io.create(&place)?;
    file.write_all_at(bytes, 0)?;
    file.sync_data()?;
    io.sync_dir(quarantine_dir)?;
    metrics::counter!(crate::self_metrics::QUARANTINED_FILES_TOTAL).increment(1);
    Ok(place)
}

fn free_place(io: &dyn Io, quarantine_dir: &Path, path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().map_or_else(|| "unnamed".into(), |name| name.to_string_lossy().into_owned());
    let taken: HashSet<PathBuf> = io.list(quarantine_dir)?.into_iter().collect();
    let numbered = (1u64..).map(|number| quarantine_dir.join(format!("{name}.{number}")));
    std::iter::once(quarantine_dir.join(&name))
        .chain(numbered)
        .find(|place| !taken.contains(place))
        .ok_or_else(|| io::Error::from(io::ErrorKind::AlreadyExists))
}
