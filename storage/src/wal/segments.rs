//! The segment files: begun, sealed, trimmed, recycled.
//!
//! ```text
//! (none) --create--> active --seal--> sealed --trim--> spare --begin--> active      a file's lives, a new epoch each
//!                                       |  \--trim--> removed (enough spares, odd size)
//!                                       \--trim, damaged--> quarantine/
//! ```
//! Sealed segments leave oldest first and never out of order: the header of each says where the one before it ends.

use std::{
    collections::VecDeque,
    hash::BuildHasher,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    LettingGo, Lsn, WalConfig,
    format::{END_MARK, HEADER_BYTES, PreviousEnd, SEGMENT_SUFFIX, SPARE_SUFFIX, SegmentHeader, SegmentId},
};
use crate::{
    io::{Io, IoFile, create_dirs_durable},
    quarantine,
};

/// A segment that is written no more.
#[derive(Debug)]
pub(super) struct Sealed {
    pub id: SegmentId,
    pub path: PathBuf,
    /// No record here is newer.
    pub last: Lsn,
    /// Bytes that replay would read.
    pub end_bytes: u64,
    pub file_bytes: u64,
    pub damaged: bool,
}

/// The segment that is being written. Only the sync thread has it.
pub(super) struct Active {
    pub id: SegmentId,
    pub path: PathBuf,
    pub file: Box<dyn IoFile>,
    /// The newest acknowledged record, here or in an earlier segment.
    pub last: Lsn,
    /// Where the acknowledged records end.
    pub end_bytes: u64,
    /// Up to here the file holds records and zeros of its own.
    pub file_bytes: u64,
}

#[derive(Debug, Default)]
struct Files {
    sealed: VecDeque<Sealed>,
    spares: Vec<(PathBuf, u64)>,
    last_ordinal: u64,
}

pub(super) struct Segments {
    io: Arc<dyn Io>,
    config: WalConfig,
    files: Mutex<Files>,
    /// Bytes that replay would read.
    live_bytes: AtomicU64,
    letting_go: Arc<LettingGo>,
}

impl Segments {
    pub fn new(
        io: Arc<dyn Io>,
        config: WalConfig,
        (sealed, spares, last_ordinal): (Vec<Sealed>, Vec<(PathBuf, u64)>, u64),
        letting_go: Arc<LettingGo>,
    ) -> Self {
        let live_bytes = sealed.iter().map(|segment| segment.end_bytes).sum::<u64>().into();
        Self { io, config, files: Mutex::new(Files { sealed: sealed.into(), spares, last_ordinal }), live_bytes, letting_go }
    }

    pub fn live_bytes(&self) -> u64 {
        self.live_bytes.load(Ordering::Relaxed)
    }

