//! What a restart does before and after the doors open.
//!
//! 1. Before: files that no catalog knows are cleared away, for instance the leftovers of a crash between writing a block and its commit.
//! 2. After: the records that the catalog does not cover are turned into rows again, oldest first, while new data comes in.
//!    They are written to blocks whenever they fill a memtable, and all of them before the first new row.

use std::{
    collections::HashSet,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, MutexGuard, PoisonError},
    time::Duration,
};

use schemas::{Table, TableBatch, TenantId};

use crate::{
    Config, Derive, RawRequest, block,
    dedup::DedupWindow,
    flush::panic_text,
    io::Io,
    quarantine,
    self_metrics::{ORPHANS_REMOVED_TOTAL, REPLAY_DUPLICATES_TOTAL, UNREADABLE_REQUESTS_TOTAL},
    shown::Shown,
    threads::Core,
    wal::{Known, Lsn, Replay},
};

const RETRY: Duration = Duration::from_secs(1);

/// The records that the log has and the catalog does not cover: those after `committed`, up to `end`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Replayable {
    pub committed: Lsn,
    pub end: Lsn,
}

impl Replayable {
    /// Whether every row of an uncommitted block that ends here will be made again.
    fn has(self, cut: Lsn) -> bool {
        self.committed < cut && cut <= self.end
    }
}

/// Clears away the files of `tenants` that are not in `known` (paths relative to the data directory). Call before anything is written.
///
/// Removed is what is incomplete, and what replay writes again. Anything else may be the only copy of its rows (of a catalog that was
/// put back from a backup, of a log that lost its end) and is set aside.
pub(crate) fn sweep(
    io: &dyn Io,
    config: &Config,
    tenants: &[TenantId],
    known: &HashSet<PathBuf>,
    replayable: Replayable,
) -> io::Result<()> {
    for (tenant, table) in tenants.iter().flat_map(|tenant| Table::ALL.map(|table| (*tenant, table))) {
        for path in files(io, &config.data_dir.join(block::dir(tenant, table)))? {
            if path.strip_prefix(&config.data_dir).map_or(true, |relative| known.contains(relative)) {
                continue;
            }
            let is_incomplete = path.extension().is_some_and(|extension| extension == "tmp");
            if is_incomplete || cut_of(&path).is_some_and(|cut| replayable.has(cut)) {
                io.remove(&path)?;
                metrics::counter!(ORPHANS_REMOVED_TOTAL).increment(1);
                tracing::info!(path = %path.display(), "file without a catalog entry removed");
            } else {
                quarantine::set_aside(io, &config.quarantine_dir(), &path)?;
            }
        }
    }
    Ok(())
}

/// The last record of the cut that a file of a block belongs to, from its name.
fn cut_of(path: &Path) -> Option<Lsn> {
    let name = path.file_name()?.to_str()?;
    let (_, cut) = name.split_once('.')?.0.rsplit_once('-')?;
    (cut.len() == 16).then(|| u64::from_str_radix(cut, 16).ok()).flatten().map(Lsn)
}

/// Whether blocks lie in `data_dir`, whatever the catalog says.
pub(crate) fn has_blocks(io: &dyn Io, data_dir: &Path) -> io::Result<bool> {
    let dirs = Table::ALL.map(|table| data_dir.join(block::dir(TenantId::DEFAULT, table)));
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
            let batches = if self.seen.is_new(lsn, &request) { self.rows_of(lsn, &request) } else { Vec::new() };
            let mut shown = self.core.shown();
            self.core.arrivals().replay(request.tenant, lsn, &batches);
            shown.replayed.open.insert(request.tenant, lsn, batches);
            if shown.replayed.open.bytes() >= self.core.config.replayed_memtable_bytes_max() {
                shown.replayed.seal();
                self.core.changed.notify_all();
            }
            self.core.count_memory(&shown);
            // What is over the limit is sealed, at least half of it: a flush makes room.
            let bytes_max = self.core.config.replayed_bytes_max().max(1);
            self.core.wake_followers();
            drop(self.wait_while(shown, |shown| shown.replayed.bytes() >= bytes_max));
        }
        let damage = replay.damage();
        tracing::info!(records, corrupt_records = damage.corrupt_records, lost_bytes = damage.lost_bytes, "replay complete");
        let mut shown = self.core.shown();
        shown.replayed.open.cover(replay.end());
        shown.replayed.seal();
        shown.replaying = false;
        self.core.arrivals().end_replay();
        self.core.count_memory(&shown);
        self.core.changed.notify_all();
        self.core.wake_followers();
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
            let waited = self.core.changed.wait_timeout_while(shown, RETRY, |shown| !shown.stopping);
            let (shown, _) = waited.unwrap_or_else(PoisonError::into_inner);
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
        self.core.changed.wait_while(shown, |shown| !shown.stopping && condition(shown)).unwrap_or_else(PoisonError::into_inner)
    }
}

/// The log can hold a request twice: an attempt that failed after its bytes were written, and the retry. The first one counts.
/// Bounded as the window at the door is, which let them in.
pub(crate) struct Seen(DedupWindow<()>);

impl Seen {
    /// `known`: requests of which those up to `committed` have rows in blocks.
    pub(crate) fn new(known: &[Known], committed: Lsn) -> Self {
        let mut window = DedupWindow::default();
        window.restore(known.iter().filter(|known| known.lsn <= committed).copied());
        Self(window)
    }

    fn is_new(&mut self, lsn: Lsn, request: &RawRequest) -> bool {
        let is_first = self.0.is_first(Known { lsn, hash: request.hash, received_at: request.received_at });
        if !is_first {
            metrics::counter!(REPLAY_DUPLICATES_TOTAL).increment(1);
        }
        is_first
    }
}

#[cfg(test)]
mod tests {
    use schemas::{
        RequestHash, Signal, UnixNanos,
        otlp::{ContentEncoding, Format},
    };

    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn request(hash: u128, received_at: i64) -> RawRequest {
        RawRequest {
            tenant: TenantId::DEFAULT,
            signal: Signal::Logs,
            format: Format::Protobuf,
            encoding: ContentEncoding::Identity,
            received_at: UnixNanos(received_at),
            hash: RequestHash(hash),
            body: bytes::Bytes::new(),
        }
    }

    #[test]
    fn a_retry_is_known_for_ten_minutes_and_memory_is_bounded() {
        let mut seen = Seen::new(&[Known { lsn: Lsn(1), hash: RequestHash(7), received_at: UnixNanos(0) }], Lsn(1));
        assert!(!seen.is_new(Lsn(2), &request(7, 600 * SECOND)), "in a block already");
        assert!(seen.is_new(Lsn(3), &request(7, 601 * SECOND)), "somebody sent the same again, later");
        for number in 1..5000u32 {
            assert!(seen.is_new(Lsn(number.into()), &request(u128::from(number) << 8, i64::from(1000 + number) * SECOND)));
        }
        assert_eq!(seen.0.len(), 601);
    }

    #[test]
    fn names_tell_the_cut() {
        let check = |name: &str, expected: Option<u64>| assert_eq!(cut_of(Path::new(name)), expected.map(Lsn), "{name}");
        check("data/1/spans/20261122T10-00000000000004d2.parquet", Some(0x4d2));
        check("data/1/spans/late-00000000000000ff.tix", Some(0xff));
        check("data/1/spans/late-00000000000000ff.parquet.tmp", Some(0xff));
        check("data/1/spans/late-ff.parquet", None);
        check("data/1/spans/notes.txt", None);
    }
}
