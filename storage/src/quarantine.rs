//! Where unreadable things go: set aside by rename or written whole, never deleted, never in the way of the server.

use std::{
    collections::HashSet,
    io,
    path::{Path, PathBuf},
};

use schemas::otlp::{ContentEncoding, Format};

use crate::{
    RawRequest,
    io::{Io, create_dirs_durable},
};

/// Requests that a running server sets aside, all together; whoever sends more of them fills no disk.
const POISONS_MAX: usize = 100;
const POISONS_BYTES_MAX: u64 = 256 << 20;
const POISON: &str = "poison-";

/// Moves `path` into `quarantine_dir` and returns its new place. Both directories are made durable.
///
/// # Errors
/// When the file cannot be moved; it is where it was.
pub fn set_aside(io: &dyn Io, quarantine_dir: &Path, path: &Path) -> io::Result<PathBuf> {
    make_dir(io, quarantine_dir)?;
    let place = free_place(io, quarantine_dir, path)?;
    io.rename(path, &place)?;
    io.sync_dir(quarantine_dir)?;
    if let Some(parent) = path.parent() {
        io.sync_dir(parent)?;
    }
    tracing::error!(from = %path.display(), to = %place.display(), "file set aside");
    metrics::counter!(crate::self_metrics::QUARANTINED_FILES_TOTAL).increment(1);
    Ok(place)
}

/// Writes `bytes` (for instance a request that cannot be turned into rows) to a new durable file named after `name`.
///
/// # Errors
/// When the file cannot be written whole. However often it is tried, at most one incomplete file is left, and the next try replaces it.
pub fn put(io: &dyn Io, quarantine_dir: &Path, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    make_dir(io, quarantine_dir)?;
    let place = free_place(io, quarantine_dir, Path::new(name))?;
    let temporary = quarantine_dir.join(format!("{name}.tmp"));
    match io.remove(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    if let Err(error) = write(io, &temporary, &place, bytes) {
        // The place was free a moment ago: what is there now is of this try.
        for leftover in [&temporary, &place] {
            let _ = io.remove(leftover);
        }
        return Err(error);
    }
    metrics::counter!(crate::self_metrics::QUARANTINED_FILES_TOTAL).increment(1);
    Ok(place)
}

/// Writes the body of `request`, whose rows cannot be made, as it arrived to a file that is named after its hash, signal, format and
/// compression. One that is kept already is not written again. `None` when there are too many: then it is not kept.
///
/// # Errors
/// When the file cannot be written whole.
pub fn keep_poison(io: &dyn Io, quarantine_dir: &Path, request: &RawRequest) -> io::Result<Option<PathBuf>> {
    make_dir(io, quarantine_dir)?;
    let format = match request.format {
        Format::Protobuf => "pb",
        Format::Json => "json",
    };
    let encoding = match request.encoding {
        ContentEncoding::Identity => "",
        ContentEncoding::Gzip => ".gz",
        ContentEncoding::Zstd => ".zst",
    };
    let name = format!("{POISON}{:032x}.{}.{format}{encoding}", request.hash.0, request.signal);
    let is_poison = |path: &PathBuf| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(POISON.as_bytes()));
    let kept: Vec<PathBuf> = io.list(quarantine_dir)?.into_iter().filter(is_poison).collect();
    let place = quarantine_dir.join(&name);
    if kept.contains(&place) {
        return Ok(Some(place));
    }
    let mut bytes = request.body.len() as u64;
    for path in &kept {
        bytes += io.open_read(path)?.len()?;
    }
    if kept.len() >= POISONS_MAX || bytes > POISONS_BYTES_MAX {
        return Ok(None);
    }
    put(io, quarantine_dir, &name, &request.body).map(Some)
}

fn write(io: &dyn Io, temporary: &Path, place: &Path, bytes: &[u8]) -> io::Result<()> {
    let file = io.create(temporary)?;
    file.write_all_at(bytes, 0)?;
    file.sync_data()?;
    io.rename(temporary, place)?;
    place.parent().map_or(Ok(()), |dir| io.sync_dir(dir))
}

fn make_dir(io: &dyn Io, quarantine_dir: &Path) -> io::Result<()> {
    quarantine_dir.parent().map_or(Ok(()), |parent| create_dirs_durable(io, parent, quarantine_dir))
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
