//! What the ids in a plan mean while it runs, and what it has read so far.

use std::sync::{
    Arc, Mutex, OnceLock,
    atomic::{AtomicU64, Ordering},
};

use datafusion::{
    common::{Result, internal_datafusion_err},
    execution::TaskContext,
};
use schemas::UnixNanos;
use storage::Snapshot;

/// An extension of the session: the snapshot that the split ids of its plans belong to.
pub(crate) struct OpenSnapshot {
    pub snapshot: Arc<Snapshot>,
    pub usage: Arc<Usage>,
}

impl OpenSnapshot {
    /// # Errors
    /// When the session was made without one: a bug.
    pub fn of(context: &TaskContext) -> Result<Arc<Self>> {
        context.session_config().get_extension::<Self>().ok_or_else(|| internal_datafusion_err!("the session has no snapshot"))
    }
}

/// What a question has read, and why its answer may be incomplete.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    rows: AtomicU64,
    bytes: AtomicU64,
    partial: Mutex<Vec<String>>,
    /// In nanoseconds since 1970.
    watermark: OnceLock<Option<UnixNanos>>,
}

impl Usage {
    pub fn read(&self, rows: usize, bytes: usize) {
        self.rows.fetch_add(rows as u64, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Rows decoded.
    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// Memory of the decoded columns.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Says when the newest row arrived that there was to be looked at.
    pub fn looked_until(&self, watermark: Option<UnixNanos>) {
        self.watermark.get_or_init(|| watermark);
    }

    pub fn watermark(&self) -> Option<UnixNanos> {
        self.watermark.get().copied().flatten()
    }

    /// Says why rows may be missing, once for each reason.
    pub fn missing(&self, reason: String) {
        let mut partial = self.partial.lock().expect("no holder panics");
        if !partial.contains(&reason) {
            partial.push(reason);
        }
    }

    pub fn partial(&self) -> Vec<String> {
        self.partial.lock().expect("no holder panics").clone()
    }
}
