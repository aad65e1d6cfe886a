//! What the threads of a store share: memory limits, waiting, and what it means when one of them dies.

use std::{
    collections::BTreeMap,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
};

use schemas::Table;

use crate::{
    Config, OpenError, Refused,
    arrivals::Arrivals,
    block::{Block, Damage},
    dedup::{self, DedupWindow},
    figures::Figures,
    flush::panic_text,
    io::Io,
    publish::Reply,
    reserve::Reserve,
    self_metrics::{BLOCKS, MEMTABLE_BYTES},
    shown::Shown,
    wal::Lsn,
};

pub(crate) struct Core {
    pub config: Config,
    pub io: Arc<dyn Io>,
    /// Locked before `dedup` where both are.
    shown: Mutex<Shown>,
    /// Locked after `shown` where both are.
    arrivals: Mutex<Arrivals>,
    /// Who wants to know that rows arrived.
    followers: Mutex<Vec<Box<dyn Fn() + Send + Sync>>>,
    /// A memtable is due or sealed, a flush ended, or the store stops.
    pub changed: Condvar,
    pub dedup: Mutex<DedupWindow<Reply>>,
    /// Memory of rows between `append` and the memtable.
    pub in_flight_bytes: AtomicU64,
    pub figures: Figures,
    pub reserve: Reserve,
    /// Memory of new rows, and how much there may be.
    live_bytes: AtomicU64,
    live_bytes_max: AtomicU64,
    /// Up to here the file of hashes knows every request.
    hashes_saved: Mutex<Lsn>,
    /// Of each table of sums, in their order: spans behind this place in the log are in them; those up to it are older than the sums.
    pub rolled_up_since: [Lsn; Table::ROLLUPS.len()],
    /// Blocks that cannot be read, as the catalog has them; some may not be live any more.
    damaged: Mutex<BTreeMap<u64, Damage>>,
    /// The thread that a panic ended.
    failed: OnceLock<&'static str>,
}

impl Core {
    pub(crate) fn new(config: Config, io: Arc<dyn Io>, blocks: Vec<Arc<Block>>, rolled_up_since: [Lsn; Table::ROLLUPS.len()]) -> Self {
        Self {
            shown: Mutex::new(Shown { blocks: Arc::new(blocks), ..Shown::default() }),
            arrivals: Mutex::new(Arrivals::new(config.arrivals_bytes_max)),
            followers: Mutex::default(),
            changed: Condvar::new(),
            dedup: Mutex::default(),
            in_flight_bytes: AtomicU64::new(0),
            figures: Figures::default(),
            reserve: Reserve::new(Arc::clone(&io), &config),
            live_bytes: AtomicU64::new(0),
            live_bytes_max: AtomicU64::new(config.unflushed_bytes_max),
            hashes_saved: Mutex::default(),
            rolled_up_since,
            damaged: Mutex::default(),
            failed: OnceLock::new(),
            io,
            config,
        }
    }

    /// Also when a thread died holding it: the store takes nothing new then, and questions go on over what there is.
    ///
    /// INVARIANT: whoever changes `Shown` does first what can panic, so that it is whole whenever it is free.
    pub(crate) fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`Self::shown`].
    pub(crate) fn arrivals(&self) -> MutexGuard<'_, Arrivals> {
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locked after `shown` where both are.
    pub(crate) fn damaged(&self) -> MutexGuard<'_, BTreeMap<u64, Damage>> {
        self.damaged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn on_arrival(&self, wake: Box<dyn Fn() + Send + Sync>) {
        self.followers.lock().expect("no holder panics").push(wake);
    }

    pub(crate) fn wake_followers(&self) {
        self.followers.lock().expect("no holder panics").iter().for_each(|wake| wake());
    }

    #[cfg(test)]
    pub(crate) fn try_shown(&self) -> Option<MutexGuard<'_, Shown>> {
        self.shown.try_lock().ok()
    }

    /// Keeps the figures that `append` checks without the lock.
    pub(crate) fn count_memory(&self, shown: &Shown) {
        let replayed = shown.replayed.bytes();
        let share = self.config.replayed_bytes_max();
        let taken = if shown.replaying { share } else { replayed.min(share) };
        self.live_bytes.store(shown.live.bytes(), Ordering::Relaxed);
        self.live_bytes_max.store(self.config.unflushed_bytes_max - taken, Ordering::Relaxed);
        metrics::gauge!(MEMTABLE_BYTES).set((replayed + shown.live.bytes()) as f64);
        metrics::gauge!(BLOCKS).set(shown.blocks.len() as f64);
    }

    pub(crate) fn check_memory(&self) -> Result<(), Refused> {
        let bytes = self.live_bytes.load(Ordering::Relaxed) + self.in_flight_bytes.load(Ordering::Relaxed);
        let limit = self.live_bytes_max.load(Ordering::Relaxed);
        if bytes < limit { Ok(()) } else { Err(Refused::MemtableFull { bytes, limit }) }
    }

    /// Writes the hashes of requests that the log holds no longer once it is trimmed to `covered`.
    pub(crate) fn save_hashes(&self, covered: Lsn) -> io::Result<()> {
        let mut saved = self.hashes_saved.lock().expect("no holder panics");
        let covered = covered.max(*saved);
        let hashes = self.dedup.lock().expect("no holder panics").covered_by(covered);
        dedup::save(self.io.as_ref(), &self.config.request_hashes_path(), &hashes)?;
        *saved = covered;
        Ok(())
    }

    pub(crate) fn check_alive(&self) -> Result<(), Refused> {
        self.failed.get().map_or(Ok(()), |thread| Err(Refused::Failed { thread }))
    }

    /// Starts a thread of the store. When it panics, nothing new is taken any more: what it did nobody does.
    pub(crate) fn spawn(self: &Arc<Self>, name: &'static str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, OpenError> {
        let core = Arc::clone(self);
        let guarded = move || {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(run)) {
                core.fail(name, &panic_text(panic.as_ref()));
            }
        };
        thread::Builder::new().name(format!("storage-{name}")).spawn(guarded).map_err(|source| OpenError::Thread { name, source })
    }

    fn fail(&self, thread: &'static str, reason: &str) {
        tracing::error!(thread, reason, "a thread of the store died, nothing new is taken until the server is started again");
        let _ = self.failed.set(thread);
        self.shown().stopping = true;
        self.changed.notify_all();
    }
}
