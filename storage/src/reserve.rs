//! A file that only takes room. On a full disk nothing can be deleted, for the catalog must be told first, and SQLite writes that down:
//! then this file goes. It is made again once there is room.

use std::{
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::{
    Config,
    io::{DiskSpace, Io},
};

pub(crate) struct Reserve {
    io: Arc<dyn Io>,
    path: PathBuf,
    bytes: u64,
    is_there: AtomicBool,
}

impl Reserve {
    pub(crate) fn new(io: Arc<dyn Io>, config: &Config) -> Self {
        let path = config.reserve_path();
        let is_there = io.open_read(&path).and_then(|file| file.len()).is_ok_and(|len| len >= config.reserve_bytes);
        Self { io, path, bytes: config.reserve_bytes, is_there: is_there.into() }
    }

    /// Makes it where it is missing and `disk` has room for it and for `needed_bytes` besides. What fails is tried by the next call.
    pub(crate) fn keep(&self, disk: DiskSpace, needed_bytes: u64) {
        if self.bytes == 0 || self.is_there.load(Ordering::Relaxed) || disk.free_bytes < needed_bytes.saturating_add(self.bytes) {
            return;
        }
        match self.make() {
            Ok(()) => self.is_there.store(true, Ordering::Relaxed),
            Err(error) => {
                tracing::warn!(path = %self.path.display(), %error, "no room kept for deleting on a full disk");
                let _ = self.io.remove(&self.path);
            }
        }
    }

    fn make(&self) -> io::Result<()> {
        match self.io.remove(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = self.io.create(&self.path)?;
        file.allocate(self.bytes)?;
        file.sync_data()
    }

    /// Lets its room go; false when there was none.
    pub(crate) fn give_up(&self) -> bool {
        if !self.is_there.swap(false, Ordering::Relaxed) {
            return false;
        }
        match self.io.remove(&self.path) {
            Ok(()) => {
                tracing::warn!(bytes = self.bytes, "the disk is full: the room kept for deleting is used");
                true
            }
            Err(error) => {
                tracing::error!(path = %self.path.display(), %error, "the room kept for deleting cannot be used");
                false
            }
        }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}
