//! A disk in memory that remembers every operation, and can be asked what a power cut at any moment may have left of it.
//!
//! After the cut, an operation is there for sure when a sync that covers it came before: `sync_data` covers the writes of its file,
//! `sync_dir` the names of its directory. Any other may be there, not at all, or (a write) in part; the caller chooses.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Error, ErrorKind, Result},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use storage::io::{DiskSpace, Io, IoFile};

/// What the power cut did to an operation that no sync covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Kept,
    Dropped,
    /// Only so many bytes of the write (all of another operation).
    Torn(usize),
    /// The file has its length, the written bytes are zeros (all of another operation).
    Zeroed,
    /// As `Zeroed`, but only so many bytes from there on (all of another operation).
    Hole {
        at: usize,
        len: usize,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    Create { path: PathBuf, file: usize },
    CreateDir { path: PathBuf },
    Write { file: usize, offset: u64, bytes: Vec<u8> },
    SetLen { file: usize, len: u64 },
    Sync { file: usize },
    Rename { from: PathBuf, to: PathBuf },
    Remove { path: PathBuf },
    SyncDir { dir: PathBuf },
}

#[derive(Clone, Default)]
struct Disk {
    names: BTreeMap<PathBuf, usize>,
    files: Vec<Vec<u8>>,
    /// Directories that were made here; others count as there, so that a test need not make the way to its files.
    dirs: BTreeSet<PathBuf>,
}

#[derive(Default)]
struct State {
    now: Disk,
    /// Before the first operation.
    before: Disk,
    operations: Vec<Recorded>,
}

/// Clones share one disk.
#[derive(Clone, Default)]
pub struct RecordingIo {
    state: Arc<Mutex<State>>,
}

impl RecordingIo {
    pub fn new() -> Self {
        Self::default()
    }

    /// Operations so far: the moments at which a cut can be asked for.
    pub fn recorded(&self) -> usize {
        self.state().operations.len()
    }

    /// The disk after a cut that came when `operations` had been made. `fate` is asked about each that no sync covers.
    pub fn after_cut(&self, operations: usize, mut fate: impl FnMut(usize, &Recorded) -> Fate) -> Self {
        let state = self.state();
        let made = &state.operations[..operations];
        let (mut disk, mut lost_dirs) = (state.before.clone(), BTreeSet::new());
        for (index, operation) in made.iter().enumerate() {
            let covered = made[index..].iter().any(|later| later.covers(operation));
            let fate = if covered { Fate::Kept } else { fate(index, operation) };
            match operation {
                Recorded::CreateDir { path } if fate == Fate::Dropped => drop(lost_dirs.insert(path.as_path())),
                operation => disk.apply(operation.clone(), fate),
            }
        }
        disk.names.retain(|path, _| !path.ancestors().any(|above| lost_dirs.contains(above)));
        Self { state: Arc::new(Mutex::new(State { now: disk.clone(), before: disk, operations: Vec::new() })) }
    }

    /// The bytes of a file.
    pub fn read(&self, path: &Path) -> Result<Vec<u8>> {
        let state = self.state();
        state.now.names.get(path).map(|file| state.now.files[*file].clone()).ok_or_else(|| Error::from(ErrorKind::NotFound))
    }

