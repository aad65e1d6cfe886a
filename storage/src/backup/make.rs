//! Writes a backup.
//!
//! 1. Segments of the log, each copied whole; one that leaves the log meanwhile is covered by the catalog and left out.
//! 2. The hashes of requests whose segments are gone.
//! 3. The catalog, as of one moment.
//! 4. The blocks that it lists. When one is gone, from 3 on again.
//! 5. Everything is read back and verified; then the list is written.

use std::{
    collections::BTreeSet,
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    BackupError, Blocks, Copied,
    copy::{copy, make_empty, make_parents, sum},
    manifest::{self, Entry},
};
use crate::{
    Config, Progress,
    block::Block,
    catalog::{self, Catalog},
    io::Io,
    verify,
    wal::look::segments,
};

/// Replaced blocks stay for a quarter of an hour: twice is rare enough.
const TRIES: usize = 5;
const WAL_DIR: &str = "wal";

/// Copies the data directory `data_dir` to `target`, which is new or empty, and verifies the copy. A server may use `data_dir` meanwhile.
/// `progress` hears of the bytes of blocks. Blocking.
///
/// # Errors
/// The first failure; what was written until then stays, and is no backup.
pub fn backup(
    io: &Arc<dyn Io>,
    data_dir: &Path,
    target: &Path,
    blocks: Blocks,
    progress: &mut dyn FnMut(Progress),
) -> Result<Copied, BackupError> {
    let catalog_path = data_dir.join(catalog::FILE_NAME);
    if !catalog_path.exists() {
        return Err(BackupError::NoCatalog { path: catalog_path });
    }
    make_empty(io.as_ref(), target)?;
    let job = Job { io: io.as_ref(), data_dir, target, blocks };
    let mut files = job.log()?;
    let hashes = Config::new(data_dir).request_hashes_path();
    let name = hashes.file_name().map(PathBuf::from).unwrap_or_default();
    files.extend(copy(job.io, &hashes, &target.join(&name))?.map(|_| name));
    files.extend(job.settings()?);
    let (listed, linked_bytes) = job.catalog_and_blocks(progress)?;
    let mut copied = Copied { linked_bytes, blocks: listed.len(), rows: listed.iter().map(|block| block.rows).sum(), ..Copied::default() };
    files.push(catalog::FILE_NAME.into());
    files.extend(listed.iter().flat_map(|block| block.files().map(Path::to_owned)));
    job.sync_dirs(&files)?;

    let verified = verify(Arc::clone(io), target, &mut |_| {})?;
    if let Some(finding) = verified.findings.into_iter().next() {
        return Err(BackupError::Finding { path: finding.path, what: finding.what });
    }
    let mut entries = Vec::with_capacity(files.len());
    for path in files {
        let (bytes, crc) = sum(job.io, &target.join(&path)).map_err(|source| BackupError::Copy { path: path.clone(), source })?;
        copied.files += 1;
        copied.bytes += bytes;
        entries.push(Entry { path, bytes, crc });
    }
    manifest::write(job.io, target, &entries)?;
    Ok(copied)
}

struct Job<'a> {
    io: &'a dyn Io,
    data_dir: &'a Path,
    target: &'a Path,
    blocks: Blocks,
}

