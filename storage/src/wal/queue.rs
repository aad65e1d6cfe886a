//! Where requests wait for the sync thread, and what both sides must agree on.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{
    DiskWatch, Lsn,
    format::{HEADER_BYTES, record_bytes},
};
use crate::{RawRequest, Refused};

pub(super) struct Queued<T> {
    pub request: RawRequest,
    pub rider: T,
    /// Dropped with this once the bytes are durable or given up.
    pub hold: Box<dyn Send>,
}

pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

pub(super) struct State<T> {
    requests: Vec<Queued<T>>,
    /// Of requests waiting or being written.
    bytes: u64,
    pub synced: Lsn,
    pub refused: Option<Refused>,
    /// As it was last looked at.
    pub disk: Option<DiskWatch>,
    /// Up to here the catalog has the rows.
    covered: Lsn,
    /// The log is full and all of it is covered: seal the active segment and let it go.
    retire: Option<Lsn>,
    closed: bool,
}

pub(super) struct Work<T> {
    pub requests: Vec<Queued<T>>,
    pub retire: Option<Lsn>,
    /// Nothing comes after this.
    pub closed: bool,
}

pub(super) struct Limits {
    pub queue_bytes_max: u64,
    pub wal_bytes_max: u64,
}

impl<T> Queue<T> {
    pub fn new(synced: Lsn) -> Self {
        let state =
            State { requests: Vec::new(), bytes: 0, synced, refused: None, disk: None, covered: Lsn::ZERO, retire: None, closed: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    pub fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn push(&self, queued: Queued<T>, live_bytes: u64, limits: &Limits) -> Result<(), Refused> {
        let bytes = record_bytes(&queued.request);
        // An empty log holds the header of its segment; a record has its length in 32 bits.
        let limit = limits.wal_bytes_max.saturating_sub(HEADER_BYTES as u64).min(u32::MAX.into());
        if bytes > limit {
            return Err(Refused::TooLarge { bytes, limit });
        }
        let mut state = self.state();
        match &state.refused {
            Some(failed @ Refused::Failed { .. }) => return Err(failed.clone()),
            _ if state.closed => return Err(Refused::Stopping),
            Some(refused) => return Err(refused.clone()),
            None => {}
        }
        let waiting = state.bytes + bytes;
        if state.bytes > 0 && waiting > limits.queue_bytes_max {
            return Err(Refused::QueueFull { bytes: waiting, limit: limits.queue_bytes_max });
        }
        if live_bytes + waiting > limits.wal_bytes_max {
            if state.synced <= state.covered {
                state.retire = Some(state.covered);
                self.changed.notify_one();
            }
            return Err(Refused::WalFull { bytes: live_bytes + waiting, limit: limits.wal_bytes_max });
        }
        state.bytes = waiting;
        state.requests.push(queued);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// Sleeps until there is work or `deadline` has come.
    pub fn take(&self, deadline: Option<Instant>) -> Work<T> {
        let mut state = self.state();
        while state.requests.is_empty() && state.retire.is_none() && !state.closed {
            let left = deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                break;
            }
            state = match deadline {
                Some(_) => self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
        Work { requests: std::mem::take(&mut state.requests), retire: state.retire.take(), closed: state.closed }
    }

    /// Requests of so many record bytes left the queue for good.
    pub fn done(&self, bytes: u64) {
        self.state().bytes -= bytes;
    }

    pub fn trimmed(&self, covered: Lsn) {
        let mut state = self.state();
        state.covered = state.covered.max(covered);
    }

    pub fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }
}

impl<T> State<T> {
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}
