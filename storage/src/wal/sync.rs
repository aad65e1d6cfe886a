//! The sync thread: group commit, and what happens when the disk says no.
//!
//! ```text
//!             take the queue                 append, one write      fdatasync        drop holds, hand over to the sink
//! requests --------------------> group(s) --------------------> . --------------> . ---------------------------------> next
//!                                                  | error          | error
//!                                                  v                v
//!                          fail the group; close the file for good; begin a new segment, whose header says where the old one ended
//!                                                                             | error, or the disk is full
//!                                                                             v
//!                                             refuse everything; probe again after 1, 2, 4, 5, 5 ... seconds
//! ```
//! INVARIANT: a file whose write or sync failed is never written or synced again: after a failed fsync the kernel counts the lost
//! pages as clean, and the next fsync would succeed without them.

use std::{
    collections::VecDeque,
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    DiskWatch, Lsn, SyncMode, Synced, WalConfig, WalPosition,
    format::{END_MARK, HEADER_BYTES, PreviousEnd, encode_record, record_bytes},
    queue::{Queue, Queued},
    segments::{Active, Segments},
};
use crate::{
    Refused,
    io::{DiskSpace, Io},
    self_metrics,
};

/// What is copied together for one write; a larger record goes alone.
const GROUP_BYTES_MAX: usize = 4 << 20;

pub(super) struct SyncThread<T, Sink, Failed> {
    io: Arc<dyn Io>,
    config: WalConfig,
    segments: Arc<Segments>,
    queue: Arc<Queue<T>>,
    sink: Sink,
    failed: Failed,
    active: Option<Active>,
    previous: PreviousEnd,
    /// The newest acknowledged record.
    acknowledged: Lsn,
    next_lsn: Lsn,
    buffer: Vec<u8>,
    failures_in_a_row: u32,
    /// Set while everything is refused.
    probe: Option<Probe>,
    /// Set while acknowledged bytes wait for an interval sync.
    sync_due: Option<Instant>,
    /// When the disk is looked at again, should nothing be written until then.
    space_due: Instant,
}

struct Probe {
    due: Instant,
    wait: Duration,
}

/// A group that is on its way.
struct Group<T> {
    /// With the lsn of each and the offset where its record ends.
    members: Vec<(Queued<T>, Lsn, u64)>,
    bytes: u64,
}

