//! The facade: requests in, snapshots out, and the threads between.

use std::{
    io,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use futures::channel::oneshot;
use schemas::{Table, TableBatch, TenantId, UnixNanos};

use crate::{
    Ack, AppendError, Arrived, CompactionStats, Config, Derive, Follower, RawRequest, Receipt, Refused, Snapshot,
    block::{Block, BlockCache, BlockReader, Damage, TimeRange},
    catalog::{self, Catalog, CatalogError, SharedCatalog},
    compact::{Compactor, Retired, remove_leftovers},
    dedup::{self, Begin},
    flush::Flusher,
    io::{Io, create_data_dir},
    lock::{DirLock, LockError},
    publish::{self, Rider},
    quarantine,
    recovery::{self, Replayable, Replayer, Seen},
    shown::Shown,
    threads::Core,
    wal::{DiskWatch, Lsn, Replay, Synced, Wal, WalError},
};

/// Synced groups that wait for the publish thread; then the sync thread waits.
const GROUPS_MAX: usize = 8;

mod maintain;

pub use maintain::{Cardinality, Compacted};

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("data directory {path} is in use by another process")]
    Locked { path: PathBuf },
    #[error("prepare data directory {path}")]
    DataDir { path: PathBuf, source: std::io::Error },
    #[error("{path} is missing, but there are blocks beside it: restore it, or move the directory `data` away")]
    CatalogMissing { path: PathBuf },
    #[error(
        "the catalog covers the write-ahead log up to record {catalog}, but records up to {log} were trimmed from it: rows between them are \
         in neither. Put back the catalog.sqlite that belongs to this log; or move the directory {wal_dir} away to go on without its rows"
    )]
    CatalogBehindLog { catalog: Lsn, log: Lsn, wal_dir: PathBuf },
    #[error("lock the data directory")]
    Lock(#[source] LockError),
    #[error("open the catalog")]
    Catalog(#[from] CatalogError),
    #[error("read the hashes of stored requests")]
    RequestHashes(#[from] dedup::LoadError),
    #[error("open the write-ahead log")]
    Wal(#[from] WalError),
    #[error("start thread {name}")]
    Thread { name: &'static str, source: std::io::Error },
}

/// What the server may promise right now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    /// `Err` says why new data is refused.
    pub ingest: Result<(), Refused>,
    /// WAL bytes that a restart left and that are not visible yet; 0 when replay is complete.
    pub replay_bytes_left: u64,
}

/// Figures for people; nothing is decided by them.
#[derive(Debug, Clone, PartialEq)]
pub struct Stats {
    pub tables: Vec<TableStats>,
    pub memtable_bytes: u64,
    /// How long the oldest row has been in memory only (and in the log).
    pub unflushed_age: Duration,
    /// Bytes that replay would read after a restart.
    pub wal_bytes: u64,
    pub replay_bytes_left: u64,
    pub flush_failures: u64,
    pub compaction: CompactionStats,
    /// Live blocks that cannot be read, in the order of their ids.
    pub damaged: Vec<DamagedBlock>,
    /// The disk when it was last looked at; `None` before that.
    pub disk: Option<DiskWatch>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableStats {
    pub table: Table,
    pub blocks: usize,
    pub block_rows: u64,
    /// Parquet files and their indexes.
    pub block_bytes: u64,
    pub memory_rows: u64,
}

/// A block that cannot be read. Its file stays where it is, answers have the rows of it that can be read, and say that others are missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagedBlock {
    pub table: Table,
    /// Relative to the data directory.
    pub path: PathBuf,
    pub rows: u64,
    pub time: TimeRange,
    /// When it was found out.
    pub since: UnixNanos,
    pub reason: String,
}

pub struct Store {
    core: Arc<Core>,
    wal: Arc<Wal<Rider>>,
    reader: BlockReader,
    compactor: Arc<Compactor>,
    replay_bytes_left: Arc<AtomicU64>,
    closing: AtomicBool,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// One at a time counts and writes.
    poisons: Mutex<()>,
    _lock: DirLock,
}

impl Store {
    /// Opens (or creates) the data directory, starts replay, the WAL and the flush threads. Blocking.
    ///
    /// # Errors
    /// When another process holds the directory, or its format is unknown, or it cannot be created.
    pub fn open(config: Config, io: Arc<dyn Io>, derive: Arc<Derive>) -> Result<Arc<Self>, OpenError> {
        let data_dir = config.data_dir.clone();
        let at_dir = |source| OpenError::DataDir { path: data_dir.clone(), source };
        create_data_dir(io.as_ref(), &data_dir).map_err(at_dir)?;
        let config = config.sized_for(io.disk_space(&data_dir).map_err(at_dir)?);
        let lock = DirLock::acquire(&data_dir).map_err(|error| match error {
            LockError::Held { path } => OpenError::Locked { path },
            other => OpenError::Lock(other),
        })?;
        let catalog_path = data_dir.join(catalog::FILE_NAME);
        if !catalog_path.exists() && recovery::has_blocks(io.as_ref(), &data_dir).map_err(at_dir)? {
            return Err(OpenError::CatalogMissing { path: catalog_path });
        }
        let mut catalog = Catalog::open(io.as_ref(), &data_dir)?;
        let committed = catalog.wal_position()?;
        if let Err(error) = remove_leftovers(io.as_ref(), &data_dir, &mut catalog) {
            tracing::warn!(error = &error as &dyn std::error::Error, "leftovers of rewritten blocks not removed");
        }
        let known_files = catalog.known_files()?;
        let retired = Retired::of_earlier_run(&catalog, &config)?;
        let blocks = catalog.blocks()?.into_iter().map(Arc::new).collect();
        let known_keys = catalog.known()?.into_iter().map(|(tenant, known)| (tenant, Arc::new(known))).collect();
        let known = dedup::load(io.as_ref(), &config.request_hashes_path(), &config.quarantine_dir())?;
        let mut since = [Lsn::ZERO; Table::ROLLUPS.len()];
        for (since, table) in since.iter_mut().zip(Table::ROLLUPS) {
            *since = catalog.rolled_up_since(table)?;
        }
        let core = Arc::new(Core::new(config, Arc::clone(&io), blocks, since));
        core.damaged().extend(catalog.damaged()?);
        let (wal, mut replay, to_publish) = open_wal(&core, committed)?;
        if let Some(log) = replay.missing() {
            return Err(OpenError::CatalogBehindLog { catalog: committed, log, wal_dir: core.config.wal.dir.clone() });
        }
        let replayable = Replayable { committed, end: replay.end() };
        if let Err(error) = recovery::sweep(io.as_ref(), &core.config, &catalog.tenants(), &known_files, replayable) {
            tracing::warn!(%error, "leftover files not removed");
        }
        let known: Vec<_> = known.into_iter().chain(replay.take_known()).collect();
        let seen = Seen::new(&known, committed);
        core.dedup.lock().expect("no holder panics").restore(known);

        let replay_bytes_left = replay.bytes_left();
        let mut shown = core.shown();
        shown.known = known_keys;
        shown.replaying = replay.bytes_total() > 0;
        core.arrivals().begin(committed, replayable.end, shown.replaying);
        core.count_memory(&shown);
        drop(shown);
        let publishing = Arc::clone(&core);
        let catalog = Arc::new(SharedCatalog::new(catalog));
        let cache = Arc::new(BlockCache::new(core.config.block_cache_bytes_max));
        let trace_indexes = Arc::new(BlockCache::new(core.config.trace_index_cache_bytes_max));
        let reader = BlockReader::new(io, data_dir, cache, trace_indexes);
        let compactor = Arc::new(Compactor::new(Arc::clone(&core), Arc::clone(&catalog), reader.clone(), retired));
        let flusher = Flusher::new(Arc::clone(&core), Arc::clone(&wal), catalog);
        let replayer = Replayer { core: Arc::clone(&core), derive, seen };
        let compacting = Arc::clone(&compactor);
        let threads = vec![
            core.spawn("publish", move || publish::run(&publishing, &to_publish))?,
            core.spawn("flush", move || flusher.run())?,
            core.spawn("replay", move || replayer.run(replay))?,
            core.spawn("compact", move || compacting.run())?,
        ];
        Ok(Arc::new(Self {
            core,
            wal,
            reader,
            compactor,
            replay_bytes_left,
            closing: AtomicBool::new(false),
            threads: Mutex::new(threads),
            poisons: Mutex::default(),
            _lock: lock,
        }))
    }

    /// Hands a request over. From here storage finishes the work, whatever happens to the caller.
    /// `batches` are what [`Derive`] makes of `request`; `hold` (for instance a byte permit) is dropped once the WAL has the bytes.
    ///
    /// # Errors
    /// [`Refused`] when nothing was taken and the sender should retry.
    pub fn append(&self, request: RawRequest, batches: Vec<TableBatch>, hold: Box<dyn Send>) -> Result<Receipt, Refused> {
        debug_assert!(batches.iter().all(|batch| batch.batch.schema() == batch.table.schema()), "a batch has its table's schema");
        self.check_open()?;
        let (reply, receiver) = oneshot::channel();
        let hash = request.hash;
        let (begin, reply) = self.core.dedup.lock().expect("no holder panics").begin(hash, request.received_at, reply);
        let Some(reply) = reply else { return Ok(Receipt(receiver)) };
        if begin == Begin::Stored {
            let _ = reply.send(Ok(Ack { duplicate: true }));
            return Ok(Receipt(receiver));
        }
        let bytes = batches.iter().map(|batch| batch.batch.get_array_memory_size() as u64).sum();
        let taken = self.core.check_memory().and_then(|()| {
            self.core.in_flight_bytes.fetch_add(bytes, Ordering::Relaxed);
            let appended = self.wal.append(request, Rider { hash, batches, bytes, reply }, hold);
            appended.inspect_err(|_| {
                self.core.in_flight_bytes.fetch_sub(bytes, Ordering::Relaxed);
            })
        });
        if let Err(refused) = &taken {
            let joined = self.core.dedup.lock().expect("no holder panics").failed(hash);
            for reply in joined {
                let _ = reply.send(Err(AppendError::Wal { reason: refused.to_string() }));
            }
        }
        taken.map(|()| Receipt(receiver))
    }

    /// Keeps the body of `request`, whose rows cannot be made, for a person to look at, and says where; nothing else is done with it.
    /// `None` when as many are kept as there may be. Blocking.
    ///
    /// # Errors
    /// When the body cannot be written whole.
    pub fn quarantine(&self, request: &RawRequest) -> io::Result<Option<PathBuf>> {
        let _one = self.poisons.lock().unwrap_or_else(PoisonError::into_inner);
        quarantine::keep_poison(self.core.io.as_ref(), &self.core.config.quarantine_dir(), request)
    }

    pub fn readiness(&self) -> Readiness {
        let refused = self.wal.stats().refused;
        let ingest = self.check_open().and_then(|()| refused.map_or(Ok(()), Err)).and_then(|()| self.core.check_memory());
        Readiness { ingest, replay_bytes_left: self.replay_bytes_left(&self.core.shown()) }
    }

    /// Takes what `tenant` has at this moment. Cheap.
    pub fn snapshot(&self, tenant: TenantId) -> Snapshot {
        let shown = self.core.shown();
        self.snapshot_of(tenant, &shown)
    }

    /// Takes what `tenant` has at this moment, and a follower of the rows of `table` that arrive from then on. Cheap.
    pub fn follow(&self, tenant: TenantId, table: Table) -> (Snapshot, Follower) {
        let shown = self.core.shown();
        let follower = self.core.arrivals().follow(tenant, table);
        (self.snapshot_of(tenant, &shown), follower)
    }

    fn snapshot_of(&self, tenant: TenantId, shown: &Shown) -> Snapshot {
        Snapshot::new(tenant, shown, self.reader.clone(), self.replay_bytes_left(shown), &self.core)
    }

    /// At most `rows_max` rows that arrived behind the follower's place, which moves on. Cheap; nothing when there is nothing new.
    pub fn arrived(&self, follower: &mut Follower, rows_max: usize) -> Arrived {
        self.core.arrivals().read(follower, rows_max)
    }

    /// Calls `wake` whenever rows may have arrived, for as long as the store lives. It must not block or ask the store.
    pub fn on_arrival(&self, wake: impl Fn() + Send + Sync + 'static) {
        self.core.on_arrival(Box::new(wake));
    }

    /// Seals the memtables and writes them to blocks; returns when the catalog has them. After a restart that is not before
    /// the replay is complete. Blocking.
    ///
    /// # Errors
    /// The text of the first failure; nothing is lost, the rows stay in the WAL and in memory.
    pub fn flush(&self) -> Result<(), String> {
        self.core.check_alive().map_err(|refused| refused.to_string())?;
        let mut shown = self.core.shown();
        let failures = shown.flush_failures;
        shown.live.seal();
        shown.flushes_asked += 1;
        let last = shown.live.sealed.back().cloned();
        self.core.changed.notify_all();
        let waiting = |shown: &mut Shown| {
            let unwritten =
                shown.replaying || !shown.replayed.sealed.is_empty() || last.as_ref().is_some_and(|last| shown.is_waiting(last));
            unwritten && shown.flush_failures == failures && !shown.stopping
        };
        let shown = self.core.changed.wait_while(shown, waiting).unwrap_or_else(PoisonError::into_inner);
        match &last {
            _ if shown.flush_failures > failures => Err(shown.flush_error.clone()),
            Some(last) if shown.is_waiting(last) => Err("the server is stopping".to_owned()),
            _ => Ok(()),
        }
    }

    pub fn stats(&self) -> Stats {
        let shown = self.core.shown();
        let now = Instant::now();
        let tables = Table::ALL.map(|table| {
            let blocks = || shown.blocks.iter().filter(|block| block.table == table);
            let chunks =
                shown.memtables().flat_map(|memtable| memtable.parts()).filter(|(_, of, _)| *of == table).flat_map(|(_, _, chunks)| chunks);
            TableStats {
                table,
                blocks: blocks().count(),
                block_rows: blocks().map(|block| block.rows).sum(),
                block_bytes: blocks().map(|block| block.bytes + block.sidecar_bytes()).sum(),
                memory_rows: chunks.map(|chunk| chunk.batch.num_rows() as u64).sum(),
            }
        });
        let wal = self.wal.stats();
        let damaged = self.core.damaged();
        let of_block = |block: &Arc<Block>| {
            let Damage { since, reason } = damaged.get(&block.id)?.clone();
            Some(DamagedBlock { table: block.table, path: block.path.clone(), rows: block.rows, time: block.time, since, reason })
        };
        Stats {
            tables: tables.into(),
            memtable_bytes: shown.memory_bytes(),
            unflushed_age: shown.memtables().map(|memtable| memtable.age(now)).max().unwrap_or_default(),
            wal_bytes: wal.live_bytes,
            replay_bytes_left: self.replay_bytes_left(&shown),
            flush_failures: shown.flush_failures,
            compaction: self.core.figures.stats(),
            damaged: shown.blocks.iter().filter_map(of_block).collect(),
            disk: wal.disk,
        }
    }

    /// Refuses new requests, syncs the WAL, stops the threads. What is in memory is replayed by the next start.
    /// Blocking; idempotent.
    pub fn close(&self) {
        self.closing.store(true, Ordering::Release);
        self.wal.close();
        self.core.shown().stopping = true;
        self.core.changed.notify_all();
        let threads = std::mem::take(&mut *self.threads.lock().expect("no holder panics"));
        for thread in threads {
            let name = thread.thread().name().unwrap_or_default().to_owned();
            if thread.join().is_err() {
                tracing::error!(name, "thread ended by a panic");
            }
        }
    }

    fn check_open(&self) -> Result<(), Refused> {
        self.core.check_alive()?;
        if self.closing.load(Ordering::Acquire) { Err(Refused::Stopping) } else { Ok(()) }
    }

    /// Not 0 before the last old row is visible.
    fn replay_bytes_left(&self, shown: &Shown) -> u64 {
        if shown.replaying { self.replay_bytes_left.load(Ordering::Relaxed).max(1) } else { 0 }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.close();
    }
}

/// The log, what the last run left in it, and the groups that become durable.
type OpenedWal = (Arc<Wal<Rider>>, Replay, mpsc::Receiver<Vec<Synced<Rider>>>);

fn open_wal(core: &Arc<Core>, committed: Lsn) -> Result<OpenedWal, OpenError> {
    let (groups, to_publish) = mpsc::sync_channel(GROUPS_MAX);
    // Where the publish thread died the store has failed, and whoever waits is let go.
    let sink = move |group| drop(groups.send(group));
    let failing = Arc::clone(core);
    let failed = move |riders, reason: String| publish::fail(&failing, riders, &reason);
    let saving = Arc::clone(core);
    let letting_go = Arc::new(move |covered| saving.save_hashes(covered));
    let (wal, replay) = Wal::open(Arc::clone(&core.io), core.config.wal.clone(), committed, sink, failed, letting_go)?;
    Ok((Arc::new(wal), replay, to_publish))
}