    pub fn add_live_bytes(&self, bytes: u64) {
        self.live_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub fn counts(&self) -> (usize, usize) {
        let files = self.files();
        (files.sealed.len(), files.spares.len())
    }

    /// Begins a segment: on return its header and its name are durable. After an error it holds nothing.
    pub fn begin(&self, first_lsn: Lsn, (previous, acknowledged): (PreviousEnd, Lsn), first_record_bytes: u64) -> io::Result<Active> {
        let (id, spare) = self.next_file(first_record_bytes);
        let path = self.config.dir.join(id.file_name(SEGMENT_SUFFIX));
        let header = SegmentHeader { id, first_lsn, previous, acknowledged }.encode();
        let mut bytes = header.to_vec();
        bytes.extend_from_slice(&END_MARK);

        let begun = self.write_begin(&path, spare.as_ref(), &bytes).and_then(|file| {
            self.io.sync_dir(&self.config.dir)?;
            self.io.step("wal.begin.after")?;
            Ok(file)
        });
        match begun {
            Ok(file) => {
                self.add_live_bytes(HEADER_BYTES as u64);
                let file_bytes = spare.map_or(bytes.len() as u64, |(_, file_bytes)| file_bytes);
                Ok(Active { id, path, file, last: Lsn(first_lsn.0 - 1), end_bytes: HEADER_BYTES as u64, file_bytes })
            }
            Err(error) => {
                for leftover in spare.iter().map(|(spare, _)| spare).chain([&path]) {
                    let _ = self.io.remove(leftover);
                }
                Err(error)
            }
        }
    }

    fn write_begin(&self, path: &Path, spare: Option<&(PathBuf, u64)>, bytes: &[u8]) -> io::Result<Box<dyn IoFile>> {
        self.io.step("wal.begin.before")?;
        let parent = self.config.dir.parent();
        parent.map_or(Ok(()), |parent| create_dirs_durable(&*self.io, parent, &self.config.dir))?;
        let file = match spare {
            Some((spare, _)) => self.io.open(spare)?,
            None => self.io.create(path)?,
        };
        file.write_all_at(bytes, 0)?;
        file.sync_data()?;
        if let Some((spare, _)) = spare {
            self.io.rename(spare, path)?;
        }
        Ok(file)
    }

    /// A name never used before, and a file for it if a spare one will do.
    fn next_file(&self, first_record_bytes: u64) -> (SegmentId, Option<(PathBuf, u64)>) {
        let mut files = self.files();
        files.last_ordinal += 1;
        let ordinal = files.last_ordinal;
        let fits = HEADER_BYTES as u64 + first_record_bytes <= self.config.segment_bytes;
        let spare = if fits { files.spares.pop() } else { None };
        (SegmentId { ordinal, epoch: std::hash::RandomState::new().hash_one(ordinal) }, spare)
    }

    /// The active segment is written no more; its file is closed.
    pub fn seal(&self, Active { id, path, last, end_bytes, file_bytes, .. }: Active) {
        self.files().sealed.push_back(Sealed { id, path, last, end_bytes, file_bytes, damaged: false });
    }

    /// A damaged segment is set aside when it is trimmed, not recycled.
    pub fn mark_damaged(&self, path: &Path) {
        if let Some(segment) = self.files().sealed.iter_mut().find(|segment| segment.path == path) {
            segment.damaged = true;
        }
    }

    /// The file has left the directory.
    pub fn forget(&self, path: &Path) {
        let mut files = self.files();
        if let Some(index) = files.sealed.iter().position(|segment| segment.path == path)
            && let Some(segment) = files.sealed.remove(index)
        {
            self.live_bytes.fetch_sub(segment.end_bytes, Ordering::Relaxed);
        }
    }

    /// Lets go of the oldest segments as long as they hold nothing after `covered`.
    pub fn trim(&self, covered: Lsn) -> io::Result<()> {
        if self.files().sealed.front().is_none_or(|oldest| oldest.last > covered) {
            return Ok(());
        }
        (self.letting_go)(covered)?;
        let mut trimmed = 0;
        while let Some(oldest) = self.pop_covered(covered) {
            if trimmed == 0 {
                self.io.step("wal.trim.before")?;
            }
            let end_bytes = oldest.end_bytes;
            if let Err(error) = self.let_go(&oldest) {
                self.files().sealed.push_front(oldest);
                return Err(error);
            }
            self.live_bytes.fetch_sub(end_bytes, Ordering::Relaxed);
            trimmed += 1;
        }
        if trimmed > 0 {
            self.io.sync_dir(&self.config.dir)?;
            self.io.step("wal.trim.after")?;
        }
        Ok(())
    }

    fn pop_covered(&self, covered: Lsn) -> Option<Sealed> {
        self.files().sealed.pop_front_if(|oldest| oldest.last <= covered)
    }

    fn let_go(&self, segment: &Sealed) -> io::Result<()> {
        if segment.damaged {
            return quarantine::set_aside(&*self.io, &self.config.quarantine_dir, &segment.path).map(|_| ());
        }
        let recyclable = segment.file_bytes <= self.config.segment_bytes + self.config.zero_step_bytes();
        if !recyclable || self.files().spares.len() >= self.config.spare_segments {
            return match self.io.remove(&segment.path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                outcome => outcome,
            };
        }
        let spare = self.config.dir.join(segment.id.file_name(SPARE_SUFFIX));
        self.io.rename(&segment.path, &spare)?;
        self.files().spares.push((spare, segment.file_bytes));
        Ok(())
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
