//! What goes in at the door of storage, and what comes back.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures::channel::oneshot;
use schemas::{
    RequestHash, Signal, TableBatch, TenantId, UnixNanos,
    otlp::{ContentEncoding, Format},
};

/// A request as it arrived: what the WAL keeps, and all that replay needs to make its rows again.
#[derive(Debug, Clone)]
pub struct RawRequest {
    pub tenant: TenantId,
    pub signal: Signal,
    pub format: Format,
    pub encoding: ContentEncoding,
    pub received_at: UnixNanos,
    pub hash: RequestHash,
    /// Still compressed if it was.
    pub body: Bytes,
}

/// Request bytes to the rows of every table: the same pure function for ingest and replay, injected by `server`
/// so that storage names neither protocols nor governance. The error text says why the bytes cannot be read.
pub type Derive = dyn Fn(&RawRequest) -> Result<Vec<TableBatch>, String> + Send + Sync;

/// The request is durable and visible to the next query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ack {
    /// An identical request was stored before (or is the one this call joined); this one added nothing.
    pub duplicate: bool,
}

/// Storage does not take the request now; the same request can succeed later, unless it is too large.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("{bytes} bytes wait for the write-ahead log, the limit is {limit}")]
    QueueFull { bytes: u64, limit: u64 },
    #[error("the write-ahead log holds {bytes} bytes, the limit is {limit}")]
    WalFull { bytes: u64, limit: u64 },
    #[error("{bytes} bytes of rows wait to be flushed, the limit is {limit}")]
    MemtableFull { bytes: u64, limit: u64 },
    #[error("{free_bytes} bytes are free on the disk, {needed_bytes} are needed")]
    DiskFull { free_bytes: u64, needed_bytes: u64 },
    #[error("the data directory cannot be written: {reason}")]
    ReadOnly { reason: String },
    #[error("the request takes {bytes} bytes in the write-ahead log, which never holds more than {limit}")]
    TooLarge { bytes: u64, limit: u64 },
    #[error("the server is starting")]
    Starting,
    #[error("the server is stopping")]
    Stopping,
    #[error("the server lost its thread {thread} and must be started again")]
    Failed { thread: &'static str },
}

impl Refused {
    /// How long the sender should wait before it tries again; `None` when no waiting helps.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::QueueFull { .. } | Self::MemtableFull { .. } | Self::Starting => Some(Duration::from_secs(1)),
            Self::WalFull { .. } | Self::Stopping => Some(Duration::from_secs(5)),
            Self::DiskFull { .. } | Self::ReadOnly { .. } | Self::Failed { .. } => Some(Duration::from_secs(30)),
            Self::TooLarge { .. } => None,
        }
    }
}

/// The request was taken and then could not be made durable. It may or may not be found after a restart, whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    #[error("write to the write-ahead log: {reason}")]
    Wal { reason: String },
    #[error("storage stopped before the request was durable")]
    Stopped,
}

/// Resolves when the request is fsynced and its rows are in the memtable. Dropping it cancels nothing.
#[derive(Debug)]
pub struct Receipt(pub(crate) oneshot::Receiver<Result<Ack, AppendError>>);

impl Receipt {
    /// Blocks this thread until the request is durable.
    ///
    /// # Errors
    /// As the future.
    pub fn wait(self) -> Result<Ack, AppendError> {
        futures::executor::block_on(self)
    }
}

impl Future for Receipt {
    type Output = Result<Ack, AppendError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|answer| answer.unwrap_or(Err(AppendError::Stopped)))
    }
}
