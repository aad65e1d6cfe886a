//! What the last run left, one record at a time.

use std::sync::{Arc, atomic::AtomicU64};

use schemas::{RequestHash, UnixNanos};

use super::Lsn;
use crate::RawRequest;

/// A request that the log still holds, known from its record header alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    pub lsn: Lsn,
    pub hash: RequestHash,
    pub received_at: UnixNanos,
}

/// What could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Damage {
    /// Records (or runs of them whose borders are gone) that are damaged, with records after them.
    pub corrupt_records: u64,
    /// Bytes of those.
    pub lost_bytes: u64,
    /// Segments whose last record is incomplete: what a crash leaves of a request that was never acknowledged.
    pub torn_tails: u64,
    /// Files set aside because they could not be read.
    pub quarantined_files: u64,
}

/// Streams the records of old segments that the catalog does not cover yet, in LSN order, each at most once.
/// Holds one record at a time. Damage is skipped and counted.
pub struct Replay {
    known: Vec<Known>,
}

impl Replay {
    /// Requests of the last ten minutes (at most a million) that the log holds, oldest first, replayed or not:
    /// for the de-duplication window, before the first request is taken. The second call returns nothing.
    pub fn take_known(&mut self) -> Vec<Known> {
        std::mem::take(&mut self.known)
    }

    /// No record of this replay lies after it, and every new record does: the cut that a finished replay commits.
    pub fn end(&self) -> Lsn {
        Lsn::ZERO
    }

    /// Bytes of old segments when replay began, record bodies and the rest.
    pub fn bytes_total(&self) -> u64 {
        0
    }

    /// Bytes still to be read; 0 when replay is complete. Can be watched from other threads.
    pub fn bytes_left(&self) -> Arc<AtomicU64> {
        Arc::default()
    }

    /// What was skipped so far.
    pub fn damage(&self) -> Damage {
        Damage::default()
    }
}

impl Iterator for Replay {
    type Item = (Lsn, RawRequest);

    fn next(&mut self) -> Option<Self::Item> {
        None
    }
}
