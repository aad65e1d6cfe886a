//! From memory to blocks: write the blocks of a sealed memtable, commit them with its place in the log, then let go of the log.
//!
//! What its spans add up to by minute is written beside them, in the same commit: a row is in a block and in the sums, or in neither. So
//! are the calls among them, and the halves of others.

use std::{
    any::Any,
    collections::HashSet,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use arrow::{array::AsArray, datatypes::TimestampNanosecondType, error::ArrowError, record_batch::RecordBatch};
use schemas::{Table, TenantId, UnixNanos, columns::RECEIVED_AT};

use crate::{
    block::{self, Block, BlockPlan, Name, NewBlock, OwnHours, Target, WriteError},
    catalog::{CatalogError, Cut, SharedCatalog},
    io::create_dirs_durable,
    memtable::Memtable,
    publish::Rider,
    rollup::{Change, EdgeMinutes, OperationMinutes, RollupError},
    self_metrics::{BLOCKS_WRITTEN_TOTAL, FLUSH_FAILURES_TOTAL, FLUSH_SECONDS, FUTURE_ROWS_TOTAL},
    shown::Shown,
    threads::Core,
    wal::{Lsn, Wal},
};

const RETRY_MIN: Duration = Duration::from_secs(1);
/// As for the log: a disk that has room again is noticed within this.
const RETRY_MAX: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
enum FlushError {
    #[error("make directory {path}")]
    MakeDir { path: PathBuf, source: io::Error },
    #[error("bring the dictionaries of a cut together")]
    Dictionaries(#[source] ArrowError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error("add up the spans of a cut")]
    Rollup(#[from] RollupError),
    #[error("a panic: {0}")]
    Panicked(String),
}

/// What a cut became.
struct Flushed {
    blocks: Vec<Block>,
    known: Vec<(TenantId, Vec<Change>)>,
}

/// The only one who writes rows of the log to blocks.
pub(crate) struct Flusher {
    core: Arc<Core>,
    wal: Arc<Wal<Rider>>,
    catalog: Arc<SharedCatalog>,
    /// Directories that are durable.
    dirs: HashSet<PathBuf>,
}

impl Flusher {
    pub(crate) fn new(core: Arc<Core>, wal: Arc<Wal<Rider>>, catalog: Arc<SharedCatalog>) -> Self {
        Self { core, wal, catalog, dirs: HashSet::new() }
    }

    /// Runs until the store stops. A memtable that cannot be written is tried again; its rows stay visible meanwhile.
    pub(crate) fn run(mut self) {
        let core = Arc::clone(&self.core);
        let mut retry = RETRY_MIN;
        while let Some(memtable) = next(&core) {
            let started = Instant::now();
            match self.flush_guarded(&memtable) {
                Ok(Flushed { blocks, known }) => {
                    retry = RETRY_MIN;
                    metrics::histogram!(FLUSH_SECONDS).record(started.elapsed().as_secs_f64());
                    metrics::counter!(BLOCKS_WRITTEN_TOTAL).increment(blocks.len() as u64);
                    core.figures.flushed(blocks.iter().map(|block| block.bytes + block.sidecar_bytes()).sum());
                    tracing::debug!(lsn = memtable.last_lsn().0, blocks = blocks.len(), "flushed");
                    let mut shown = core.shown();
                    shown.flushed(&memtable, blocks);
                    shown.learn(known);
                    core.count_memory(&shown);
                    core.changed.notify_all();
                    drop(shown);
                    self.trim(memtable.last_lsn());
                }
                Err(error) => {
                    metrics::counter!(FLUSH_FAILURES_TOTAL).increment(1);
                    let reason = chain(&error);
                    tracing::error!(error = reason, retry_ms = retry.as_millis() as u64, "rows could not be flushed");
                    let mut shown = core.shown();
                    shown.flush_failures += 1;
                    shown.flush_error = reason;
                    core.changed.notify_all();
                    pause(&core, shown, retry);
                    retry = longer(retry);
                }
            }
        }
    }

    fn flush_guarded(&mut self, memtable: &Memtable) -> Result<Flushed, FlushError> {
        let flush = AssertUnwindSafe(|| self.flush(memtable));
        catch_unwind(flush).unwrap_or_else(|panic| Err(FlushError::Panicked(panic_text(panic.as_ref()))))
    }

    fn flush(&mut self, memtable: &Memtable) -> Result<Flushed, FlushError> {
        let lsn = memtable.last_lsn();
        if let Some(flushed) = self.committed_before(lsn)? {
            return Ok(flushed);
        }
        let mut cut = Cut { lsn, ..Cut::default() };
        let mut future_rows = 0;
        for (tenant, table, chunks) in memtable.parts() {
            let batches: Vec<&RecordBatch> = chunks.iter().map(|chunk| &chunk.batch).collect();
            let own = OwnHours::of_cut(last_received(&batches));
            let plans = block::plan(table, &batches, own);
            future_rows += plans.iter().map(|plan| plan.future_rows).sum::<u64>();
            let shared = block::share_dictionaries(&batches).map_err(FlushError::Dictionaries)?;
            let batches: Vec<&RecordBatch> = shared.iter().collect();
            cut.blocks.extend(self.write((tenant, table, lsn), plans, &batches)?);
            if table == Table::Spans {
                let (known, max) = (self.core.shown().known(tenant), self.core.config.rollup_values_max);
                let mut sums = OperationMinutes::default();
                shared.iter().try_for_each(|batch| sums.add_spans(batch))?;
                cut.known.push((tenant, sums.limit(&known, max)));
                let mut edges = EdgeMinutes::default();
                edges.add_cut(&shared, i64::MIN..i64::MAX)?;
                cut.known.push((tenant, edges.limit(&known, max)));
                let (calls, halves) = edges.finish()?;
                let of_spans = [(Table::OperationMinutes, sums.finish()?), (Table::EdgeMinutes, calls), (Table::EdgeHalves, halves)];
                for (table, rows) in of_spans {
                    cut.blocks.extend(self.write((tenant, table, lsn), block::plan(table, &[&rows], own), &[&rows])?);
                }
            }
        }
        let blocks = self.catalog.lock().commit(self.core.io.as_ref(), &cut)?;
        metrics::counter!(FUTURE_ROWS_TOTAL).increment(future_rows);
        Ok(Flushed { blocks, known: cut.known })
    }

    /// Writes blocks of a table in a cut, with rows of `batches`.
    fn write(
        &mut self,
        (tenant, table, lsn): (TenantId, Table, Lsn),
        plans: Vec<BlockPlan>,
        batches: &[&RecordBatch],
    ) -> Result<Vec<NewBlock>, FlushError> {
        if plans.is_empty() {
            return Ok(Vec::new());
        }
        self.make_dir(&block::dir(tenant, table))?;
        let (io, data_dir) = (self.core.io.as_ref(), self.core.config.data_dir.as_path());
        let target = Target { io, data_dir, tenant, table, name: Name::Cut(lsn), lsn };
        let write = |plan| Ok(block::write(&target, plan, |places| Ok(block::gather(&table.schema(), batches, places)?))?);
        plans.into_iter().map(write).collect()
    }

    /// Once per run: a block is as durable as every directory above it.
    fn make_dir(&mut self, dir: &Path) -> Result<(), FlushError> {
        if !self.dirs.contains(dir) {
            let data_dir = &self.core.config.data_dir;
            let made = create_dirs_durable(self.core.io.as_ref(), data_dir, &data_dir.join(dir));
            made.map_err(|source| FlushError::MakeDir { path: dir.to_owned(), source })?;
            self.dirs.insert(dir.to_owned());
        }
        Ok(())
    }

    /// The blocks of a cut whose commit reached the disk although it was reported as failed.
    fn committed_before(&self, lsn: Lsn) -> Result<Option<Flushed>, CatalogError> {
        let catalog = self.catalog.lock();
        if catalog.wal_position()? < lsn {
            return Ok(None);
        }
        let known: HashSet<u64> = self.core.shown().blocks.iter().map(|block| block.id).collect();
        let blocks = catalog.blocks()?.into_iter().filter(|block| block.lsn == lsn && !known.contains(&block.id)).collect();
        let known = catalog.known()?.into_iter().map(|(tenant, known)| (tenant, known.changes())).collect();
        Ok(Some(Flushed { blocks, known }))
    }

    /// Lets go of log segments that are in blocks. What fails is tried after the next flush.
    fn trim(&self, lsn: Lsn) {
        if let Err(error) = self.wal.trim(lsn) {
            tracing::warn!(%error, "write-ahead log not trimmed");
        }
    }
}

/// Arrival of the newest row.
fn last_received(batches: &[&RecordBatch]) -> UnixNanos {
    let newest = |batch: &&RecordBatch| {
        let times = batch.column_by_name(RECEIVED_AT)?.as_primitive_opt::<TimestampNanosecondType>()?;
        arrow::compute::max(times)
    };
    UnixNanos(batches.iter().filter_map(newest).max().unwrap_or(i64::MAX))
}

/// Waits for a memtable to write; `None` when the store stops.
fn next(core: &Core) -> Option<Arc<Memtable>> {
    let mut shown = core.shown();
    loop {
        if shown.stopping {
            return None;
        }
        let now = Instant::now();
        shown.seal_if_due(&core.config, now);
        if let Some(memtable) = shown.next_to_flush() {
            return Some(memtable);
        }
        let due = core.config.flush_interval.saturating_sub(shown.live.open.age(now)).max(Duration::from_millis(1));
        shown = core.changed.wait_timeout(shown, due).unwrap_or_else(PoisonError::into_inner).0;
    }
}

/// Waits, but not for longer than until somebody asks for a flush.
fn pause(core: &Core, shown: MutexGuard<'_, Shown>, time: Duration) {
    let asked = shown.flushes_asked;
    let waiting = |shown: &mut Shown| !shown.stopping && shown.flushes_asked == asked;
    drop(core.changed.wait_timeout_while(shown, time, waiting).unwrap_or_else(PoisonError::into_inner));
}

/// The next wait after one that did not help.
fn longer(wait: Duration) -> Duration {
    (wait * 2).min(RETRY_MAX)
}

/// The error and what caused it, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_on_the_disk_is_noticed_within_5_s() {
        let waits: Vec<u64> =
            std::iter::successors(Some(RETRY_MIN), |wait| Some(longer(*wait))).take(6).map(|wait| wait.as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 5, 5, 5]);
    }
}