    /// Puts a file there as if it always had been.
    pub fn put(&self, path: &Path, bytes: Vec<u8>) {
        let mut state = self.state();
        let file = state.now.files.len();
        let State { now, before, .. } = &mut *state;
        for disk in [now, before] {
            disk.apply(Recorded::Create { path: path.to_path_buf(), file }, Fate::Kept);
            disk.files[file].clone_from(&bytes);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, operation: Recorded) {
        let mut state = self.state();
        state.now.apply(operation.clone(), Fate::Kept);
        state.operations.push(operation);
    }

    fn file(&self, file: usize) -> Box<dyn IoFile> {
        Box::new(RecordingFile { io: self.clone(), file })
    }
}

impl Recorded {
    /// Whether this sync makes `earlier` durable.
    fn covers(&self, earlier: &Self) -> bool {
        match (self, earlier) {
            (Self::Sync { file }, Self::Write { file: written, .. } | Self::SetLen { file: written, .. }) => file == written,
            (Self::SyncDir { dir }, Self::Create { path, .. } | Self::CreateDir { path } | Self::Remove { path }) => {
                path.parent() == Some(dir)
            }
            (Self::SyncDir { dir }, Self::Rename { from, to }) => from.parent() == Some(dir) || to.parent() == Some(dir),
            _ => false,
        }
    }
}

impl Disk {
    fn apply(&mut self, operation: Recorded, fate: Fate) {
        match operation {
            Recorded::Create { path, file } => {
                self.files.resize_with(self.files.len().max(file + 1), Vec::new);
                if fate != Fate::Dropped {
                    self.names.insert(path, file);
                }
            }
            Recorded::Write { file, offset, mut bytes } => {
                match fate {
                    Fate::Kept => {}
                    Fate::Dropped => return,
                    Fate::Torn(len) => bytes.truncate(len),
                    Fate::Zeroed => bytes.fill(0),
                    Fate::Hole { at, len } => bytes.iter_mut().skip(at).take(len).for_each(|byte| *byte = 0),
                }
                let (start, end) = (offset as usize, offset as usize + bytes.len());
                let content = &mut self.files[file];
                content.resize(content.len().max(end), 0);
                content[start..end].copy_from_slice(&bytes);
            }
            _ if fate == Fate::Dropped => {}
            Recorded::CreateDir { path } => {
                self.dirs.insert(path);
            }
            Recorded::SetLen { file, len } => self.files[file].resize(len as usize, 0),
            Recorded::Rename { from, to } => {
                if let Some(file) = self.names.remove(&from) {
                    self.names.insert(to, file);
                }
            }
            Recorded::Remove { path } => {
                self.names.remove(&path);
            }
            Recorded::Sync { .. } | Recorded::SyncDir { .. } => {}
        }
    }
}

impl Io for RecordingIo {
    fn create(&self, path: &Path) -> Result<Box<dyn IoFile>> {
        let mut state = self.state();
        if state.now.names.contains_key(path) {
            return Err(Error::from(ErrorKind::AlreadyExists));
        }
        let file = state.now.files.len();
        let operation = Recorded::Create { path: path.to_path_buf(), file };
        state.now.apply(operation.clone(), Fate::Kept);
        state.operations.push(operation);
        drop(state);
        Ok(self.file(file))
    }

    fn open(&self, path: &Path) -> Result<Box<dyn IoFile>> {
        let file = self.state().now.names.get(path).copied().ok_or_else(|| Error::from(ErrorKind::NotFound))?;
        Ok(self.file(file))
    }

    fn open_read(&self, path: &Path) -> Result<Box<dyn IoFile>> {
        self.open(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        if !self.state().now.names.contains_key(from) {
            return Err(Error::from(ErrorKind::NotFound));
        }
        self.record(Recorded::Rename { from: from.to_path_buf(), to: to.to_path_buf() });
        Ok(())
    }

    fn remove(&self, path: &Path) -> Result<()> {
        if !self.state().now.names.contains_key(path) {
            return Err(Error::from(ErrorKind::NotFound));
        }
        self.record(Recorded::Remove { path: path.to_path_buf() });
        Ok(())
    }

    fn create_dir(&self, path: &Path) -> Result<()> {
        if self.state().now.dirs.contains(path) {
            return Err(Error::from(ErrorKind::AlreadyExists));
        }
        self.record(Recorded::CreateDir { path: path.to_path_buf() });
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> Result<()> {
        self.record(Recorded::SyncDir { dir: dir.to_path_buf() });
        Ok(())
    }

    fn list(&self, dir: &Path) -> Result<Vec<PathBuf>> {
        let state = self.state();
        let files: Vec<PathBuf> = state.now.names.keys().filter(|path| path.parent() == Some(dir)).cloned().collect();
        if files.is_empty() && !state.now.dirs.contains(dir) {
            return Err(Error::from(ErrorKind::NotFound));
        }
        Ok(files)
    }

    fn disk_space(&self, _path: &Path) -> Result<DiskSpace> {
        Ok(DiskSpace { free_bytes: 1 << 40, total_bytes: 1 << 41 })
    }
}

struct RecordingFile {
    io: RecordingIo,
    file: usize,
}

impl IoFile for RecordingFile {
    fn write_all_at(&self, buf: &[u8], offset: u64) -> Result<()> {
        self.io.record(Recorded::Write { file: self.file, offset, bytes: buf.to_vec() });
        Ok(())
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> Result<()> {
        let state = self.io.state();
        let start = usize::try_from(offset).map_err(Error::other)?;
        let read = state.now.files[self.file].get(start..).and_then(|rest| rest.get(..buf.len()));
        buf.copy_from_slice(read.ok_or_else(|| Error::from(ErrorKind::UnexpectedEof))?);
        Ok(())
    }

    fn sync_data(&self) -> Result<()> {
        self.io.record(Recorded::Sync { file: self.file });
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<()> {
        self.io.record(Recorded::SetLen { file: self.file, len });
        Ok(())
    }

    fn len(&self) -> Result<u64> {
        Ok(self.io.state().now.files[self.file].len() as u64)
    }
}