impl<T, Sink, Failed> SyncThread<T, Sink, Failed>
where
    Sink: FnMut(Vec<Synced<T>>),
    Failed: FnMut(Vec<T>, String),
{
    pub fn new(
        (io, config): (Arc<dyn Io>, WalConfig),
        (segments, queue): (Arc<Segments>, Arc<Queue<T>>),
        (previous, acknowledged, next_lsn): (PreviousEnd, Lsn, Lsn),
        (sink, failed): (Sink, Failed),
    ) -> Self {
        Self {
            io,
            config,
            segments,
            queue,
            sink,
            failed,
            active: None,
            previous,
            acknowledged,
            next_lsn,
            buffer: Vec::new(),
            failures_in_a_row: 0,
            probe: None,
            sync_due: None,
            space_due: Instant::now(),
        }
    }

    /// Begins the first segment; when that fails the log refuses and probes.
    ///
    /// Returns whether new data can be taken.
    pub fn start(&mut self) -> bool {
        match self.begin_segment(0).and_then(|()| self.check_space()) {
            Ok(()) => true,
            Err(refused) => {
                self.refuse(refused);
                false
            }
        }
    }

    pub fn run(mut self) {
        loop {
            let space_due = self.probe.is_none().then_some(self.space_due);
            let deadline = [self.sync_due, self.probe.as_ref().map(|probe| probe.due), space_due].into_iter().flatten().min();
            let work = self.queue.take(deadline);
            let wrote = !work.requests.is_empty();
            self.commit(work.requests.into());
            self.sync_if_due(work.closed);
            self.retire(work.retire);
            if work.closed {
                return;
            }
            if (wrote || self.space_due <= Instant::now())
                && self.probe.is_none()
                && let Err(refused) = self.check_space()
            {
                self.refuse(refused);
            }
            self.probe_if_due();
            metrics::gauge!(self_metrics::WAL_BYTES).set(self.segments.live_bytes() as f64);
        }
    }

    fn commit(&mut self, mut requests: VecDeque<Queued<T>>) {
        while let Some(first) = requests.front() {
            if let Err(refused) = self.make_room(record_bytes(&first.request)) {
                let reason = refused.to_string();
                self.refuse(refused);
                self.give_up(requests.into(), reason);
                return;
            }
            let Some(mut active) = self.active.take() else { return };
            let group = self.gather(&mut requests, &active);
            match self.write(&mut active, group.bytes) {
                Ok(()) => {
                    active.last = Lsn(self.next_lsn.0 - 1);
                    self.acknowledged = active.last;
                    self.failures_in_a_row = 0;
                    self.active = Some(active);
                    self.hand_over(group);
                }
                Err(error) => {
                    tracing::error!(path = %active.path.display(), %error, "write to the write-ahead log failed, its segment is closed for good");
                    metrics::counter!(self_metrics::WAL_FAILED_GROUPS_TOTAL).increment(1);
                    self.seal(active);
                    self.failures_in_a_row += 1;
                    if is_full(&error) || self.failures_in_a_row > 1 {
                        self.refuse(self.refusal(&error));
                    }
                    self.give_up(group.members.into_iter().map(|(queued, ..)| queued).collect(), error.to_string());
                }
            }
        }
    }

    /// Encodes requests for as long as they fit into the segment and the buffer.
    fn gather(&mut self, requests: &mut VecDeque<Queued<T>>, active: &Active) -> Group<T> {
        self.buffer.clear();
        let mut members = Vec::new();
        while let Some(queued) = requests.pop_front_if(|queued| {
            let bytes = self.buffer.len() as u64 + record_bytes(&queued.request);
            members.is_empty() || (bytes <= GROUP_BYTES_MAX as u64 && active.end_bytes + bytes <= self.config.segment_bytes)
        }) {
            encode_record(&mut self.buffer, active.id.epoch, self.next_lsn, &queued.request);
            members.push((queued, self.next_lsn, active.end_bytes + self.buffer.len() as u64));
            self.next_lsn = self.next_lsn.next();
        }
        Group { members, bytes: self.buffer.len() as u64 }
    }

    /// One write: the group, the end mark, and zeros up to where the file grows to.
    fn write(&mut self, active: &mut Active, group_bytes: u64) -> io::Result<()> {
        self.io.step("wal.write.before")?;
        self.buffer.extend_from_slice(&END_MARK);
        let written_end = active.end_bytes + self.buffer.len() as u64;
        if written_end > active.file_bytes {
            let grown = written_end.next_multiple_of(self.config.zero_step_bytes());
            let zeros = usize::try_from(grown - written_end).map_err(io::Error::other)?;
            self.buffer.resize(self.buffer.len() + zeros, 0);
        }
        active.file.write_all_at(&self.buffer, active.end_bytes)?;
        active.file_bytes = active.file_bytes.max(active.end_bytes + self.buffer.len() as u64);
        self.buffer.shrink_to(2 * GROUP_BYTES_MAX);
        self.io.step("wal.sync.before")?;
        match self.config.sync {
            SyncMode::Fsync => timed_sync(active)?,
            SyncMode::Interval(interval) => self.sync_due = self.sync_due.or_else(|| Some(Instant::now() + interval)),
            SyncMode::None => {}
        }
        self.io.step("wal.sync.after")?;
        active.end_bytes += group_bytes;
        self.segments.add_live_bytes(group_bytes);
        metrics::counter!(self_metrics::WAL_WRITTEN_BYTES_TOTAL).increment(group_bytes);
        Ok(())
    }

    fn hand_over(&mut self, group: Group<T>) {
        metrics::histogram!(self_metrics::WAL_GROUP_REQUESTS).record(group.members.len() as f64);
        let Some(Active { id, last, .. }) = &self.active else { return };
        let (segment, last) = (id.ordinal, *last);
        let synced = group.members.into_iter().map(|(Queued { request, rider, hold }, lsn, offset_bytes)| {
            drop(hold);
            Synced { lsn, position: WalPosition { segment, offset_bytes }, request, rider }
        });
        let synced = synced.collect();
        self.queue.done(group.bytes);
        self.queue.state().synced = last;
        (self.sink)(synced);
    }

    fn give_up(&mut self, requests: Vec<Queued<T>>, reason: String) {
        self.queue.done(requests.iter().map(|queued| record_bytes(&queued.request)).sum());
        (self.failed)(requests.into_iter().map(|queued| queued.rider).collect(), reason);
    }

    /// Sees to it that the active segment can take a record of `bytes`.
    fn make_room(&mut self, bytes: u64) -> Result<(), Refused> {
        let fits = |active: &Active| active.end_bytes + bytes <= self.config.segment_bytes || active.end_bytes == HEADER_BYTES as u64;
        if self.active.as_ref().is_some_and(fits) {
            return Ok(());
        }
        let refused = self.queue.state().refused.clone();
        refused.map_or_else(|| self.begin_segment(bytes), Err)
    }

    fn begin_segment(&mut self, first_record_bytes: u64) -> Result<(), Refused> {
        self.sync_if_due(true);
        if let Some(active) = self.active.take() {
            self.seal(active);
        }
        match self.segments.begin(self.next_lsn, (self.previous, self.acknowledged), first_record_bytes) {
            Ok(active) => {
                self.active = Some(active);
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, "no new segment of the write-ahead log");
                Err(self.refusal(&error))
            }
        }
    }

    fn seal(&mut self, active: Active) {
        self.previous = PreviousEnd { ordinal: active.id.ordinal, end_bytes: active.end_bytes };
        self.sync_due = None;
        self.segments.seal(active);
    }

    /// In interval mode: makes acknowledged bytes durable. What fails here was acknowledged already, as that mode says.
    fn sync_if_due(&mut self, now: bool) {
        if self.sync_due.take_if(|due| now || *due <= Instant::now()).is_none() {
            return;
        }
        let Some(mut active) = self.active.take() else { return };
        match timed_sync(&mut active) {
            Ok(()) => self.active = Some(active),
            Err(error) => {
                tracing::error!(path = %active.path.display(), %error, "interval sync failed: acknowledged requests would not survive power loss");
                metrics::counter!(self_metrics::WAL_FAILED_GROUPS_TOTAL).increment(1);
                self.seal(active);
            }
        }
    }

    fn retire(&mut self, covered: Option<Lsn>) {
        let Some(covered) = covered else { return };
        let holds_covered_records = |active: &Active| active.end_bytes > HEADER_BYTES as u64 && active.last <= covered;
        if !self.active.as_ref().is_some_and(holds_covered_records) {
            return;
        }
        if let Err(refused) = self.begin_segment(0) {
            self.refuse(refused);
        }
        if let Err(error) = self.segments.trim(covered) {
            tracing::warn!(%error, "write-ahead log not trimmed");
        }
    }

    fn check_space(&mut self) -> Result<(), Refused> {
        self.space_due = Instant::now() + self.config.space_interval;
        let space = self.disk_space().map_err(|error| self.refusal(&error))?;
        let needed_bytes = self.config.free_bytes_needed(space);
        self.queue.state().disk = Some(DiskWatch { space, needed_bytes });
        metrics::gauge!(self_metrics::DISK_FREE_BYTES).set(space.free_bytes as f64);
        metrics::gauge!(self_metrics::DISK_TOTAL_BYTES).set(space.total_bytes as f64);
        metrics::gauge!(self_metrics::DISK_NEEDED_BYTES).set(needed_bytes as f64);
        if space.free_bytes >= needed_bytes { Ok(()) } else { Err(Refused::DiskFull { free_bytes: space.free_bytes, needed_bytes }) }
    }

    /// Of the directory; where it could not be made yet, of the one above.
    fn disk_space(&self) -> io::Result<DiskSpace> {
        match (self.io.disk_space(&self.config.dir), self.config.dir.parent()) {
            (Err(error), Some(parent)) if error.kind() == io::ErrorKind::NotFound => self.io.disk_space(parent),
            (space, _) => space,
        }
    }

    fn refusal(&self, error: &io::Error) -> Refused {
        if !is_full(error) {
            return Refused::ReadOnly { reason: error.to_string() };
        }
        let space = self.disk_space().unwrap_or(DiskSpace { free_bytes: 0, total_bytes: 0 });
        Refused::DiskFull { free_bytes: space.free_bytes, needed_bytes: self.config.free_bytes_needed(space) }
    }

    fn refuse(&mut self, refused: Refused) {
        if self.probe.is_none() {
            tracing::warn!(%refused, "new data is refused");
            self.probe = Some(Probe { due: Instant::now() + self.config.probe_min, wait: self.config.probe_min });
        }
        self.queue.state().refused = Some(refused);
        metrics::gauge!(self_metrics::INGEST_REFUSED).set(1.0);
    }

    fn probe_if_due(&mut self) {
        let Some(mut probe) = self.probe.take_if(|probe| probe.due <= Instant::now()) else { return };
        let outcome = self.check_space().and_then(|()| if self.active.is_some() { Ok(()) } else { self.begin_segment(0) });
        match outcome {
            Ok(()) => {
                tracing::info!("new data is taken again");
                self.queue.state().refused = None;
                metrics::gauge!(self_metrics::INGEST_REFUSED).set(0.0);
            }
            Err(refused) => {
                self.queue.state().refused = Some(refused);
                probe.wait = (probe.wait * 2).min(self.config.probe_max);
                probe.due = Instant::now() + probe.wait;
                self.probe = Some(probe);
            }
        }
    }
}

fn timed_sync(active: &mut Active) -> io::Result<()> {
    let started = Instant::now();
    active.file.sync_data()?;
    metrics::histogram!(self_metrics::WAL_SYNC_SECONDS).record(started.elapsed());
    Ok(())
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}
