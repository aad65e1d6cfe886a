//! What the last run left, one record at a time.

use std::{
    collections::VecDeque,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use schemas::{RequestHash, UnixNanos};

use super::{
    Lsn,
    recover::OldSegment,
    scan::{Scanner, Step},
    segments::Segments,
};
use crate::{RawRequest, io::Io, quarantine, self_metrics};

/// A request that the log holds or held, known from its record header alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    pub lsn: Lsn,
    pub hash: RequestHash,
    pub received_at: UnixNanos,
}

/// What could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Damage {
    /// Records (or runs of them whose borders are gone) that were acknowledged and are damaged.
    pub corrupt_records: u64,
    /// The same in the newest segment, where they may as well be of a group that a power cut came before: written in part, out of
    /// order, and never acknowledged.
    pub doubtful_records: u64,
    /// Bytes of the corrupt ones and of files set aside.
    pub lost_bytes: u64,
    /// Segments whose last record is incomplete: what a crash leaves of a request that was never acknowledged.
    pub torn_tails: u64,
    /// Files set aside because they could not be read.
    pub quarantined_files: u64,
}

/// Streams the records of old segments that the catalog does not cover yet, in LSN order, each at most once.
/// Holds one record at a time. Damage is skipped and counted.
pub struct Replay {
    io: Arc<dyn Io>,
    segments: Arc<Segments>,
    quarantine_dir: std::path::PathBuf,
    known: Vec<Known>,
    committed: Lsn,
    end: Lsn,
    missing: Option<Lsn>,
    waiting: VecDeque<OldSegment>,
    current: Option<(OldSegment, Scanner)>,
    last: Lsn,
    bytes_total: u64,
    bytes_left: Arc<AtomicU64>,
    damage: Damage,
}

impl Replay {
    pub(super) fn new(
        io: Arc<dyn Io>,
        segments: Arc<Segments>,
        quarantine_dir: &Path,
        known: Vec<Known>,
        old: Vec<OldSegment>,
        (committed, end, missing): (Lsn, Lsn, Option<Lsn>),
        damage: Damage,
    ) -> Self {
        metrics::counter!(self_metrics::WAL_TORN_TAILS_TOTAL).increment(damage.torn_tails);
        metrics::counter!(self_metrics::WAL_LOST_BYTES_TOTAL).increment(damage.lost_bytes);
        let waiting: VecDeque<OldSegment> = old.into_iter().filter(|segment| segment.last > committed).collect();
        let bytes_total = waiting.iter().map(|segment| segment.end_bytes).sum();
        Self {
            io,
            segments,
            quarantine_dir: quarantine_dir.to_path_buf(),
            known,
            committed,
            end,
            missing,
            waiting,
            current: None,
            last: Lsn::ZERO,
            bytes_total,
            bytes_left: Arc::new(bytes_total.into()),
            damage,
        }
    }

    /// Requests of the last ten minutes (at most a million) that the log holds, oldest first, replayed or not:
    /// for the de-duplication window, before the first request is taken. The second call returns nothing.
    pub fn take_known(&mut self) -> Vec<Known> {
        std::mem::take(&mut self.known)
    }

    /// No record of this replay lies after it, and every new record does: the cut that a finished replay commits.
    pub fn end(&self) -> Lsn {
        self.end
    }

    /// Set when the catalog is older than the log: acknowledged records up to this one were trimmed, because a catalog covered them,
    /// but the one at hand does not. Records of a segment in quarantine do not count.
    pub fn missing(&self) -> Option<Lsn> {
        self.missing
    }

    /// Bytes to be read when replay began.
    pub fn bytes_total(&self) -> u64 {
        self.bytes_total
    }

    /// Bytes still to be read; 0 when replay is complete. Can be watched from other threads.
    pub fn bytes_left(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.bytes_left)
    }

    /// What was skipped so far.
    pub fn damage(&self) -> Damage {
        self.damage
    }

    fn open_next(&mut self) -> Option<()> {
        loop {
            let segment = self.waiting.pop_front()?;
            if segment.last <= self.last {
                self.progress(segment.end_bytes);
                continue;
            }
            let opened = self.io.open_read(&segment.path);
            match opened.and_then(|file| Scanner::new(file, segment.id.epoch, Some(segment.end_bytes), self.last)) {
                Ok(scanner) => {
                    self.progress(scanner.position().min(segment.end_bytes));
                    self.current = Some((segment, scanner));
                    return Some(());
                }
                Err(error) => self.give_up(&segment, segment.end_bytes, &error),
            }
        }
    }

    fn progress(&self, bytes: u64) {
        self.bytes_left.fetch_sub(bytes, Ordering::Relaxed);
    }

    fn count_damaged(&mut self, segment: &OldSegment, bytes: u64) {
        if segment.newest {
            let path = segment.path.display();
            tracing::warn!(%path, bytes, "a record of the write-ahead log is damaged or was never acknowledged, and is skipped");
            self.damage.doubtful_records += 1;
            metrics::counter!(self_metrics::WAL_DOUBTFUL_RECORDS_TOTAL).increment(1);
            self.segments.mark_damaged(&segment.path);
        } else {
            self.count_corrupt(&segment.path, bytes);
        }
    }

    fn count_corrupt(&mut self, path: &Path, bytes: u64) {
        tracing::error!(path = %path.display(), bytes, "damaged record in the write-ahead log skipped");
        self.damage.corrupt_records += 1;
        self.damage.lost_bytes += bytes;
        metrics::counter!(self_metrics::WAL_CORRUPT_RECORDS_TOTAL).increment(1);
        metrics::counter!(self_metrics::WAL_LOST_BYTES_TOTAL).increment(bytes);
        self.segments.mark_damaged(path);
    }

    fn give_up(&mut self, segment: &OldSegment, bytes_left: u64, error: &std::io::Error) {
        tracing::error!(path = %segment.path.display(), %error, "segment cannot be read");
        self.progress(bytes_left);
        self.count_corrupt(&segment.path, bytes_left);
        self.damage.quarantined_files += 1;
        match quarantine::set_aside(&*self.io, &self.quarantine_dir, &segment.path) {
            Ok(_) => self.segments.forget(&segment.path),
            Err(error) => tracing::error!(path = %segment.path.display(), %error, "unreadable segment cannot be set aside"),
        }
    }
}

impl Iterator for Replay {
    type Item = (Lsn, RawRequest);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.current.is_none() {
                self.open_next()?;
            }
            let (segment, mut scanner) = self.current.take()?;
            let position = scanner.position();
            match scanner.step(self.committed) {
                Ok(Step::Record(header, body)) => {
                    self.progress(scanner.position() - position);
                    self.last = header.lsn;
                    if header.lsn <= self.committed {
                        self.current = Some((segment, scanner));
                        continue;
                    }
                    let request = header.request(body);
                    if request.is_none() {
                        self.count_damaged(&segment, header.record_bytes());
                    }
                    self.current = Some((segment, scanner));
                    let Some(request) = request else { continue };
                    metrics::counter!(self_metrics::REPLAYED_RECORDS_TOTAL).increment(1);
                    return Some((header.lsn, request));
                }
                Ok(Step::Corrupt { bytes }) => {
                    self.progress(scanner.position() - position);
                    self.count_damaged(&segment, bytes);
                    self.current = Some((segment, scanner));
                }
                Ok(Step::End { .. }) => self.progress(segment.end_bytes.saturating_sub(position)),
                Err(error) => self.give_up(&segment, segment.end_bytes.saturating_sub(position), &error),
            }
        }
    }
}
