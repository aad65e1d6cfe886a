//! How far each file is stored, and what is being sent: one small file of JSON, replaced as a whole.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use storage::io::{Io, RealIo};

use super::identity::{FileId, Fingerprint};

const VERSION: u32 = 1;
/// Files that are gone are remembered for their compressed copies; the oldest are forgotten first.
const ENTRIES_MAX: usize = 10_000;
const FILE_BYTES_MAX: u64 = 64 << 20;

/// A place in [`Positions`] that stays the same file.
pub(super) type EntryKey = u64;

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// `None`: it was truncated or is gone, and may come back as a copy.
    pub id: Option<FileId>,
    pub fingerprint: Fingerprint,
    /// As it was called when it was found first, whatever it is called now.
    pub path: PathBuf,
    /// Bytes from the start, without compression, that are stored.
    pub position: u64,
    /// What is behind them and may be stored or not.
    pub sending: Option<Sending>,
    /// Seconds since 1970.
    pub seen_s: u64,
}

/// A request that was made of a file. The same bytes with the same time make the same request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sending {
    pub end: u64,
    pub observed_ns: u64,
}

#[derive(Debug, Default)]
pub(super) struct Positions {
    path: PathBuf,
    entries: HashMap<EntryKey, Entry>,
    next: EntryKey,
    /// Something is not on disk yet.
    dirty: bool,
    /// Nobody ever followed anything.
    pub is_new: bool,
}

#[derive(Serialize, Deserialize)]
struct OnDisk<E> {
    version: u32,
    files: Vec<E>,
}

#[derive(Debug, thiserror::Error)]
pub enum PositionsError {
    #[error("read the positions in log files, {path}")]
    Read { path: PathBuf, source: io::Error },
    #[error("the positions in log files, {path}, are damaged; move the file away to read all log files from their beginning")]
    Damaged { path: PathBuf, source: serde_json::Error },
    #[error("the positions in log files, {path}, are of version {version}, this is version {VERSION}")]
    Version { path: PathBuf, version: u32 },
}

impl Positions {
    /// # Errors
    /// When the file is there and cannot be read: with no positions every line would be stored again.
    pub(super) fn load(path: &Path) -> Result<Self, PositionsError> {
        let failed = |source| PositionsError::Read { path: path.to_owned(), source };
        let mut positions = Self { path: path.to_owned(), ..Self::default() };
        let bytes = match std::fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                positions.is_new = true;
                return Ok(positions);
            }
            Err(error) => return Err(failed(error)),
            Ok(metadata) if metadata.len() > FILE_BYTES_MAX => return Err(failed(io::ErrorKind::FileTooLarge.into())),
            Ok(_) => std::fs::read(path).map_err(failed)?,
        };
        let read: OnDisk<Entry> =
            serde_json::from_slice(&bytes).map_err(|source| PositionsError::Damaged { path: path.to_owned(), source })?;
        if read.version != VERSION {
            return Err(PositionsError::Version { path: path.to_owned(), version: read.version });
        }
        for entry in read.files {
            positions.add(entry);
        }
        positions.dirty = false;
        Ok(positions)
    }

    pub(super) fn add(&mut self, entry: Entry) -> EntryKey {
        self.next += 1;
        self.dirty = true;
        self.entries.insert(self.next, entry);
        self.next
    }

    pub(super) fn get(&self, key: EntryKey) -> Option<&Entry> {
        self.entries.get(&key)
    }

    /// What is changed reaches the disk with the next [`Self::save`].
    pub(super) fn change(&mut self, key: EntryKey, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.entries.get_mut(&key) {
            let before = entry.clone();
            change(entry);
            self.dirty |= *entry != before;
        }
    }

    /// As [`Self::change`], of what may reach the disk some day.
    pub(super) fn seen(&mut self, key: EntryKey, now_s: u64) {
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.seen_s = now_s;
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (EntryKey, &Entry)> {
        self.entries.iter().map(|(key, entry)| (*key, entry))
    }

    /// Durable when it returns. Nothing is written when nothing changed.
    ///
    /// # Errors
    /// When it cannot be written; then nothing may be sent.
    pub(super) fn save(&mut self) -> io::Result<()> {
        if !self.dirty {
            return Ok(());
        }
        self.forget();
        let mut files: Vec<(&EntryKey, &Entry)> = self.entries.iter().collect();
        files.sort_unstable_by_key(|(key, _)| **key);
        let on_disk = OnDisk { version: VERSION, files: files.into_iter().map(|(_, entry)| entry).collect() };
        let bytes = serde_json::to_vec(&on_disk).map_err(io::Error::other)?;
        let temporary = self.path.with_extension("tmp");
        let io = RealIo;
        std::fs::write(&temporary, &bytes)?;
        std::fs::File::open(&temporary)?.sync_all()?;
        io.rename(&temporary, &self.path)?;
        if let Some(dir) = self.path.parent() {
            io.sync_dir(dir)?;
        }
        self.dirty = false;
        Ok(())
    }

    fn forget(&mut self) {
        if self.entries.len() <= ENTRIES_MAX {
            return;
        }
        let mut by_age: Vec<(u64, EntryKey)> = self.entries.iter().map(|(key, entry)| (entry.seen_s, *key)).collect();
        by_age.sort_unstable();
        for (_, key) in by_age.iter().take(self.entries.len() - ENTRIES_MAX) {
            self.entries.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(seen_s: u64) -> Entry {
        Entry {
            id: Some(FileId { device: 1, inode: seen_s }),
            fingerprint: Fingerprint::of(b"x"),
            path: "/var/log/库.log".into(),
            position: 7,
            sending: Some(Sending { end: 9, observed_ns: 1 }),
            seen_s,
        }
    }

    #[test]
    fn what_is_saved_is_loaded_and_damage_is_no_fresh_start() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("positions.json");
        let mut positions = Positions::load(&path).expect("none yet");
        assert!(positions.is_new);
        let key = positions.add(entry(5));
        positions.save().expect("written");
        positions.change(key, |entry| (entry.position, entry.sending) = (9, None));
        positions.save().expect("written");
        let loaded = Positions::load(&path).expect("readable");
        let expected = Entry { position: 9, sending: None, ..entry(5) };
        assert_eq!(loaded.iter().map(|(_, entry)| entry.clone()).collect::<Vec<_>>(), [expected]);
        assert!(!loaded.is_new);
        std::fs::write(&path, "{").expect("written");
        assert!(Positions::load(&path).expect_err("damaged").to_string().contains("move the file away"));
        std::fs::write(&path, r#"{"version":9,"files":[]}"#).expect("written");
        assert!(Positions::load(&path).expect_err("of tomorrow").to_string().contains("of version 9"));
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut positions = Positions::load(&dir.path().join("positions.json")).expect("none yet");
        for seen in 0..ENTRIES_MAX as u64 + 3 {
            positions.add(entry(seen));
        }
        positions.save().expect("written");
        assert_eq!((positions.entries.len(), positions.iter().map(|(_, entry)| entry.seen_s).min()), (ENTRIES_MAX, Some(3)));
    }
}
