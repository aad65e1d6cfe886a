//! SCAFFOLD of the log's front: signatures only.

use std::{io, marker::PhantomData, path::PathBuf, sync::Arc};

use super::{Lsn, Replay, WalConfig, WalError, WalPosition};
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
    pub segments: usize,
    pub spare_segments: usize,
    /// The newest durable record.
    pub synced: Lsn,
    /// Why requests are refused, when every one is.
    pub refused: Option<Refused>,
}

pub struct Wal<T> {
    rider: PhantomData<fn(T)>,
}

impl<T: Send + 'static> Wal<T> {
    /// Looks through the old segments (headers, and the newest segment whole), starts the sync thread and a fresh segment.
    /// Succeeds on a full or read-only disk too: then every request is refused until a probe can write again.
    ///
    /// `sink` gets each durable group in LSN order, `failed` the riders of a group that could not be made durable; both run
    /// on the sync thread, so the log stands still while they do.
    ///
    /// # Errors
    /// When the directory cannot be made or listed, or holds a format of a newer version (nothing is touched then).
    pub fn open(
        _io: Arc<dyn Io>,
        config: WalConfig,
        _committed: Lsn,
        _sink: impl FnMut(Vec<Synced<T>>) + Send + 'static,
        _failed: impl FnMut(Vec<T>, String) + Send + 'static,
    ) -> Result<(Self, Replay), WalError> {
        Err(WalError::List { path: PathBuf::from(config.dir), source: io::Error::from(io::ErrorKind::Unsupported) })
    }

    /// Queues a request. `hold` is dropped once the bytes are durable or given up.
    ///
    /// # Errors
    /// When nothing was taken.
    pub fn append(&self, _request: RawRequest, _rider: T, _hold: Box<dyn Send>) -> Result<(), Refused> {
        Err(Refused::Starting)
    }

    /// Whether [`Self::trim`] would let go of a segment: then the hashes of what it held must be on disk first.
    pub fn would_trim(&self, _covered: Lsn) -> bool {
        false
    }

    /// Recycles or removes the segments whose every record is at or before `covered`.
    ///
    /// # Errors
    /// The first failure; what was not let go is tried again by the next call.
    pub fn trim(&self, _covered: Lsn) -> io::Result<()> {
        Ok(())
    }

    pub fn stats(&self) -> WalStats {
        WalStats { live_bytes: 0, queued_bytes: 0, segments: 0, spare_segments: 0, synced: Lsn::ZERO, refused: None }
    }

    /// Refuses new requests, makes the queued ones durable, ends the thread. Blocking; idempotent.
    pub fn close(&self) {}
}