impl Job<'_> {
    /// Only what is there now: the newest segment may end anywhere, as after a crash, and the ones before it are complete.
    fn log(&self) -> Result<Vec<PathBuf>, BackupError> {
        let dir = self.data_dir.join(WAL_DIR);
        let listed = match self.io.list(&dir) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            listed => listed.map_err(|source| BackupError::Copy { path: dir, source })?,
        };
        make_parents(self.io, self.target, &Path::new(WAL_DIR).join("segment"))?;
        let mut copied = Vec::new();
        for (path, _) in segments(self.io, &listed).0 {
            let Some(name) = path.file_name() else { continue };
            let relative = Path::new(WAL_DIR).join(name);
            let to = self.target.join(&relative);
            if copy(self.io, &path, &to)?.is_none() {
                continue;
            }
            // A name that is still there had these bytes all the time: a segment gets another one before its next life.
            match self.io.open_read(&path) {
                Ok(_) => copied.push(relative),
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    self.io.remove(&to).map_err(|source| BackupError::Write { path: to, source })?;
                }
                Err(source) => return Err(BackupError::Copy { path, source }),
            }
        }
        Ok(copied)
    }

    fn settings(&self) -> Result<Vec<PathBuf>, BackupError> {
        let dir = Config::new(self.data_dir).settings_dir();
        let listed = match self.io.list(&dir) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            listed => listed.map_err(|source| BackupError::Copy { path: dir.clone(), source })?,
        };
        let mut copied = Vec::new();
        // One that is still being written has another name, and none when it is done.
        for path in listed.iter().filter(|path| path.extension().is_none_or(|ending| ending != "tmp")) {
            let Ok(relative) = path.strip_prefix(self.data_dir) else { continue };
            make_parents(self.io, self.target, relative)?;
            copied.extend(copy(self.io, path, &self.target.join(relative))?.map(|_| relative.to_owned()));
        }
        Ok(copied)
    }

    /// The listed blocks, and the bytes that are linked.
    fn catalog_and_blocks(&self, progress: &mut dyn FnMut(Progress)) -> Result<(Vec<Block>, u64), BackupError> {
        let to = self.target.join(catalog::FILE_NAME);
        let mut taken: BTreeSet<PathBuf> = BTreeSet::new();
        let mut linked_bytes = 0;
        for _ in 0..TRIES {
            match self.io.remove(&to) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(BackupError::Write { path: to, source: error }),
                _ => {}
            }
            Catalog::copy(self.data_dir, &to)?;
            let blocks = Catalog::open_read_only(self.target)?.blocks()?;
            let bytes_total = blocks.iter().map(|block| block.bytes + block.sidecar_bytes()).sum();
            let mut bytes_done = 0;
            let mut complete = true;
            for block in &blocks {
                for (path, bytes) in block.file_bytes().filter(|(path, _)| !taken.contains(*path)).collect::<Vec<_>>() {
                    match self.take(path)? {
                        Some(linked) => {
                            linked_bytes += if linked { bytes } else { 0 };
                            taken.insert(path.to_owned());
                        }
                        None => complete = false,
                    }
                }
                bytes_done += block.bytes + block.sidecar_bytes();
                progress(Progress { bytes_done, bytes_total });
            }
            if complete {
                self.drop_unlisted(&blocks, taken)?;
                return Ok((blocks, linked_bytes));
            }
        }
        Err(BackupError::NeverStill)
    }

    /// Links or copies a file; true when it is linked, `None` when it is gone.
    fn take(&self, relative: &Path) -> Result<Option<bool>, BackupError> {
        make_parents(self.io, self.target, relative)?;
        let (from, to) = (self.data_dir.join(relative), self.target.join(relative));
        if self.blocks == Blocks::Linked {
            match self.io.hard_link(&from, &to) {
                Ok(()) => return Ok(Some(true)),
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                // Another file system, or one that knows no links.
                Err(_) => {}
            }
        }
        Ok(copy(self.io, &from, &to)?.map(|_| false))
    }

    /// What an earlier try took and this catalog does not list any more.
    fn drop_unlisted(&self, blocks: &[Block], taken: BTreeSet<PathBuf>) -> Result<(), BackupError> {
        let listed: BTreeSet<&Path> = blocks.iter().flat_map(Block::files).collect();
        for path in taken.iter().filter(|path| !listed.contains(path.as_path())) {
            let path = self.target.join(path);
            self.io.remove(&path).map_err(|source| BackupError::Write { path, source })?;
        }
        Ok(())
    }

    fn sync_dirs(&self, files: &[PathBuf]) -> Result<(), BackupError> {
        let dirs: BTreeSet<PathBuf> = files.iter().filter_map(|path| Some(self.target.join(path.parent()?))).collect();
        dirs.into_iter().try_for_each(|dir| self.io.sync_dir(&dir).map_err(|source| BackupError::Write { path: dir, source }))
    }
}
