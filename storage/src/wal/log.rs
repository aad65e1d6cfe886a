//! The log's front: what the rest of storage calls.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

use super::{
    Lsn, Replay, WalConfig, WalError, WalPosition,
    queue::{Limits, Queue, Queued},
    recover::recover,
    segments::Segments,
    sync::SyncThread,
};
use crate::{RawRequest, Refused, io::Io};

/// A request that is durable (in the sense of the [`super::SyncMode`]), and what rode along with it.
#[derive(Debug)]
pub struct Synced<T> {
    pub lsn: Lsn,
    /// The end of its record.
    pub position: WalPosition,
    pub request: RawRequest,
    pub rider: T,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalStats {
    /// Bytes that replay would read, waiting requests included; what `bytes_max` bounds.
    pub live_bytes: u64,
    pub queued_bytes: u64,
    /// Sealed ones; the active segment comes on top.
    pub segments: usize,
    pub spare_segments: usize,
    /// The newest durable record.
    pub synced: Lsn,
    /// Why requests are refused, when every one is.
    pub refused: Option<Refused>,
}

/// `T` rides along with a request through the log.
pub struct Wal<T> {
    queue: Arc<Queue<T>>,
    segments: Arc<Segments>,
    limits: Limits,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl<T: Send + 'static> Wal<T> {
    /// Looks through the old segments (headers, and the newest segment whole), starts the sync thread and a fresh segment.
    /// Succeeds on a full or read-only disk too: then every request is refused until a probe can write again.
    /// `committed` is the newest record that the catalog covers.
    ///
    /// `sink` gets each durable group in LSN order, `failed` the riders of a group that could not be made durable; both run
    /// on the sync thread, so the log stands still while they do.
    ///
    /// # Errors
    /// When the directory cannot be listed, or holds a format of a newer version (nothing is touched then).
    pub fn open(
        io: Arc<dyn Io>,
        mut config: WalConfig,
        committed: Lsn,
        sink: impl FnMut(Vec<Synced<T>>) + Send + 'static,
        failed: impl FnMut(Vec<T>, String) + Send + 'static,
    ) -> Result<(Self, Replay), WalError> {
        config.bytes_max = config.bytes_max.max(2 * config.segment_bytes);
        let recovered = recover(&io, &config)?;
        if let Err(error) = make_dir(&*io, &config) {
            tracing::error!(path = %config.dir.display(), %error, "directory of the write-ahead log cannot be made");
        }
        let end = committed.max(recovered.last_lsn);
        let segments = Segments::new(io.clone(), config.clone(), recovered.sealed, recovered.spares, recovered.last_ordinal);
        let (segments, queue) = (Arc::new(segments), Arc::new(Queue::new(end)));
        let replay = Replay::new(
            io.clone(),
            Arc::clone(&segments),
            &config.quarantine_dir,
            recovered.known,
            recovered.old,
            (committed, end),
            recovered.damage,
        );

        let limits = Limits { queue_bytes_max: config.queue_bytes_max, wal_bytes_max: config.bytes_max };
        let shared = (Arc::clone(&segments), Arc::clone(&queue));
        let mut sync = SyncThread::new((io.clone(), config), shared, (recovered.newest, end.next()), (sink, failed));
        if sync.start() {
            for path in recovered.empty {
                if io.remove(&path).is_ok() {
                    segments.forget(&path);
                }
            }
        }
        let closing = CloseOnExit(Arc::clone(&queue));
        let thread = thread::Builder::new().name("wal-sync".into()).spawn(move || {
            let _closing = closing;
            sync.run();
        });
        let thread = Mutex::new(Some(thread.map_err(|source| WalError::Thread { source })?));
        Ok((Self { queue, segments, limits, thread }, replay))
    }

    /// Queues a request. `hold` is dropped once the bytes are durable or given up.
    ///
    /// # Errors
    /// When nothing was taken.
    pub fn append(&self, request: RawRequest, rider: T, hold: Box<dyn Send>) -> Result<(), Refused> {
        self.queue.push(Queued { request, rider, hold }, self.segments.live_bytes(), &self.limits)
    }

    /// Whether [`Self::trim`] may let go of a segment: then the hashes of what it held must be on disk first.
    pub fn would_trim(&self, covered: Lsn) -> bool {
        self.segments.would_trim(covered) || self.queue.state().synced <= covered
    }

    /// Recycles or removes the segments whose every record is at or before `covered`: the catalog has their rows, durably.
    /// The active segment follows when all of it is covered and a request would not fit into the log otherwise.
    ///
    /// # Errors
    /// The first failure; what was not let go is tried again by the next call.
    pub fn trim(&self, covered: Lsn) -> io::Result<()> {
        self.queue.trimmed(covered);
        self.segments.trim(covered)
    }

    pub fn stats(&self) -> WalStats {
        let (segments, spare_segments) = self.segments.counts();
        let state = self.queue.state();
        let queued_bytes = state.bytes();
        let live_bytes = self.segments.live_bytes() + queued_bytes;
        WalStats { live_bytes, queued_bytes, segments, spare_segments, synced: state.synced, refused: state.refused.clone() }
    }

    /// Refuses new requests, makes the queued ones durable, ends the thread. Blocking; idempotent. Not to be called by `sink` or `failed`.
    pub fn close(&self) {
        self.queue.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the write-ahead log thread panicked");
        }
    }
}

impl<T> Drop for Wal<T> {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = thread.join();
        }
    }
}

/// However the thread ends, nobody queues for it any more, and who waits is let go.
struct CloseOnExit<T>(Arc<Queue<T>>);

impl<T> Drop for CloseOnExit<T> {
    fn drop(&mut self) {
        self.0.close();
        drop(self.0.take(None));
    }
}

fn make_dir(io: &dyn Io, config: &WalConfig) -> io::Result<()> {
    io.create_dir_all(&config.dir)?;
    config.dir.parent().map_or(Ok(()), |parent| io.sync_dir(parent))
}
