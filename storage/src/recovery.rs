//! What a restart does before and after the doors open.
//!
//! 1. Before: files that no catalog knows are removed: the leftovers of a crash between writing a block and its commit.
//! 2. After: the records that the catalog does not cover are turned into rows again, oldest first, while new data comes in.
//!    They are written to blocks whenever they fill a memtable, and all of them before the first new row.

use std::{
    collections::{HashMap, HashSet},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, MutexGuard},
    time::Duration,
};

use schemas::{RequestHash, Table, TableBatch, TenantId, UnixNanos};

use crate::{
    Derive, RawRequest,
    dedup::DedupWindow,
    flush::panic_text,
    io::Io,
    quarantine,
    self_metrics::{ORPHANS_REMOVED_TOTAL, REPLAY_DUPLICATES_TOTAL, UNREADABLE_REQUESTS_TOTAL},
    shown::Shown,
    store::Core,
    wal::{Known, Lsn, Replay},
};

/// Sealed memtables of old rows that wait to be written; replay stops meanwhile.
const SEALED_MAX: usize = 2;
const RETRY: Duration = Duration::from_secs(1);

/// Removes the files of `tenants` that are not in `known` (paths relative to `data_dir`). Call before anything is written.
pub(crate) fn sweep(io: &dyn Io, data_dir: &Path, tenants: &[TenantId], known: &HashSet<PathBuf>) -> io::Result<u64> {
    let mut removed = 0;
    for (tenant, table) in tenants.iter().flat_map(|tenant| Table::ALL.map(|table| (tenant, table))) {
        let dir = data_dir.join("data").join(tenant.0.to_string()).join(table.name());
        for path in files(io, &dir)? {
            if path.strip_prefix(data_dir).is_ok_and(|relative| !known.contains(relative)) {
                io.remove(&path)?;
                removed += 1;
                tracing::info!(path = %path.display(), "file without a catalog entry removed");
            }
        }
    }
    metrics::counter!(ORPHANS_REMOVED_TOTAL).increment(removed);
    Ok(removed)
}

/// Whether blocks lie in `data_dir`, whatever the catalog says.
pub(crate) fn has_blocks(io: &dyn Io, data_dir: &Path) -> io::Result<bool> {
    let dirs = Table::ALL.map(|table| data_dir.join("data").join(TenantId::DEFAULT.0.to_string()).join(table.name()));
    for dir in dirs {
        if files(io, &dir)?.iter().any(|path| path.extension().is_some_and(|extension| extension == "parquet")) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn files(io: &dyn Io, dir: &Path) -> io::Result<Vec<PathBuf>> {
    match io.list(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        listed => listed,
    }
}

/// Makes rows of old records again, until all are or the store stops.
pub(crate) struct Replayer {
    pub core: Arc<Core>,
    pub derive: Arc<Derive>,
    pub seen: Seen,
}

impl Replayer {
    pub(crate) fn run(mut self, mut replay: Replay) {
        let mut records = 0u64;
        for (lsn, request) in replay.by_ref() {
            if self.core.shown().stopping {
                return;
            }
            records += 1;
            let batches = if self.seen.is_new(&request) { self.rows_of(lsn, &request) } else { Vec::new() };
            let mut shown = self.core.shown();
            shown.replayed.open.insert(request.tenant, lsn, batches);
            self.core.count_memory(&shown);
            if shown.replayed.open.bytes() >= self.core.config.memtable_bytes_max {
                shown.replayed.seal();
                self.core.changed.notify_all();
                drop(self.wait_while(shown, |shown| shown.replayed.sealed.len() >= SEALED_MAX));
            }
        }
        let damage = replay.damage();
        tracing::info!(records, corrupt_records = damage.corrupt_records, lost_bytes = damage.lost_bytes, "replay complete");
        let mut shown = self.core.shown();
        shown.replayed.open.cover(replay.end());
        shown.replayed.seal();
        shown.replaying = false;
        self.core.changed.notify_all();
    }

    /// No rows when the request cannot be read: then it is put aside for a person to look at.
    fn rows_of(&self, lsn: Lsn, request: &RawRequest) -> Vec<TableBatch> {
        let derived = catch_unwind(AssertUnwindSafe(|| (self.derive)(request)));
        let reason = match derived {
            Ok(Ok(batches)) => return batches,
            Ok(Err(reason)) => reason,
            Err(panic) => panic_text(panic.as_ref()),
        };
        tracing::error!(lsn = lsn.0, signal = %request.signal, reason, "a request of the log cannot be read and is put aside");
        metrics::counter!(UNREADABLE_REQUESTS_TOTAL).increment(1);
        let name = format!("request-{:016x}.{}", lsn.0, request.signal);
        while let Err(error) = quarantine::put(self.core.io.as_ref(), &self.core.config.quarantine_dir(), &name, &request.body) {
            tracing::error!(%error, "a request cannot be put aside; replay waits");
            let shown = self.core.shown();
            let (shown, _) = self.core.changed.wait_timeout_while(shown, RETRY, |shown| !shown.stopping).expect("no holder panics");
            if shown.stopping {
                break;
            }
        }
        Vec::new()
    }

    fn wait_while<'a>(&self, shown: MutexGuard<'a, Shown>, condition: impl Fn(&Shown) -> bool) -> MutexGuard<'a, Shown>
    where
        Self: 'a,
    {
        self.core.changed.wait_while(shown, |shown| !shown.stopping && condition(shown)).expect("no holder panics")
    }
}

/// The log can hold a request twice: an attempt that failed after its bytes were written, and the retry. The first one counts.
pub(crate) struct Seen(HashMap<RequestHash, UnixNanos>);

impl Seen {
    /// `known`: requests of which those up to `committed` have rows in blocks.
    pub(crate) fn new(known: &[Known], committed: Lsn) -> Self {
        Self(known.iter().filter(|known| known.lsn <= committed).map(|known| (known.hash, known.received_at)).collect())
    }

    fn is_new(&mut self, request: &RawRequest) -> bool {
        let before = self.0.insert(request.hash, request.received_at);
        let is_retry = before.is_some_and(|before| request.received_at.0.abs_diff(before.0) <= DedupWindow::<()>::WINDOW_NS.unsigned_abs());
        if is_retry {
            metrics::counter!(REPLAY_DUPLICATES_TOTAL).increment(1);
        }
        !is_retry
    }
}
