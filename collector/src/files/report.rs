//! What people are told about files that are followed.

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

use schemas::UnixNanos;

use super::positions::EntryKey;

/// Files with figures of their own.
const FILES_MAX: usize = 1_000;
const MESSAGE_BYTES_MAX: usize = 500;

/// Shared by whoever follows and whoever asks.
#[derive(Debug, Default)]
pub(crate) struct FilesBook(Mutex<Book>);

#[derive(Debug, Default)]
struct Book {
    files: HashMap<EntryKey, FileReport>,
    lost: BTreeMap<&'static str, u64>,
    waiting: usize,
    last_error: Option<(UnixNanos, String)>,
}

/// What is followed. Counts are since the start of the server.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FilesReport {
    /// By path; a thousand at most.
    pub files: Vec<FileReport>,
    /// That wait for others to be closed.
    pub waiting: usize,
    /// Records that were refused for good, by reason.
    pub dropped: Vec<(&'static str, u64)>,
    /// Of no file alone.
    pub last_error: Option<(UnixNanos, String)>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct FileReport {
    /// As it was called when it was found first.
    pub path: PathBuf,
    pub service: String,
    pub is_open: bool,
    /// Bytes from its start, without compression, that are stored.
    pub position_bytes: u64,
    /// Bytes behind them; `None` of a compressed file.
    pub lag_bytes: Option<u64>,
    pub records: u64,
    pub last_read: Option<UnixNanos>,
    pub last_error: Option<(UnixNanos, String)>,
}

impl FilesBook {
    pub(super) fn file(&self, key: EntryKey, of: impl FnOnce() -> FileReport, change: impl FnOnce(&mut FileReport)) {
        let mut book = self.book();
        if !book.files.contains_key(&key) && book.files.len() >= FILES_MAX {
            let closed = book.files.iter().filter(|(_, file)| !file.is_open).min_by_key(|(_, file)| file.last_read).map(|(key, _)| *key);
            let Some(closed) = closed else { return };
            book.files.remove(&closed);
        }
        change(book.files.entry(key).or_insert_with(of));
    }

    /// As [`Self::file`], when there are figures of it.
    pub(super) fn change(&self, key: EntryKey, change: impl FnOnce(&mut FileReport)) {
        self.book().files.get_mut(&key).map(change);
    }

    /// Nobody asks for it any more: it was truncated or is gone.
    pub(super) fn forget(&self, key: EntryKey) {
        self.book().files.remove(&key);
    }

    pub(super) fn waiting(&self, files: usize) {
        self.book().waiting = files;
    }

    pub(super) fn failed(&self, now: UnixNanos, message: &str) {
        self.book().last_error = Some((now, short(message)));
    }

    pub(super) fn dropped(&self, reason: &'static str, records: u64) {
        *self.book().lost.entry(reason).or_default() += records;
    }

    pub(crate) fn report(&self) -> FilesReport {
        let book = self.book();
        let mut files: Vec<FileReport> = book.files.values().cloned().collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let dropped = book.lost.iter().map(|(reason, records)| (*reason, *records)).collect();
        FilesReport { files, waiting: book.waiting, dropped, last_error: book.last_error.clone() }
    }

    /// Bytes that are not stored yet, and files that are open.
    pub(super) fn lag(&self) -> (u64, usize) {
        let book = self.book();
        let open = book.files.values().filter(|file| file.is_open);
        open.fold((0, 0), |(bytes, files), file| (bytes + file.lag_bytes.unwrap_or(0), files + 1))
    }

    /// Also when somebody panicked in it: nothing is decided by it.
    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn short(message: &str) -> String {
    message.get(..message.floor_char_boundary(MESSAGE_BYTES_MAX)).unwrap_or(message).to_owned()
}
