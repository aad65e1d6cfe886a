//! An answer on its way from the engine's threads to who asked.

use std::{
    sync::{Arc, Mutex},
    time::Instant,
};

use arrow::{datatypes::SchemaRef, record_batch::RecordBatch};
use schemas::UnixNanos;
use tokio::{sync::mpsc, task::AbortHandle};

use super::{EngineError, scan::Usage};

/// An answer on its way. Dropping it ends the question.
pub(crate) struct Answer {
    pub schema: SchemaRef,
    pub(super) batches: mpsc::Receiver<Result<RecordBatch, EngineError>>,
    pub(super) usage: Arc<Usage>,
    pub(super) cut: Arc<Mutex<Option<String>>>,
    pub(super) started: Instant,
    /// Ends with it.
    pub(super) _task: EndOnDrop,
}

/// What a question reads while it is answered. Does not keep it running.
#[derive(Clone)]
pub(crate) struct Progress {
    usage: Arc<Usage>,
    started: Instant,
}

impl Progress {
    /// Milliseconds, rows and bytes so far.
    pub(crate) fn so_far(&self) -> (f64, u64, u64) {
        (took_ms(self.started), self.usage.rows(), self.usage.bytes())
    }
}

fn took_ms(started: Instant) -> f64 {
    (started.elapsed().as_secs_f64() * 1e6).round() / 1e3
}

/// What an answer cost, and whether it is whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Summary {
    pub took_ms: f64,
    pub scanned_rows: u64,
    pub scanned_bytes: u64,
    /// Whatever arrived until then was there to be looked at; `None`: nothing was.
    pub watermark: Option<UnixNanos>,
    /// Why rows may be missing.
    pub partial: Vec<String>,
    /// Why the answer ends before its end.
    pub truncated: Option<String>,
}

impl Summary {
    /// Of this answer and of one that was asked for after it.
    pub(crate) fn then(mut self, next: Self) -> Self {
        self.partial.extend(next.partial.into_iter().filter(|reason| !self.partial.contains(reason)).collect::<Vec<_>>());
        Self {
            took_ms: self.took_ms + next.took_ms,
            scanned_rows: self.scanned_rows + next.scanned_rows,
            scanned_bytes: self.scanned_bytes + next.scanned_bytes,
            watermark: earlier(self.watermark, next.watermark),
            partial: self.partial,
            truncated: self.truncated.or(next.truncated),
        }
    }
}

impl Answer {
    /// All batches that are left.
    ///
    /// # Errors
    /// What ended the answer early.
    pub(crate) async fn collect(&mut self) -> Result<Vec<RecordBatch>, EngineError> {
        let mut batches = Vec::new();
        while let Some(batch) = self.next().await {
            batches.push(batch?);
        }
        Ok(batches)
    }

    /// The next batch; none after the last, or after an error.
    pub(crate) async fn next(&mut self) -> Option<Result<RecordBatch, EngineError>> {
        self.batches.recv().await
    }

    pub(crate) fn progress(&self) -> Progress {
        Progress { usage: Arc::clone(&self.usage), started: self.started }
    }

    pub(crate) fn summary(&self) -> Summary {
        Summary {
            took_ms: took_ms(self.started),
            scanned_rows: self.usage.rows(),
            scanned_bytes: self.usage.bytes(),
            watermark: self.usage.watermark(),
            partial: self.usage.partial(),
            truncated: self.cut.lock().expect("no holder panics").clone(),
        }
    }
}

/// Of two watermarks the one that holds for both; one that is not known does not count.
pub(crate) fn earlier(one: Option<UnixNanos>, other: Option<UnixNanos>) -> Option<UnixNanos> {
    one.into_iter().chain(other).min()
}

/// Work on the engine's threads that ends when nobody wants it any more.
pub(crate) struct EndOnDrop(pub(super) AbortHandle);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
