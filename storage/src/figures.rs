//! What the store counts for people: nothing is decided by it.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use crate::{
    compact::Debt,
    self_metrics::{
        COMPACTION_DEBT_BLOCKS, COMPACTION_DEBT_BYTES, FLUSHED_BYTES_TOTAL, RETIRED_BLOCKS, RETIRED_BYTES, WRITE_AMPLIFICATION,
    },
};

/// How much blocks are written anew, and how much waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CompactionStats {
    /// Blocks that could be written anew as fewer right now.
    pub debt_blocks: u64,
    pub debt_bytes: u64,
    /// Of blocks with their indexes, since the start.
    pub flushed_bytes: u64,
    pub rewritten_bytes: u64,
    /// Blocks that are not live any more and whose files are still there.
    pub retired_blocks: u64,
    pub retired_bytes: u64,
}

impl CompactionStats {
    /// Bytes written for each byte flushed, since the start; `None` before the first flush.
    pub fn write_amplification(&self) -> Option<f64> {
        (self.flushed_bytes > 0).then(|| (self.flushed_bytes + self.rewritten_bytes) as f64 / self.flushed_bytes as f64)
    }
}

#[derive(Default)]
pub(crate) struct Figures {
    flushed_bytes: AtomicU64,
    rewritten_bytes: AtomicU64,
    waiting: Mutex<(Debt, Debt)>,
}

impl Figures {
    pub(crate) fn flushed(&self, bytes: u64) {
        metrics::counter!(FLUSHED_BYTES_TOTAL).increment(bytes);
        self.flushed_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.amplified();
    }

    pub(crate) fn rewritten(&self, bytes: u64) {
        self.rewritten_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.amplified();
    }

    pub(crate) fn waiting(&self, debt: Debt, retired: Debt) {
        metrics::gauge!(COMPACTION_DEBT_BLOCKS).set(debt.blocks as f64);
        metrics::gauge!(COMPACTION_DEBT_BYTES).set(debt.bytes as f64);
        metrics::gauge!(RETIRED_BLOCKS).set(retired.blocks as f64);
        metrics::gauge!(RETIRED_BYTES).set(retired.bytes as f64);
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = (debt, retired);
    }

    pub(crate) fn stats(&self) -> CompactionStats {
        let (debt, retired) = *self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        CompactionStats {
            debt_blocks: debt.blocks,
            debt_bytes: debt.bytes,
            flushed_bytes: self.flushed_bytes.load(Ordering::Relaxed),
            rewritten_bytes: self.rewritten_bytes.load(Ordering::Relaxed),
            retired_blocks: retired.blocks,
            retired_bytes: retired.bytes,
        }
    }

    fn amplified(&self) {
        if let Some(factor) = self.stats().write_amplification() {
            metrics::gauge!(WRITE_AMPLIFICATION).set(factor);
        }
    }
}
