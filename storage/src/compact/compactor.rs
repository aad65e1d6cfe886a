//! Carries out one job after the other.

use std::{
    collections::HashSet,
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use arrow::{error::ArrowError, record_batch::RecordBatch};
use schemas::{Table, TenantId, UnixNanos};

use super::{
    halves::{self, Settled, Waiting},
    merge::{self, InputError},
    plan::{self, Candidate, Debt, Group, Job},
    remove::{self, Retired},
    unreadable::Unreadable,
};
use crate::{
    block::{self, Block, BlockPlan, BlockReader, Name, NewBlock, OwnHours, Target, WriteError},
    catalog::{CatalogError, SharedCatalog},
    io::create_dirs_durable,
    rollup::{Change, RollupError},
    self_metrics::{COMPACTION_BYTES_TOTAL, COMPACTION_SECONDS},
    threads::Core,
};

#[derive(Debug, thiserror::Error)]
pub(crate) enum CompactError {
    #[error("plan blocks of others")]
    Input(#[from] InputError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error("ask for the free space of the disk")]
    DiskSpace(#[source] io::Error),
    #[error("{free} bytes are free, {needed} are needed to write blocks anew")]
    NoRoom { free: u64, needed: u64 },
    #[error("make directory {path}")]
    MakeDir { path: PathBuf, source: io::Error },
    #[error("remove {path}")]
    Remove { path: PathBuf, source: io::Error },
    #[error("bring the dictionaries of derived rows together")]
    Dictionaries(#[source] ArrowError),
    #[error("add up spans again")]
    Rollup(#[source] RollupError),
}

/// How long before a call its caller may have begun, to be looked for.
const CALLER_BEFORE_NS: i64 = 600 * 1_000_000_000;

/// The only one who replaces blocks. One job at a time.
pub(crate) struct Compactor {
    pub(crate) core: Arc<Core>,
    pub(crate) catalog: Arc<SharedCatalog>,
    pub(super) reader: BlockReader,
    pub(crate) state: Mutex<State>,
}

#[derive(Default)]
pub(crate) struct State {
    /// Left out for a while: a read failed.
    unreadable: Unreadable,
    /// Were written anew, or tried to be, because of an index.
    reindexed: HashSet<u64>,
    /// A commit of which nobody knows whether it reached the disk.
    doubtful: Option<Rewrite>,
    pub retired: Vec<Retired>,
    /// Blocks that an earlier run marked as damaged, until each was read once more.
    pub(super) marked_before: Vec<u64>,
}

/// Blocks that are written, and those whose rows they have.
#[derive(Default)]
pub(super) struct Rewrite {
    pub numbers: Vec<u64>,
    pub inputs: Vec<Arc<Block>>,
    pub outputs: Vec<NewBlock>,
    /// What sums that were made again made known.
    pub known: Vec<(TenantId, Vec<Change>)>,
}

/// New blocks of one table.
struct Part {
    table: Table,
    plans: Vec<BlockPlan>,
    /// Their rows; `None`: those of the inputs.
    rows: Option<RecordBatch>,
}

impl Compactor {
    /// `retired`: what an earlier run did not delete.
    pub(crate) fn new(core: Arc<Core>, catalog: Arc<SharedCatalog>, reader: BlockReader, retired: Vec<Retired>) -> Self {
        let marked_before = core.damaged().keys().copied().collect();
        Self { core, catalog, reader, state: Mutex::new(State { retired, marked_before, ..State::default() }) }
    }

    /// Carries out the most urgent job as of `now`; false when there is none.
    pub(crate) fn step(&self, now: UnixNanos) -> Result<bool, CompactError> {
        let mut state = self.settled()?;
        let blocks = Arc::clone(&self.core.shown().blocks);
        self.look_at_damage(&mut state, &blocks, now)?;
        state.unreadable.keep(|id| blocks.iter().any(|block| block.id == id));
        let candidates = self.candidates(&state, &blocks);
        let ill = self.ill_indexed(&mut state, &candidates);
        let of = |ids: &[u64]| -> Vec<Arc<Block>> { blocks.iter().filter(|block| ids.contains(&block.id)).cloned().collect() };
        if ill.is_none()
            && let Some((tenant, ids, received_before)) = self.halves_due(&state, &blocks, now)
        {
            let inputs = of(&ids);
            let spans = Self::spans_near(&blocks, &inputs);
            drop(blocks);
            self.settle_halves(&mut state, (tenant, inputs), &spans, received_before)?;
            return Ok(true);
        }
        let planned = || plan::plan(&candidates, &self.core.config.compact.limits(), now);
        let Some(job) = ill.or_else(planned) else { return Ok(false) };
        let inputs = of(&job.inputs);
        drop(blocks);
        self.carry_out(&mut state, &job, inputs)?;
        Ok(true)
    }

    /// Looks at damaged blocks only.
    pub(super) fn look(&self, now: UnixNanos) -> Result<(), CompactError> {
        let mut state = self.settled()?;
        let blocks = Arc::clone(&self.core.shown().blocks);
        self.look_at_damage(&mut state, &blocks, now)
    }

    /// Tells what waits as of `now`.
    pub(crate) fn measure(&self, now: UnixNanos) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let blocks = Arc::clone(&self.core.shown().blocks);
        let candidates = self.candidates(&state, &blocks);
        let debt = plan::debt(&candidates, &self.core.config.compact.limits(), now);
        let retired = Debt { blocks: state.retired.len() as u64, bytes: state.retired.iter().map(Retired::bytes).sum() };
        self.core.figures.waiting(debt, retired);
    }

    /// Room for what frees room: what fails on a full disk is tried once more without the reserve.
    pub(crate) fn with_reserve<T>(&self, work: impl Fn() -> Result<T, CompactError>) -> Result<T, CompactError> {
        let reserve = &self.core.reserve;
        let is_full = || self.core.io.disk_space(&self.core.config.data_dir).is_ok_and(|disk| disk.free_bytes < reserve.bytes());
        match work() {
            Err(error) if is_full() && reserve.give_up() => {
                tracing::warn!(error = &error as &dyn std::error::Error, "tried again with the room that was kept for it");
                work()
            }
            done => done,
        }
    }

    /// A block with an index that cannot be used is written once more, with new ones. Each is tried once.
    fn ill_indexed(&self, state: &mut State, candidates: &[Candidate]) -> Option<Job> {
        let ill = self.reader.ill_indexed();
        let candidate = candidates.iter().find(|candidate| ill.contains(&candidate.id) && state.reindexed.insert(candidate.id));
        candidate.map(|candidate| Job { group: candidate.group, inputs: vec![candidate.id] })
    }

    fn candidates(&self, state: &State, blocks: &[Arc<Block>]) -> Vec<Candidate> {
        let damaged = self.core.damaged();
        let at = Instant::now();
        let is_readable = |block: &&Arc<Block>| !state.unreadable.is_out(block.id, at) && !damaged.contains_key(&block.id);
        let readable = blocks.iter().filter(|block| block.table != Table::EdgeHalves).filter(is_readable);
        readable.map(|block| self.candidate(block)).collect()
    }

    fn candidate(&self, block: &Block) -> Candidate {
        let since = self.core.rolled_up_since;
        let rolled_up = since.iter().filter(|since| block.table != Table::Spans || block.lsn > **since).count();
        let group = Group { tenant: block.tenant, table: block.table, hour: block.hour, rolled_up };
        Candidate { id: block.id, group, rows: block.rows, bytes: block.bytes }
    }

    /// Blocks of halves to be looked at as of `now`, and before when a half must have arrived to have waited long enough.
    fn halves_due(&self, state: &State, blocks: &[Arc<Block>], now: UnixNanos) -> Option<(TenantId, Vec<u64>, i64)> {
        let damaged = self.core.damaged().clone();
        let at = Instant::now();
        let is_readable = |block: &&Arc<Block>| !state.unreadable.is_out(block.id, at) && !damaged.contains_key(&block.id);
        let of_halves = blocks.iter().filter(|block| block.table == Table::EdgeHalves).filter(is_readable);
        let waiting =
            |block: &Arc<Block>| Waiting { id: block.id, tenant: block.tenant, rows: block.rows, last_received: block.last_received };
        let waiting: Vec<Waiting> = of_halves.map(waiting).collect();
        if waiting.is_empty() {
            return None;
        }
        let until = self.core.shown().in_blocks_until().map_or(now.0, |until| until.min(now.0));
        let settle_after = i64::try_from(self.core.config.compact.settle_after.as_nanos()).unwrap_or(i64::MAX);
        let (tenant, ids) = halves::plan(&waiting, settle_after, until)?;
        Some((tenant, ids, until.saturating_sub(settle_after)))
    }

    /// Blocks of spans that may have the callers of halves: those of the same tenant and time.
    fn spans_near(blocks: &[Arc<Block>], halves: &[Arc<Block>]) -> Vec<Arc<Block>> {
        let is_near = |block: &Arc<Block>, half: &Arc<Block>| {
            let time = half.time;
            let before = UnixNanos(time.first.0.saturating_sub(CALLER_BEFORE_NS));
            block.table == Table::Spans && block.tenant == half.tenant && block.time.last >= before && block.time.first <= time.last
        };
        blocks.iter().filter(|block| halves.iter().any(|half| is_near(block, half))).cloned().collect()
    }

    fn settle_halves(
        &self,
        state: &mut State,
        (tenant, inputs): (TenantId, Vec<Arc<Block>>),
        spans: &[Arc<Block>],
        received_before: i64,
    ) -> Result<(), CompactError> {
        self.check_room(&inputs)?;
        let known = self.core.shown().known(tenant);
        let limit = (known.as_ref(), self.core.config.rollup_values_max);
        let settled = halves::settle(&self.reader, &inputs, spans, received_before, limit);
        let Settled { calls, halves, changes } = settled.inspect_err(|error| self.give_up(state, error.id))?;
        let own = OwnHours::of_cut(inputs.iter().map(|block| block.last_received).max().unwrap_or_default());
        let part = |(table, rows): (Table, RecordBatch)| Part { table, plans: block::plan(table, &[&rows], own), rows: Some(rows) };
        let parts = [(Table::EdgeMinutes, calls), (Table::EdgeHalves, halves)].map(part);
        self.rewrite(state, inputs, parts.into(), (tenant, changes))
    }

    fn carry_out(&self, state: &mut State, job: &Job, inputs: Vec<Arc<Block>>) -> Result<(), CompactError> {
        self.check_room(&inputs)?;
        let Group { tenant, table, .. } = job.group;
        let (rows, plans) = match table.is_rollup() {
            true => merge::add_up(&self.reader, &inputs).map(|(sums, plans)| (Some(sums), plans)),
            false => merge::plan_outputs(&self.reader, &inputs).map(|plans| (None, plans)),
        }
        .inspect_err(|error| self.give_up(state, error.id))?;
        self.rewrite(state, inputs, vec![Part { table, plans, rows }], (tenant, Vec::new()))
    }

    /// Writes new blocks, which are live instead of `inputs` then.
    fn rewrite(
        &self,
        state: &mut State,
        inputs: Vec<Arc<Block>>,
        parts: Vec<Part>,
        known: (TenantId, Vec<Change>),
    ) -> Result<(), CompactError> {
        let started = Instant::now();
        let io = self.core.io.as_ref();
        let tenant = known.0;
        let numbers = self.catalog.lock().begin_rewrite(io, parts.iter().map(|part| part.plans.len()).sum())?;
        let mut rewrite = Rewrite { outputs: Vec::with_capacity(numbers.len()), numbers, inputs, known: vec![known] };
        let lsn = rewrite.inputs.iter().map(|block| block.lsn).max().unwrap_or_default();
        let mut numbers = rewrite.numbers.clone().into_iter();
        for Part { table, plans, rows } in parts {
            if !plans.is_empty() && !rewrite.inputs.iter().any(|block| block.table == table) {
                self.make_dir(tenant, table)?;
            }
            for (plan, number) in plans.into_iter().zip(&mut numbers) {
                let data_dir = self.core.config.data_dir.as_path();
                let target = Target { io, data_dir, tenant, table, name: Name::Rewrite(number), lsn };
                let written = block::write(&target, plan, |places| {
                    if let Some(rows) = &rows {
                        return Ok(block::gather(&table.schema(), &[rows], places)?);
                    }
                    let gathered = merge::gather(&self.reader, &rewrite.inputs, places);
                    gathered.map_err(|error| {
                        self.give_up(state, error.id);
                        error.source
                    })
                });
                match written {
                    Ok(block) => rewrite.outputs.push(block),
                    Err(error) => {
                        self.take_back(&rewrite.numbers);
                        return Err(error.into());
                    }
                }
            }
        }
        self.swap(state, rewrite)?;
        metrics::histogram!(COMPACTION_SECONDS).record(started.elapsed().as_secs_f64());
        Ok(())
    }

    /// The outputs are live instead of the inputs, or nothing has changed.
    pub(super) fn swap(&self, state: &mut State, rewrite: Rewrite) -> Result<(), CompactError> {
        let retired: Vec<u64> = rewrite.inputs.iter().map(|block| block.id).collect();
        let Rewrite { outputs, numbers, known, .. } = &rewrite;
        let committed = self.catalog.lock().replace(self.core.io.as_ref(), &retired, outputs, numbers, known);
        match committed {
            Ok(blocks) => self.show(state, rewrite, blocks),
            Err(error) => {
                self.settle(state, rewrite)?;
                return Err(error.into());
            }
        }
        Ok(())
    }

    /// Blocks of a table that had none may be in a directory that is not there.
    fn make_dir(&self, tenant: TenantId, table: Table) -> Result<(), CompactError> {
        let path = self.core.config.data_dir.join(block::dir(tenant, table));
        let made = create_dirs_durable(self.core.io.as_ref(), &self.core.config.data_dir, &path);
        made.map_err(|source| CompactError::MakeDir { path, source })
    }

    /// The state, without a commit of which nobody knows.
    pub(super) fn settled(&self) -> Result<MutexGuard<'_, State>, CompactError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rewrite) = state.doubtful.take() {
            self.settle(&mut state, rewrite)?;
        }
        Ok(state)
    }

    /// After a commit that was reported as failed: it may have reached the disk all the same.
    fn settle(&self, state: &mut State, rewrite: Rewrite) -> Result<(), CompactError> {
        let live = match self.catalog.lock().blocks() {
            Ok(live) => live,
            Err(error) => {
                state.doubtful = Some(rewrite);
                return Err(error.into());
            }
        };
        let is_committed = match rewrite.outputs.first() {
            Some(output) => live.iter().any(|block| block.path == output.path),
            // Halves of calls that tell nothing any more.
            None => !live.iter().any(|block| rewrite.inputs.iter().any(|input| input.id == block.id)),
        };
        let written = |block: &Block| rewrite.outputs.iter().any(|output| output.path == block.path);
        match is_committed {
            true => {
                let blocks = live.into_iter().filter(written).collect();
                self.show(state, rewrite, blocks);
            }
            false => self.take_back(&rewrite.numbers),
        }
        Ok(())
    }

    fn show(&self, state: &mut State, rewrite: Rewrite, blocks: Vec<Block>) {
        let read: u64 = rewrite.inputs.iter().map(|block| block.bytes).sum();
        let written: u64 = blocks.iter().map(|block| block.bytes).sum();
        metrics::counter!(COMPACTION_BYTES_TOTAL, "direction" => "read").increment(read);
        metrics::counter!(COMPACTION_BYTES_TOTAL, "direction" => "written").increment(written);
        self.core.figures.rewritten(blocks.iter().map(|block| block.bytes + block.sidecar_bytes()).sum());
        tracing::debug!(inputs = rewrite.inputs.len(), outputs = blocks.len(), read, written, "compacted");
        let retired: Vec<u64> = rewrite.inputs.iter().map(|block| block.id).collect();
        let mut shown = self.core.shown();
        shown.replaced(&retired, blocks);
        shown.learn(rewrite.known);
        self.core.count_memory(&shown);
        drop(shown);
        let delay = self.core.config.compact.delete_delay;
        state.retired.extend(rewrite.inputs.into_iter().map(|block| Retired::new(block, delay)));
    }

    /// Nothing of these numbers is wanted. What cannot be removed now is removed by the next start.
    pub(super) fn take_back(&self, numbers: &[u64]) {
        let mut catalog = self.catalog.lock();
        if let Err(error) = remove::remove_rewrites(self.core.io.as_ref(), &self.core.config.data_dir, &mut catalog, numbers) {
            tracing::warn!(error = &error as &dyn std::error::Error, "files of a failed compaction not removed");
        }
    }

    /// Inputs and outputs are there together until the delay is over.
    pub(super) fn check_room(&self, inputs: &[Arc<Block>]) -> Result<(), CompactError> {
        let free = self.core.io.disk_space(&self.core.config.data_dir).map_err(CompactError::DiskSpace)?.free_bytes;
        let needed = self.core.config.compact.free_bytes_min + inputs.iter().map(|block| block.bytes).sum::<u64>();
        if free < needed { Err(CompactError::NoRoom { free, needed }) } else { Ok(()) }
    }

    /// For a while; for good when it cannot be read.
    fn give_up(&self, state: &mut State, id: u64) {
        state.unreadable.note(id, self.core.config.compact.retry_after, Instant::now());
        self.reader.suspects().note(id);
    }
}
