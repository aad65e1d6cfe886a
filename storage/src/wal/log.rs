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
use crate::{
    RawRequest, Refused,
    io::{DiskSpace, Io},
};

const SYNC_THREAD: &str = "wal-sync";

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
    /// The disk when the sync thread last looked; `None` before that.
    pub disk: Option<DiskWatch>,
}

/// The disk, and how much of it must be free for new requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskWatch {
    pub space: DiskSpace,
    pub needed_bytes: u64,
}

/// Called before segments go, with the place up to which records may.
pub type LettingGo = dyn Fn(Lsn) -> io::Result<()> + Send + Sync;

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
    /// on the sync thread, so the log stands still while they do. `letting_go` is called before segments go whose every record is at or
    /// before a place: it keeps what must outlive them (the hashes of their requests), and when it fails they stay.
    ///
    /// # Errors
    /// When the directory cannot be listed, or holds a format of a newer version (nothing is touched then).
    pub fn open(
        io: Arc<dyn Io>,
        mut config: WalConfig,
        committed: Lsn,
        sink: impl FnMut(Vec<Synced<T>>) + Send + 'static,
        failed: impl FnMut(Vec<T>, String) + Send + 'static,
        letting_go: Arc<LettingGo>,
    ) -> Result<(Self, Replay), WalError> {
        config.bytes_max = config.bytes_max.max(2 * config.segment_bytes);
        let recovered = recover(&io, &config, committed)?;
        let end = committed.max(recovered.last_lsn);
        let files = (recovered.sealed, recovered.spares, recovered.last_ordinal);
        let segments = Segments::new(io.clone(), config.clone(), files, letting_go);
        let (segments, queue) = (Arc::new(segments), Arc::new(Queue::new(end)));
        let replay = Replay::new(
            io.clone(),
            Arc::clone(&segments),
            &config.quarantine_dir,
            recovered.known,
            recovered.old,
            (committed, end, recovered.missing),
            recovered.damage,
        );

        let limits = Limits { queue_bytes_max: config.queue_bytes_max, wal_bytes_max: config.bytes_max };
        let shared = (Arc::clone(&segments), Arc::clone(&queue));
        let mut sync = SyncThread::new(
            (io.clone(), config),
            shared,
            (recovered.newest, recovered.acknowledged.max(committed), end.next()),
            (sink, failed),
        );
        if sync.start() {
            for path in recovered.empty {
                if io.remove(&path).is_ok() {
                    segments.forget(&path);
                }
            }
        }
        let closing = CloseOnExit(Arc::clone(&queue));
        let thread = thread::Builder::new().name(SYNC_THREAD.into()).spawn(move || {
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
        let (synced, refused, disk) = (state.synced, state.refused.clone(), state.disk);
        WalStats { live_bytes, queued_bytes, segments, spare_segments, synced, refused, disk }
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
        if thread::panicking() {
            tracing::error!(thread = SYNC_THREAD, "the write-ahead log died, nothing new is taken until the server is started again");
            self.0.state().refused = Some(Refused::Failed { thread: SYNC_THREAD });
        }
        self.0.close();
        drop(self.0.take(None));
    }
}
